package import BulkheadModel

/// The course of a child process, whatever its role.
package enum ChildHappening: HappeningSubject {
    case started(pid: Int32, isForeign: Bool)
    case ready(pid: Int32, plugins: [String]?)
    case died(
        pid: Int32?, cause: String, frame: Int64?, uncommitted: Int?, plugin: String?, call: PluginCall?,
        standardError: String?)
    case recovered(milliseconds: Int, framesLate: Int, cause: String)
    case tookOver(pid: Int32, was: Duty, frame: Int64?)
    case notReplaced(pid: Int32, cause: String)
    case refused(reason: Reason, plugin: String?)
    case turnedAway(pid: Int32, cause: String)
    case restarting
    case said(text: String, severity: Happening.Level)

    /// What stands behind the period in the code.
    package enum Word: String, CaseIterable, Sendable {
        case started
        case ready
        case died
        case recovered
        case tookOver = "took-over"
        case notReplaced = "not-replaced"
        case refused
        case turnedAway = "turned-away"
        case restarting
        case said
    }

    /// The case's word, its level, and its payload as values.
    package var facts: Facts<Word> {
        switch self {
        case .started(let pid, let isForeign): Facts(.started, .notice, [.pid: pid, .isForeign: isForeign])
        case .ready(let pid, let plugins): Facts(.ready, .notice, [.pid: pid, .plugins: plugins])
        case .died(let pid, let cause, let frame, let uncommitted, let plugin, let call, let standardError):
            Facts(
                .died, .warning,
                [
                    .pid: pid, .cause: cause, .frame: frame, .uncommitted: uncommitted, .plugin: plugin, .call: call,
                    .standardError: standardError,
                ])
        case .recovered(let milliseconds, let framesLate, let cause):
            Facts(.recovered, .notice, [.milliseconds: milliseconds, .framesLate: framesLate, .cause: cause])
        case .tookOver(let pid, let was, let frame): Facts(.tookOver, .notice, [.pid: pid, .was: was, .frame: frame])
        case .notReplaced(let pid, let cause): Facts(.notReplaced, .warning, [.pid: pid, .cause: cause])
        case .refused(let reason, let plugin):
            Facts(.refused, .warning, [.reason: reason.code, .text: reason.text, .plugin: plugin])
        case .turnedAway(let pid, let cause): Facts(.turnedAway, .warning, [.pid: pid, .cause: cause])
        case .restarting: Facts(.restarting)
        case .said(let text, let severity): Facts(.said, severity, [.text: text, .severity: severity])
        }
    }

    /// The case of `word` with its payload. Throws when a value is missing or of another type.
    package init(_ word: Word, _ values: Values) throws(HappeningError) {
        switch word {
        case .started: self = .started(pid: try values.required(.pid), isForeign: try values.required(.isForeign))
        case .ready: self = .ready(pid: try values.required(.pid), plugins: try values.optional(.plugins))
        case .died:
            self = .died(
                pid: try values.optional(.pid), cause: try values.required(.cause), frame: try values.optional(.frame),
                uncommitted: try values.optional(.uncommitted), plugin: try values.optional(.plugin),
                call: try values.optional(.call), standardError: try values.optional(.standardError))
        case .recovered:
            self = .recovered(
                milliseconds: try values.required(.milliseconds), framesLate: try values.required(.framesLate),
                cause: try values.required(.cause))
        case .tookOver:
            self = .tookOver(
                pid: try values.required(.pid), was: try values.required(.was), frame: try values.optional(.frame))
        case .notReplaced: self = .notReplaced(pid: try values.required(.pid), cause: try values.required(.cause))
        case .refused: self = .refused(reason: try Reason(values), plugin: try values.optional(.plugin))
        case .turnedAway: self = .turnedAway(pid: try values.required(.pid), cause: try values.required(.cause))
        case .restarting: self = .restarting
        case .said: self = .said(text: try values.required(.text), severity: try values.required(.severity))
        }
    }

    /// What docs/events.md says of `word`.
    package static func meaning(of word: Word) -> Meaning {
        switch word {
        case .started:
            Meaning(
                [.notice], [.pid, .isForeign],
                "a child process was started, or one that was started by hand has connected")
        case .ready:
            Meaning(
                [.notice], [.pid, .plugins], "the child can work; a plugin host names the plugins that it has loaded")
        case .died:
            Meaning(
                [.warning], [.pid, .cause, .frame, .uncommitted, .plugin, .call, .standardError],
                "the child ended without having been asked to")
        case .recovered:
            Meaning([.notice], [.milliseconds, .framesLate, .cause], "the first work of a successor has arrived")
        case .tookOver:
            Meaning([.notice], [.pid, .was, .frame], "a standby, a twin or the next child is on air from now on")
        case .notReplaced:
            Meaning(
                [.warning], [.pid, .cause], "the next child ended before it could take over; the child on air stays")
        case .refused:
            Meaning([.warning], [.reason, .text, .plugin], "the child refused what it was given to work on")
        case .turnedAway:
            Meaning([.warning], [.pid, .cause], "a process that had connected is not used")
        case .restarting:
            Meaning([.notice], [], "the child is restarted on request")
        case .said:
            Meaning([.notice, .warning, .error], [.text, .severity], "the child has something to say")
        }
    }
}
