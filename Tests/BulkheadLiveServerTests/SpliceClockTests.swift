import BulkheadLiveServer
import BulkheadRTMP
import NIOCore
import Testing

/// The time of a stream's players across its publishers.
@Suite(.timeLimit(.minutes(1))) struct SpliceClockTests {
    private func picture(_ timestamp: UInt32, _ byte: UInt8 = 0, count: Int = 200) -> Message {
        Message(
            type: .video, timestampMilliseconds: timestamp,
            payload: ByteBuffer(bytes: [0x27, 1, 0, 0, 0] + [UInt8](repeating: byte, count: count)))
    }

    private func sound(_ timestamp: UInt32) -> Message {
        Message(
            type: .audio, timestampMilliseconds: timestamp,
            payload: ByteBuffer(bytes: [0xAF, 1, UInt8(timestamp & 0xFF)]))
    }

    /// Pictures and sound of 400 ms from `start` on.
    private func run(_ clock: inout SpliceClock, from start: UInt32, at wallClock: Int64) {
        for number in 0..<10 {
            let time = start &+ UInt32(number) * 40
            _ = clock.judge(picture(time, UInt8(number)), at: wallClock + Int64(number) * 40)
            _ = clock.judge(sound(time &+ 5), at: wallClock + Int64(number) * 40)
        }
    }

    @Test(arguments: [0, 1_000_000, UInt32.max - 100]) func theFirstPublisherHasItsOwnTimes(start: UInt32) {
        var clock = SpliceClock()
        for number in 0..<10 as Range<UInt32> {
            let verdict = clock.judge(picture(start &+ number * 40), at: 0)
            #expect(verdict == .init(timestampMilliseconds: start &+ number * 40, isKnown: false, isSeam: false))
        }
        #expect(clock.timestamp(ofHeader: 7) == 7)
    }

    @Test(arguments: [0, UInt32.max - 100]) func anotherStreamGoesOnWhereTheWallClockStands(start: UInt32) {
        var clock = SpliceClock()
        run(&clock, from: start, at: 10_000)
        clock.publisherReturned()
        #expect(clock.timestamp(ofHeader: 0) == start &+ 365)
        // Two seconds later, with times of its own.
        let first = clock.judge(picture(77_000_000, 99), at: 12_360)
        #expect(first == .init(timestampMilliseconds: start &+ 365 &+ 2000, isKnown: false, isSeam: true))
        let second = clock.judge(picture(77_000_040, 98), at: 12_400)
        #expect(second == .init(timestampMilliseconds: start &+ 365 &+ 2040, isKnown: false, isSeam: false))
        #expect(clock.timestamp(ofHeader: 77_000_080) == start &+ 365 &+ 2080)
    }

    @Test func aStreamThatBeginsAnewIsShiftedToo() {
        var clock = SpliceClock()
        run(&clock, from: 20_000, at: 10_000)
        clock.publisherReturned()
        let verdict = clock.judge(picture(0, 99), at: 11_360)
        #expect(verdict.timestampMilliseconds == 21_365 && verdict.isSeam && !verdict.isKnown)
    }

    @Test func aGapInTheSameTimeStaysAGap() {
        var clock = SpliceClock()
        run(&clock, from: 20_000, at: 10_000)
        clock.publisherReturned()
        let verdict = clock.judge(picture(23_000, 99), at: 11_000)
        #expect(verdict.timestampMilliseconds == 23_000 && verdict.isSeam)
    }

    /// The same broadcast on another way begins with an IDR from before: what is known is not given twice, and nothing is
    /// missing behind it.
    @Test(arguments: [20_000, UInt32.max - 100]) func theSameBroadcastGoesOnWithoutASeam(start: UInt32) {
        var clock = SpliceClock()
        run(&clock, from: start, at: 10_000)
        clock.publisherReturned()
        for number in 4..<14 as Range<UInt32> {
            let time = start &+ number * 40
            let video = clock.judge(picture(time, UInt8(number)), at: 10_500)
            #expect(video == .init(timestampMilliseconds: time, isKnown: number < 10, isSeam: false), "\(number)")
            let audio = clock.judge(sound(time &+ 5), at: 10_500)
            #expect(audio == .init(timestampMilliseconds: time &+ 5, isKnown: number < 10, isSeam: false), "\(number)")
        }
    }

    /// A film that is played again, or a picture that stands: what comes is known, and lasts as long as it did.
    @Test(arguments: [0, UInt32.max - 100]) func whatBeginsAnewIsAnotherStream(start: UInt32) {
        var clock = SpliceClock()
        for round in 0..<10 as Range<Int64> {
            run(&clock, from: start &+ UInt32(round) * 400, at: 10_000 + round * 400)
        }
        clock.publisherReturned()
        var seam: SpliceClock.Verdict?
        for number in 0..<100 as Range<Int64> {
            let time = start &+ UInt32(number) * 40
            let verdict = clock.judge(picture(time, UInt8(number % 10)), at: 15_000 + number * 40)
            if verdict.isSeam { seam = verdict }
            #expect(verdict.isKnown == (number < 13), "\(number)")
            guard let seam, !verdict.isKnown else { continue }
            // The clock of players stands where the wall clock does.
            let expected = start &+ 3965 &+ 1035 &+ UInt32(number) * 40 &+ 5
            #expect(abs(Int64(Int32(bitPattern: verdict.timestampMilliseconds &- expected))) <= 5)
            #expect(abs(seam.shift - 5000) < 10)
        }
        #expect(seam != nil)
    }

    /// The same broadcast on another way, over a network that brings it twice as fast as it lasts: known up to the end.
    @Test func whatCatchesUpIsTheSame() {
        var clock = SpliceClock()
        for round in 0..<10 as Range<Int64> { run(&clock, from: UInt32(round) * 400, at: 10_000 + round * 400) }
        clock.publisherReturned()
        for number in 0..<100 as Range<Int64> {
            let verdict = clock.judge(picture(UInt32(number) * 40, UInt8(number % 10)), at: 15_000 + number * 20)
            #expect(verdict.isKnown && !verdict.isSeam)
        }
        #expect(!clock.judge(picture(4000, 0), at: 17_000).isKnown)
    }

    /// The same times, and other pictures.
    @Test func anotherStreamWithTheSameTimesIsAnother() {
        var clock = SpliceClock()
        run(&clock, from: 0, at: 10_000)
        clock.publisherReturned()
        let verdict = clock.judge(picture(160, 55), at: 10_500)
        #expect(verdict.isSeam && !verdict.isKnown && verdict.timestampMilliseconds > 365)
    }

    @Test func aPublisherThatSaidGoodbyeLeavesNothing() {
        var clock = SpliceClock()
        run(&clock, from: 20_000, at: 10_000)
        clock.publisherCame()
        #expect(clock.judge(picture(0), at: 20_000).timestampMilliseconds == 0)
    }
}
