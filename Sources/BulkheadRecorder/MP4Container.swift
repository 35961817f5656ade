import BulkheadMP4
import BulkheadMedia
import BulkheadRecording
import BulkheadSystem
import BulkheadWire
import Glibc

/// Fragmented MP4 with an index beside it: a piece is a fragment, and is on the disk before the next is written.
struct MP4Container: MediaContainer {
    private let recording: RecordingID
    private let segment: UInt32
    private let timelineStart: Int64?
    private var writer: SegmentWriter?
    private var cutter: FragmentCutter
    /// The number of the last packet that the cutter has.
    private var lastNumber: Int64 = -1
    /// When the first packet that the cutter has came.
    private var cameAt = WallClock(nanoseconds: 0)
    private var notes: [IndexEntry] = []

    let syncsEachPiece = true
    let takesOneConfiguration = true
    var origin: MediaTime? { writer?.start.origin }
    var tracks: [String]? { writer?.furtherTracks }

    /// A new file.
    init(_ task: RecorderTask, segment: UInt32) {
        recording = RecordingID(high: task.recording.high, low: task.recording.low)
        self.segment = segment
        timelineStart = task.timelineStart
        cutter = Self.cutter(task)
    }

    /// A file that another recorder has begun, which ends with its last whole fragment.
    init(_ task: RecorderTask, continuing reading: SegmentReading) throws(MP4Error) {
        self.init(task, segment: task.segment)
        writer = try SegmentWriter(continuing: reading)
    }

    private static func cutter(_ task: RecorderTask) -> FragmentCutter {
        FragmentCutter(limit: MediaTime(milliseconds: Int64(task.pieceMilliseconds)))
    }

    private static var now: WallClock {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallClock(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// When what is decoded at `dts` was taken.
    private func wallClock(of dts: MediaTime) -> WallClock {
        guard let timelineStart else { return Self.now }
        return WallClock(nanoseconds: timelineStart &+ dts.nanoseconds)
    }

    mutating func take(_ item: MediaItem, _ configuration: StreamConfiguration) throws -> [MediaPiece] {
        let packet = RecordedPacket(item.packet, frame: item.picture ?? 0, track: item.track)
        var pieces: [MediaPiece] = []
        if writer == nil {
            // A file begins with an IDR; what is before it can't be shown.
            guard item.packet.isIDR else {
                return [MediaPiece(bytes: [], lastNumber: item.number)]
            }
            var segmentWriter = SegmentWriter(
                recording: recording, number: segment, configuration: configuration, first: packet,
                wallClock: wallClock(of: item.packet.dts), monotonicNanoseconds: MonotonicTime.now.nanoseconds)
            if segment > 0 { segmentWriter.note(.join(previous: segment - 1, frame: packet.frame)) }
            for note in notes { segmentWriter.note(note) }
            notes = []
            pieces.append(
                MediaPiece(
                    bytes: segmentWriter.header.media, index: segmentWriter.header.index,
                    lastNumber: item.number - 1))
            writer = segmentWriter
        }
        if let complete = cutter.add(packet) { pieces.append(try piece(of: complete)) }
        if cutter.packets.count == 1 { cameAt = wallClock(of: item.packet.dts) }
        lastNumber = item.number
        return pieces
    }

    private mutating func piece(of packets: [RecordedPacket]) throws -> MediaPiece {
        guard var segmentWriter = writer else { return MediaPiece(bytes: [], lastNumber: lastNumber) }
        let piece: SegmentWriter.Piece
        do throws(MP4Error) { piece = try segmentWriter.fragment(of: packets, wallClock: cameAt) } catch {
            // Sound alone from before the first picture.
            guard error == .noSamples else { throw error }
            return MediaPiece(bytes: [], lastNumber: lastNumber)
        }
        writer = segmentWriter
        return MediaPiece(bytes: piece.media, index: piece.index, lastNumber: lastNumber)
    }

    mutating func note(lossAt picture: Int64, count: Int64, number: Int64) {
        let loss = IndexEntry.loss(
            first: picture, last: picture.addingReportingOverflow(max(0, count - 1)).partialValue,
            wallClock: Self.now, cause: "memory-full")
        note(loss, number: number)
    }

    mutating func note(_ note: RecorderNote, number: Int64) {
        let clock = WallClock(nanoseconds: note.wallClock)
        let entry: IndexEntry =
            switch note.kind {
            case .mark: .mark(frame: note.picture, wallClock: clock, text: note.text)
            case .scene: .scene(frame: note.picture, wallClock: clock, name: note.text)
            case .takeover: .takeover(frame: note.picture, wallClock: clock, cause: note.text)
            }
        self.note(entry, number: number)
    }

    /// It is on the disk with the next fragment, and not before.
    private mutating func note(_ entry: IndexEntry, number: Int64) {
        keep(entry)
        lastNumber = number
    }

    mutating func note(_ jump: RecorderState.ClockJump, at picture: Int64) {
        keep(
            .clockJump(
                frame: picture, before: WallClock(nanoseconds: jump.before),
                after: WallClock(nanoseconds: jump.after)))
    }

    private mutating func keep(_ entry: IndexEntry) {
        if writer == nil { notes.append(entry) } else { writer?.note(entry) }
    }

    mutating func flush() throws -> MediaPiece? {
        guard let packets = cutter.flush() else { return nil }
        return try piece(of: packets)
    }

    mutating func finish() -> MediaEnding? {
        guard let end = writer?.finish() else { return nil }
        return MediaEnding(steps: end.media.steps, index: end.index)
    }
}
