import BulkheadMP4
import BulkheadMedia
import BulkheadRecording
import Foundation
import Testing

/// A recording of made-up pictures, as a recorder writes it: 30 frames a second, an IDR each second.
struct MadeRecording {
    private(set) var media: [UInt8] = []
    private(set) var index: [UInt8] = []
    /// Where fragments end.
    private(set) var ends: [Int] = []

    init(seconds: Int64, isFinished: Bool = true, id: RecordingID = .random()) throws {
        let rate = try #require(FrameRate(30))
        let configuration = StreamConfiguration(
            canvas: try #require(Canvas(width: 320, height: 180)), frameRate: rate, videoBitsPerSecond: 100_000,
            audioBitsPerSecond: 64_000,
            avcConfiguration: [1, 0x42, 0, 30, 0xFF, 0xE1, 0, 4, 0x67, 0x42, 0, 30, 1, 0, 2, 0x68, 0xCE],
            audioSpecificConfig: [0x11, 0x90])
        var packets: [RecordedPacket] = []
        for frame in 0..<seconds * 30 {
            let isIDR = frame % 30 == 0
            let unit: [UInt8] = [0, 0, 0, 5, isIDR ? 0x65 : 0x41, 1, 2, 3, 0x80]
            let time = rate.time(of: frame)
            packets.append(
                RecordedPacket(
                    Packet(kind: .video(isIDR: isIDR, isDisposable: false), dts: time, pts: time, bytes: unit),
                    frame: frame))
        }
        let clock = WallClock(nanoseconds: 1_700_000_000_000_000_000)
        var writer = SegmentWriter(
            recording: id, number: 0, configuration: configuration, first: try #require(packets.first),
            wallClock: clock, monotonicNanoseconds: 0)
        add(writer.header)
        var cutter = FragmentCutter()
        for packet in packets {
            if let group = cutter.add(packet) { add(try writer.fragment(of: group, wallClock: clock)) }
        }
        if let rest = cutter.flush() { add(try writer.fragment(of: rest, wallClock: clock)) }
        guard isFinished else { return }
        let end = writer.finish()
        for step in end.media.steps {
            let start = Int(step.offset)
            media.replaceSubrange(start..<min(media.count, start + step.bytes.count), with: step.bytes)
        }
        index += end.index
    }

    private mutating func add(_ piece: SegmentWriter.Piece) {
        media += piece.media
        index += piece.index
        ends.append(media.count)
    }

    /// Puts both files into `folder`, each whole or not at all.
    func write(to folder: String, named name: String) throws {
        for (bytes, suffix) in [(index, ".index"), (media, "")] {
            let draft = "\(folder)/.\(UUID().uuidString)"
            try Data(bytes).write(to: URL(fileURLWithPath: draft))
            try #require(rename(draft, "\(folder)/\(name)\(suffix)") == 0)
        }
    }
}
