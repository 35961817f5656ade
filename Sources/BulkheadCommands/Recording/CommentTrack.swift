import BulkheadAudience
import BulkheadDanmaku
import BulkheadModel
import BulkheadRecording
import SystemPackage

/// The comments beside a recording's file: read as they are, also while they are written.
struct CommentTrack {
    /// A line that is neither a comment nor how a room is.
    struct Oddity: Hashable {
        /// From 1.
        let line: Int
        /// It is the last, and has no end: its writer was killed.
        let isHalf: Bool
    }

    private(set) var comments: [RecordedComment] = []
    private(set) var rooms: [RecordedRoom] = []
    private(set) var oddities: [Oddity] = []

    /// More is no file of comments: ten million of them.
    private static let mostBytes = 4 << 30
    private static let longestLine = 1 << 19
    /// In seconds.
    private static let longest = 0.0...1e9

    /// No comments.
    init() {}

    /// - Returns: nil where there are none beside the file at `path`.
    /// - Throws: the kind `input`, where they can't be read.
    static func beside(_ path: String) throws(BroadcastError) -> CommentTrack? {
        let path = RecordedPath.comments(of: path)
        guard FilePaths.readingProblem(path) != .noSuchFileOrDirectory else { return nil }
        var track = CommentTrack()
        try eachLine(of: path) { line, number, isHalf in track.take(line, number, isHalf) }
        return track
    }

    private mutating func take(_ line: some Sequence<UInt8>, _ number: Int, _ isHalf: Bool) {
        if !isHalf, let comment = try? JSONLine.decode(RecordedComment.self, from: line),
            Self.longest.contains(comment.seconds), comment.number > 0
        {
            comments.append(comment)
        } else if !isHalf, let room = try? JSONLine.decode(RecordedRoom.self, from: line),
            Self.longest.contains(room.seconds), room.settings.outside == nil
        {
            rooms.append(room)
        } else {
            oddities.append(Oddity(line: number, isHalf: isHalf))
        }
    }

    /// The log of a room as it stands on the disk: `seconds` count from `start`, in milliseconds since 1970; from the first
    /// comment where it is nil.
    static func log(of room: String, from start: Int64?) throws(BroadcastError) -> CommentTrack {
        var track = CommentTrack()
        var start = start
        var isThere = false
        for path in RoomStore.logs(of: room) where FilePaths.readingProblem(path) != .noSuchFileOrDirectory {
            isThere = true
            try eachLine(of: path) { line, _, isHalf in
                guard !isHalf, let entry = try? JSONLine.decode(RoomLogEntry.self, from: line) else { return }
                let origin = start ?? entry.time
                start = origin
                let (milliseconds, overflows) = entry.time.subtractingReportingOverflow(origin)
                let seconds = Double(milliseconds) / 1000
                guard !overflows, longest.contains(seconds) else { return }
                track.comments.append(RecordedComment(entry, seconds: seconds))
            }
        }
        guard isThere else {
            throw BroadcastError(
                .input, "there is no log of a room \(room) on this machine",
                advice: "name one that a broadcast has had, or a recording with comments beside it")
        }
        return track
    }

    /// Gives all lines of a file with their numbers from 1, and whether one lacks its end.
    private static func eachLine(
        of path: String, _ body: (ArraySlice<UInt8>, Int, Bool) -> Void
    ) throws(BroadcastError) {
        do {
            let file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
            try file.closeAfter {
                var (rest, piece) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 20))
                var (number, total) = (0, 0)
                while true {
                    let count = try piece.withUnsafeMutableBytes { try file.read(into: $0) }
                    guard count > 0 else { break }
                    total += count
                    guard total <= mostBytes else { throw Errno.fileTooLarge }
                    rest += piece[..<count]
                    var start = rest.startIndex
                    while let end = rest[start...].firstIndex(of: 0x0A) {
                        number += 1
                        body(end - start > longestLine ? [] : rest[start..<end], number, false)
                        start = end + 1
                    }
                    rest.removeFirst(start)
                    // Nobody writes such a line: what is behind it is not to be waited for.
                    guard rest.count <= 2 * longestLine else { throw Errno.fileTooLarge }
                }
                if !rest.isEmpty { body(rest[...], number + 1, true) }
            }
        } catch {
            throw BroadcastError(
                .input, "\(path) can't be read: \((error as? Errno)?.phrase ?? "\(error)")")
        }
    }

    // MARK: parts of it

    /// Those from `span.lowerBound` to `span.upperBound`, in nanoseconds, counted from there.
    func cut(to span: Range<Int64>) -> CommentTrack {
        let (from, to) = (Double(span.lowerBound) / 1e9, Double(span.upperBound) / 1e9)
        var track = CommentTrack()
        track.comments = comments.filter { (from..<to).contains($0.seconds) }.map { $0.later(by: -from) }
        let earlier = rooms.last { $0.seconds <= from }.map { $0.later(by: -from) }
        track.rooms =
            (earlier.map { [$0] } ?? [])
            + rooms.filter { $0.seconds > from && $0.seconds < to }.map { $0.later(by: -from) }
        return track
    }

    /// Adds those of the next segment, so many nanoseconds later. What two segments have is taken once.
    mutating func append(_ next: CommentTrack, shift: Int64) {
        let seconds = Double(shift) / 1e9
        let known = Set(comments.map(\.number))
        comments += next.comments.filter { !known.contains($0.number) }.map { $0.later(by: seconds) }
        for room in next.rooms where room.settings != rooms.last?.settings || room.width != rooms.last?.width {
            rooms.append(room.later(by: seconds))
        }
    }

    /// Without what lies beyond `seconds`.
    func prefix(_ seconds: Double) -> CommentTrack {
        var track = self
        track.comments.removeAll { $0.seconds > seconds }
        return track
    }

    /// As a file.
    var bytes: [UInt8] {
        var lines: [(seconds: Double, bytes: [UInt8])] = rooms.map {
            ($0.seconds, CommentLine.bytes(number: nil, nanoseconds: $0.nanoseconds, body: RecordedLines.body(of: $0)))
        }
        lines += comments.map {
            (
                $0.seconds,
                CommentLine.bytes(
                    number: $0.number, nanoseconds: Int64($0.seconds * 1e9), body: RecordedLines.body(of: $0))
            )
        }
        return lines.enumerated().sorted { ($0.element.seconds, $0.offset) < ($1.element.seconds, $1.offset) }
            .flatMap(\.element.bytes)
    }
}

extension RecordedComment {
    fileprivate func later(by seconds: Double) -> RecordedComment {
        var comment = self
        comment.seconds = max(0, comment.seconds + seconds)
        return comment
    }
}

extension RecordedRoom {
    fileprivate var nanoseconds: Int64 { Int64(seconds * 1e9) }

    fileprivate func later(by seconds: Double) -> RecordedRoom {
        var room = self
        room.seconds = max(0, room.seconds + seconds)
        return room
    }
}
