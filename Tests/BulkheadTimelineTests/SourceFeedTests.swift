import BulkheadFrames
import BulkheadMedia
import BulkheadTimeline
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(10))) struct SourceFeedTests {
    static func feed(video: Bool = true, audio: Bool = false, live: Bool = false) -> SourceFeed {
        SourceFeed(SourceDescription(hasVideo: video, hasAudio: audio, isLive: live, duration: -1, summary: ""))
    }

    private static func at(_ milliseconds: Int64) -> MediaTime { MediaTime(milliseconds: milliseconds) }

    /// Which picture is shown at each of `count` ticks, when picture n has the time `pts(n)`.
    private static func shown(_ count: Int, _ rate: FrameRate, pts: (Int64) -> MediaTime) -> [UInt32] {
        var feed = feed()
        feed.anchor(.zero, at: .zero)
        var next: Int64 = 0
        var shown: [UInt32] = []
        for tick in 0..<Int64(count) {
            let time = rate.time(of: tick)
            let limit = feed.limit(at: time, interval: rate.interval)
            while pts(next) < limit + MediaTime(milliseconds: 100) {
                _ = feed.pictures.push(PictureQueueTests.picture(UInt32(next), pts(next)))
                next += 1
            }
            _ = feed.pictures.advance(to: limit) { _ in }
            shown.append(feed.pictures.current?.slot.slot ?? .max)
        }
        return shown
    }

    /// Sound may have come further than the picture when an input is not shown any more, and its source may be gone when it is
    /// shown again: it goes on with the picture behind its last one.
    @Test func anInputThatWaitedWithoutASourceLosesNoPicture() {
        var feed = Self.feed(audio: true)
        feed.anchor(.zero, at: .zero)
        for index in 0..<10 {
            _ = feed.pictures.push(PictureQueueTests.picture(UInt32(index), Self.at(Int64(index) * 40)))
        }
        _ = feed.pictures.advance(to: Self.at(1000)) { _ in }
        feed.samples.push([Float](repeating: 0, count: 96_000), at: 0)
        _ = feed.samples.take(48_000, from: 0)
        feed.reconnect { _ in }
        feed.pause()
        #expect(feed.offset == nil)
        #expect(feed.firstTime(interval: Self.at(40)) == Self.at(360))
    }

    /// Timestamps as they are, and in whole milliseconds, rounded and cut off, as FLV and Matroska have them.
    enum Rounding: CaseIterable {
        case none, nearest, down

        func callAsFunction(_ time: MediaTime) -> MediaTime {
            switch self {
            case .none: time
            case .nearest: MediaTime(milliseconds: time.milliseconds)
            case .down: MediaTime(milliseconds: time.nanoseconds / 1_000_000)
            }
        }
    }

    /// The same rate in and out: every picture once, for an hour.
    @Test(arguments: Rounding.allCases, ["24", "23.976", "25", "29.97", "30", "50", "59.94", "60", "120"])
    func equalRatesShowEveryPictureOnce(rounding: Rounding, text: String) throws {
        let rate = try #require(FrameRate(text))
        let count = Int(rate.framesPerSecond * 600)
        #expect(Self.shown(count, rate) { rounding(rate.time(of: $0)) } == (0..<UInt32(count)).map { $0 })
    }

    /// 60 to 30, 50 to 25, 120 to 60 and 59.94 to 29.97: every second picture, without a stutter.
    @Test(arguments: Rounding.allCases, [("60", "30"), ("50", "25"), ("59.94", "29.97"), ("120", "60"), ("48", "24")])
    func doubleRatesShowEverySecondPicture(rounding: Rounding, rates: (String, String)) throws {
        let (input, output) = (try #require(FrameRate(rates.0)), try #require(FrameRate(rates.1)))
        let shown = Self.shown(10_000, output) { rounding(input.time(of: $0)) }
        #expect(zip(shown, shown.dropFirst()).allSatisfy { $0 + 2 == $1 })
    }

    /// 25 to 30 repeats each fifth picture, 24 each fourth, 15 all; 23.976 to 29.97 likewise.
    @Test(
        arguments: Rounding.allCases,
        [("25", "30", 6, 5), ("24", "30", 5, 4), ("15", "30", 2, 1), ("23.976", "29.97", 5, 4), ("25", "50", 2, 1)])
    func lowerRatesRepeatEvenly(rounding: Rounding, rates: (String, String, Int, Int)) throws {
        let (input, output) = (try #require(FrameRate(rates.0)), try #require(FrameRate(rates.1)))
        let (ticks, pictures) = (rates.2, rates.3)
        let shown = Self.shown(ticks * 500, output) { rounding(input.time(of: $0)) }
        // In each round the same pattern, moved on by the number of pictures in it.
        for index in ticks..<shown.count where shown[index] != shown[index - ticks] + UInt32(pictures) {
            Issue.record("tick \(index) breaks the pattern")
            return
        }
        #expect(Set(shown.prefix(ticks)).count == pictures)
    }

    /// 23.976 to 30: one picture in about 1.25 ticks, none is left out, none stays longer than two ticks.
    @Test(arguments: Rounding.allCases) func slowBeatsLeaveNothingOut(rounding: Rounding) throws {
        let (input, output) = (try #require(FrameRate("23.976")), try #require(FrameRate("30")))
        let shown = Self.shown(100_000, output) { rounding(input.time(of: $0)) }
        #expect(zip(shown, shown.dropFirst()).allSatisfy { $1 == $0 || $1 == $0 + 1 })
        #expect(zip(shown, shown.dropFirst(2)).allSatisfy { $1 != $0 })
    }

    /// A slide show: each picture from its own tick on, held as long as it lasts.
    @Test func variableRateIsHeld() throws {
        let times: [Int64] = [0, 500, 533, 567, 2000, 2033, 9000]
        let rate = try #require(FrameRate(30))
        let shown = Self.shown(300, rate) { $0 < 7 ? Self.at(times[Int($0)]) : Self.at(1_000_000 + $0) }
        #expect(shown[14] == 0 && shown[15] == 1 && shown[16] == 2 && shown[17] == 3 && shown[59] == 3)
        #expect(shown[60] == 4 && shown[61] == 5 && shown[269] == 5 && shown[270] == 6)
    }

    // MARK: sources that can wait

    private static let interval = MediaTime(nanoseconds: 33_333_333)

    /// A file that is late goes on where it was, its sound with it.
    @Test func lateFileIsNotSkippedOver() {
        var feed = Self.feed(audio: true)
        #expect(!feed.isMissingPicture)
        feed.samples.push([Float](repeating: 1, count: 96_000), at: 0)
        feed.anchor(.zero, at: .zero)
        #expect(feed.isMissingPicture)
        for tick in 0..<10 {
            #expect(feed.lateTicks == tick)
            feed.fallBehind(by: Self.interval)
        }
        #expect(feed.offset?.nanoseconds == 333_333_330)
        // Picture 0 and sample 0 are now both due a third of a second later.
        let limit = feed.limit(at: Self.at(334), interval: Self.interval)
        #expect(limit > .zero && limit < Self.interval)
        // 16,000 samples later block 16 begins 384 samples after sample 0.
        #expect(feed.takeSound(AudioFormat.samples(ofBlock: 15))?.prefix(1280).allSatisfy { $0 == 0 } == true)
        #expect(feed.takeSound(AudioFormat.samples(ofBlock: 16))?.allSatisfy { $0 == 1 } == true)
    }

    @Test func onlyAFileThatOwesAPictureMissesIt() {
        var feed = Self.feed()
        feed.anchor(.zero, at: .zero)
        #expect(feed.isMissingPicture)
        feed.hasEnded = true
        #expect(!feed.isMissingPicture)
        for other in [Self.feed(live: true), Self.feed(video: false, audio: true)] {
            var other = other
            other.anchor(.zero, at: .zero)
            #expect(!other.isMissingPicture)
        }
    }

    @Test func fileBeginsAtZeroEvenWhereItsSoundBeginsLater() {
        var feed = Self.feed(audio: true)
        #expect(feed.firstTime(interval: Self.interval) == nil)
        feed.samples.push([1, 1], at: 4800)
        #expect(feed.firstTime(interval: Self.interval) == .zero)
        feed.anchor(.zero, at: Self.at(1000))
        feed.anchor(.zero, at: Self.at(5000))
        #expect(feed.offset == Self.at(1000))
    }

    /// Sound of a packet before the picture, as MPEG-TS has it, makes no picture stand twice.
    @Test(arguments: [(23, 23), (50, 50), (51, 18), (1000, 0), (0, 0)] as [(Int64, Int64)])
    func firstPictureStandsOnATick(lead: Int64, start: Int64) throws {
        var feed = Self.feed(audio: true)
        feed.samples.push([1, 1], at: 0)
        _ = feed.pictures.push(PictureQueueTests.picture(0, Self.at(lead)))
        let first = try #require(feed.firstTime(interval: Self.interval))
        #expect(first.milliseconds == start)
    }

    /// Pictures so close together that all the slots lie before the next tick: it comes nevertheless.
    @Test func fullQueueIsComplete() {
        var feed = Self.feed()
        feed.pictureLimit = 4
        feed.anchor(.zero, at: .zero)
        for number in UInt32(0)..<4 {
            #expect(!feed.isComplete(at: .zero, interval: Self.interval))
            _ = feed.pictures.push(PictureQueueTests.picture(number, MediaTime(nanoseconds: Int64(number))))
        }
        #expect(feed.isComplete(at: .zero, interval: Self.interval))
    }

    /// The first picture may be the only one, far ahead of where the sound begins.
    @Test func pictureShownEarlyReachesItsOwnTime() {
        var feed = Self.feed()
        feed.anchor(.zero, at: .zero)
        _ = feed.pictures.push(PictureQueueTests.picture(0, Self.at(5000)))
        feed.pictures.takeFirstEarly()
        #expect(feed.isComplete(at: Self.at(4000), interval: Self.interval))
        #expect(!feed.isComplete(at: Self.at(5000), interval: Self.interval))
    }

    /// A file whose process died goes on with the same offset.
    @Test func fileKeepsItsPlaceOverAReconnect() {
        var feed = Self.feed()
        _ = feed.pictures.push(PictureQueueTests.picture(0, .zero))
        feed.anchor(.zero, at: Self.at(40))
        feed.reconnect { _ in Issue.record("a picture was released") }
        #expect(feed.offset == Self.at(40))
        #expect(feed.pictures.count == 1)
        #expect(feed.pictures.push(PictureQueueTests.picture(1, .zero)) == false)
        #expect(feed.pictures.push(PictureQueueTests.picture(1, Self.at(33))) == true)
    }

    // MARK: live sources

    @Test func liveSourceBeginsItsTimeAnewWhenItReconnects() {
        var feed = Self.feed(audio: true, live: true)
        for slot in UInt32(0)..<3 { _ = feed.pictures.push(PictureQueueTests.picture(slot, Self.at(Int64(slot) * 40))) }
        feed.samples.push([1, 1], at: 0)
        feed.anchor(.zero, at: Self.at(100))
        _ = feed.pictures.advance(to: Self.at(1)) { _ in }
        var released: [UInt32] = []
        feed.reconnect { released.append($0.slot) }
        #expect(released == [1, 2])
        #expect(feed.offset == nil)
        #expect(feed.pictures.current?.slot.slot == 0)
        #expect(feed.samples.end == feed.samples.start)
        #expect(feed.pictures.push(PictureQueueTests.picture(7, .zero)) == true)
        #expect(feed.firstTime(interval: Self.interval) == .zero)
        feed.anchor(.zero, at: Self.at(9000))
        #expect(feed.offset == Self.at(9000))
    }

    @Test func onlyAFileFallsBehind() {
        var feed = Self.feed()
        feed.anchor(.zero, at: .zero)
        var live = Self.feed(live: true)
        live.anchor(.zero, at: .zero)
        live.fallBehind(by: Self.at(40))
        #expect(live.offset == .zero)
    }

    // MARK: the end

    @Test func sourceIsFinishedWhenPictureAndSoundAreOver() {
        var feed = Self.feed(audio: true)
        feed.anchor(.zero, at: .zero)
        _ = feed.pictures.push(PictureQueueTests.picture(0, .zero))
        feed.samples.push([Float](repeating: 1, count: 9600 * 2), at: 0)
        #expect(!feed.isFinished(at: Self.at(1000)))
        feed.hasEnded = true
        #expect(!feed.isFinished(at: Self.at(1000)))
        _ = feed.pictures.advance(to: Self.at(1)) { _ in }
        #expect(!feed.isFinished(at: Self.at(99)))
        #expect(feed.isFinished(at: Self.at(100)))
        #expect(feed.hasSound(AudioFormat.samples(ofBlock: 1_000_000)))
    }

    @Test func tickIsCompleteWhenNothingCanComeForItAnyMore() {
        var feed = Self.feed(audio: true)
        #expect(!feed.isComplete(at: .zero, interval: Self.at(40)))
        feed.anchor(.zero, at: .zero)
        _ = feed.pictures.push(PictureQueueTests.picture(0, .zero))
        feed.samples.push([Float](repeating: 1, count: 1920 * 2), at: 0)
        #expect(!feed.isComplete(at: .zero, interval: Self.at(40)))
        _ = feed.pictures.push(PictureQueueTests.picture(1, Self.at(40)))
        #expect(feed.isComplete(at: .zero, interval: Self.at(40)))
        #expect(!feed.isComplete(at: Self.at(40), interval: Self.at(40)))
        feed.hasEnded = true
        #expect(feed.isComplete(at: Self.at(4000), interval: Self.at(40)))
    }

    /// Times that only a liar sends.
    @Test func extremeTimesDoNotTrap() {
        let extremes: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]
        for isLive in [false, true] {
            for first in extremes {
                for second in extremes {
                    var feed = Self.feed(audio: true, live: isLive)
                    let (a, b) = (MediaTime(nanoseconds: first), MediaTime(nanoseconds: second))
                    _ = feed.pictures.push(PictureQueueTests.picture(0, a))
                    feed.samples.push([1, 1], at: second)
                    feed.anchor(feed.firstTime(interval: Self.interval) ?? .zero, at: Self.at(5))
                    _ = feed.pictures.push(PictureQueueTests.picture(1, b))
                    feed.fallBehind(by: Self.at(40))
                    _ = feed.pictures.advance(to: feed.limit(at: Self.at(40), interval: Self.at(40))) { _ in }
                    _ = feed.isComplete(at: Self.at(40), interval: Self.at(40))
                    _ = feed.isMissingPicture
                    _ = feed.isFinished(at: Self.at(40))
                    _ = feed.hasSound(AudioFormat.samples(ofBlock: 3))
                    let block = feed.takeSound(AudioFormat.samples(ofBlock: 3))
                    #expect(block?.count ?? AudioFormat.floatsPerBlock == AudioFormat.floatsPerBlock)
                }
            }
        }
    }
}
