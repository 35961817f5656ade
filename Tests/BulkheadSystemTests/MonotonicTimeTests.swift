import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct MonotonicTimeTests {
    @Test func spansStopAtTheEndsOfTheRange() {
        let extremes: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]
        for left in extremes {
            for right in extremes {
                let (a, b) = (MonotonicTime(nanoseconds: left), MonotonicTime(nanoseconds: right))
                #expect(a.since(b) == Int64(clamping: Int128(left) - Int128(right)))
                #expect(a.advanced(by: right).nanoseconds == Int64(clamping: Int128(left) + Int128(right)))
                #expect((a < b) == (left < right))
            }
        }
    }

    @Test func clockRuns() {
        let first = MonotonicTime.now
        #expect(first.nanoseconds > 0)
        #expect(MonotonicTime.now.since(first) >= 0)
    }

    @Test func durationsAreCountedInNanoseconds() {
        #expect(Duration.seconds(1).nanoseconds == 1_000_000_000)
        #expect(Duration.milliseconds(-1500).nanoseconds == -1_500_000_000)
        #expect(Duration.nanoseconds(1).nanoseconds == 1)
        #expect(Duration.zero.nanoseconds == 0)
        #expect(Duration(secondsComponent: .max, attosecondsComponent: 0).nanoseconds == .max)
        #expect(Duration(secondsComponent: .min, attosecondsComponent: 0).nanoseconds == .min)
        #expect(Duration.seconds(9_223_372_037).nanoseconds == .max)
        #expect(Duration.seconds(-9_223_372_037).nanoseconds == .min)
        #expect(Duration.nanoseconds(Int64.max).nanoseconds == .max)
    }
}
