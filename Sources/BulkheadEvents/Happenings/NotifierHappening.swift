import BulkheadModel

/// What happens to the notices of a broadcast beyond the notifier's course as a child.
package enum NotifierHappening: HappeningSubject {
    /// A target takes no notices; they wait.
    case failing(target: String, text: String)
    /// It takes notices again.
    case back(target: String)
    /// It does not want a notice, which is not sent to it again.
    case rejected(target: String, text: String)
    /// So many notices will never reach it, because too many waited.
    case dropped(target: String, events: Int)

    /// Whom it is about.
    package var target: String {
        switch self {
        case .failing(let target, _), .back(let target), .rejected(let target, _), .dropped(let target, _): target
        }
    }

    /// What stands behind the period in the code.
    package enum Word: String, CaseIterable, Sendable {
        case failing
        case back
        case rejected
        case dropped
    }

    /// The case's word, its level, and its payload as values.
    package var facts: Facts<Word> {
        switch self {
        case .failing(let target, let text): Facts(.failing, .warning, [.target: target, .text: text])
        case .back(let target): Facts(.back, .notice, [.target: target])
        case .rejected(let target, let text): Facts(.rejected, .error, [.target: target, .text: text])
        case .dropped(let target, let events): Facts(.dropped, .warning, [.target: target, .events: events])
        }
    }

    /// The case of `word` with its payload. Throws when a value is missing or of another type.
    package init(_ word: Word, _ values: Values) throws(HappeningError) {
        let target: String = try values.required(.target)
        switch word {
        case .failing: self = .failing(target: target, text: try values.required(.text))
        case .back: self = .back(target: target)
        case .rejected: self = .rejected(target: target, text: try values.required(.text))
        case .dropped: self = .dropped(target: target, events: try values.required(.events))
        }
    }

    /// What docs/events.md says of `word`.
    package static func meaning(of word: Word) -> Meaning {
        switch word {
        case .failing:
            Meaning([.warning], [.target, .text], "a target of notices takes none; they wait, and are tried again")
        case .back: Meaning([.notice], [.target], "the target takes notices again")
        case .rejected:
            Meaning(
                [.error], [.target, .text],
                "the target does not want a notice, which is not sent again; told once, until it takes one")
        case .dropped:
            Meaning([.warning], [.target, .events], "so many notices never reach the target, because too many waited")
        }
    }
}
