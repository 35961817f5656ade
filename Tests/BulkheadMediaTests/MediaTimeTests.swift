import BulkheadMedia
import Testing

@Suite(.timeLimit(.minutes(1))) struct MediaTimeTests {
    private static let extremes: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]

    /// Ticks, timebase and nanoseconds, worked out by hand.
    @Test(
        arguments: [
            (1, 1, 48_000, 20_833), (2, 1, 48_000, 41_667), (3, 1, 48_000, 62_500), (-1, 1, 48_000, -20_833),
            (-2, 1, 48_000, -41_667), (1, 1001, 30_000, 33_366_667), (90_000, 1, 90_000, 1_000_000_000),
            (1, 1, 3, 333_333_333), (2, 1, 3, 666_666_667), (0, 1, 7, 0),
        ] as [(Int64, UInt32, UInt32, Int64)])
    func ticksAreRoundedToTheNearestNanosecond(
        ticks: Int64, numerator: UInt32, denominator: UInt32, nanoseconds: Int64
    ) {
        #expect(MediaTime(ticks: ticks, of: Timebase(numerator, denominator)).nanoseconds == nanoseconds)
    }

    @Test(
        arguments: [
            (0, 0), (499_999, 0), (500_000, 1), (1_499_999, 1), (1_500_000, 2), (-499_999, 0), (-500_000, -1),
            (33_333_333, 33), (66_666_667, 67),
        ] as [(Int64, Int64)])
    func millisecondsAreRoundedToTheNearest(nanoseconds: Int64, milliseconds: Int64) {
        #expect(MediaTime(nanoseconds: nanoseconds).milliseconds == milliseconds)
    }

    @Test func sampleIndexesSurviveNanosecondsForADay() {
        for index in stride(from: Int64(0), through: 48_000 * 86_400, by: 999_983) {
            #expect(MediaTime(sampleIndex: index).sampleIndex == index)
            #expect(MediaTime(sampleIndex: -index).sampleIndex == -index)
        }
    }

    @Test func sumsAndDifferencesStopAtTheEndsOfTheRange() {
        for left in Self.extremes {
            for right in Self.extremes {
                let sum = Int64(clamping: Int128(left) + Int128(right))
                let difference = Int64(clamping: Int128(left) - Int128(right))
                let (a, b) = (MediaTime(nanoseconds: left), MediaTime(nanoseconds: right))
                #expect((a + b).nanoseconds == sum)
                #expect((a - b).nanoseconds == difference)
                #expect((a < b) == (left < right))
            }
        }
    }

    @Test func extremeNumbersStopAtTheEndsOfTheRange() {
        let longest = Timebase(.max, 1)
        #expect(MediaTime(ticks: .max, of: longest).nanoseconds == .max)
        #expect(MediaTime(ticks: .min, of: longest).nanoseconds == .min)
        #expect(MediaTime(milliseconds: .max).nanoseconds == .max)
        #expect(MediaTime(milliseconds: .min).nanoseconds == .min)
        #expect(MediaTime(sampleIndex: .max).nanoseconds == .max)
        #expect(MediaTime(nanoseconds: .max).sampleIndex == 442_721_857_769_029)
        #expect(MediaTime(nanoseconds: .min).milliseconds == -9_223_372_036_855)
        #expect(MediaTime(nanoseconds: .max).seconds > 9.2e9)
        // Around the end of 64 bits: the product fits, and only the rounding does not.
        #expect(Int64.max.scaled(by: 1, over: 2) == 0x4000_0000_0000_0000)
        #expect(Int64.min.scaled(by: 1, over: 2) == -0x4000_0000_0000_0000)
        #expect((-7 as Int64).scaled(by: 1, over: 2) == -4)
        #expect(Int64.max.scaled(by: .max, over: 1) == .max)
        #expect(Int64.min.scaled(by: .max, over: 1) == .min)
        #expect(Int64.min.scaled(by: .min, over: 1) == .max)
        #expect(Int64.max.scaled(by: .max, over: .max) == .max)
    }

    @Test func zeroMakesNoTimebase() {
        #expect(Timebase(0, 0) == Timebase(1, 1))
        #expect(MediaTime(ticks: 3, of: Timebase(0, 0)) == MediaTime(milliseconds: 3000))
    }

    @Test func blocksOfSoundNeverRunBackwards() {
        #expect(AudioFormat.time(ofBlock: 0) == .zero)
        // 1024 / 48000 s
        #expect(AudioFormat.time(ofBlock: 1).nanoseconds == 21_333_333)
        #expect(AudioFormat.time(ofBlock: -1).nanoseconds == -21_333_333)
        #expect(AudioFormat.time(ofBlock: 46_875).nanoseconds == 1_000_000_000_000)
        #expect(AudioFormat.time(ofBlock: .max).nanoseconds == .max)
        #expect(AudioFormat.time(ofBlock: .min).nanoseconds == .min)
        #expect(AudioFormat.time(ofBlock: .max / 1024 + 1).nanoseconds == .max)
    }
}
