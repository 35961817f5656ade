import BulkheadChildRuntime
import BulkheadSystem
import BulkheadWire
import Glibc

/// Looks once a second whether the file and its index still have their names, how much space is left, and whether the clock
/// on the wall was set. It has a thread of its own: each look may hang with the disk.
struct PathWatch: Sendable {
    private let state: RecorderState
    private let voice: WireVoice
    private static let interval: UInt32 = 1_000_000
    /// What the two clocks may drift apart in a second, in nanoseconds.
    private static let drift: Int64 = 2_000_000_000

    init(_ state: RecorderState, _ voice: WireVoice) {
        self.state = state
        self.voice = voice
    }

    /// Returns when the master wants the end.
    func run() {
        var offset = Self.clockOffset
        var hasJumped = false
        while !state.isOver {
            let now = Self.clockOffset
            let jumps = abs(now - offset) > Self.drift
            offset = now
            if jumps {
                voice.send(
                    RecorderReply.trouble(
                        RecorderTrouble(.clockJump, .none, errno: 0, path: state.file(.media)?.path ?? "")))
            } else if hasJumped {
                voice.send(RecorderReply.cleared(.clockJump, .media))
            }
            hasJumped = jumps
            for subject in [RecorderTrouble.Subject.media, .index] { look(at: subject) }
            if let file = state.file(.media) { measure(file) }
            for _ in 0..<10 where !state.isOver { usleep(Self.interval / 10) }
        }
    }

    /// The wall clock's distance from the one that nobody sets.
    private static var clockOffset: Int64 {
        var wall = timespec()
        clock_gettime(CLOCK_REALTIME, &wall)
        return Int64(wall.tv_sec) * 1_000_000_000 + Int64(wall.tv_nsec) - MonotonicTime.now.nanoseconds
    }

    private func look(at subject: RecorderTrouble.Subject) {
        guard let file = state.file(subject), let loss = loss(of: file),
            state.lose(loss, of: file, subject), subject == .index
        else { return }
        // The writer deals with the media, and goes on with the index as it is: it can be made anew of the media.
        voice.send(RecorderReply.trouble(RecorderTrouble(loss, of: .index, .none, errno: 0, path: file.path)))
    }

    private func loss(of file: RecorderState.File) -> RecorderTrouble.Kind? {
        var own = stat()
        var named = stat()
        guard fstat(file.descriptor, &own) == 0 else { return nil }
        let isThere = stat(FileName.bytes(file.path), &named) == 0
        if !isThere, errno == ENOENT || errno == ENOTDIR || own.st_nlink == 0 { return .removed }
        if isThere, UInt64(named.st_ino) != file.inode || UInt64(named.st_dev) != file.device { return .replaced }
        return nil
    }

    private func measure(_ file: RecorderState.File) {
        var space = statvfs()
        guard fstatvfs(file.descriptor, &space) == 0 else { return }
        let (bytes, overflows) = UInt64(space.f_bavail).multipliedReportingOverflow(by: UInt64(space.f_frsize))
        if !overflows { state.note(freeByteCount: bytes) }
    }
}
