/// Why a broadcast can't start or go on, for a person and for scripts.
package struct BroadcastError: Error, Codable, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure this is. The exit codes are part of the command line's contract.
    package enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        case usage, input, destination, someDestinations, encoder, plugin, installation, control, file, `internal`

        /// The exit code of the command that ends with this failure.
        package var exitCode: Int32 {
            switch self {
            case .usage: 64
            case .input: 66
            case .destination: 69
            case .someDestinations: 68
            case .internal: 70
            case .encoder: 65
            case .plugin: 67
            case .installation: 72
            case .file: 73
            case .control: 75
            }
        }
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
