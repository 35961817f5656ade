import BulkheadModel

/// What happens to a plugin of the chain.
package enum PluginHappening: HappeningSubject {
    case added(frame: Int64)
    case reloaded(frame: Int64)
    case removed
    case moved(position: Int)
    case enabled
    case disabled
    case set(parameters: [String])
    case refused(reason: Reason)
    case quarantined(cause: String, deaths: Int, seconds: Int)
    case switchedOff(cause: String, deaths: Int)
    case endedItsHost
    case readmitted
    case pardoned
    case said(text: String, severity: Happening.Level)

    /// What stands behind the period in the code.
    package enum Word: String, CaseIterable, Sendable {
        case added
        case reloaded
        case removed
        case moved
        case enabled
        case disabled
        case set
        case refused
        case quarantined
        case switchedOff = "switched-off"
        case endedItsHost = "ended-its-host"
        case readmitted
        case pardoned
        case said
    }

    /// The case's word, its level, and its payload as values.
    package var facts: Facts<Word> {
        switch self {
        case .added(let frame): Facts(.added, .notice, [.frame: frame])
        case .reloaded(let frame): Facts(.reloaded, .notice, [.frame: frame])
        case .removed: Facts(.removed)
        case .moved(let position): Facts(.moved, .notice, [.position: position])
        case .enabled: Facts(.enabled)
        case .disabled: Facts(.disabled)
        case .set(let parameters): Facts(.set, .notice, [.parameters: parameters])
        case .refused(let reason): Facts(.refused, .error, [.reason: reason.code, .text: reason.text])
        case .quarantined(let cause, let deaths, let seconds):
            Facts(.quarantined, .warning, [.cause: cause, .deaths: deaths, .seconds: seconds])
        case .switchedOff(let cause, let deaths): Facts(.switchedOff, .error, [.cause: cause, .deaths: deaths])
        case .endedItsHost: Facts(.endedItsHost, .warning)
        case .readmitted: Facts(.readmitted)
        case .pardoned: Facts(.pardoned)
        case .said(let text, let severity): Facts(.said, severity, [.text: text, .severity: severity])
        }
    }

    /// The case of `word` with its payload. Throws when a value is missing or of another type.
    package init(_ word: Word, _ values: Values) throws(HappeningError) {
        switch word {
        case .added: self = .added(frame: try values.required(.frame))
        case .reloaded: self = .reloaded(frame: try values.required(.frame))
        case .removed: self = .removed
        case .moved: self = .moved(position: try values.required(.position))
        case .enabled: self = .enabled
        case .disabled: self = .disabled
        case .set: self = .set(parameters: try values.required(.parameters))
        case .refused: self = .refused(reason: try Reason(values))
        case .quarantined:
            self = .quarantined(
                cause: try values.required(.cause), deaths: try values.required(.deaths),
                seconds: try values.required(.seconds))
        case .switchedOff: self = .switchedOff(cause: try values.required(.cause), deaths: try values.required(.deaths))
        case .endedItsHost: self = .endedItsHost
        case .readmitted: self = .readmitted
        case .pardoned: self = .pardoned
        case .said: self = .said(text: try values.required(.text), severity: try values.required(.severity))
        }
    }

    /// What docs/events.md says of `word`.
    package static func meaning(of word: Word) -> Meaning {
        switch word {
        case .added:
            Meaning([.notice], [.frame], "the plugin was added to the chain on request")
        case .reloaded:
            Meaning([.notice], [.frame], "the plugin's library was loaded anew on request")
        case .removed:
            Meaning([.notice], [], "the plugin was removed from the chain on request")
        case .moved:
            Meaning([.notice], [.position], "the plugin was moved in the chain on request; positions count from 1")
        case .enabled:
            Meaning([.notice], [], "the plugin was enabled on request")
        case .disabled:
            Meaning([.notice], [], "the plugin was disabled on request")
        case .set:
            Meaning([.notice], [.parameters], "parameters were set on request, each as name=value")
        case .refused:
            Meaning([.error], [.reason, .text], "the plugin can't be loaded")
        case .quarantined:
            Meaning([.warning], [.cause, .deaths, .seconds], "the plugin ended its host and is left out for a while")
        case .switchedOff:
            Meaning(
                [.error], [.cause, .deaths], "the plugin ended its host too often and is left out until it is pardoned")
        case .endedItsHost:
            Meaning([.warning], [], "the plugin ended its host's process while it was taken out")
        case .readmitted:
            Meaning([.notice], [], "the quarantine is over; the plugin is tried again")
        case .pardoned:
            Meaning([.notice], [], "the plugin was pardoned on request and is back in the chain")
        case .said:
            Meaning([.notice, .warning, .error], [.text, .severity], "the plugin has something to say")
        }
    }
}
