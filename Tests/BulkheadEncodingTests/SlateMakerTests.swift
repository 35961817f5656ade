import BulkheadEncoding
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(1))) struct SlateMakerTests {
    private let canvas: Canvas
    private let other: Canvas

    init() throws {
        canvas = try #require(Canvas(width: 64, height: 64))
        other = try #require(Canvas(width: 128, height: 64))
    }

    private func configuration() throws -> StreamConfiguration {
        StreamConfiguration(
            canvas: canvas, frameRate: try #require(FrameRate(25)), videoBitsPerSecond: 1, audioBitsPerSecond: 1,
            avcConfiguration: [1, 0x42, 0xC0, 0x1E, 0xFF, 0xE0, 0], audioSpecificConfig: [0x11, 0x90])
    }

    private static func unit(_ frame: FrameNumber) -> AccessUnit {
        AccessUnit(frame: frame, isIDR: frame == 0, isDisposable: false, bytes: [UInt8(frame & 255)])
    }

    @Test func workIsOneGOPAndQuietSound() {
        let slot = SlotReference(pool: 3, slot: 1)
        let (frames, sound) = SlateMaker.work(slot, keyframeInterval: 50)
        #expect(frames.map(\.frame) == Array(0..<50) && frames.allSatisfy { $0.slot == slot })
        #expect(sound.map(\.number) == Array(0..<Int64(AudioLedger.warmUpCount + 2)))
        #expect(sound.allSatisfy { $0.samples.allSatisfy { $0 == 0 } })
        #expect(SlateMaker.work(slot, keyframeInterval: .max).frames.count == Int(SlateMaker.longestGOP))
    }

    @Test func loopIsThereWhenItsEncoderIsDone() throws {
        var maker = SlateMaker()
        #expect(maker.isNeeded(for: canvas) && maker.loop == nil)
        maker.began(with: 1)
        #expect(!maker.isNeeded(for: canvas) && maker.employs(1) && !maker.employs(2), "it is under way")
        for frame in 0..<3 as Range<FrameNumber> { try maker.take(Self.unit(frame)) }
        maker.take(silence: [9])
        maker.finish(1, try configuration())
        #expect(maker.fits(canvas) && !maker.fits(other) && maker.loop != nil)
        maker.ended(1, at: .now)
        #expect(!maker.isNeeded(for: canvas) && maker.isNeeded(for: other), "another size needs another slate")
    }

    @Test func whatAnEncoderLeftUnfinishedIsForgotten() throws {
        var maker = SlateMaker()
        maker.began(with: 1)
        try maker.take(Self.unit(0))
        maker.ended(1, at: .now)
        #expect(maker.isNeeded(for: canvas) && maker.loop == nil)
        maker.began(with: 2)
        maker.finish(1, try configuration())
        #expect(maker.loop == nil, "the first one has gone")
        for frame in 0..<2 as Range<FrameNumber> { try maker.take(Self.unit(frame)) }
        maker.take(silence: [9])
        maker.finish(2, try configuration())
        #expect(maker.loop != nil)
    }

    @Test func anotherPictureMakesTheLoopWorthless() throws {
        var maker = SlateMaker()
        maker.began(with: 1)
        try maker.take(Self.unit(0))
        maker.take(silence: [9])
        maker.finish(1, try configuration())
        maker.ended(1, at: .now)
        #expect(maker.fits(canvas))
        maker.forget()
        #expect(maker.loop == nil && maker.isNeeded(for: canvas))
    }
}
