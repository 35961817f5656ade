package import BulkheadMedia

/// Which packets the other side of an SRT connection has, by the number of messages that it has not acknowledged.
///
/// What is acknowledged has reached the other side's library, which gives it out only after the latency: a connection that
/// breaks before takes it along. Time counts only up to its last acknowledgement: a receiver that is stopped gives out nothing.
/// And a reader of the transport stream knows that a picture is whole when the next one begins.
package struct DeliveryQueue: Sendable {
    private struct Entry {
        /// The DTS of a picture; nil for sound.
        let picture: MediaTime?
        let byteCount: Int
        /// How many messages there are up to its last.
        let end: UInt64
    }

    private var entries: [Entry] = []
    private var first = 0
    private var appended: UInt64 = 0
    private var sentCount: UInt64 = 0
    private var acknowledged: UInt64 = 0
    /// When the other side last acknowledged more than before.
    private var heardAt = Duration.zero
    /// Pictures that have arrived, and when that was known; the first may have been given out.
    private var arrived: [(picture: MediaTime, at: Duration)] = []
    private let delay: Duration
    /// The DTS of the last picture that whoever reads at the other side has, with all before it; nil before the first.
    package private(set) var safe: MediaTime?
    /// Bytes of the packets that it has.
    package private(set) var releasedByteCount: UInt64 = 0

    /// - Parameter delay: after so long the other side has given out what has arrived.
    package init(delay: Duration) { self.delay = delay }

    /// Everything has arrived.
    package var isEmpty: Bool { first == entries.count }

    /// A packet is to be sent in so many messages.
    package mutating func append(_ picture: MediaTime?, byteCount: Int, messageCount: Int) {
        appended += UInt64(max(0, messageCount))
        entries.append(Entry(picture: picture, byteCount: byteCount, end: appended))
    }

    /// Another message is the library's.
    package mutating func sent() { sentCount += 1 }

    /// Of the messages that are the library's, so many are not acknowledged.
    /// - Parameter now: on any clock that goes forwards.
    package mutating func acknowledge(unacknowledged: Int, at now: Duration) {
        let acknowledged = sentCount - min(sentCount, UInt64(max(0, unacknowledged)))
        if acknowledged > self.acknowledged {
            self.acknowledged = acknowledged
            heardAt = now
        }
        while first < entries.count, entries[first].end <= acknowledged {
            releasedByteCount += UInt64(entries[first].byteCount)
            if let picture = entries[first].picture { arrived.append((picture, now)) }
            first += 1
        }
        if first > 256 {
            entries.removeFirst(first)
            first = 0
        }
        let givenOut = arrived.prefix { heardAt - $0.at >= delay }.count
        guard givenOut > 1 else { return }
        safe = arrived[givenOut - 2].picture
        arrived.removeFirst(givenOut - 1)
    }
}
