import BulkheadChildRuntime
import BulkheadMedia
import BulkheadRecording
import BulkheadSystem
import BulkheadWire
import Glibc

/// The comments beside a recording's file, one JSON object a line, each with its time from the file's beginning. There is none
/// where no comment came.
///
///     {"seconds":0.000,"room":…}
///     {"number":17,"seconds":12.345,"comment":…}
///
/// A line is written before the master hears that what follows it is on the disk: what a recorder that died has not written is
/// given again, and what it has written is known by its number.
struct CommentsFile: ~Copyable {
    /// Between two syncs.
    private static let syncInterval = Duration.seconds(1)
    /// So much of the end of a file that goes on is looked at: several lines.
    private static let tailByteCount = 4 * RecorderComment.longestBody

    private var file: SideFile
    /// The number of the last comment that the file has.
    private var last: Int64 = 0
    /// The file has a first line.
    private var hasBegun = false
    private var room: RecorderComment?
    private var isSynced = true
    private var syncedAt = MonotonicTime.now

    /// The comments of the file at `path`.
    /// - Parameters:
    ///   - room: how the room is.
    ///   - goesOn: another recorder may have begun them.
    init(of path: String, room: RecorderComment?, goesOn: Bool, _ state: RecorderState, _ voice: WireVoice) {
        self.room = room
        let path = RecordedPath.comments(of: path)
        file = SideFile(path, .comments, state, voice)
        guard goesOn else { return }
        let descriptor = state.busy { open(FileName.bytes(path), O_RDWR | O_CLOEXEC | O_NOFOLLOW) }
        guard descriptor >= 0 else { return }
        guard let found = Self.resume(descriptor) else {
            Glibc.close(descriptor)
            return
        }
        last = found
        hasBegun = true
        file.adopt(descriptor)
    }

    /// Cuts half a line off the end of a file, and stands behind the last whole one.
    /// - Returns: the number of its last comment; nil where it can't be used.
    private static func resume(_ descriptor: CInt) -> Int64? {
        let size = lseek(descriptor, 0, SEEK_END)
        guard size > 0 else { return nil }
        let start = max(0, Int(size) - tailByteCount)
        var bytes = [UInt8](repeating: 0, count: Int(size) - start)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(start)) }
        guard count == bytes.count else { return nil }
        let end = (bytes.lastIndex(of: 0x0A) ?? -1) + 1
        guard end > 0 || start == 0, ftruncate(descriptor, off_t(start + end)) == 0,
            lseek(descriptor, off_t(start + end), SEEK_SET) == off_t(start + end)
        else { return nil }
        return bytes[..<end].split(separator: 0x0A).compactMap { CommentLine.number(of: $0) }.max() ?? 0
    }

    /// How the room is from now on.
    mutating func take(room: RecorderComment, origin: MediaTime) {
        let isNews = self.room.map { $0.body != room.body } ?? false
        self.room = room
        if hasBegun, isNews { append(room, origin) }
    }

    /// Takes a comment that belongs beside this file.
    /// - Parameter origin: the time on the timeline that is 0 in the file.
    mutating func take(_ comment: RecorderComment, origin: MediaTime) {
        guard comment.number > last else { return }
        last = comment.number
        if !hasBegun, var room {
            room.time = origin.nanoseconds
            append(room, origin)
        }
        hasBegun = true
        append(comment, origin)
    }

    private mutating func append(_ comment: RecorderComment, _ origin: MediaTime) {
        let (time, overflows) = comment.time.subtractingReportingOverflow(origin.nanoseconds)
        file.keep(
            CommentLine.bytes(
                number: comment.number == 0 ? nil : comment.number, nanoseconds: overflows ? 0 : max(0, time),
                body: comment.body))
        isSynced = false
    }

    /// Writes what has come; once a second the disk is waited for.
    mutating func flush() {
        guard !isSynced else { return }
        file.append([])
        guard MonotonicTime.now.since(syncedAt) >= Self.syncInterval.nanoseconds else { return }
        file.sync()
        (isSynced, syncedAt) = (file.isFlushed, .now)
    }

    /// The file that they belong to is removed: so are they.
    func remove() { if hasBegun { unlink(FileName.bytes(file.path)) } }

    /// Puts them on the disk and closes the file.
    consuming func close() { file.close() }
}
