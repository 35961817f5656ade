import BulkheadHTTP
package import BulkheadModel
import Synchronization

/// Answers what nginx-rtmp asks when somebody wants to play or to publish (`on_play`, `on_publish`, `on_publish_done`).
///
/// The switch says which way is wanted; the answers follow from that alone, on any thread.
package final class HookDesk: Sendable {
    package enum Answer: Hashable, Sendable {
        case accept, refuse
        /// 302: the server pulls from this address.
        case redirect(String)
    }

    /// What a call has told.
    package enum News: Hashable, Sendable {
        /// A publisher of this way is let in.
        case accepted(Way)
        case refused(Way, peer: String)
        /// The publisher of this way has left.
        case stopped(Way)
    }

    /// The parameter by which the switch's own player is known.
    package static let parameter = "bulkhead-pull"

    private let token: String
    private let source: String
    private let news: @Sendable (News) -> Void
    private let wanted = Mutex<Way?>(nil)

    /// - Parameters:
    ///   - token: what the switch's own player says.
    ///   - source: where the server is to pull from, with an IP address.
    package init(token: String, source: String, news: @escaping @Sendable (News) -> Void) {
        self.token = token
        self.source = source
        self.news = news
    }

    /// The way whose publisher may come; nil for none.
    package func want(_ way: Way?) { wanted.withLock { $0 = way } }

    /// Answers a call with these form fields.
    package func answer(_ fields: [String: String]) -> Answer {
        switch fields["call"] {
        case "play":
            guard let said = fields[Self.parameter] else { return .accept }
            return said == token && wanted.withLock({ $0 }) == .pull ? .redirect(source) : .refuse
        case "publish":
            let way = Self.way(fields)
            guard wanted.withLock({ $0 }) == way else {
                news(.refused(way, peer: fields["addr"].map { String($0.prefix(100)) } ?? ""))
                return .refuse
            }
            news(.accepted(way))
            return .accept
        case "publish_done":
            news(.stopped(Self.way(fields)))
            return .accept
        default: return .accept
        }
    }

    /// nginx-rtmp publishes what it pulls in a session of its own, under this name (ngx_rtmp_relay_module.c).
    private static func way(_ fields: [String: String]) -> Way {
        fields["flashver"] == "ngx-local-relay" ? .pull : .push
    }

    /// The fields of `application/x-www-form-urlencoded`, as far as they can be read; the first of each name counts.
    package static func fields(of text: String) -> [String: String] { FormFields.fields(of: text) }
}
