/// Why a broadcast can't start or go on, or why a request is refused: a stable code for programs, a phrase for people.
package struct BroadcastError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure this is.
    package enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        case usage, input, destination, someDestinations, encoder, plugin, installation, control, file, `internal`
    }

    /// Never changes its meaning.
    package let code: ErrorCode
    /// The facts by name, as ``ErrorCode/parameters`` lists them; never a stream key.
    package let parameters: [String: String]
    /// What is wrong, and why: one lowercase phrase.
    package let problem: String
    /// What to do about it: one lowercase phrase, or empty. Flags and commands are added by the code that knows them.
    package let advice: String

    /// The kind that the code belongs to; it decides the exit code of a command.
    package var kind: Kind { code.kind }

    /// - Parameters:
    ///   - code: what a program decides by.
    ///   - parameters: what ``ErrorCode/parameters`` lists for the code, as far as it is known.
    ///   - problem: one lowercase phrase.
    ///   - advice: one lowercase phrase without flags or commands, or empty.
    package init(code: ErrorCode, _ parameters: [String: String], _ problem: String, advice: String = "") {
        self.code = code
        self.parameters = parameters
        self.problem = problem
        self.advice = advice
    }

    /// A failure without facts of its own.
    package init(code: ErrorCode, _ problem: String, advice: String = "") {
        self.init(code: code, [:], problem, advice: advice)
    }

    /// A failure without a code of its own: it has the general one of its kind.
    package init(_ kind: Kind, _ problem: String, advice: String = "") {
        self.init(code: ErrorCode(generalOf: kind), problem, advice: advice)
    }

    package var description: String { advice.isEmpty ? problem : "\(problem); \(advice)" }
}

extension BroadcastError: Codable {
    private enum CodingKeys: String, CodingKey { case code, parameters, problem, advice }

    /// A code of another version is read as the general one of its kind.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            code: ErrorCode(known: try container.decode(String.self, forKey: .code)),
            try container.decodeIfPresent([String: String].self, forKey: .parameters) ?? [:],
            try container.decode(String.self, forKey: .problem),
            advice: try container.decodeIfPresent(String.self, forKey: .advice) ?? "")
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(code, forKey: .code)
        try container.encode(parameters, forKey: .parameters)
        try container.encode(problem, forKey: .problem)
        try container.encode(advice, forKey: .advice)
    }
}
