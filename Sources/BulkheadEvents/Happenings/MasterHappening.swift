package import BulkheadMedia
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
    /// A broadcast goes on that was interrupted so long ago, with that frame; the timeline is `continue` or `fresh`.
    case resumed(broadcast: String, frame: FrameNumber, seconds: Double, timeline: String)
    /// An input of it does not go on.
    case notResumed(input: String, text: String)
    case resumeUnsaved(path: String, text: String)
    case resumeSaved
    case resumeDamaged(path: String, text: String)
    /// The settings that were given are wrong; an interrupted broadcast goes on as it was.
    case settingsIgnored(text: String)
    /// The control room of the broadcast's own can be asked there.
    case controlRoomReady(address: String)
    /// It has ended, and is started again.
    case controlRoomEnded(text: String)
    /// A broadcast begins anew although one of its name was interrupted.
    case resumeReplaced(path: String)
    /// The configuration was read again, and what changed in it is on air.
    case reloaded(path: String, text: String)
    /// What changed in it and can't change before the broadcast begins anew.
    case reloadPending(path: String, text: String)
    /// Something that changed in it could not be done; the rest was.
    case reloadIncomplete(path: String, reason: Reason)
    /// It is wrong or can't be read, and nothing was changed.
    case reloadRefused(path: String, reason: Reason)
    /// What has happened since the last summary, or since the beginning; `at` is the time of the day that was asked for.
    case summary(DaySummary, at: String)

    /// What stands behind the period in the code.
    package enum Word: String, CaseIterable, Sendable {
        case listening
        case broadcastFailed = "broadcast-failed"
        case launchFailed = "launch-failed"
        case strangerRefused = "stranger-refused"
        case wallsMissing = "walls-missing"
        case unreachable
        case resumed
        case notResumed = "not-resumed"
        case resumeUnsaved = "resume-unsaved"
        case resumeSaved = "resume-saved"
        case resumeDamaged = "resume-damaged"
        case resumeReplaced = "resume-replaced"
        case summary
        case settingsIgnored = "settings-ignored"
        case controlRoomReady = "control-room-ready"
        case controlRoomEnded = "control-room-ended"
        case reloaded
        case reloadPending = "reload-pending"
        case reloadIncomplete = "reload-incomplete"
        case reloadRefused = "reload-refused"
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
        case .resumed(let broadcast, let frame, let seconds, let timeline):
            Facts(
                .resumed, .notice, [.broadcast: broadcast, .frame: frame, .seconds: seconds, .timeline: timeline])
        case .notResumed(let input, let text): Facts(.notResumed, .warning, [.input: input, .text: text])
        case .resumeUnsaved(let path, let text): Facts(.resumeUnsaved, .error, [.path: path, .text: text])
        case .resumeSaved: Facts(.resumeSaved, .notice)
        case .resumeDamaged(let path, let text): Facts(.resumeDamaged, .error, [.path: path, .text: text])
        case .resumeReplaced(let path): Facts(.resumeReplaced, .warning, [.path: path])
        case .summary(let summary, let at):
            Facts(
                .summary, .notice,
                [
                    .at: at, .seconds: summary.seconds, .frames: summary.frames, .skipped: summary.skipped,
                    .slated: summary.slated, .died: summary.deaths, .reconnected: summary.reconnections,
                    .bytes: summary.bytes, .worst: summary.worst,
                ])
        case .settingsIgnored(let text): Facts(.settingsIgnored, .warning, [.text: text])
        case .controlRoomReady(let address): Facts(.controlRoomReady, .notice, [.address: address])
        case .controlRoomEnded(let text): Facts(.controlRoomEnded, .warning, [.text: text])
        case .reloaded(let path, let text): Facts(.reloaded, .notice, [.path: path, .text: text])
        case .reloadPending(let path, let text): Facts(.reloadPending, .warning, [.path: path, .text: text])
        case .reloadIncomplete(let path, let reason):
            Facts(.reloadIncomplete, .error, [.path: path, .reason: reason.code, .text: reason.text])
        case .reloadRefused(let path, let reason):
            Facts(.reloadRefused, .error, [.path: path, .reason: reason.code, .text: reason.text])
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
        case .resumed:
            self = .resumed(
                broadcast: try values.required(.broadcast), frame: try values.required(.frame),
                seconds: try values.required(.seconds), timeline: try values.required(.timeline))
        case .notResumed:
            self = .notResumed(input: try values.required(.input), text: try values.required(.text))
        case .resumeUnsaved:
            self = .resumeUnsaved(path: try values.required(.path), text: try values.required(.text))
        case .resumeSaved: self = .resumeSaved
        case .resumeDamaged:
            self = .resumeDamaged(path: try values.required(.path), text: try values.required(.text))
        case .resumeReplaced: self = .resumeReplaced(path: try values.required(.path))
        case .summary: self = .summary(try DaySummary(values), at: try values.required(.at))
        case .settingsIgnored: self = .settingsIgnored(text: try values.required(.text))
        case .controlRoomReady: self = .controlRoomReady(address: try values.required(.address))
        case .controlRoomEnded: self = .controlRoomEnded(text: try values.required(.text))
        case .reloaded: self = .reloaded(path: try values.required(.path), text: try values.required(.text))
        case .reloadPending:
            self = .reloadPending(path: try values.required(.path), text: try values.required(.text))
        case .reloadIncomplete:
            self = .reloadIncomplete(path: try values.required(.path), reason: try Reason(values))
        case .reloadRefused: self = .reloadRefused(path: try values.required(.path), reason: try Reason(values))
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
        case .resumed:
            Meaning(
                [.notice], [.broadcast, .frame, .seconds, .timeline],
                "an interrupted broadcast goes on, so many seconds after it was last heard of, with this frame")
        case .notResumed:
            Meaning(
                [.warning], [.input, .text],
                "the input of an interrupted broadcast does not go on, for this reason; the others do")
        case .resumeUnsaved:
            Meaning(
                [.error], [.path, .text],
                "what the broadcast would be resumed from can't be written; it is tried again each five seconds")
        case .resumeSaved:
            Meaning([.notice], [], "what the broadcast would be resumed from can be written again")
        case .resumeDamaged:
            Meaning(
                [.error], [.path, .text],
                "what was kept of an interrupted broadcast could not be read, and was put aside under this path; the broadcast begins anew"
            )
        case .resumeReplaced:
            Meaning(
                [.warning], [.path],
                "a broadcast begins anew although one of its name was interrupted, whose record was put aside under this path"
            )
        case .summary:
            Meaning(
                [.notice],
                [.at, .seconds, .frames, .skipped, .slated, .died, .reconnected, .bytes, .worst],
                "what has happened in the last day on air, as a target of notices asks for")
        case .settingsIgnored:
            Meaning(
                [.warning], [.text],
                "the settings that were given are wrong, for this reason; the interrupted broadcast is resumed as it was"
            )
        case .controlRoomReady:
            Meaning([.notice], [.address], "the control room of the broadcast's own can be opened there")
        case .controlRoomEnded:
            Meaning([.warning], [.text], "the control room has ended, for this reason, and is started again")
        case .reloaded:
            Meaning([.notice], [.path, .text], "the configuration was read again; what changed in it is on air")
        case .reloadPending:
            Meaning(
                [.warning], [.path, .text],
                "what changed in the configuration and can't change before the broadcast begins anew")
        case .reloadIncomplete:
            Meaning(
                [.error], [.path, .reason, .text],
                "something that changed in the configuration could not be done; the rest was")
        case .reloadRefused:
            Meaning(
                [.error], [.path, .reason, .text],
                "the configuration is wrong or can't be read: nothing was changed")
        }
    }
}
