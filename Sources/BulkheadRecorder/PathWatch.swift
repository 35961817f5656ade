import BulkheadChildRuntime
import BulkheadSystem
import BulkheadWire
import Glibc

/// Looks once a second whether the file and its index still have their names, how much space is left, and whether the clock
/// on the wall was set, and removes what is not to be kept. It has a thread of its own: each look may hang with the disk.
struct PathWatch: Sendable {
    private let state: RecorderState
    private let voice: WireVoice
    private let task: RecorderTask
    private static let interval: UInt32 = 1_000_000
    /// What the two clocks may drift apart in a second, in nanoseconds.
    private static let drift: Int64 = 2_000_000_000
    /// From one look at old segments to the next, in seconds, unless another file is begun; each second
    /// where space lacks.
    private static let sweepInterval = 10

    init(_ task: RecorderTask, _ state: RecorderState, _ voice: WireVoice) {
        self.task = task
        self.state = state
        self.voice = voice
    }

    /// Returns when the master wants the end.
    func run() {
        var offset = Self.clockOffset
        var hasJumped = false
        var retention = Retention(task)
        var hasFailed = false
        var looks = 0
        var path: String?
        while !state.isOver {
            let now = Self.clockOffset
            let jumps = abs(now - offset) > Self.drift
            if jumps {
                let monotonic = MonotonicTime.now.nanoseconds
                state.note(.init(before: monotonic + offset, after: monotonic + now))
                voice.send(
                    RecorderReply.trouble(
                        RecorderTrouble(.clockJump, .none, errno: 0, path: state.file(.media)?.path ?? "")))
            } else if hasJumped {
                voice.send(RecorderReply.cleared(.clockJump, .media))
            }
            hasJumped = jumps
            offset = now
            for subject in [RecorderTrouble.Subject.media, .index, .comments] { look(at: subject) }
            if let file = state.file(.media) { measure(file) }
            let newest = state.file(.media)?.path
            if looks % Self.sweepInterval == 0 || state.lacksSpace || newest != path,
                let outcomes = retention?.sweep()
            {
                path = newest
                hasFailed = tell(outcomes, hasFailed: hasFailed)
            }
            looks += 1
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
            state.lose(loss, of: file, subject), subject != .media
        else { return }
        // The writer deals with the media, and goes on with what lies beside them as it is.
        voice.send(RecorderReply.trouble(RecorderTrouble(loss, of: subject, .none, errno: 0, path: file.path)))
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
        if let space = DiskSpace(of: file.descriptor, floor: task.floor) { state.note(space) }
    }

    /// - Returns: whether something that is not to be kept can't be removed.
    private func tell(_ outcomes: [Retention.Outcome], hasFailed: Bool) -> Bool {
        var fails = false
        for outcome in outcomes {
            switch outcome {
            case .removed(let path, let byteCount, let reason):
                voice.send(RecorderReply.removed(path: path, byteCount: byteCount, reason))
            case .failed(let path, let errno):
                if !hasFailed, !fails {
                    voice.send(RecorderReply.trouble(RecorderTrouble(.notRemoved, .none, errno: errno, path: path)))
                }
                fails = true
            }
        }
        if hasFailed, !fails { voice.send(RecorderReply.cleared(.notRemoved, .media)) }
        return fails
    }
}
