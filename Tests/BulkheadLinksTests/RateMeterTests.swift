import BulkheadLinks
import BulkheadMedia
import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(2))) struct RateMeterTests {
    private static func at(_ milliseconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: 1_000_000_000 + milliseconds * 1_000_000)
    }

    @Test func emptyMeterShowsNothing() {
        var meter = RateMeter()
        #expect(meter.bitsPerSecond(at: .now) == 0)
        #expect(meter.samplesPerSecond(at: .now) == 0)
    }

    @Test func steadyRateIsShown() {
        var meter = RateMeter()
        for index in Int64(0)..<500 { meter.add(12_500, at: Self.at(index * 40)) }
        // 25 a second; a window that includes both its ends may hold one more.
        let now = Self.at(499 * 40)
        #expect((2_500_000...2_550_000).contains(meter.bitsPerSecond(at: now)))
        #expect((25.0...25.5).contains(meter.samplesPerSecond(at: now)))
    }

    @Test func firstMomentsAreNotExaggerated() {
        var meter = RateMeter()
        meter.add(1000, at: Self.at(0))
        // A tenth of a second at least.
        #expect(meter.bitsPerSecond(at: Self.at(0)) == 80_000)
        #expect(meter.bitsPerSecond(at: Self.at(50)) == 80_000)
        #expect(meter.bitsPerSecond(at: Self.at(1000)) == 8000)
    }

    @Test func rateFallsToZeroWhenNothingComes() {
        var meter = RateMeter()
        for index in Int64(0)..<100 { meter.add(1000, at: Self.at(index * 40)) }
        #expect(meter.bitsPerSecond(at: Self.at(4000 + 1000)) > 0)
        #expect(meter.bitsPerSecond(at: Self.at(4000 + 2001)) == 0)
        #expect(meter.samplesPerSecond(at: Self.at(100_000)) == 0)
    }
}
