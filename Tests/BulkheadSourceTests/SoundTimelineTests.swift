import BulkheadSource
import Testing

@Suite(.timeLimit(.minutes(2))) struct SoundTimelineTests {
    @Test func firstSoundIsPutExactlyInItsPlace() {
        var late = SoundTimeline(hardLimit: 720)
        #expect(late.correction(expected: 100, actual: 0) == .silence(count: 100))
        var early = SoundTimeline(hardLimit: 720)
        #expect(early.correction(expected: 0, actual: 7) == .drop(count: 7))
    }

    @Test func roundedTimestampsAreLeftAlone() {
        var timeline = SoundTimeline(hardLimit: 720)
        var actual: Int64 = 0
        // FLV and Matroska round to milliseconds: up to 24 samples either way.
        for index in 0..<10_000 {
            let milliseconds = (Double(actual) / 48).rounded()
            #expect(timeline.correction(expected: Int64(milliseconds * 48), actual: actual) == .none, "block \(index)")
            actual += 1024
        }
    }

    @Test func missingPacketIsFilled() {
        var timeline = SoundTimeline(hardLimit: 720)
        #expect(timeline.correction(expected: 0, actual: 0) == .none)
        #expect(timeline.correction(expected: 2048, actual: 1024) == .silence(count: 1024))
        #expect(timeline.correction(expected: 3072, actual: 4096) == .drop(count: 1024))
    }

    /// A sound card whose clock is 0.1 % fast for an hour stays within 20 ms, without a gap.
    @Test func driftIsStretchedAway() {
        var timeline = SoundTimeline(hardLimit: 2880)
        var actual = 0.0
        var expected = 0.0
        var pendingStretch = 0.0
        var worst = 0.0
        for _ in 0..<168_750 {
            switch timeline.correction(expected: Int64(expected), actual: Int64(actual)) {
            case .none: break
            case .stretch(let count): pendingStretch += Double(count)
            case .silence, .drop: Issue.record("drift was corrected with a gap")
            }
            let step = max(
                -1024 / 48_000.0 * pendingStretch.magnitude, min(1024 / 48.0, pendingStretch * 1024 / 48_000))
            pendingStretch -= step
            actual += 1024 + step
            expected += 1025.024
            worst = max(worst, abs(expected - actual))
        }
        #expect(worst < 960)
    }

    @Test func foreignNumbersDoNotTrap() {
        var timeline = SoundTimeline(hardLimit: 720)
        #expect(timeline.correction(expected: .max, actual: .min) == .none)
        _ = timeline.correction(expected: .min + 1, actual: 0)
        #expect(timeline.correction(expected: 0, actual: 0) == .none)
    }
}
