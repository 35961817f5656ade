import BulkheadChildRuntime
import BulkheadSystem
import BulkheadWire
import Glibc
import SystemPackage

/// The index beside a recording's file, with a descriptor and troubles of its own: the media go on whatever becomes of it.
struct IndexFile: ~Copyable {
    /// What is kept of an index that can't be written: a day of fragments.
    private static let mostByteCount = 16 << 20
    /// Between two attempts.
    private static let pause = Duration.seconds(1)

    private let path: String
    private let state: RecorderState
    private let voice: WireVoice
    /// Negative until it is open.
    private var descriptor: CInt = -1
    private var waiting: [UInt8] = []
    private var raised: RecorderTrouble.Kind?
    private var triedAt: MonotonicTime?
    /// It has become useless: more waited than is kept.
    private var isGivenUp = false

    /// The index of the file at `path`; it is made with the first bytes.
    ///
    /// - Parameter expected: what another recorder has written of it, for a file that goes on; nil for a new one.
    init(of path: String, expected: [UInt8]?, _ state: RecorderState, _ voice: WireVoice) {
        self.path = Self.path(of: path)
        self.state = state
        self.voice = voice
        guard let expected else { return }
        if let found = reopen(expected) {
            descriptor = found
            watch()
        } else {
            waiting = expected
        }
    }

    /// Where the index of the file at `path` lies.
    static func path(of path: String) -> String { path + ".index" }

    /// The same index, if it begins with what is expected; what it holds beyond that is cut off.
    private func reopen(_ expected: [UInt8]) -> CInt? {
        let descriptor = open(FileName.bytes(path), O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        var found = [UInt8](repeating: 0, count: expected.count)
        let count = pread(descriptor, &found, found.count, 0)
        guard count == expected.count, found == expected, ftruncate(descriptor, off_t(count)) == 0,
            lseek(descriptor, off_t(count), SEEK_SET) == off_t(count)
        else {
            // It is made anew from what the media say.
            guard ftruncate(descriptor, 0) == 0, Self.write(expected, to: descriptor) == nil else {
                Glibc.close(descriptor)
                return nil
            }
            return descriptor
        }
        return descriptor
    }

    /// Appends what is known to be true of the media, now or when it can be written.
    mutating func append(_ bytes: [UInt8]) {
        guard !isGivenUp, !bytes.isEmpty else { return }
        waiting += bytes
        if waiting.count > Self.mostByteCount {
            isGivenUp = true
            waiting = []
            return
        }
        if let triedAt, raised != nil, MonotonicTime.now.since(triedAt) < Self.pause.nanoseconds { return }
        flush()
    }

    /// Writes what waits.
    mutating func flush() {
        guard !waiting.isEmpty else { return }
        triedAt = .now
        if descriptor < 0 {
            let name = FileName.bytes(path)
            descriptor = state.busy { open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644) }
            guard descriptor >= 0 else { return raise(RecorderTrouble.Kind(making: Errno(rawValue: errno)), errno) }
            watch()
        }
        let start = lseek(descriptor, 0, SEEK_CUR)
        if isCut(before: start) { lose(.truncated) }
        let (bytes, target) = (waiting, descriptor)
        if let error = state.busy({ Self.write(bytes, to: target) }) {
            // Half a record would be passed over, and all behind it.
            _ = ftruncate(descriptor, start)
            _ = lseek(descriptor, start, SEEK_SET)
            return raise(RecorderTrouble.Kind(Errno(rawValue: error)), error)
        }
        waiting = []
        if let kind = raised.take() { voice.send(RecorderReply.cleared(kind, .index)) }
    }

    private func watch() {
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { return }
        let file = RecorderState.File(
            path: path, descriptor: descriptor, device: UInt64(information.st_dev), inode: UInt64(information.st_ino))
        state.watch(file, as: .index)
    }

    /// Another program has taken away what was written.
    private func isCut(before position: off_t) -> Bool {
        var information = stat()
        let target = descriptor
        return state.busy { fstat(target, &information) } == 0 && information.st_size < position
    }

    /// It goes on as it is: it can be made anew of the media.
    private func lose(_ kind: RecorderTrouble.Kind) {
        guard let file = state.file(.index), state.lose(kind, of: file, .index) else { return }
        voice.send(RecorderReply.trouble(RecorderTrouble(kind, of: .index, .none, errno: 0, path: path)))
    }

    private mutating func raise(_ kind: RecorderTrouble.Kind, _ error: CInt) {
        guard raised == nil else { return }
        raised = kind
        voice.send(
            RecorderReply.trouble(RecorderTrouble(kind, of: .index, .retries, errno: error, path: path)))
    }

    /// - Returns: the system's error.
    private static func write(_ bytes: [UInt8], to descriptor: CInt) -> CInt? {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count < 0 ? errno : EIO }
            done += count
        }
        return nil
    }

    /// Puts it on the disk and closes it.
    consuming func close() {
        flush()
        guard descriptor >= 0 else { return }
        if let loss = state.unwatch(.index) { voice.send(RecorderReply.cleared(loss, .index)) }
        let target = descriptor
        _ = state.busy { fdatasync(target) }
        Glibc.close(descriptor)
    }
}
