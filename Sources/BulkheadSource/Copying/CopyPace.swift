package import BulkheadMedia
package import BulkheadSystem

/// Says when a live input that a server sends is read, so that a process need not wake for each of its pictures.
///
/// A server's stream waits in the kernel where it is not read at once. So what comes within ``rest`` is read together and goes to the
/// master together. Which packets are the newest is known by the wait for them: the clock time less the media time of such a packet is the
/// ``edge``, from which the next wake-up is counted, so that rests add up to no delay. It is looked for again each second.
package struct CopyPace: Sendable {
    /// How long an input rests behind the newest packet, in nanoseconds. So much later, at most, does a picture go out.
    package static let rest: Int64 = 200_000_000
    /// What took longer to be read than this was waited for.
    private static let waited: Int64 = 2_000_000
    private static let edgeHolds: Int64 = 1_000_000_000
    /// A rest that is shorter is none.
    private static let shortest: Int64 = 10_000_000

    /// The clock at media time 0, as the last packets came that were waited for.
    private var edge: (offset: Int64, at: MonotonicTime)?
    /// Of the newest packet.
    private var newest: MediaTime?
    /// Of the newest packet that was sent.
    private var sent: MediaTime?
    /// A packet was waited for since the last rest.
    private var isAtEdge = false

    package init() {}

    /// Notes a packet.
    /// - Parameters:
    ///   - time: its DTS.
    ///   - duration: how long reading it took, in nanoseconds.
    package mutating func read(_ time: MediaTime, in duration: Int64, at now: MonotonicTime) {
        newest = newest.map { max($0, time) } ?? time
        guard duration >= Self.waited else { return }
        isAtEdge = true
        let offset = now.nanoseconds.subtractingReportingOverflow(time.nanoseconds).partialValue
        if let edge, edge.offset <= offset, now.since(edge.at) < Self.edgeHolds { return }
        edge = (offset, now)
    }

    /// Whether what has been read is sent now, if it makes a picture whole.
    package func isDue(at now: MonotonicTime) -> Bool {
        guard !isAtEdge, let edge, now.since(edge.at) < Self.edgeHolds, let newest, let sent else { return isAtEdge }
        return (newest - sent).nanoseconds >= Self.rest * 3 / 4
    }

    /// What has been read is sent.
    /// - Returns: when the next packet is read; nil for at once.
    package mutating func rest(at now: MonotonicTime) -> MonotonicTime? {
        (sent, isAtEdge) = (newest, false)
        guard let edge, let newest, now.since(edge.at) < Self.edgeHolds else { return nil }
        let end = edge.offset.addingReportingOverflow(newest.nanoseconds + Self.rest).partialValue
        let length = end.subtractingReportingOverflow(now.nanoseconds).partialValue
        guard length >= Self.shortest else { return nil }
        return now.advanced(by: min(length, Self.rest))
    }

    /// Another time begins.
    package mutating func beginAnew() { self = CopyPace() }
}
