package import BulkheadEvents
package import BulkheadWire

extension Refusal {
    /// The refusal for events.
    package var reason: Reason { Reason(code.word, description) }
}

extension Refusal.Code {
    /// Stable, for readers of events.
    fileprivate var word: String {
        switch self {
        case .other: "other"
        case .notFound: "not-found"
        case .accessDenied: "access-denied"
        case .notMedia: "not-media"
        case .unsupportedCodec: "unsupported-codec"
        case .unreachable: "unreachable"
        case .nameNotResolved: "name-not-resolved"
        case .deviceBusy: "device-busy"
        case .settings: "settings"
        case .missingSymbol: "missing-symbol"
        case .wrongVersion: "wrong-version"
        case .timedOut: "timeout"
        case .notLibrary: "not-library"
        case .notCopied: "not-copied"
        }
    }
}

extension PluginCall {
    /// Nil between calls.
    package init?(_ call: PluginBreadcrumb.Call) {
        switch call {
        case .none: return nil
        case .open: self = .open
        case .create: self = .create
        case .destroy: self = .destroy
        case .setParameter: self = .setParameter
        case .video: self = .video
        case .audio: self = .audio
        case .event: self = .event
        }
    }
}
