import BulkheadMedia
import BulkheadSource
import Testing

@Suite(.timeLimit(.minutes(2))) struct SourceClockTests {
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
