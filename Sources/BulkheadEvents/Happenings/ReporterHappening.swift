import BulkheadModel

/// What happens to the output of events and status lines.
package enum ReporterHappening: HappeningSubject {
    case linesLost(lines: Int)

    /// What stands behind the period in the code.
    package enum Word: String, CaseIterable, Sendable {
        case linesLost = "lines-lost"
    }

    /// The case's word, its level, and its payload as values.
    package var facts: Facts<Word> {
        switch self {
        case .linesLost(let lines): Facts(.linesLost, .warning, [.lines: lines])
        }
    }

    /// The case of `word` with its payload. Throws when a value is missing or of another type.
    package init(_ word: Word, _ values: Values) throws(HappeningError) {
        switch word {
        case .linesLost: self = .linesLost(lines: try values.required(.lines))
        }
    }

    /// What docs/events.md says of `word`.
    package static func meaning(of word: Word) -> Meaning {
        switch word {
        case .linesLost:
            Meaning([.warning], [.lines], "lines were dropped, because the terminal or pipe didn't take them in time")
        }
    }
}
