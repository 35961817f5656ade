import BulkheadModel

/// What happens to a plugin host beyond its course as a child.
package enum PluginHostHappening: HappeningSubject {
    case late(plugins: [String])
    case unexplained

    /// What stands behind the period in the code.
    package enum Word: String, CaseIterable, Sendable {
        case late
        case unexplained
    }

    /// The case's word, its level, and its payload as values.
    package var facts: Facts<Word> {
        switch self {
        case .late(let plugins): Facts(.late, .warning, [.plugins: plugins])
        case .unexplained: Facts(.unexplained, .warning)
        }
    }

    /// The case of `word` with its payload. Throws when a value is missing or of another type.
    package init(_ word: Word, _ values: Values) throws(HappeningError) {
        switch word {
        case .late: self = .late(plugins: try values.required(.plugins))
        case .unexplained: self = .unexplained
        }
    }

    /// What docs/events.md says of `word`.
    package static func meaning(of word: Word) -> Meaning {
        switch word {
        case .late:
            Meaning([.warning], [.plugins], "the broadcast goes on air before these plugins are loaded")
        case .unexplained:
            Meaning([.warning], [], "the host crashed again between two calls, so no plugin can be blamed")
        }
    }
}
