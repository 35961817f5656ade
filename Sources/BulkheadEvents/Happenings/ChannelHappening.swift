import BulkheadModel

/// What happens to one chat connection. A break has four steps, as that of a link has.
package enum ChannelHappening: HappeningSubject {
    /// It is joined for the first time in this broadcast, which may be one that is resumed.
    case joined(server: String)
    /// The connection broke; how far it has come is saved.
    case saved(text: String)
    /// A server answers again.
    case cleared(server: String)
    /// That server is chosen, and takes it in.
    case selected(server: String)
    /// It is joined again, and so many comments of the time between came behind.
    case restored(server: String, milliseconds: Int, comments: Int)
    /// It can't be joined there; it is tried again.
    case failing(server: String, text: String)
    /// The server does not want it.
    case rejected(server: String, text: String)
    /// A second connection has taken over before the first one ended.
    case moved(server: String)
    /// Comments may have been missed between these times.
    case gap(from: Double, until: Double)
    /// The configuration names it no more.
    case removed

    /// What stands behind the period in the code.
    package enum Word: String, CaseIterable, Sendable {
        case joined, saved, cleared, selected, restored, failing, rejected, moved, gap, removed
    }

    /// The case's word, its level, and its payload as values.
    package var facts: Facts<Word> {
        switch self {
        case .joined(let server): Facts(.joined, .notice, [.server: server])
        case .saved(let text): Facts(.saved, .warning, [.text: text])
        case .cleared(let server): Facts(.cleared, .notice, [.server: server])
        case .selected(let server): Facts(.selected, .notice, [.server: server])
        case .restored(let server, let milliseconds, let comments):
            Facts(.restored, .notice, [.server: server, .milliseconds: milliseconds, .comments: comments])
        case .failing(let server, let text): Facts(.failing, .warning, [.server: server, .text: text])
        case .rejected(let server, let text): Facts(.rejected, .error, [.server: server, .text: text])
        case .moved(let server): Facts(.moved, .notice, [.server: server])
        case .gap(let from, let until): Facts(.gap, .warning, [.from: from, .until: until])
        case .removed: Facts(.removed)
        }
    }

    /// The case of `word` with its payload. Throws when a value is missing or of another type.
    package init(_ word: Word, _ values: Values) throws(HappeningError) {
        switch word {
        case .joined: self = .joined(server: try values.required(.server))
        case .saved: self = .saved(text: try values.required(.text))
        case .cleared: self = .cleared(server: try values.required(.server))
        case .selected: self = .selected(server: try values.required(.server))
        case .restored:
            self = .restored(
                server: try values.required(.server), milliseconds: try values.required(.milliseconds),
                comments: try values.required(.comments))
        case .failing: self = .failing(server: try values.required(.server), text: try values.required(.text))
        case .rejected: self = .rejected(server: try values.required(.server), text: try values.required(.text))
        case .moved: self = .moved(server: try values.required(.server))
        case .gap: self = .gap(from: try values.required(.from), until: try values.required(.until))
        case .removed: self = .removed
        }
    }

    /// What docs/events.md says of `word`.
    package static func meaning(of word: Word) -> Meaning {
        switch word {
        case .joined:
            Meaning(
                [.notice], [.server], "the channel is joined for the first time in this broadcast: its comments come")
        case .saved: Meaning([.warning], [.text], "the connection broke; how far it has come is saved")
        case .cleared: Meaning([.notice], [.server], "a server answers again")
        case .selected: Meaning([.notice], [.server], "that server is chosen, and takes the connection in")
        case .restored:
            Meaning(
                [.notice], [.server, .milliseconds, .comments],
                "the channel is joined again after so long; so many comments of the time between came behind")
        case .failing:
            Meaning(
                [.warning], [.server, .text], "the channel can't be joined there; it is tried again, at the next server"
            )
        case .rejected:
            Meaning(
                [.error], [.server, .text], "the server does not want the connection; it is tried again in minutes")
        case .moved:
            Meaning(
                [.notice], [.server], "the server left, and a second connection took over before the first one ended")
        case .gap:
            Meaning([.warning], [.from, .until], "comments may have been missed between these times of the server")
        case .removed:
            Meaning([.notice], [], "the configuration names the channel no more, and its connection has ended")
        }
    }
}
