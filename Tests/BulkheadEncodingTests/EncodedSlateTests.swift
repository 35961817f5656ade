import BulkheadEncoding
import BulkheadMedia
import BulkheadModel
import BulkheadTimeline
import BulkheadWire
import Testing

/// The slate's picture, its time on air, and the probation of the encoder that follows it.
@Suite(.timeLimit(.minutes(1))) struct EncodedSlateTests {
    private let canvas: Canvas
    private let slot = SlotReference(pool: 1, slot: 0)

    init() throws { canvas = try #require(Canvas(width: 64, height: 64)) }

    /// One that is drawn and encoded: three access units, the first an IDR.
    private func encoded() throws -> EncodedSlate {
        var slate = EncodedSlate()
        let hasForgotten = slate.draw(slot, canvas)
        #expect(!hasForgotten, "nothing was encoded before")
        slate.maker.began(with: 1)
        for frame in 0..<3 as Range<FrameNumber> {
            try slate.maker.take(
                AccessUnit(frame: frame, isIDR: frame == 0, isDisposable: false, bytes: [UInt8(frame)]))
        }
        slate.maker.take(silence: [9])
        slate.maker.finish(
            1,
            StreamConfiguration(
                canvas: canvas, frameRate: try #require(FrameRate(25)), videoBitsPerSecond: 1, audioBitsPerSecond: 1,
                avcConfiguration: [1, 0x42, 0xC0, 0x1E, 0xFF, 0xE0, 0], audioSpecificConfig: [0x11, 0x90]))
        return slate
    }

    /// Sends the units for `frames`, and returns their bytes.
    private static func send(
        _ frames: ClosedRange<FrameNumber>, _ slate: inout EncodedSlate, beginsWithIDR: Bool = false
    ) -> [[UInt8]] {
        frames.map { frame in
            let unit = slate.unit(for: frame, beginsWithIDR: beginsWithIDR && frame == frames.lowerBound)
            slate.sent()
            return unit?.frame == frame ? unit?.bytes ?? [] : []
        }
    }

    @Test func aDrawingForgetsWhatWasEncodedOfTheOneBefore() throws {
        var slate = try encoded()
        let other = try #require(Canvas(width: 128, height: 64))
        var hasForgotten = slate.draw(slot, other)
        #expect(!hasForgotten && slate.maker.loop != nil, "one of another size is encoded beside it")
        let next = SlotReference(pool: 1, slot: 4)
        hasForgotten = slate.draw(next, canvas)
        #expect(hasForgotten && slate.maker.loop == nil && slate.picture == next)
    }

    @Test func itHasUnitsOnlyOnAirAndOnceItIsEncoded() throws {
        var unmade = EncodedSlate()
        unmade.begin(configuration: 0)
        var slate = try encoded()
        let units = [unmade.unit(for: 0, beginsWithIDR: true), slate.unit(for: 0, beginsWithIDR: true)]
        #expect(units == [nil, nil])
    }

    @Test func itLoopsAndBeginsAnewWhereNothingCanBeReferredTo() throws {
        var slate = try encoded()
        slate.begin(configuration: 5)
        #expect(slate.onAir?.configuration == 5)
        let first = Self.send(100...103, &slate, beginsWithIDR: true) + Self.send(104...104, &slate)
        #expect(first == [[0], [1], [2], [0], [1]])
        let second = Self.send(105...106, &slate, beginsWithIDR: true)
        #expect(second == [[0], [1]])
        #expect(slate.onAir?.frames == 7)
    }

    /// A unit that was asked for and did not go out stands in for the next frame.
    @Test func onlyWhatIsSentCounts() throws {
        var slate = try encoded()
        slate.begin(configuration: 0)
        _ = slate.unit(for: 0, beginsWithIDR: true)
        let again = slate.unit(for: 1, beginsWithIDR: false)
        #expect(again?.isIDR == true && slate.onAir?.frames == 0)
    }

    @Test func theEncoderAfterItIsOnProbationUntilItHasWorked() throws {
        var slate = try encoded()
        var frames = slate.end()
        #expect(frames == nil && !slate.isOnProbation, "it was not on air")
        slate.begin(configuration: 0)
        _ = Self.send(0...1, &slate, beginsWithIDR: true)
        frames = slate.end()
        #expect(frames == 2 && slate.onAir == nil && slate.isOnProbation)
        slate.encoderHasWorked()
        #expect(!slate.isOnProbation)
        slate.begin(configuration: 0)
        frames = slate.end(hasWorked: true)
        #expect(frames == 0 && !slate.isOnProbation)
    }
}
