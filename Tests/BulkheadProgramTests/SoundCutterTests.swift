import BulkheadMedia
import BulkheadProgram
import BulkheadTimeline
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(1))) struct SoundCutterTests {
    private static func feed(_ description: SourceDescription, seconds: Double) -> SourceFeed {
        var feed = SourceFeed(description)
        feed.samples.push([Float](repeating: 0.5, count: Int(seconds * 48_000) * 2), at: 0)
        feed.anchor(.zero, at: .zero)
        return feed
    }

    private static func cut(
        _ cutter: inout SoundCutter, to milliseconds: Int64, end: Int64? = nil, from feed: inout SourceFeed?,
        isFast: Bool = false
    ) -> [AudioLedger.Block] {
        cutter.cut(
            to: MediaTime(milliseconds: milliseconds), at: isFast ? nil : MediaTime(milliseconds: milliseconds),
            end: end.map { MediaTime(milliseconds: $0) }, from: &feed)
    }

    /// A block is 21 1/3 ms: three of them end at 64 ms.
    @Test func silenceIsCutWhenItIsDue() {
        var cutter = SoundCutter()
        var none: SourceFeed?
        #expect(Self.cut(&cutter, to: 21, from: &none).isEmpty)
        let blocks = Self.cut(&cutter, to: 64, from: &none)
        #expect(blocks.map(\.number) == [0, 1, 2])
        #expect(blocks.allSatisfy { $0.samples == [Float](repeating: 0, count: 2048) })
        #expect(cutter.nextBlock == 3)
    }

    @Test func soundThatIsThereIsCutThreeBlocksAhead() {
        var cutter = SoundCutter()
        var feed: SourceFeed? = Self.feed(.file(), seconds: 10)
        let blocks = Self.cut(&cutter, to: 40, from: &feed)
        #expect(blocks.map(\.number) == [0, 1, 2, 3, 4])
        #expect(blocks.allSatisfy { $0.samples.allSatisfy { $0 == 0.5 } })
        #expect(Self.cut(&cutter, to: 40, from: &feed).isEmpty)
        #expect(Self.cut(&cutter, to: 80, from: &feed).map(\.number) == [5, 6])
    }

    @Test func soundThatIsLateIsSilence() {
        var cutter = SoundCutter()
        var feed: SourceFeed? = SourceFeed(.file())
        feed?.anchor(.zero, at: .zero)
        let blocks = Self.cut(&cutter, to: 40, from: &feed)
        #expect(blocks.map(\.number) == [0])
        #expect(blocks.first?.samples.allSatisfy { $0 == 0 } == true)
    }

    /// Live sound may come three tenths of a second after its picture.
    @Test(arguments: [(false, 0), (true, 14)])
    func liveSoundHasGrace(isFast: Bool, expected: Int) {
        var cutter = SoundCutter()
        var feed: SourceFeed? = SourceFeed(.camera(audio: true))
        feed?.anchor(.zero, at: .zero)
        #expect(Self.cut(&cutter, to: 300, from: &feed, isFast: isFast).count == expected)
        #expect(Self.cut(&cutter, to: 400, from: &feed, isFast: isFast).count == 4)
    }

    /// A picture that is ahead of the clock asks for no sound that can't be here.
    @Test func pictureAheadOfTheClockWaitsForNoSound() {
        var cutter = SoundCutter()
        var feed: SourceFeed? = SourceFeed(.camera(audio: true))
        feed?.anchor(.zero, at: .zero)
        let time = MediaTime(milliseconds: 400)
        #expect(cutter.cut(to: time, at: MediaTime(milliseconds: 300), end: nil, from: &feed).isEmpty)
        #expect(cutter.cut(to: time, at: time, end: nil, from: &feed).count == 4)
    }

    @Test func nothingIsCutBehindTheEnd() {
        var cutter = SoundCutter()
        var feed: SourceFeed? = Self.feed(.file(), seconds: 10)
        let blocks = Self.cut(&cutter, to: 1000, end: 200, from: &feed)
        #expect(blocks.last?.number == 9)
        #expect(Self.cut(&cutter, to: 2000, end: 200, from: &feed).isEmpty)
    }

    @Test func endedInputGivesSilenceAtOnce() {
        var cutter = SoundCutter()
        var feed: SourceFeed? = Self.feed(.file(), seconds: 0.03)
        feed?.hasEnded = true
        let blocks = Self.cut(&cutter, to: 40, from: &feed)
        #expect(blocks.count == 5)
        #expect(blocks[1].samples.contains(0.5) && blocks[1].samples.contains(0))
        #expect(blocks[2].samples.allSatisfy { $0 == 0 })
    }
}
