import BulkheadMaster
import BulkheadModel
import BulkheadSystem
import Testing

/// The last seconds of a broadcast, and what is told of them.
@Suite(.timeLimit(.minutes(1))) struct BroadcastEndingTests {
    private static func moment(_ milliseconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: 9_000_000_000_000 + milliseconds * 1_000_000)
    }

    @Test func encodersAreAskedOnceForWhatTheyHold() {
        var ending = BroadcastEnding()
        ending.begin(at: Self.moment(0))
        let flushes = [false, true, true].map { ending.flushes(isDrained: $0) }
        #expect(flushes == [false, true, false])
    }

    @Test func lastFramesHaveTenSeconds() {
        var ending = BroadcastEnding()
        var givenUp = ending.givesUp(3, at: Self.moment(60_000))
        #expect(!givenUp, "frames still come")
        ending.begin(at: Self.moment(0))
        givenUp = ending.givesUp(3, at: Self.moment(10_000))
        #expect(!givenUp && ending.error == nil)
        givenUp = ending.givesUp(3, at: Self.moment(10_001))
        #expect(givenUp && ending.isClean, "links send what they have")
        #expect(ending.error?.problem == "the last 3 frames could not be encoded within 10 s")
    }

    @Test func whatFailedFirstIsTold() {
        var ending = BroadcastEnding()
        #expect(ending.isClean && ending.error == nil)
        ending.begin(at: Self.moment(0))
        _ = ending.givesUp(1, at: Self.moment(11_000))
        ending.fail(BroadcastError(.plugin, "first"))
        ending.fail(BroadcastError(.encoder, "second"))
        #expect(!ending.isClean && ending.error?.problem == "first")
    }
}
