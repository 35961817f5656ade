import BulkheadMP4
import BulkheadMedia
import BulkheadRecording
import BulkheadTestSupport
import Testing

/// A segment of made-up pictures, as a recorder writes it.
struct SegmentSample {
    private(set) var media: [UInt8] = []
    private(set) var index: [UInt8] = []
    private(set) var pieces: [SegmentWriter.Piece] = []
    private(set) var writer: SegmentWriter

    static let clock = WallClock(nanoseconds: 1_700_000_000_123_456_789)
    static let recording = RecordingID(high: 0x0123_4567_89AB_CDEF, low: 42)
    static let rate = FrameRate(30)

    static func configuration() throws -> StreamConfiguration {
        StreamConfiguration(
            canvas: try #require(Canvas(width: 320, height: 180)), frameRate: try #require(rate),
            videoBitsPerSecond: 100_000, audioBitsPerSecond: 64_000,
            avcConfiguration: [1, 0x42, 0, 30, 0xFF, 0xE1, 0, 4, 0x67, 0x42, 0, 30, 1, 0, 2, 0x68, 0xCE],
            audioSpecificConfig: [0x11, 0x90])
    }

    /// Pictures of frames `first...`, an IDR every 30, with the sound that goes with them.
    static func packets(from first: Int64, count: Int64, delay: Int64 = 2) throws -> [RecordedPacket] {
        let rate = try #require(rate)
        var packets: [RecordedPacket] = []
        var block = (first * 1600 + 1023) / 1024
        for frame in first..<first + count {
            let dts = rate.time(of: frame)
            let unit: [UInt8] =
                [0, 0, 0, 5, frame % 30 == 0 ? 0x65 : 0x41] + withUnsafeBytes(of: frame) { $0.prefix(3) }
            let picture = Packet(
                kind: .video(isIDR: frame % 30 == 0, isDisposable: frame % 3 == 1), dts: dts,
                pts: rate.time(of: frame + delay), bytes: unit + [0x80])
            packets.append(RecordedPacket(picture, frame: frame))
            while AudioFormat.time(ofBlock: block) < rate.time(of: frame + 1) {
                let time = AudioFormat.time(ofBlock: block)
                packets.append(
                    RecordedPacket(
                        Packet(kind: .audio, dts: time, pts: time, bytes: [0x21, UInt8(truncatingIfNeeded: block)])))
                block += 1
            }
        }
        return packets
    }

    /// A segment with the packets of `frames` in fragments, and notes before the second and the last fragment.
    init(frames: Range<Int64> = 60..<150, number: UInt32 = 0, notes: [IndexEntry] = []) throws {
        let packets = try Self.packets(from: frames.lowerBound, count: Int64(frames.count))
        writer = SegmentWriter(
            recording: Self.recording, number: number, configuration: try Self.configuration(),
            first: try #require(packets.first), wallClock: Self.clock, monotonicNanoseconds: 77)
        write(writer.header)
        var cutter = FragmentCutter()
        for packet in packets {
            if let fragment = cutter.add(packet) { try write(fragment, notes: pieces.count == 2 ? notes : []) }
        }
        if let rest = cutter.flush() { try write(rest, notes: []) }
    }

    private mutating func write(_ piece: SegmentWriter.Piece) {
        #expect(piece.mediaOffset == UInt64(media.count))
        media += piece.media
        index += piece.index
        pieces.append(piece)
    }

    private mutating func write(_ packets: [RecordedPacket], notes: [IndexEntry]) throws {
        for note in notes { writer.note(note) }
        let first = packets.first { $0.packet.isVideo }?.packet.dts ?? .zero
        let clock = WallClock(nanoseconds: Self.clock.nanoseconds + first.nanoseconds)
        write(try writer.fragment(of: packets, wallClock: clock))
    }

    /// Finishes the segment in place.
    mutating func finish() {
        let end = writer.finish()
        for step in end.media.steps {
            let start = Int(step.offset)
            media.replaceSubrange(start..<min(media.count, start + step.bytes.count), with: step.bytes)
        }
        index += end.index
    }
}
