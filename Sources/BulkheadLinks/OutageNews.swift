import BulkheadEvents
import BulkheadRTMPTransport

/// What of one outage is worth an event: each error and each server once, and from time to time that it lasts. A server that
/// is away for minutes is not worth a line for each attempt.
struct OutageNews: Hashable, Sendable {
    /// How often an outage that lasts is told again.
    static let reminder = Duration.seconds(60)

    private let start: Duration
    private var toldAt: Duration
    private var errors: Set<String> = []
    private var servers: Set<Int> = []

    /// An outage of which nothing is told, or attempts by hand, from `start` on.
    init(since start: Duration = .zero) {
        self.start = start
        toldAt = start
    }

    /// The event for another failure; nil where it is none of interest.
    /// - Parameter breakTime: since when the link is off the air; nil where it was not on air.
    mutating func tell(_ error: PublishError, since breakTime: Duration?, at now: Duration) -> LinkHappening? {
        if errors.insert("\(error)").inserted {
            toldAt = now
            return .lost(reason: error.asReason)
        }
        guard now - toldAt >= Self.reminder else { return nil }
        toldAt = now
        let seconds = Int(clamping: (now - (breakTime ?? start)).components.seconds)
        return .stillLost(seconds: seconds, reason: error.asReason)
    }

    /// Whether this server has not been told of in this outage; it is from now on.
    mutating func isNews(ofServer index: Int) -> Bool { servers.insert(index).inserted }
}
