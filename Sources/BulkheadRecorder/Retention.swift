import BulkheadMP4
import BulkheadRecording
import BulkheadSystem
import BulkheadWire
import Glibc

/// Removes old segments of a recording, with their indexes and comments: those whose age or whose sum is beyond what is to be kept.
///
/// It touches nothing but finished segments that say of themselves that they are one, whose name is one that the
/// recording's pattern makes, and that neither a recorder nor a reader holds.
struct Retention {
    /// Something that was removed, or could not be.
    enum Outcome: Hashable {
        case removed(path: String, byteCount: UInt64, RecorderRemoval)
        case failed(path: String, errno: CInt)
    }

    private struct Segment {
        let name: String
        let path: String
        let inode: UInt64
        /// When it was last written to, in seconds since 1970.
        let end: Int64
        /// Of the file and what lies beside it.
        let byteCount: UInt64
    }

    /// What a file says of itself.
    private struct Verdict {
        let inode: UInt64
        let end: Int64
        let byteCount: UInt64
        /// It is a segment of a recording.
        let isOurs: Bool
        let isFinished: Bool

        func isOf(_ segment: Segment) -> Bool {
            inode == segment.inode && end == segment.end && byteCount == segment.byteCount
        }
    }

    private let folder: String
    private let pattern: DatedName
    private let keep: RecorderTask.Keep
    /// The clock on the wall may be set while this runs, which makes no segment older: only time that has passed does.
    private let wallOffset: Int64
    /// What was found out of files that have not changed.
    private var verdicts: [String: Verdict] = [:]

    /// Nil for a task that keeps everything.
    init?(_ task: RecorderTask) {
        guard task.isPattern, task.format == .mp4, task.keep != RecorderTask.Keep(),
            let slash = task.path.lastIndex(of: "/")
        else { return nil }
        folder = String(task.path[...slash])
        pattern = DatedName(String(task.path[task.path.index(after: slash)...]))
        keep = task.keep
        wallOffset = Int64(time(nil)) - Self.uptime
    }

    private static var uptime: Int64 {
        var now = timespec()
        clock_gettime(CLOCK_BOOTTIME, &now)
        return Int64(now.tv_sec)
    }

    /// Removes what is beyond what is kept, oldest first.
    mutating func sweep() -> [Outcome] {
        let segments = segments().sorted { ($0.end, $0.path) < ($1.end, $1.path) }
        let now = Self.uptime + wallOffset
        var total = segments.reduce(UInt64(0)) { $0.addingReportingOverflow($1.byteCount).partialValue }
        var outcomes: [Outcome] = []
        for segment in segments {
            let isOld = keep.seconds > 0 && now - segment.end > Int64(clamping: keep.seconds)
            let isTooMuch = keep.byteCount > 0 && total > keep.byteCount
            guard isOld || isTooMuch else { continue }
            guard verdict(on: segment).isFinished else { continue }
            // One that somebody reads goes as soon as that is over: no other one goes in its place.
            total -= min(total, segment.byteCount)
            switch remove(segment) {
            case nil: break
            case 0:
                verdicts[segment.name] = nil
                outcomes.append(
                    .removed(path: segment.path, byteCount: segment.byteCount, isOld ? .age : .size))
            case let number?: outcomes.append(.failed(path: segment.path, errno: number))
            }
        }
        return outcomes
    }

    private mutating func segments() -> [Segment] {
        guard let directory = opendir(FileName.bytes(folder)) else { return [] }
        defer { closedir(directory) }
        var segments: [Segment] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { pointer in
                    FileName.text(pointer)
                }
            }
            guard pattern.matches(name), let segment = segment(name), verdict(on: segment).isOurs else { continue }
            segments.append(segment)
        }
        return segments
    }

    private func segment(_ name: String) -> Segment? {
        var facts = stat()
        let path = folder + name
        guard lstat(FileName.bytes(path), &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
        let byteCount = UInt64(clamping: facts.st_size)
        let beside = Self.beside(path).reduce(UInt64(0)) { sum, path in
            var facts = stat()
            let isThere = lstat(FileName.bytes(path), &facts) == 0
            return sum + (isThere ? UInt64(clamping: facts.st_size) : 0)
        }
        return Segment(
            name: name, path: path, inode: UInt64(facts.st_ino), end: Int64(facts.st_mtim.tv_sec),
            byteCount: byteCount + beside)
    }

    /// What goes with the file at `path`.
    private static func beside(_ path: String) -> [String] {
        [IndexFile.path(of: path), RecordedPath.comments(of: path)]
    }

    /// What the file says of itself, read where it has changed since.
    private mutating func verdict(on segment: Segment) -> Verdict {
        if let known = verdicts[segment.name], known.isOf(segment) { return known }
        let descriptor = open(FileName.bytes(segment.path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        defer { if descriptor >= 0 { Glibc.close(descriptor) } }
        let header = descriptor >= 0 ? Self.header(descriptor) : nil
        let isOurs = header?.segmentStart != nil
        let verdict = Verdict(
            inode: segment.inode, end: segment.end, byteCount: segment.byteCount, isOurs: isOurs,
            isFinished: isOurs && header?.isFinished == true)
        verdicts[segment.name] = verdict
        return verdict
    }

    private static func header(_ descriptor: CInt) -> MovieHeader? {
        do throws(MP4Error) { return try MovieReader(DescriptorSource(descriptor)).header } catch { return nil }
    }

    /// - Returns: the system's error; 0 for none, nil where somebody uses it or it is another file by now.
    private func remove(_ segment: Segment) -> CInt? {
        let name = FileName.bytes(segment.path)
        let descriptor = open(name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return errno == ENOENT ? nil : errno }
        defer { Glibc.close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, UInt64(facts.st_ino) == segment.inode, facts.st_nlink > 0,
            FileHold.alone(descriptor)
        else { return nil }
        guard unlink(name) == 0 else { return errno == ENOENT ? nil : errno }
        for path in Self.beside(segment.path) { _ = unlink(FileName.bytes(path)) }
        return 0
    }
}
