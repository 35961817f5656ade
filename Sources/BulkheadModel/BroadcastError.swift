/// Why a broadcast can't start or go on, for a person and for scripts.
package struct BroadcastError: Error, Codable, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure this is.
    package enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        case usage, input, destination, someDestinations, encoder, plugin, installation, control, file, `internal`
    }

    package let kind: Kind
    /// What is wrong, and why: one lowercase phrase.
    package let problem: String
    /// What to do about it: one lowercase phrase, or empty.
    package let advice: String

    package init(_ kind: Kind, _ problem: String, advice: String = "") {
        self.kind = kind
        self.problem = problem
        self.advice = advice
    }

    package var description: String { advice.isEmpty ? problem : "\(problem); \(advice)" }
}
