import BulkheadModel

/// What happens to a link: one destination, with one server or several.
package enum LinkHappening: HappeningSubject {
    case added
    case removed
    case failed(reason: Reason)
    case connected(server: String)
    case accepted
    case lost(reason: Reason)
    /// The link has been off the air for so long, since that time.
    case stillLost(seconds: Int, from: Double?, reason: Reason)
    /// `silence` says which servers don't answer, and why.
    case saved(servers: Int, answering: Int, file: String?, silence: String? = nil)
    case cleared(server: String)
    case selected(server: String, choice: String)
    case restored(server: String, gapMilliseconds: Int, backfillMilliseconds: Int)
    case stalled(sign: StallSign)
    case recovered
    case congested(bitsPerSecond: Int, wanted: Int)
    case serverAnswers(server: String, milliseconds: Double)
    case serverFailed(server: String, reason: Reason)
    case prepared(server: String)
    case moving(server: String, choice: String)
    case notMoved(reason: Reason)
    case redirected(server: String, text: String?)
    case redirectUnusable
    case redirectFailed(reason: Reason)
    case renewed(originSeconds: Double)
    case paused
    case resumed
    /// An SRT listener waits for its caller.
    case listening(address: String)

    /// What stands behind the period in the code.
    package enum Word: String, CaseIterable, Sendable {
        case added
        case removed
        case failed
        case connected
        case accepted
        case lost
        case stillLost = "still-lost"
        case saved
        case cleared
        case selected
        case restored
        case stalled
        case recovered
        case congested
        case serverAnswers = "server-answers"
        case serverFailed = "server-failed"
        case prepared
        case moving
        case notMoved = "not-moved"
        case redirected
        case redirectUnusable = "redirect-unusable"
        case redirectFailed = "redirect-failed"
        case renewed
        case paused
        case resumed
        case listening
    }

    /// The case's word, its level, and its payload as values.
    package var facts: Facts<Word> {
        switch self {
        case .added: Facts(.added)
        case .removed: Facts(.removed)
        case .failed(let reason): Facts(.failed, .error, [.reason: reason.code, .text: reason.text])
        case .connected(let server): Facts(.connected, .notice, [.server: server])
        case .accepted: Facts(.accepted)
        case .lost(let reason): Facts(.lost, .warning, [.reason: reason.code, .text: reason.text])
        case .stillLost(let seconds, let from, let reason):
            Facts(.stillLost, .warning, [.seconds: seconds, .from: from, .reason: reason.code, .text: reason.text])
        case .saved(let servers, let answering, let file, let silence):
            Facts(
                .saved, servers == 1 || answering >= 2 ? .notice : .warning,
                [.servers: servers, .answering: answering, .file: file, .text: silence])
        case .cleared(let server): Facts(.cleared, .notice, [.server: server])
        case .selected(let server, let choice): Facts(.selected, .notice, [.server: server, .choice: choice])
        case .restored(let server, let gapMilliseconds, let backfillMilliseconds):
            Facts(
                .restored, .notice,
                [.server: server, .gapMilliseconds: gapMilliseconds, .backfillMilliseconds: backfillMilliseconds])
        case .stalled(let sign): Facts(.stalled, .warning, [.sign: sign])
        case .recovered: Facts(.recovered)
        case .congested(let bitsPerSecond, let wanted):
            Facts(.congested, .warning, [.bitsPerSecond: bitsPerSecond, .wanted: wanted])
        case .serverAnswers(let server, let milliseconds):
            Facts(.serverAnswers, .notice, [.server: server, .milliseconds: milliseconds])
        case .serverFailed(let server, let reason):
            Facts(.serverFailed, .notice, [.server: server, .reason: reason.code, .text: reason.text])
        case .prepared(let server): Facts(.prepared, .notice, [.server: server])
        case .moving(let server, let choice): Facts(.moving, .notice, [.server: server, .choice: choice])
        case .notMoved(let reason): Facts(.notMoved, .warning, [.reason: reason.code, .text: reason.text])
        case .redirected(let server, let text): Facts(.redirected, .notice, [.server: server, .text: text])
        case .redirectUnusable: Facts(.redirectUnusable, .warning)
        case .redirectFailed(let reason): Facts(.redirectFailed, .warning, [.reason: reason.code, .text: reason.text])
        case .renewed(let originSeconds): Facts(.renewed, .notice, [.originSeconds: originSeconds])
        case .paused: Facts(.paused)
        case .resumed: Facts(.resumed)
        case .listening(let address): Facts(.listening, .notice, [.address: address])
        }
    }

    /// The case of `word` with its payload. Throws when a value is missing or of another type.
    package init(_ word: Word, _ values: Values) throws(HappeningError) {
        switch word {
        case .added: self = .added
        case .removed: self = .removed
        case .failed: self = .failed(reason: try Reason(values))
        case .connected: self = .connected(server: try values.required(.server))
        case .accepted: self = .accepted
        case .lost: self = .lost(reason: try Reason(values))
        case .stillLost:
            self = .stillLost(
                seconds: try values.required(.seconds), from: try values.optional(.from), reason: try Reason(values))
        case .saved:
            self = .saved(
                servers: try values.required(.servers), answering: try values.required(.answering),
                file: try values.optional(.file), silence: try values.optional(.text))
        case .cleared: self = .cleared(server: try values.required(.server))
        case .selected: self = .selected(server: try values.required(.server), choice: try values.required(.choice))
        case .restored:
            self = .restored(
                server: try values.required(.server), gapMilliseconds: try values.required(.gapMilliseconds),
                backfillMilliseconds: try values.required(.backfillMilliseconds))
        case .stalled: self = .stalled(sign: try values.required(.sign))
        case .recovered: self = .recovered
        case .congested:
            self = .congested(bitsPerSecond: try values.required(.bitsPerSecond), wanted: try values.required(.wanted))
        case .serverAnswers:
            self = .serverAnswers(
                server: try values.required(.server), milliseconds: try values.required(.milliseconds))
        case .serverFailed: self = .serverFailed(server: try values.required(.server), reason: try Reason(values))
        case .prepared: self = .prepared(server: try values.required(.server))
        case .moving: self = .moving(server: try values.required(.server), choice: try values.required(.choice))
        case .notMoved: self = .notMoved(reason: try Reason(values))
        case .redirected: self = .redirected(server: try values.required(.server), text: try values.optional(.text))
        case .redirectUnusable: self = .redirectUnusable
        case .redirectFailed: self = .redirectFailed(reason: try Reason(values))
        case .renewed: self = .renewed(originSeconds: try values.required(.originSeconds))
        case .paused: self = .paused
        case .resumed: self = .resumed
        case .listening: self = .listening(address: try values.required(.address))
        }
    }

    /// What docs/events.md says of `word`.
    package static func meaning(of word: Word) -> Meaning {
        switch word {
        case .added:
            Meaning([.notice], [], "the link was added on request")
        case .removed:
            Meaning([.notice], [], "the link was removed on request")
        case .failed:
            Meaning([.error], [.reason, .text], "the link ended for good")
        case .connected:
            Meaning([.notice], [.server], "a server takes the stream")
        case .accepted:
            Meaning([.notice], [], "the server has confirmed that it accepts the stream")
        case .lost:
            Meaning([.warning], [.reason, .text], "the connection was lost or couldn't be made; the link keeps trying")
        case .stillLost:
            Meaning(
                [.warning], [.seconds, .from, .reason, .text],
                "the link is still off the air; told after 1 and 10 minutes, an hour, and each day")
        case .saved:
            Meaning(
                [.notice, .warning], [.servers, .answering, .file, .text],
                "the lost connection's state was saved; a warning when fewer than two of several servers answer"
            )
        case .cleared:
            Meaning([.notice], [.server], "a server answers, and the broken connection has been put away")
        case .selected:
            Meaning([.notice], [.server, .choice], "a server was chosen by the link's rule")
        case .restored:
            Meaning([.notice], [.server, .gapMilliseconds, .backfillMilliseconds], "the link is on air again")
        case .stalled:
            Meaning([.warning], [.sign], "the connection may be lost")
        case .recovered:
            Meaning([.notice], [], "a stalled connection carries the stream again")
        case .congested:
            Meaning(
                [.warning], [.bitsPerSecond, .wanted], "the link can't keep up; the video bitrate was lowered for it")
        case .serverAnswers:
            Meaning([.notice], [.server, .milliseconds], "a server that had failed answers again")
        case .serverFailed:
            Meaning([.notice], [.server, .reason, .text], "a server that isn't on air stopped answering")
        case .prepared:
            Meaning([.notice], [.server], "a connection to a second server is ready to take over")
        case .moving:
            Meaning([.notice], [.server, .choice], "the link moves to another server at the next IDR")
        case .notMoved:
            Meaning([.warning], [.reason, .text], "the other server failed; the link stays where it is")
        case .redirected:
            Meaning([.notice], [.server, .text], "the server asks to be left for another one")
        case .redirectUnusable:
            Meaning([.warning], [], "the server asks to be left, without a usable address")
        case .redirectFailed:
            Meaning(
                [.warning], [.reason, .text],
                "the server to which the link was sent failed; the link stays as long as it can")
        case .renewed:
            Meaning(
                [.notice], [.originSeconds],
                "RTMP's 32-bit timestamps are nearly used up; the link publishes anew from 0")
        case .paused:
            Meaning([.notice], [], "the link was paused on request")
        case .resumed:
            Meaning([.notice], [], "the link was resumed on request")
        case .listening:
            Meaning([.notice], [.address], "the link waits for its caller at this address, by SRT")
        }
    }
}
