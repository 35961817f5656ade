import BulkheadSwitcher
import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct ArrivalMeterTests {
    private static func time(_ milliseconds: Int) -> MonotonicTime {
        MonotonicTime(nanoseconds: 5_000_000_000 + Int64(milliseconds) * 1_000_000)
    }

    @Test func nothingIsKnownBeforeThereIsSomething() {
        let meter = ArrivalMeter()
        #expect(meter.age(at: Self.time(0)) == nil && meter.rates(at: Self.time(0)) == nil)
        #expect(meter.timestampMilliseconds == nil)
    }

    @Test func picturesAndBytesAreCountedOverTwoSeconds() throws {
        var meter = ArrivalMeter()
        for index in 0..<100 {
            meter.note(isPicture: true, byteCount: 1000, timestamp: UInt32(index * 40), at: Self.time(index * 40))
            meter.note(isPicture: false, byteCount: 250, timestamp: UInt32(index * 40), at: Self.time(index * 40))
        }
        #expect(meter.timestampMilliseconds == 3960)
        #expect(meter.age(at: Self.time(4460)) == 0.5)
        let rates = try #require(meter.rates(at: Self.time(3960)))
        #expect(abs(rates.framesPerSecond - 25) <= 0.5 && abs(rates.bitsPerSecond - 250_000) <= 5000)
        // It ends: the rates fall, and the age grows.
        let later = try #require(meter.rates(at: Self.time(4960)))
        #expect(abs(later.framesPerSecond - 12.5) <= 0.5)
        #expect(meter.rates(at: Self.time(60_000))?.framesPerSecond == 0)
        #expect(meter.age(at: Self.time(63_960)) == 60)
    }

    /// When the last picture has become too old is known at that moment, once.
    @Test func theMomentIsFoundAtWhichAPictureIsTooOld() {
        var meter = ArrivalMeter()
        #expect(!meter.turned(.seconds(1), after: Self.time(0), at: Self.time(9000)))
        meter.note(isPicture: true, byteCount: 1, timestamp: 0, at: Self.time(500))
        #expect(!meter.turned(.seconds(1), after: Self.time(1400), at: Self.time(1499)))
        #expect(meter.turned(.seconds(1), after: Self.time(1400), at: Self.time(1500)))
        #expect(!meter.turned(.seconds(1), after: Self.time(1500), at: Self.time(1600)))
        meter.note(isPicture: true, byteCount: 1, timestamp: 40, at: Self.time(1490))
        #expect(!meter.turned(.seconds(1), after: Self.time(1400), at: Self.time(1600)))
    }

    @Test func soundAloneIsNoPicture() {
        var meter = ArrivalMeter()
        for index in 0..<200 {
            meter.note(isPicture: false, byteCount: 250, timestamp: UInt32(index * 20), at: Self.time(index * 20))
        }
        #expect(meter.age(at: Self.time(4000)) == nil)
        #expect(meter.rates(at: Self.time(4000))?.framesPerSecond == 0)
    }

    @Test func floodIsBounded() throws {
        var meter = ArrivalMeter()
        for index in 0..<50_000 {
            meter.note(isPicture: true, byteCount: 1, timestamp: .max, at: Self.time(index / 25))
        }
        #expect(try #require(meter.rates(at: Self.time(2000))).framesPerSecond <= 2048)
    }
}
