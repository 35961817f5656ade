import BulkheadMedia
import Testing

@Suite(.timeLimit(.minutes(1))) struct FrameRateTests {
    static let rates: [(UInt32, UInt32)] = [
        (1, 1), (24, 1), (24_000, 1001), (25, 1), (30, 1), (30_000, 1001), (50, 1), (60, 1), (60_000, 1001), (240, 1),
        (.max, .max), (4_294_967_280, 17_895_697),
    ]

    @Test(
        arguments: [
            ("30", 30, 1), ("30000/1001", 30_000, 1001), ("29.97", 30_000, 1001), ("59.94", 60_000, 1001),
            ("23.976", 24_000, 1001), ("23.98", 24_000, 1001), ("119.88", 120_000, 1001), ("12.5", 12_500, 1000),
            ("30.0", 30, 1), ("1.0", 1, 1), ("2.0", 2, 1), ("5.0", 5, 1), ("240", 240, 1), ("1", 1, 1),
        ] as [(String, UInt32, UInt32)])
    func textIsRead(text: String, numerator: UInt32, denominator: UInt32) {
        #expect(FrameRate(text) == FrameRate(numerator, denominator))
        #expect(FrameRate(text) != nil)
    }

    @Test(arguments: [
        "", "0", "-30", "241", "30/0", "0/1", "1/2", "30/1/1", "/", "30/", "nan", "inf", "-inf", "1e400", "240.5",
        "0.99",
        "4294967296", "30 ", "thirty", "30,5",
    ])
    func whatIsNoRateIsRefused(text: String) {
        #expect(FrameRate(text) == nil)
    }

    @Test(arguments: [
        ("29.97", 20, 600), ("30", 20, 600), ("30", 0.5, 15), ("25", 1, 25), ("59.94", 10, 600), ("29.97", 0.001, 1),
        ("30000/1001", 1.001, 30), ("30", 0, 0),
    ])
    func framesThatBeginWithinATime(rate: String, seconds: Double, count: Int64) {
        #expect(FrameRate(rate)?.frameCount(within: seconds) == count)
    }

    @Test func rangeIsOneTo240() {
        #expect(FrameRate(0) == nil)
        #expect(FrameRate(30, 0) == nil)
        #expect(FrameRate(1000, 1001) == nil)
        #expect(FrameRate(240_001, 1000) == nil)
        #expect(FrameRate(.max, 1) == nil)
        #expect(FrameRate(240_000, 1000)?.framesPerSecond == 240)
    }

    @Test func descriptionIsReadBack() throws {
        for (numerator, denominator) in Self.rates {
            let rate = try #require(FrameRate(numerator, denominator))
            #expect(FrameRate(rate.description) == rate)
        }
    }

    /// A frame is found at its own time, and until the next one's: over a week of frames, in leaps.
    @Test(arguments: rates)
    func frameIsFoundAtItsTime(numerator: UInt32, denominator: UInt32) throws {
        let rate = try #require(FrameRate(numerator, denominator))
        let week = Int64(rate.framesPerSecond * 604_800)
        for number in [-week, -1001, -2, -1, 0, 1, 2, 3, 29, 30, 1000, 1001] + stride(from: 0, to: week, by: 100_003) {
            let time = rate.time(of: number)
            #expect(rate.frame(at: time) == number)
            #expect(rate.frame(at: time - MediaTime(nanoseconds: 2)) == number - 1)
            #expect(rate.frame(at: rate.time(of: number + 1) - MediaTime(nanoseconds: 2)) == number)
        }
    }

    /// An hour of 30000/1001 has 107,892 frames and a rest (3600 * 30000 / 1001).
    @Test func hourOfNTSCDoesNotDrift() throws {
        let rate = try #require(FrameRate("29.97"))
        #expect(rate.frame(at: MediaTime(milliseconds: 3_600_000)) == 107_892)
        #expect(rate.time(of: 30_000).nanoseconds == 1_001_000_000_000)
        #expect(rate.time(of: 30_000 * 24).nanoseconds == 24_024_000_000_000)
    }

    @Test(arguments: rates)
    func extremeNumbersDoNotTrap(numerator: UInt32, denominator: UInt32) throws {
        let rate = try #require(FrameRate(numerator, denominator))
        #expect(rate.time(of: .max).nanoseconds == .max)
        #expect(rate.time(of: .min).nanoseconds == .min)
        let last = rate.frame(at: MediaTime(nanoseconds: .max))
        #expect(last > 9_000_000_000)
        let first = rate.frame(at: MediaTime(nanoseconds: .min))
        #expect(first < -9_000_000_000)
        #expect(rate.interval.nanoseconds > 0)
    }
}
