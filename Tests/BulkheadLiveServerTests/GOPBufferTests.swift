import BulkheadLiveServer
import BulkheadRTMP
import Testing

@Suite(.timeLimit(.minutes(2))) struct GOPBufferTests {
    private func buffer(_ kinds: [MediaKind], limit: Int = 1000) -> GOPBuffer<Int> {
        var buffer = GOPBuffer<Int>(byteLimit: limit)
        for (number, kind) in kinds.enumerated() {
            buffer.append(number, kind: kind, byteCount: 10, timestampMilliseconds: UInt32(number * 100))
        }
        return buffer
    }

    @Test func newPlayerStartsAtTheLastIDR() {
        let start = buffer(
            [.metadata, .videoSequenceHeader, .audioSequenceHeader, .idr, .audio, .video, .idr, .video, .audio]
        ).start
        #expect(start.headers.map(\.element) == [0, 1, 2])
        #expect(start.entries.map(\.element) == [6, 7, 8])
        #expect(start.timestampMilliseconds == 600)
    }

    /// The header that came after the IDR holds for what follows it only, and stays in its place.
    @Test func headersAreThoseAtTheIDR() {
        let start = buffer([.videoSequenceHeader, .idr, .video, .videoSequenceHeader, .metadata]).start
        #expect(start.headers.map(\.element) == [0])
        #expect(start.entries.map(\.element) == [1, 2, 3, 4])
    }

    @Test func overlongGOPIsNotKept() {
        let long = buffer([.videoSequenceHeader, .idr] + Array(repeating: .video, count: 200))
        #expect(long.start.entries.isEmpty && !long.isComplete)
        #expect(long.start.headers.map(\.element) == [0])
        #expect(buffer([.videoSequenceHeader, .idr] + Array(repeating: .video, count: 200) + [.idr]).isComplete)
    }

    @Test func soundAloneNeedsNoIDR() {
        let sound = buffer([.audioSequenceHeader] + Array(repeating: .audio, count: 500))
        #expect(sound.isComplete && sound.start.entries.isEmpty)
        #expect(sound.start.timestampMilliseconds == 50_000)
        #expect(!buffer([.videoSequenceHeader, .audio]).isComplete)
    }

    @Test func clearedMetadataIsNotGivenOut() {
        var cleared = buffer([.metadata, .audioSequenceHeader])
        cleared.clearMetadata()
        #expect(cleared.start.headers.map(\.element) == [1])
    }
}

@Suite(.timeLimit(.minutes(2))) struct PlayerQueueTests {
    private func drain(_ queue: inout PlayerQueue<Int>) -> [Int] {
        var elements: [Int] = []
        while let element = queue.popFirst() { elements.append(element) }
        return elements
    }

    @Test func orderHolds() {
        var queue = PlayerQueue<Int>(byteLimit: 1 << 20, awaitsIDR: false)
        for number in 0..<5000 { queue.append(number, kind: .video, byteCount: 1) }
        #expect(drain(&queue) == Array(0..<5000))
        #expect(queue.isEmpty && queue.byteCount == 0 && queue.shedCount == 0)
    }

    @Test func picturesWaitForAnIDR() {
        var queue = PlayerQueue<Int>(byteLimit: 1000, awaitsIDR: true)
        for (number, kind) in [MediaKind.videoSequenceHeader, .video, .audio, .idr, .video].enumerated() {
            queue.append(number, kind: kind, byteCount: 1)
        }
        #expect(drain(&queue) == [0, 2, 3, 4])
        #expect(queue.shedCount == 1)
    }

    @Test func fullQueueIsCutToTheLastIDR() {
        var queue = PlayerQueue<Int>(byteLimit: 100, awaitsIDR: false)
        let kinds: [MediaKind] = [.metadata, .idr, .video, .video, .videoSequenceHeader, .idr, .video]
        for (number, kind) in kinds.enumerated() { queue.append(number, kind: kind, byteCount: 20) }
        // Six fit not: at the sixth, everything before it but headers has gone.
        #expect(drain(&queue) == [0, 4, 5, 6])
        #expect(queue.shedCount == 3 && !queue.isHopeless)
    }

    @Test func withoutAnIDREverythingGoes() {
        var queue = PlayerQueue<Int>(byteLimit: 100, awaitsIDR: false)
        queue.append(0, kind: .idr, byteCount: 60)
        for number in 1..<4 { queue.append(number, kind: .video, byteCount: 20) }
        #expect(queue.isEmpty)
        queue.append(4, kind: .video, byteCount: 20)
        queue.append(5, kind: .audio, byteCount: 5)
        queue.append(6, kind: .idr, byteCount: 20)
        #expect(drain(&queue) == [5, 6])
    }

    @Test func playerThatNeverCatchesUpIsHopeless() {
        var queue = PlayerQueue<Int>(byteLimit: 100, awaitsIDR: false)
        for number in 0..<1000 {
            queue.append(number, kind: number % 10 == 0 ? .idr : .video, byteCount: 20)
            #expect(queue.byteCount <= 100)
        }
        #expect(queue.isHopeless)
    }

    @Test func headersAloneAreBounded() {
        var queue = PlayerQueue<Int>(byteLimit: 100, awaitsIDR: false)
        for number in 0..<100 {
            queue.append(number, kind: .metadata, byteCount: 30)
            #expect(queue.byteCount <= 100)
        }
    }
}
