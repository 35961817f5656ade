import BulkheadEvents
import BulkheadRTMPTransport

/// What of one outage is worth an event: each error and each server once. A server that is away for minutes is not worth a line
/// for each attempt; that the outage lasts is told by whoever watches all troubles.
struct OutageNews: Hashable, Sendable {
    private var errors: Set<String> = []
    private var servers: Set<Int> = []

    /// The event for another failure; nil where it is none of interest.
    mutating func tell(_ error: PublishError) -> LinkHappening? {
        errors.insert("\(error)").inserted ? .lost(reason: error.asReason) : nil
    }

    /// Whether this server has not been told of in this outage; it is from now on.
    mutating func isNews(ofServer index: Int) -> Bool { servers.insert(index).inserted }
}
