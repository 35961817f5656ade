import BulkheadMP4
import BulkheadMedia
import BulkheadModel
import BulkheadRecording
import Foundation

/// What `recording list` and `recording show` say of a file.
struct RecordingReport: Codable {
    /// Something that was noted at a frame.
    struct Note: Codable {
        let kind: String
        let frame: Int64
        /// Seconds from the start of the file.
        let seconds: Double
        let text: String
    }

    let path: String
    /// The recording and the segment's number; missing for a file that is none of a recording.
    let recording: String?
    let segment: UInt32?
    /// Seconds since 1970 when the first frame was taken.
    let start: Double?
    let durationSeconds: Double
    let bytes: UInt64
    let width: UInt16?
    let height: UInt16?
    let framesPerSecond: Double?
    let fragments: Int
    let frames: Int
    /// One more than the last frame's number.
    let nextFrame: Int64
    let isFinished: Bool
    /// A recorder has it open.
    let isBeingWritten: Bool
    let hasIndex: Bool
    /// How many comments stand beside it; missing for no file of comments.
    let comments: Int?
    /// Bytes at the end that are no whole fragment, and fragments that can't be read.
    let tornBytes: UInt64
    let spoiledFragments: Int
    let lostFrames: Int64
    let notes: [Note]

    init(_ file: RecordingFile, _ reading: SegmentReading) {
        path = file.path
        recording = reading.start?.recording.description
        segment = reading.start?.number
        start = reading.start.map { Double($0.wallClock.nanoseconds) / 1e9 }
        let timescale = reading.header.tracks.first(where: \.isVideo)?.timescale ?? 90_000
        let last = reading.fragments.last { $0.entry.frameCount > 0 }?.entry
        durationSeconds = last.map { Double($0.firstDTS + Int64($0.duration)) / Double(timescale) } ?? 0
        bytes = file.source.byteCount
        width = reading.tracks?.width
        height = reading.tracks?.height
        framesPerSecond = reading.tracks.map { 1 / max(1e-9, $0.frameDuration.seconds) }
        fragments = reading.fragments.count
        frames = reading.fragments.reduce(0) { $0 + Int($1.entry.frameCount) }
        nextFrame = reading.nextFrame
        isFinished = reading.header.isFinished
        isBeingWritten = file.isBeingWritten
        hasIndex = file.index != nil
        comments = try? CommentTrack.beside(file.path)?.comments.count
        tornBytes =
            switch reading.ending {
            case .whole: 0
            case .zeros(let range), .torn(let range, _): range.upperBound - range.lowerBound
            }
        spoiledFragments = reading.spoiled.count
        let noted = reading.notes(with: file.index)
        lostFrames = noted.reduce(0) { sum, note in
            guard case .loss(let first, let last, _, _) = note.entry, first <= last else { return sum }
            return sum &+ (last &- first) &+ 1
        }
        notes = noted.compactMap { note in
            guard let kind = note.entry.kind, let frame = note.entry.frame else { return nil }
            return Note(kind: kind, frame: frame, seconds: Double(note.start) / 1e9, text: note.entry.phrase)
        }
    }

    /// One line for a list.
    var line: String {
        var words = [path]
        if let recording, let segment { words.append("segment \(segment) of \(recording.prefix(8))") }
        if let start { words.append(Self.clock(start)) }
        words += [duration, RecordingFigures.size(bytes), CountText.text(frames, "frame")]
        words += states
        return words.joined(separator: ", ")
    }

    /// All of it, a line for each thing.
    var lines: [String] {
        var lines = [path]
        if let recording, let segment { lines.append("  segment \(segment) of recording \(recording)") }
        if let start { lines.append("  begun \(Self.clock(start))") }
        lines.append("  \(duration), \(RecordingFigures.size(bytes)), \(CountText.text(frames, "frame"))")
        if let width, let height, let framesPerSecond {
            let rate = (framesPerSecond * 100).rounded() / 100
            lines.append("  \(width)x\(height) at \(rate) frames a second")
        }
        if !states.isEmpty { lines.append("  " + states.joined(separator: ", ")) }
        for note in notes {
            lines.append("  \(RecordingFigures.time(nanoseconds: Int64(max(0, note.seconds) * 1e9)))  \(note.text)")
        }
        return lines.map { EventLine.clean($0) }
    }

    private var duration: String { RecordingFigures.time(nanoseconds: Int64(durationSeconds * 1e9)) }

    private var states: [String] {
        var states: [String] = []
        if isBeingWritten { states.append("being recorded") } else if !isFinished { states.append("not finished") }
        if tornBytes > 0, !isBeingWritten { states.append("\(tornBytes) bytes torn at the end") }
        if spoiledFragments > 0 { states.append(CountText.text(spoiledFragments, "spoiled fragment")) }
        if lostFrames > 0 { states.append("\(lostFrames) frames lost") }
        if !hasIndex { states.append("no index") }
        if let comments { states.append(CountText.text(comments, "comment")) }
        return states
    }

    /// In this machine's time zone.
    private static func clock(_ seconds: Double) -> String {
        var time = time_t(seconds.rounded(.down))
        var parts = tm()
        localtime_r(&time, &parts)
        var text = [CChar](repeating: 0, count: 64)
        strftime(&text, text.count, "%Y-%m-%d %H:%M:%S", &parts)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension IndexEntry {
    /// What a note is called in JSON; nil for what is no note, or about no frame.
    fileprivate var kind: String? {
        switch self {
        case .join: "join"
        case .takeover: "takeover"
        case .loss: "loss"
        case .clockJump: "clock-jump"
        case .mark: "mark"
        case .scene: "scene"
        case .start, .tracks, .fragment, .torn, .end, .unknown: nil
        }
    }
}
