import BulkheadSystem
import BulkheadWire
import Glibc
import Synchronization

/// What a recorder's threads know of each other: the one that listens to the master, the one that writes, and the one that
/// looks after the file's path. Only the first may never wait for the disk.
final class RecorderState: Sendable {
    /// A file that is written.
    struct File: Hashable, Sendable {
        let path: String
        let descriptor: CInt
        let device: UInt64
        let inode: UInt64
    }

    /// The clock on the wall was set, from one time to another, in nanoseconds since 1970.
    struct ClockJump: Hashable, Sendable {
        let before: Int64
        let after: Int64
    }

    private struct Watched {
        let file: File
        /// What has become of it.
        var loss: RecorderTrouble.Kind?
    }

    private struct Values {
        var writtenByteCount: UInt64 = 0
        var durableByteCount: UInt64 = 0
        var busySince: MonotonicTime?
        var files: [RecorderTrouble.Subject: Watched] = [:]
        var space: DiskSpace?
        var lacksSpace = false
        var clockJump: ClockJump?
        var lookedAt: MonotonicTime?
        /// The loss of the media file, until the writer has heard of it.
        var news: RecorderTrouble.Kind?
        var isOver = false
    }

    private let values = Mutex(Values())
    /// What is known of the file system is no longer of use after this.
    private static let freshness = Duration.seconds(5)

    /// The master wants the end: nothing is waited for any more.
    var isOver: Bool {
        get { values.withLock { $0.isOver } }
        set { values.withLock { $0.isOver = newValue } }
    }

    /// The file that is written; its descriptor stays open as long as it is named here.
    func file(_ subject: RecorderTrouble.Subject) -> File? { values.withLock { $0.files[subject]?.file } }

    /// Another file is written from now on.
    func watch(_ file: File, as subject: RecorderTrouble.Subject) {
        values.withLock { values in
            values.files[subject] = Watched(file: file)
            if subject == .media { values.news = nil }
        }
    }

    /// None is written any more.
    /// - Returns: what had become of it.
    @discardableResult
    func unwatch(_ subject: RecorderTrouble.Subject) -> RecorderTrouble.Kind? {
        values.withLock { values in
            if subject == .media { values.news = nil }
            return values.files.removeValue(forKey: subject)?.loss
        }
    }

    /// Makes a call that the disk may hold up, which can be seen from other threads.
    func busy<Result>(_ call: () -> Result) -> Result {
        values.withLock { $0.busySince = .now }
        defer { values.withLock { $0.busySince = nil } }
        return call()
    }

    func wrote(_ byteCount: Int) { values.withLock { $0.writtenByteCount += UInt64(byteCount) } }

    /// All that was written is on the disk.
    func synced() { values.withLock { $0.durableByteCount = $0.writtenByteCount } }

    /// Another program has taken the file away, or a part of it.
    /// - Returns: whether that is news.
    func lose(_ kind: RecorderTrouble.Kind, of file: File, _ subject: RecorderTrouble.Subject) -> Bool {
        values.withLock { values in
            guard let watched = values.files[subject], watched.file == file, watched.loss == nil else { return false }
            values.files[subject]?.loss = kind
            if subject == .media { values.news = kind }
            return true
        }
    }

    /// What has become of the media file, told once.
    func takeNews() -> RecorderTrouble.Kind? {
        values.withLock { values in
            defer { values.news = nil }
            return values.news
        }
    }

    func note(_ space: DiskSpace) { values.withLock { ($0.space, $0.lookedAt) = (space, .now) } }

    func note(_ jump: ClockJump) { values.withLock { $0.clockJump = jump } }

    /// The last time that the clock was set, told once.
    func takeClockJump() -> ClockJump? { values.withLock { $0.clockJump.take() } }

    /// The writer waits for space.
    var lacksSpace: Bool {
        get { values.withLock { $0.lacksSpace } }
        set { values.withLock { $0.lacksSpace = newValue } }
    }

    func measure(token: UInt32) -> RecorderMeasure {
        values.withLock { values in
            let now = MonotonicTime.now
            let isFresh = values.lookedAt.map { now.since($0) < Self.freshness.nanoseconds } ?? false
            return RecorderMeasure(
                token: token, writtenByteCount: values.writtenByteCount, durableByteCount: values.durableByteCount,
                freeByteCount: isFresh ? values.space?.free : nil, floorByteCount: values.space?.floor ?? 0,
                busyMilliseconds: values.busySince.map { UInt32(clamping: now.since($0) / 1_000_000) } ?? 0)
        }
    }
}
