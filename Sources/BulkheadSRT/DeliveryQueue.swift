package import BulkheadMedia

/// Which packets the other side of an SRT connection has, by the number of messages that it has not acknowledged.
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
    /// The DTS of the last picture that the other side has with all before it; nil before the first.
    package private(set) var safe: MediaTime?
    /// Bytes of the packets that it has.
    package private(set) var releasedByteCount: UInt64 = 0

    package init() {}

    /// It has everything.
    package var isEmpty: Bool { first == entries.count }

    /// A packet is to be sent in so many messages.
    package mutating func append(_ picture: MediaTime?, byteCount: Int, messageCount: Int) {
        appended += UInt64(max(0, messageCount))
        entries.append(Entry(picture: picture, byteCount: byteCount, end: appended))
    }

    /// Another message is the library's.
    package mutating func sent() { sentCount += 1 }

    /// Of the messages that are the library's, so many are not acknowledged.
    package mutating func acknowledge(unacknowledged: Int) {
        let acknowledged = sentCount - min(sentCount, UInt64(max(0, unacknowledged)))
        while first < entries.count, entries[first].end <= acknowledged {
            releasedByteCount += UInt64(entries[first].byteCount)
            safe = entries[first].picture ?? safe
            first += 1
        }
        if first > 256 {
            entries.removeFirst(first)
            first = 0
        }
    }
}
