import BulkheadModel

/// What happens to the live room of a broadcast, besides its comments.
package enum RoomHappening: HappeningSubject {
    /// The room goes on as it was left; so many comments have come in it so far.
    case restored(room: String, comments: Int)
    /// A person has set these fields.
    case changed(fields: [String])
    /// A comment stays in sight.
    case pinned(text: String)
    case unpinned
    /// A comment was paid for.
    case paid(text: String, amount: String)
    /// Nothing flies any more.
    case cleared
    /// The record can't be written; it is tried again.
    case unsaved(path: String, text: String)
    /// It can be written again.
    case saved
    /// The record could not be read, and was put aside.
    case damaged(path: String)
    /// There is no record, and a log of so many comments.
    case missing(comments: Int)

    /// What stands behind the period in the code.
    package enum Word: String, CaseIterable, Sendable {
        case restored, changed, pinned, unpinned, paid, cleared, unsaved, saved, damaged, missing
    }

    /// The case's word, its level, and its payload as values.
    package var facts: Facts<Word> {
        switch self {
        case .restored(let room, let comments): Facts(.restored, .notice, [.room: room, .comments: comments])
        case .changed(let fields): Facts(.changed, .notice, [.fields: fields])
        case .pinned(let text): Facts(.pinned, .notice, [.text: text])
        case .unpinned: Facts(.unpinned)
        case .paid(let text, let amount): Facts(.paid, .notice, [.text: text, .amount: amount])
        case .cleared: Facts(.cleared)
        case .unsaved(let path, let text): Facts(.unsaved, .error, [.path: path, .text: text])
        case .saved: Facts(.saved)
        case .damaged(let path): Facts(.damaged, .error, [.path: path])
        case .missing(let comments): Facts(.missing, .warning, [.comments: comments])
        }
    }

    /// The case of `word` with its payload. Throws when a value is missing or of another type.
    package init(_ word: Word, _ values: Values) throws(HappeningError) {
        switch word {
        case .restored:
            self = .restored(room: try values.required(.room), comments: try values.required(.comments))
        case .changed: self = .changed(fields: try values.required(.fields))
        case .pinned: self = .pinned(text: try values.required(.text))
        case .unpinned: self = .unpinned
        case .paid: self = .paid(text: try values.required(.text), amount: try values.required(.amount))
        case .cleared: self = .cleared
        case .unsaved: self = .unsaved(path: try values.required(.path), text: try values.required(.text))
        case .saved: self = .saved
        case .damaged: self = .damaged(path: try values.required(.path))
        case .missing: self = .missing(comments: try values.required(.comments))
        }
    }

    /// What docs/events.md says of `word`.
    package static func meaning(of word: Word) -> Meaning {
        switch word {
        case .restored:
            Meaning(
                [.notice], [.room, .comments], "the room goes on as it was left; so many comments came in it so far")
        case .changed: Meaning([.notice], [.fields], "a person has set these fields of the room, on air or in a file")
        case .pinned: Meaning([.notice], [.text], "a comment stays in sight")
        case .unpinned: Meaning([.notice], [], "the pinned comment was taken off")
        case .paid: Meaning([.notice], [.text, .amount], "a comment was paid for, and stays in sight for a while")
        case .cleared: Meaning([.notice], [], "a person has taken all comments off the picture")
        case .unsaved:
            Meaning(
                [.error], [.path, .text], "the room's record can't be written; it is tried again each five seconds")
        case .saved: Meaning([.notice], [], "the room's record can be written again, and nothing of it is missing")
        case .damaged:
            Meaning(
                [.error], [.path],
                "the room's record could not be read, or is another version's, and was put aside under this path")
        case .missing:
            Meaning(
                [.warning], [.comments],
                "the room's record is gone: the room begins anew behind these comments of its log")
        }
    }
}
