package import BulkheadModel
package import BulkheadProbe
import Foundation

/// How something long stands at the moment, for people and for scripts.
package enum ReportedStatus: Hashable, Sendable {
    /// Of a master; nil while it has no broadcast.
    case broadcast(BroadcastStatus?)
    /// Of a viewer.
    case viewer(LiveView)

    /// For people.
    var line: StatusLine {
        switch self {
        case .broadcast(let status): status.map { StatusLine($0) } ?? .idle
        case .viewer(let view): StatusLine(view)
        }
    }

    /// For scripts: `{"kind":"status","part":"master","time":…,"status":{…}}`, and `view` of a viewer.
    var object: StatusObject {
        let time = Date().timeIntervalSince1970
        return switch self {
        case .broadcast(let status): StatusObject(part: "master", time: time, status: status)
        case .viewer(let view): StatusObject(part: "viewer", time: time, view: view)
        }
    }
}

/// A status between events, for scripts. It is no event: it has a `kind` and no `code`.
struct StatusObject: Encodable {
    var kind = "status"
    var part: String
    /// Seconds since 1970.
    var time: Double
    /// Missing while a master has no broadcast.
    var status: BroadcastStatus?
    var view: LiveView?
}
