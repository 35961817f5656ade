import BulkheadFrames
import BulkheadMedia
import BulkheadTimeline
import BulkheadWire
import Glibc
import Testing

/// The sound of a live source beside its picture. Each sample says where in the source's time it stands.
@Suite(.timeLimit(.minutes(1))) struct LiveSoundTests {
    private static let count = AudioFormat.samplesPerBlock

    /// A source at 30 frames a second whose first picture, of source time 0, is shown in frame 1.
    private struct Source {
        var feed: SourceFeed
        var picture: Int64 = 0
        let rate: FrameRate

        init() throws {
            rate = try #require(FrameRate(30))
            feed = SourceFeed(
                SourceDescription(hasVideo: true, hasAudio: true, isLive: true, duration: -1, summary: ""),
                cadence: Cadence(rate))
            feed.noteCaughtUp()
            show(at: 100)
        }

        /// The next picture comes at `milliseconds` of the clock, and its frame is given.
        mutating func show(at milliseconds: Int64) {
            let pts = rate.time(of: picture)
            let slot = SlotReference(pool: 1, slot: UInt32(picture))
            _ = feed.take(
                Picture(slot: slot, pts: pts, position: pts), at: MediaTime(milliseconds: milliseconds), next: picture
            ) { _ in }
            picture += 1
        }

        /// On the left a tone of 500 Hz instead.
        mutating func pushTone(_ count: Int) {
            let tone = (0..<96).map { (place: Int) -> Float in 0.5 * sin(Float(place) * Float.pi / 48) }
            var samples: [Float] = []
            for place in 0..<count { samples += [tone[place % 96], Float(place)] }
            feed.samples.push(samples, at: 0)
        }

        mutating func push(samples: Range<Int>) {
            feed.samples.push(samples.flatMap { [Float($0), Float($0)] }, at: Int64(samples.lowerBound))
        }

        /// The left side of a block.
        mutating func block(_ number: Int64) -> [Float] {
            let block =
                feed.takeSound(AudioFormat.samples(ofBlock: number))
                ?? [Float](repeating: 0, count: AudioFormat.floatsPerBlock)
            return stride(from: 0, to: block.count, by: 2).map { block[$0] }
        }

        /// Where a block's first sample should stand in the source's time.
        func place(ofBlock number: Int64) -> Float {
            Float(number * Int64(AudioFormat.samplesPerBlock) - (feed.offset ?? .zero).sampleIndex)
        }
    }

    @Test func soundStandsBesideThePictureToTheSample() throws {
        var source = try Source()
        source.push(samples: 0..<480_000)
        let offset = try #require(source.feed.offset)
        #expect(offset == source.rate.time(of: 4))
        for number in Int64(8)..<20 {
            let block = source.block(number)
            #expect(block.first == source.place(ofBlock: number))
            #expect(block.count == Self.count)
        }
    }

    /// A frame that a stall costs moves the sound by a frame, which nobody hears.
    @Test(arguments: [true, false]) func forcedFrameMovesTheSoundSlowly(isEarly: Bool) throws {
        var source = try Source()
        source.pushTone(1_300_000)
        for number in Int64(1)...30 { source.show(at: 100 + number * 33) }
        let before = source.feed.offset
        for number in Int64(8)..<50 { _ = source.block(number) }
        // The next picture is far too early, or comes when its frame has shown the one before again.
        if isEarly {
            source.show(at: 750)
        } else {
            source.picture += 1
            source.feed.settle(at: .zero, next: 0)
            let pts = source.rate.time(of: 31)
            _ = source.feed.take(
                Picture(slot: SlotReference(pool: 1, slot: 99), pts: pts, position: pts),
                at: MediaTime(milliseconds: 1300), next: 36
            ) { _ in }
        }
        let frame = source.rate.interval
        let after = try #require(source.feed.offset)
        #expect(
            (after - (before ?? .zero)).nanoseconds.magnitude.distance(to: frame.nanoseconds.magnitude).magnitude < 9)
        var tone: [Float] = []
        var settled: Int64?
        for number in Int64(50)..<1100 {
            let block =
                source.feed.takeSound(AudioFormat.samples(ofBlock: number))
                ?? [Float](repeating: 0, count: AudioFormat.floatsPerBlock)
            tone += stride(from: 0, to: block.count, by: 2).map { block[$0] }
            if settled == nil, block[1] == source.place(ofBlock: number) { settled = number }
        }
        // The tone bends by 0.00214 from sample to sample at most.
        var largestBend: Float = 0
        for index in 1..<tone.count - 1 {
            largestBend = max(largestBend, abs(tone[index - 1] - 2 * tone[index] + tone[index + 1]))
        }
        #expect(largestBend < 0.0022)
        // Of 1600 samples 880 by half a percent of a block, the others by 0.09 %: 20 s.
        let expected: Int64 = 50 + 172 + 781
        #expect(try #require(settled) == expected)
    }

    /// Behind a hole there is nothing to spare: sound goes on in its place at once.
    @Test func soundBehindAHoleStandsInItsPlaceAtOnce() throws {
        var source = try Source()
        source.push(samples: 0..<20_000)
        for number in Int64(8)..<20 { _ = source.block(number) }
        let hole = source.block(30)
        #expect(hole.allSatisfy { $0 == 0 })
        source.push(samples: 20_000..<480_000)
        #expect(source.block(31).first == source.place(ofBlock: 31))
    }

    @Test func blockIsThereOnceAllOfItIs() throws {
        var source = try Source()
        let end = Int(source.place(ofBlock: 9))
        source.push(samples: 0..<end - 1)
        #expect(!source.feed.hasSound(AudioFormat.samples(ofBlock: 8)))
        source.push(samples: end - 1..<end)
        #expect(source.feed.hasSound(AudioFormat.samples(ofBlock: 8)))
        #expect(!source.feed.hasSound(AudioFormat.samples(ofBlock: 9)))
    }

    /// What comes long before the first picture has a place is not kept.
    @Test func soundOfABacklogIsLetGo() throws {
        let rate = try #require(FrameRate(30))
        var feed = SourceFeed(
            SourceDescription(hasVideo: true, hasAudio: true, isLive: true, duration: -1, summary: ""),
            cadence: Cadence(rate))
        feed.samples.push([Float](repeating: 1, count: 2 * 240_000), at: 0)
        var released: [UInt32] = []
        for number in Int64(0)..<150 {
            let pts = rate.time(of: number)
            let picture = Picture(slot: SlotReference(pool: 1, slot: UInt32(number)), pts: pts, position: pts)
            _ = feed.take(picture, at: MediaTime(milliseconds: number), next: nil) { released.append($0.slot) }
        }
        #expect(released == (0..<149).map { $0 })
        #expect(feed.samples.start == (rate.time(of: 149) - MediaTime(milliseconds: 1000)).sampleIndex)
    }
}
