import BulkheadFLV
import BulkheadMP4
import BulkheadMedia
import BulkheadRecording
import NIOCore

/// A recording as FLV: the samples of its fragments, as they are. Times begin at 0 with the IDR that it begins with. For one task
/// at a time.
// Unchecked: the task of its connection alone reads it, one piece after the other.
final class FLVStream: BodyPieces, @unchecked Sendable {
    /// Asks how far a recording has grown: its pieces, and whether it has ended; nil where it is gone.
    typealias Growth = @Sendable () async throws -> (pieces: [HLSPlaylist.Piece], isEnded: Bool)?

    private static let lookEvery = Duration.milliseconds(500)
    /// A recording that grows no more for so long has ended.
    private static let patience = 40

    /// Where it begins, from the start of the recording.
    let startMilliseconds: Int64
    /// Nil for a recording that does not grow.
    var next: Growth?

    /// As long as the file was when it was looked at last.
    private var source: DescriptorSource
    private let file: OpenFile
    private var reader: MovieReader
    private let (video, sound): (Track?, Track?)
    private var waiting: [HLSPlaylist.Piece]
    /// Where the last fragment ends that was given.
    private var end: UInt64 = 0
    private var hasBegun = false
    private var isEnded = false

    /// Reads the tables in front. May wait for the disk.
    /// - Parameter start: in milliseconds from the start of the recording.
    /// - Returns: nil where there is no picture to begin with.
    init?(_ file: OpenFile, _ probe: RecordingProbe, from start: Int64) throws {
        let pieces = probe.pieces
        guard start <= max(0, probe.durationMilliseconds),
            let first = pieces.lastIndex(where: { $0.startsWithIDR && $0.startMilliseconds <= start })
                ?? pieces.firstIndex(where: \.startsWithIDR)
        else { return nil }
        self.file = file
        source = try DescriptorSource(file.descriptor)
        reader = try MovieReader(source)
        let tracks = reader.header.tracks
        let video = tracks.first(where: \.isVideo)
        (self.video, sound) = (video, tracks.first { !$0.isVideo })
        guard video != nil else { return nil }
        waiting = Array(pieces[first...])
        startMilliseconds = pieces[first].startMilliseconds
    }

    func nextPiece() async throws -> [UInt8]? {
        if !hasBegun {
            hasBegun = true
            return try head()
        }
        var looks = 0
        while waiting.isEmpty {
            guard let next, !isEnded, looks < Self.patience else { return nil }
            if looks > 0 { try await Task.sleep(for: Self.lookEvery) }
            looks += 1
            guard let (pieces, isEnded) = try await next() else { return nil }
            self.isEnded = isEnded
            waiting = pieces.filter { $0.bytes.lowerBound >= end }
            if !waiting.isEmpty {
                (source, reader) = try await Blocking.run { [file] in
                    let source = try DescriptorSource(file.descriptor)
                    return (source, try MovieReader(source))
                }
            }
        }
        let piece = waiting.removeFirst()
        end = piece.bytes.upperBound
        return try await Blocking.run { try self.tags(of: piece) }
    }

    private func head() throws -> [UInt8] {
        var output = FLVWriter().fileHeader
        // Bit 0 is for pictures, bit 2 for sound: annex E.2.
        output.setInteger(UInt8((video == nil ? 0 : 1) | (sound == nil ? 0 : 4)), at: 4)
        var facts = AMF0Object()
        if case .video(let content) = video?.content {
            facts.append("width", .number(Double(content.width)))
            facts.append("height", .number(Double(content.height)))
            facts.append("videocodecid", 7)
        }
        if case .sound(let content) = sound?.content {
            facts.append("audiocodecid", 10)
            facts.append("audiosamplerate", .number(Double(content.sampleRate)))
            facts.append("stereo", .boolean(content.channelCount > 1))
        }
        var payload = ByteBuffer()
        payload.writeAMF0("onMetaData")
        payload.writeAMF0(.ecmaArray(facts))
        try output.writeTag(FLVTag(kind: .script, timestampMilliseconds: 0, payload: payload))
        if case .video(let content) = video?.content {
            let payload = ByteBuffer(bytes: [0x17, 0, 0, 0, 0] + content.avcConfiguration)
            try output.writeTag(FLVTag(kind: .video, timestampMilliseconds: 0, payload: payload))
        }
        if case .sound(let content) = sound?.content {
            let payload = ByteBuffer(bytes: [0xAF, 0] + content.audioSpecificConfig)
            try output.writeTag(FLVTag(kind: .audio, timestampMilliseconds: 0, payload: payload))
        }
        return Array(output.readableBytesView)
    }

    /// Blocks.
    private func tags(of piece: HLSPlaylist.Piece) throws -> [UInt8] {
        let samples = try reader.fragment(in: piece.bytes).samples
        guard let start = samples.map(\.bytes.lowerBound).min(), let end = samples.map(\.bytes.upperBound).max() else {
            return []
        }
        let bytes = try source.read(start..<end)
        let packets = samples.compactMap { sample -> Packet? in
            guard let track = sample.track == video?.id ? video : sample.track == sound?.id ? sound : nil else {
                return nil
            }
            let place = Int(sample.bytes.lowerBound - start)..<Int(sample.bytes.upperBound - start)
            return Packet(
                kind: track.isVideo ? .video(isIDR: sample.isSync, isDisposable: sample.isDisposable) : .audio,
                dts: MediaTime(nanoseconds: track.nanoseconds(ticks: sample.dts)),
                pts: MediaTime(nanoseconds: track.nanoseconds(ticks: sample.pts)), bytes: Array(bytes[place]))
        }
        let writer = FLVWriter(origin: MediaTime(milliseconds: startMilliseconds))
        var output = ByteBuffer()
        // Those of one track lie together; they go out in the order of their times.
        for packet in packets.enumerated().sorted(by: { ($0.element.dts, $0.offset) < ($1.element.dts, $1.offset) }) {
            output.writeImmutableBuffer(try writer.bytes(of: packet.element))
        }
        return Array(output.readableBytesView)
    }
}
