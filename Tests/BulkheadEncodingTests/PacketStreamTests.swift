import BulkheadEncoding
import BulkheadMedia
import BulkheadModel
import BulkheadTimeline
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(1))) struct PacketStreamTests {
    private let configuration: StreamConfiguration
    /// 25 frames a second: one each 40 ms; a block of sound lasts 21.3 ms.
    private let frameRate: FrameRate

    init() throws {
        frameRate = try #require(FrameRate(25))
        configuration = StreamConfiguration(
            canvas: try #require(Canvas(width: 64, height: 64)), frameRate: frameRate, videoBitsPerSecond: 1,
            audioBitsPerSecond: 1, avcConfiguration: [1, 0x42, 0xC0, 0x1E, 0xFF, 0xE0, 0],
            audioSpecificConfig: [0x11, 0x90])
    }

    private func stream(reorderDepth: UInt32 = 0) -> PacketStream {
        var stream = PacketStream(frameRate: frameRate)
        stream.begin(reorderDepth: reorderDepth)
        return stream
    }

    private func finished(_ frame: FrameNumber, decoding: FrameNumber? = nil, configuration: Int = 0, depth: UInt32 = 0)
        -> EncodingRun.Finished
    {
        EncodingRun.Finished(
            commitment: CommitLedger.Commitment(
                unit: AccessUnit(frame: frame, isIDR: frame == 0, isDisposable: false, bytes: [1]),
                decodingFrame: decoding ?? frame, slot: SlotReference(pool: 1, slot: 0)),
            configuration: configuration, reorderDepth: depth)
    }

    /// What goes out: `v40` for a picture with a DTS of 40 ms, `a21` for sound, `c1` for configuration 1.
    private func words(_ actions: [EncodingMachine.Action]) -> [String] {
        actions.map { action in
            switch action {
            case .send(let packet) where packet.kind == .audio: "a\(packet.dts.milliseconds)"
            case .send(let packet): "v\(packet.dts.milliseconds)"
            case .configure(_, let number): "c\(number)"
            default: "?"
            }
        }
    }

    @Test func nothingGoesOutBeforeAnEncoderIsOpen() {
        var stream = PacketStream(frameRate: frameRate)
        #expect(!stream.hasBegun)
        let sound = stream.send(soundBlock: 0, [1])
        let picture = stream.send(finished(0))
        #expect(sound.isEmpty && picture.isEmpty)
        stream.begin(reorderDepth: 0)
        #expect(stream.hasBegun)
    }

    @Test func soundWaitsForThePictureBesideIt() {
        var stream = stream()
        for block in 0..<4 as Range<Int64> {
            let early = stream.send(soundBlock: block, [1])
            #expect(early.isEmpty, "block \(block) is ahead of the first picture")
        }
        let first = words(stream.send(finished(0)))
        #expect(first == ["v0", "a0", "a21"])
        let second = words(stream.send(finished(1)))
        #expect(second == ["v40", "a43", "a64"])
        let late = words(stream.send(soundBlock: 2, [1]))
        #expect(late == ["a43"], "sound that is behind the picture goes out at once")
    }

    @Test func heldSoundGoesOutAtTheEnd() {
        var stream = stream()
        _ = stream.send(soundBlock: 5, [1])
        let rest = words(stream.finish())
        let nothing = stream.finish()
        #expect(rest == ["a107"])
        #expect(nothing.isEmpty)
    }

    @Test func configurationIsToldOnceBeforeItsFirstPacket() throws {
        var stream = stream()
        let first = stream.number(of: configuration)
        var other = configuration
        other.avcConfiguration[1] = 0x64
        let second = stream.number(of: other)
        #expect(first != second)
        let packets = words(
            stream.send(finished(0, configuration: first)) + stream.send(finished(1, configuration: first))
                + stream.send(finished(2, configuration: second)))
        #expect(packets == ["c\(first)", "v0", "v40", "c\(second)", "v80"])
        let again = stream.announce(second)
        #expect(again.isEmpty)
    }

    /// The stream is delayed by how deep the first encoder reorders; a later one changes that no more.
    @Test func delayOfTheFirstEncoderStays() {
        var stream = stream(reorderDepth: 2)
        stream.begin(reorderDepth: 0)
        var times: [MediaTime] = []
        for (frame, decoding) in [(0, 0), (4, 1), (2, 2), (1, 3), (3, 4)] as [(FrameNumber, FrameNumber)] {
            for case .send(let packet) in stream.send(finished(frame, decoding: decoding, depth: 2)) {
                #expect(packet.pts >= packet.dts)
                #expect(packet.pts == MediaTime(milliseconds: (frame + 2) * 40))
                times.append(packet.dts)
            }
        }
        #expect(times == times.sorted() && Set(times).count == 5)
    }
}
