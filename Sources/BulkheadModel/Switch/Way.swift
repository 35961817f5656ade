/// One of the ways in which a stream comes to where it is wanted, by its name: `push`, `pull`, `main`, `backup`.
package struct Way: RawRepresentable, Codable, CodingKeyRepresentable, Hashable, Sendable {
    package let rawValue: String

    /// Any name is one; whether a switch has such a way is for the switch to say.
    package init(rawValue: String) { self.rawValue = rawValue }

    /// The broadcaster sends the stream.
    package static let push = Way(rawValue: "push")
    /// The server fetches the stream.
    package static let pull = Way(rawValue: "pull")
    /// Another broadcaster sends the stream, or another input gives it.
    package static let backup = Way(rawValue: "backup")
    /// The input that was named first.
    package static let main = Way(rawValue: "main")

    /// Of an input's backups, from 1: `backup`, `backup-2`, and so on.
    package static func backup(_ number: Int) -> Way { number == 1 ? .backup : Way(rawValue: "backup-\(number)") }
}

/// What a switch does by itself.
package enum SwitchMode: Hashable, Sendable {
    /// It switches by its conditions.
    case auto
    /// It stays where it is.
    case hold
    /// A person has chosen this way; it stays there.
    case way(Way)

    package static let push = SwitchMode.way(.push)
    package static let pull = SwitchMode.way(.pull)

    /// The way that a person has chosen.
    package var way: Way? { if case .way(let way) = self { way } else { nil } }
}

extension SwitchMode: RawRepresentable {
    package var rawValue: String {
        switch self {
        case .auto: "auto"
        case .hold: "hold"
        case .way(let way): way.rawValue
        }
    }

    package init(rawValue: String) {
        switch rawValue {
        case "auto": self = .auto
        case "hold": self = .hold
        default: self = .way(Way(rawValue: rawValue))
        }
    }
}

extension SwitchMode: Codable {
    package init(from decoder: any Decoder) throws {
        self.init(rawValue: try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}
