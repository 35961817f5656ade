import BulkheadMedia
import BulkheadSRT
import Testing

@Suite(.timeLimit(.minutes(1))) struct DeliveryQueueTests {
    private static func time(_ milliseconds: Int64) -> MediaTime { MediaTime(milliseconds: milliseconds) }

    @Test func aPictureIsSafeWithItsLastMessage() {
        var queue = DeliveryQueue()
        queue.append(Self.time(40), byteCount: 3000, messageCount: 3)
        queue.append(nil, byteCount: 300, messageCount: 1)
        for _ in 0..<3 { queue.sent() }
        queue.acknowledge(unacknowledged: 1)
        #expect(queue.safe == nil && queue.releasedByteCount == 0)
        queue.acknowledge(unacknowledged: 0)
        #expect(queue.safe == Self.time(40) && queue.releasedByteCount == 3000 && !queue.isEmpty)
        queue.sent()
        queue.acknowledge(unacknowledged: 0)
        #expect(queue.releasedByteCount == 3300 && queue.isEmpty && queue.safe == Self.time(40))
    }

    @Test func aLibraryThatCountsMoreThanWasSentReleasesNothing() {
        var queue = DeliveryQueue()
        queue.append(Self.time(0), byteCount: 1, messageCount: 1)
        queue.sent()
        queue.acknowledge(unacknowledged: 9)
        #expect(queue.safe == nil)
        queue.acknowledge(unacknowledged: -3)
        #expect(queue.safe == Self.time(0))
    }

    @Test func itForgetsWhatHasArrived() {
        var queue = DeliveryQueue()
        for index in 0..<10_000 {
            queue.append(Self.time(Int64(index)), byteCount: 10, messageCount: 2)
            queue.sent()
            queue.sent()
            queue.acknowledge(unacknowledged: 6)
        }
        #expect(queue.safe == Self.time(9996) && queue.releasedByteCount == 99_970)
    }
}
