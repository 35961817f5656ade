import BulkheadModel

/// What happens to the master itself.
package enum MasterHappening: HappeningSubject {
    case listening(address: String)
    case broadcastFailed(reason: Reason)
    case launchFailed(reason: Reason)
    case strangerRefused(uid: Int, pid: Int)
    /// The kernel lacks walls around children.
    case wallsMissing(text: String)
    case unreachable(reason: Reason)

    /// What stands behind the period in the code.
    package enum Word: String, CaseIterable, Sendable {
        case listening
        case broadcastFailed = "broadcast-failed"
        case launchFailed = "launch-failed"
        case strangerRefused = "stranger-refused"
        case wallsMissing = "walls-missing"
        case unreachable
    }

    /// The case's word, its level, and its payload as values.
    package var facts: Facts<Word> {
        switch self {
        case .listening(let address): Facts(.listening, .notice, [.address: address])
        case .broadcastFailed(let reason): Facts(.broadcastFailed, .error, [.reason: reason.code, .text: reason.text])
        case .launchFailed(let reason): Facts(.launchFailed, .error, [.reason: reason.code, .text: reason.text])
        case .strangerRefused(let uid, let pid): Facts(.strangerRefused, .warning, [.uid: uid, .pid: pid])
        case .wallsMissing(let text): Facts(.wallsMissing, .warning, [.text: text])
        case .unreachable(let reason): Facts(.unreachable, .warning, [.reason: reason.code, .text: reason.text])
        }
    }

    /// The case of `word` with its payload. Throws when a value is missing or of another type.
    package init(_ word: Word, _ values: Values) throws(HappeningError) {
        switch word {
        case .listening: self = .listening(address: try values.required(.address))
        case .broadcastFailed: self = .broadcastFailed(reason: try Reason(values))
        case .launchFailed: self = .launchFailed(reason: try Reason(values))
        case .strangerRefused:
            self = .strangerRefused(uid: try values.required(.uid), pid: try values.required(.pid))
        case .wallsMissing: self = .wallsMissing(text: try values.required(.text))
        case .unreachable: self = .unreachable(reason: try Reason(values))
        }
    }

    /// What docs/events.md says of `word`.
    package static func meaning(of word: Word) -> Meaning {
        switch word {
        case .listening:
            Meaning([.notice], [.address], "the control socket takes requests")
        case .broadcastFailed:
            Meaning([.error], [.reason, .text], "a broadcast that a client had asked for failed")
        case .launchFailed:
            Meaning([.error], [.reason, .text], "a child process can't be started; the master keeps trying")
        case .strangerRefused:
            Meaning(
                [.warning], [.uid, .pid],
                "another user's process, or a child of the master's own, was turned away from the control socket")
        case .wallsMissing:
            Meaning([.warning], [.text], "the kernel lacks walls around child processes; said once")
        case .unreachable:
            Meaning([.warning], [.reason, .text], "no control socket can be made: commands can't reach the broadcast")
        }
    }
}
