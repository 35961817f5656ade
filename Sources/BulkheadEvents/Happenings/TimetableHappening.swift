import BulkheadModel

/// What a timetable does.
package enum TimetableHappening: HappeningSubject {
    /// An entry was due, and is done; `entry` is its time as it was written, `text` what it does.
    case ran(entry: String, text: String)
    /// It was due, and could not be done, or not all of it.
    case failed(entry: String, text: String, reason: Reason)
    /// It was due, in seconds since 1970, when it could not be done: the broadcast or the machine stood still.
    case missed(entry: String, text: String, from: Double)

    /// What stands behind the period in the code.
    package enum Word: String, CaseIterable, Sendable {
        case ran
        case failed
        case missed
    }

    /// The case's word, its level, and its payload as values.
    package var facts: Facts<Word> {
        switch self {
        case .ran(let entry, let text): Facts(.ran, .notice, [.entry: entry, .action: text])
        case .failed(let entry, let text, let reason):
            Facts(.failed, .error, [.entry: entry, .action: text, .reason: reason.code, .text: reason.text])
        case .missed(let entry, let text, let from):
            Facts(.missed, .warning, [.entry: entry, .action: text, .from: from])
        }
    }

    /// The case of `word` with its payload. Throws when a value is missing or of another type.
    package init(_ word: Word, _ values: Values) throws(HappeningError) {
        let entry: String = try values.required(.entry)
        let text: String = try values.required(.action)
        switch word {
        case .ran: self = .ran(entry: entry, text: text)
        case .failed: self = .failed(entry: entry, text: text, reason: try Reason(values))
        case .missed: self = .missed(entry: entry, text: text, from: try values.required(.from))
        }
    }

    /// What docs/events.md says of `word`.
    package static func meaning(of word: Word) -> Meaning {
        switch word {
        case .ran: Meaning([.notice], [.entry, .action], "an entry of the timetable was due, and is done")
        case .failed:
            Meaning(
                [.error], [.entry, .action, .reason, .text],
                "an entry of the timetable was due, and could not be done, or not all of it")
        case .missed:
            Meaning(
                [.warning], [.entry, .action, .from],
                "an entry of the timetable was due at that time, more than five minutes before the broadcast could do it"
            )
        }
    }
}
