import BulkheadMedia
import BulkheadModel
import BulkheadProgram
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire
import Glibc
import Testing

@Suite(.timeLimit(.minutes(1))) struct SoundDeskTests {
    private static func feed(_ description: SourceDescription, seconds: Double) -> SourceFeed {
        var feed = SourceFeed(description)
        feed.samples.push([Float](repeating: 0.5, count: Int(seconds * 48_000) * 2), at: 0)
        feed.anchor(.zero, at: .zero)
        return feed
    }

    private static func cut(
        _ desk: inout SoundDesk, to milliseconds: Int64, end: Int64? = nil, from feed: inout SourceFeed?,
        isFast: Bool = false
    ) -> [AudioLedger.Block] {
        var feeds = Feeds(feeds: feed.map { [1: $0] } ?? [:])
        desk.hear(feed == nil ? [] : [1])
        defer { feed = feeds.feeds[1] }
        return desk.cut(
            to: MediaTime(milliseconds: milliseconds), at: isFast ? nil : MediaTime(milliseconds: milliseconds),
            end: end.map { MediaTime(milliseconds: $0) }, from: &feeds)
    }

    // MARK: names

    private static func under(_ desk: SoundDesk) -> String? { desk.settings(of: 1).ducking?.under }

    @Test func whatMakesRoomForAnInputFollowsItsName() {
        var desk = SoundDesk()
        var strip = StripSettings()
        strip.ducking = DuckingSettings(under: "Mic")
        desk.set(strip, of: 1, duckedUnder: nil)
        desk.renamed(2, to: "other")
        #expect(Self.under(desk) == "Mic")
        desk.arrived(2, name: "mic")
        desk.renamed(2, to: "host")
        #expect(Self.under(desk) == "host")
        #expect(desk.status(of: [(1, "music")]).strips.first?.settings.ducking?.under == "host")
        // Another one of that name takes its place.
        desk.forget(2)
        desk.renamed(3, to: "speaker")
        #expect(Self.under(desk) == "host")
        desk.arrived(4, name: "host")
        desk.renamed(4, to: "guest")
        #expect(Self.under(desk) == "guest")
    }

    /// A block is 21 1/3 ms: three of them end at 64 ms.
    @Test func silenceIsCutWhenItIsDue() {
        var desk = SoundDesk()
        var none: SourceFeed?
        #expect(Self.cut(&desk, to: 21, from: &none).isEmpty)
        let blocks = Self.cut(&desk, to: 64, from: &none)
        #expect(blocks.map(\.number) == [0, 1, 2])
        #expect(blocks.allSatisfy { $0.samples == [Float](repeating: 0, count: 2048) })
        #expect(desk.nextBlock == 3)
    }

    @Test func soundThatIsThereIsCutThreeBlocksAhead() {
        var desk = SoundDesk()
        var feed: SourceFeed? = Self.feed(.file(), seconds: 10)
        let blocks = Self.cut(&desk, to: 40, from: &feed)
        #expect(blocks.map(\.number) == [0, 1, 2, 3, 4])
        #expect(blocks.allSatisfy { $0.samples.allSatisfy { $0 == 0.5 } })
        #expect(Self.cut(&desk, to: 40, from: &feed).isEmpty)
        #expect(Self.cut(&desk, to: 80, from: &feed).map(\.number) == [5, 6])
    }

    @Test func soundThatIsLateIsSilence() {
        var desk = SoundDesk()
        var feed: SourceFeed? = SourceFeed(.file())
        feed?.anchor(.zero, at: .zero)
        let blocks = Self.cut(&desk, to: 40, from: &feed)
        #expect(blocks.map(\.number) == [0])
        #expect(blocks.first?.samples.allSatisfy { $0 == 0 } == true)
    }

    /// Live sound may come three tenths of a second after its picture.
    @Test(arguments: [(false, 0), (true, 14)])
    func liveSoundHasGrace(isFast: Bool, expected: Int) {
        var desk = SoundDesk()
        var feed: SourceFeed? = SourceFeed(.camera(audio: true))
        feed?.anchor(.zero, at: .zero)
        #expect(Self.cut(&desk, to: 300, from: &feed, isFast: isFast).count == expected)
        #expect(Self.cut(&desk, to: 400, from: &feed, isFast: isFast).count == 4)
    }

    /// A picture that is ahead of the clock asks for no sound that can't be here.
    @Test func pictureAheadOfTheClockWaitsForNoSound() {
        var desk = SoundDesk()
        var feed = SourceFeed(.camera(audio: true))
        feed.anchor(.zero, at: .zero)
        var feeds = Feeds(feeds: [1: feed])
        desk.hear([1])
        let time = MediaTime(milliseconds: 400)
        #expect(desk.cut(to: time, at: MediaTime(milliseconds: 300), end: nil, from: &feeds).isEmpty)
        #expect(desk.cut(to: time, at: time, end: nil, from: &feeds).count == 4)
    }

    @Test func nothingIsCutBehindTheEnd() {
        var desk = SoundDesk()
        var feed: SourceFeed? = Self.feed(.file(), seconds: 10)
        let blocks = Self.cut(&desk, to: 1000, end: 200, from: &feed)
        #expect(blocks.last?.number == 9)
        #expect(Self.cut(&desk, to: 2000, end: 200, from: &feed).isEmpty)
    }

    @Test func endedInputGivesSilenceAtOnce() {
        var desk = SoundDesk()
        var feed: SourceFeed? = Self.feed(.file(), seconds: 0.03)
        feed?.hasEnded = true
        let blocks = Self.cut(&desk, to: 40, from: &feed)
        #expect(blocks.count == 5)
        #expect(blocks[1].samples.contains(0.5) && blocks[1].samples.contains(0))
        #expect(blocks[2].samples.allSatisfy { $0 == 0 })
    }

    // MARK: several inputs

    private static func tone(_ hertz: Double, _ sample: Int) -> Float {
        Float(0.25 * sin(2 * Double.pi * hertz * Double(sample) / 48_000))
    }

    /// Inputs of ten seconds of tones, each a quarter of full scale.
    private static func tones(_ hertz: [Double]) -> Feeds {
        var feeds = Feeds(feeds: [:])
        for (index, hertz) in hertz.enumerated() {
            var feed = SourceFeed(.file())
            let samples = (0..<480_000).flatMap { [Float](repeating: Self.tone(hertz, $0), count: 2) }
            feed.samples.push(samples, at: 0)
            feed.anchor(.zero, at: .zero)
            feeds.feeds[InputID(index + 1)] = feed
        }
        return feeds
    }

    private static func cut(_ desk: inout SoundDesk, to milliseconds: Int64, from feeds: inout Feeds) -> [Float] {
        let time = MediaTime(milliseconds: milliseconds)
        return desk.cut(to: time, at: time, end: nil, from: &feeds).flatMap(\.samples)
    }

    /// No step of a tone of 440 Hz is larger; two that fade into each other are a little steeper.
    private static let steepest = Float(0.25 * 2 * Double.pi * 440 / 48_000 * 1.3)

    /// The largest step between two samples of a channel.
    private static func largestStep(_ samples: [Float]) -> Float {
        zip(samples, samples.dropFirst(2)).map { abs($0 - $1) }.max() ?? 0
    }

    @Test func singleSoundPassesBitForBit() throws {
        var (desk, feeds) = (SoundDesk(), Feeds(feeds: [:]))
        var random = SystemRandomNumberGenerator()
        let noise = (0..<96_000).map { _ in Float.random(in: -1...1, using: &random) }
        var feed = SourceFeed(.file())
        feed.samples.push(noise, at: 0)
        feed.anchor(.zero, at: .zero)
        feeds.feeds[1] = feed
        desk.hear([1])
        desk.watched(at: .now)
        var samples: [Float] = []
        for time in stride(from: 40, to: 900, by: 40) as StrideTo<Int64> {
            samples += Self.cut(&desk, to: time, from: &feeds)
        }
        #expect(samples.count > 80_000)
        #expect(samples.elementsEqual(noise.prefix(samples.count)))
    }

    @Test func soundsAreSummed() throws {
        var (desk, feeds) = (SoundDesk(), Self.tones([440, 1000]))
        desk.hear([1, 2])
        desk.isStaged = true
        let samples = Self.cut(&desk, to: 1000, from: &feeds)
        let expected = (0..<samples.count / 2).map { Self.tone(440, $0) + Self.tone(1000, $0) }
        #expect(zip(expected.indices, expected).allSatisfy { abs(samples[2 * $0] - $1) < 1e-5 })
    }

    /// What goes away is heard for ten milliseconds more, even of a file that waits from then on.
    @Test func changeIsNoClick() throws {
        var (desk, feeds) = (SoundDesk(), Self.tones([440, 440.5]))
        desk.hear([1])
        var samples = Self.cut(&desk, to: 400, from: &feeds)
        desk.hear([2])
        desk.keepEnd(of: 1, in: &feeds)
        feeds.feeds[1]?.pause()
        samples += Self.cut(&desk, to: 800, from: &feeds)
        #expect(Self.largestStep(samples) < Self.steepest)
        #expect(desk.heard == [2])
        desk.keepEnd(of: 2, in: &feeds)
        desk.forget(2)
        feeds.feeds[2] = nil
        samples += Self.cut(&desk, to: 1200, from: &feeds)
        #expect(Self.largestStep(samples) < Self.steepest)
        #expect(samples.suffix(2048).allSatisfy { $0 == 0 })
    }

    @Test func mutedInputIsGoneWithoutAClick() throws {
        var (desk, feeds) = (SoundDesk(), Self.tones([440]))
        desk.hear([1])
        var samples = Self.cut(&desk, to: 400, from: &feeds)
        var settings = StripSettings()
        settings.isMuted = true
        desk.set(settings, of: 1, duckedUnder: nil)
        samples += Self.cut(&desk, to: 800, from: &feeds)
        #expect(Self.largestStep(samples) < Self.steepest)
        #expect(samples.suffix(2048).allSatisfy { $0 == 0 })
        let strip = try #require(desk.status(of: [(1, "camera")]).strips.first)
        #expect(strip.settings.isMuted && !strip.isHeard && strip.name == "camera")
    }

    /// One that has nothing holds the others up no longer than it would hold up itself.
    @Test func lateInputIsSilentBesideTheOthers() throws {
        var (desk, feeds) = (SoundDesk(), Self.tones([440]))
        var late = SourceFeed(.file())
        late.anchor(.zero, at: .zero)
        feeds.feeds[2] = late
        desk.hear([1, 2])
        #expect(Self.cut(&desk, to: 64, from: &feeds).count == 3 * AudioFormat.floatsPerBlock)
        feeds.feeds[2]?.hasEnded = true
        #expect(Self.cut(&desk, to: 64, from: &feeds).count == 3 * AudioFormat.floatsPerBlock)
    }

    /// What is wanted ahead of a block is waited for where no viewer waits: it comes with the next tick.
    @Test func nothingIsMissingWithFast() throws {
        var (desk, feeds) = (SoundDesk(), Self.tones([440]))
        desk.hear([1])
        let all = try #require(feeds.feeds[1]).samples
        var samples: [Float] = []
        let source = all
        let sound = source.copy(96_000, from: 0)
        feeds.feeds[1]?.samples = SampleQueue()
        for tick in 0..<40 as Range<Int64> {
            // Exactly as much as the tick needs.
            let (start, end) = (Int(tick) * 1600, Int(tick + 1) * 1600)
            feeds.feeds[1]?.samples.push(Array(sound[2 * start..<2 * end]), at: Int64(start))
            let time = MediaTime(sampleIndex: Int64(end))
            samples += desk.cut(to: time, at: nil, end: nil, from: &feeds).flatMap(\.samples)
        }
        #expect(samples.count > 100_000)
        #expect(samples.elementsEqual(sound.prefix(samples.count)))
    }

    @Test func levelsAreMeasuredWhileSomebodyLooks() throws {
        var (desk, feeds) = (SoundDesk(), Self.tones([440]))
        desk.hear([1])
        _ = Self.cut(&desk, to: 1000, from: &feeds)
        #expect(desk.status(of: []).levels.seconds == 0)
        let now = MonotonicTime.now
        desk.watched(at: now)
        _ = Self.cut(&desk, to: 2000, from: &feeds)
        let levels = desk.status(of: [(1, "tone")])
        #expect(abs(levels.levels.now.peak.value + 12.04) < 0.1 && levels.levels.seconds == 1)
        #expect(abs((levels.strips.first?.levels.peak.value ?? 0) + 12.04) < 0.1)
        desk.rest(at: now.advanced(by: .seconds(11)))
        _ = Self.cut(&desk, to: 3000, from: &feeds)
        #expect(desk.status(of: []).levels.seconds == 1)
    }
}

/// Feeds by their inputs.
private struct Feeds: SoundFeeds {
    var feeds: [InputID: SourceFeed]

    mutating func withFeed<Result>(of input: InputID, _ body: (inout SourceFeed) -> Result) -> Result? {
        guard var feed = feeds[input] else { return nil }
        defer { feeds[input] = feed }
        return body(&feed)
    }
}
