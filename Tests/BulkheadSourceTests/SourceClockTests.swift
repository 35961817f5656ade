import BulkheadMedia
import BulkheadSource
import Testing

@Suite struct SourceClockTests {
    private static let second: Int64 = 1_000_000_000

    @Test func earliestOfPictureAndSoundIsZero() {
        var clock = SourceClock()
        #expect(clock.sourceTime(of: 5) == nil)
        clock.settle([1_400_000_000, 1_421_333_333])
        #expect(clock.sourceTime(of: 1_400_000_000) == 0)
        #expect(clock.sourceTime(of: 1_421_333_333) == 21_333_333)
    }

    /// One hour of a clip whose sound is 54 ms longer than its picture: each pass has to start where both have ended,
    /// with the sound no more than half a sample off its place.
    @Test func loopedClipDoesNotDriftInAnHour() {
        let pictureEnd = 10 * Self.second
        let soundEnd: Int64 = 10_054_250_000
        let firstTime: Int64 = 21_333_333
        var clock = SourceClock()
        for pass in 0..<360 {
            clock.settle([firstTime, firstTime + 7_000_000])
            let expected = Int64(pass) * (soundEnd - firstTime)
            #expect(clock.sourceTime(of: firstTime) == expected)
            let sound = clock.sourceTime(of: firstTime + 7_000_000) ?? 0
            let played = MediaTime(sampleIndex: MediaTime(nanoseconds: sound).sampleIndex).nanoseconds
            #expect(abs(played - sound) <= 10_417)
            clock.note(end: clock.sourceTime(of: pictureEnd) ?? 0)
            clock.note(end: clock.sourceTime(of: soundEnd) ?? 0)
            clock.beginPass()
        }
    }

    @Test func resumedPassGoesOnAsGiven() {
        var clock = SourceClock(resumingAt: 25 * Self.second, input: 5 * Self.second)
        clock.settle([0])
        #expect(clock.sourceTime(of: 6 * Self.second) == 26 * Self.second)
        clock.note(end: 30 * Self.second)
        clock.beginPass()
        clock.settle([2 * Self.second])
        #expect(clock.sourceTime(of: 2 * Self.second) == 30 * Self.second)
    }

    @Test func extremeTimesDoNotTrap() {
        var clock = SourceClock()
        clock.settle([.min, .max])
        #expect(clock.sourceTime(of: .max) != nil)
        #expect(clock.sourceTime(of: .min) != nil)
        var resumed = SourceClock(resumingAt: .max, input: .min)
        resumed.note(end: .max)
        resumed.beginPass()
        #expect(resumed.base == nil)
    }
}

@Suite struct TimestampRepairTests {
    private static let frame: Int64 = 40_000_000
    private static let second: Int64 = 1_000_000_000

    @Test func jumpsAreTakenOutForAllStreamsAlike() {
        var repair = TimestampRepair(forwardLimit: Self.second)
        for index in 0..<50 {
            let time = Int64(index) * Self.frame
            #expect(repair.offset(stream: 0, time: time, duration: Self.frame) == 0)
            #expect(repair.offset(stream: 1, time: time, duration: Self.frame) == 0)
        }
        // Two seconds have passed; now the input starts again at an hour.
        let hour = 3600 * Self.second
        #expect(repair.offset(stream: 1, time: hour, duration: Self.frame) == 2 * Self.second - hour)
        #expect(repair.offset(stream: 0, time: hour, duration: Self.frame) == 2 * Self.second - hour)
        // And after one frame at 0.
        #expect(repair.offset(stream: 0, time: 0, duration: Self.frame) == 2 * Self.second + Self.frame)
        #expect(repair.offset(stream: 1, time: 0, duration: Self.frame) == 2 * Self.second + Self.frame)
    }

    @Test func gapThatTheOtherStreamFillsIsNoJump() {
        var repair = TimestampRepair(forwardLimit: Self.second)
        #expect(repair.offset(stream: 1, time: 0, duration: Self.frame) == 0)
        for index in 0..<250 {
            #expect(repair.offset(stream: 0, time: Int64(index) * Self.frame, duration: Self.frame) == 0)
        }
        #expect(repair.offset(stream: 1, time: 10 * Self.second, duration: Self.frame) == 0)
    }

    @Test func badInterleavingIsNoJump() {
        var repair = TimestampRepair(forwardLimit: Self.second)
        for index in 0..<250 {
            #expect(repair.offset(stream: 0, time: Int64(index) * Self.frame, duration: Self.frame) == 0)
        }
        for index in 0..<250 {
            #expect(repair.offset(stream: 1, time: Int64(index) * Self.frame, duration: Self.frame) == 0)
        }
    }

    @Test func liveGapOfTheTimeThatPassedIsKept() {
        var repair = TimestampRepair(forwardLimit: Self.second)
        #expect(repair.offset(stream: 0, time: 0, duration: Self.frame) == 0)
        #expect(repair.offset(stream: 0, time: 5 * Self.second, duration: Self.frame, elapsed: 5 * Self.second) == 0)
        #expect(repair.offset(stream: 0, time: 15 * Self.second, duration: Self.frame, elapsed: Self.second) != 0)
    }

    @Test func foreignNumbersDoNotTrap() {
        var repair = TimestampRepair(forwardLimit: Self.second)
        for time in [Int64.max, .min + 1, 0, .max, .min, -1, .max] {
            _ = repair.offset(stream: 0, time: time, duration: .max)
            _ = repair.offset(stream: 1, time: time, duration: .min)
        }
        #expect(repair.forwardLimit == Self.second)
    }
}
