import BulkheadMedia
import BulkheadSRT
import Testing

@Suite(.timeLimit(.minutes(1))) struct DeliveryQueueTests {
    private static func time(_ milliseconds: Int64) -> MediaTime { MediaTime(milliseconds: milliseconds) }

    private static func queue() -> DeliveryQueue { DeliveryQueue(delay: .milliseconds(170)) }

    @Test func aPictureHasArrivedWithItsLastMessage() {
        var queue = Self.queue()
        queue.append(Self.time(40), byteCount: 3000, messageCount: 3)
        queue.append(nil, byteCount: 300, messageCount: 1)
        for _ in 0..<3 { queue.sent() }
        queue.acknowledge(unacknowledged: 1, at: .zero)
        #expect(queue.releasedByteCount == 0)
        queue.acknowledge(unacknowledged: 0, at: .zero)
        #expect(queue.releasedByteCount == 3000 && !queue.isEmpty)
        queue.sent()
        queue.acknowledge(unacknowledged: 0, at: .zero)
        #expect(queue.releasedByteCount == 3300 && queue.isEmpty)
    }

    /// The library of the other side keeps it for the latency, and a reader sees its end where the next one begins.
    @Test func aPictureIsSafeWhenTheNextOneHasBeenGivenOut() {
        var queue = Self.queue()
        for (time, moment) in [(0, 10), (40, 50), (80, 90)] as [(Int64, Int64)] {
            queue.append(Self.time(time), byteCount: 1, messageCount: 1)
            queue.sent()
            queue.acknowledge(unacknowledged: 0, at: .milliseconds(moment))
        }
        #expect(queue.isEmpty && queue.safe == nil)
        for (moment, safe) in [(219, nil), (220, 0), (259, 0), (260, 40), (9999, 40)] as [(Int64, Int64?)] {
            queue.append(nil, byteCount: 1, messageCount: 1)
            queue.sent()
            queue.acknowledge(unacknowledged: 0, at: .milliseconds(moment))
            #expect(queue.safe == safe.map(Self.time), "\(moment)")
        }
    }

    /// A receiver that is stopped has given out nothing since its last acknowledgement.
    @Test func timeAloneMakesNothingSafe() {
        var queue = Self.queue()
        for index in 0..<10 as Range<Int64> {
            queue.append(Self.time(index * 40), byteCount: 1, messageCount: 1)
            queue.sent()
            queue.acknowledge(unacknowledged: 0, at: .milliseconds(index * 40))
        }
        #expect(queue.safe == Self.time(120))
        for _ in 0..<3 { queue.sent() }
        for moment in [400, 1000, 60_000] {
            queue.acknowledge(unacknowledged: 3, at: .milliseconds(moment))
            #expect(queue.safe == Self.time(120), "\(moment)")
        }
    }

    @Test func aLibraryThatCountsMoreThanWasSentReleasesNothing() {
        var queue = Self.queue()
        queue.append(Self.time(0), byteCount: 1, messageCount: 1)
        queue.sent()
        queue.acknowledge(unacknowledged: 9, at: .zero)
        #expect(queue.releasedByteCount == 0)
        queue.acknowledge(unacknowledged: -3, at: .zero)
        #expect(queue.releasedByteCount == 1)
    }

    @Test func itForgetsWhatHasArrived() {
        var queue = Self.queue()
        for index in 0..<10_000 {
            queue.append(Self.time(Int64(index)), byteCount: 10, messageCount: 2)
            queue.sent()
            queue.sent()
            queue.acknowledge(unacknowledged: 6, at: .milliseconds(index))
        }
        // Of 9997 that have arrived, those of the last 170 ms wait, and the one before them for its end.
        #expect(queue.safe == Self.time(9825) && queue.releasedByteCount == 99_970)
    }
}
