import BulkheadChildRuntime
import BulkheadSystem
import BulkheadWire
import Glibc
import SystemPackage

/// A file beside a recording's, which grows, with a descriptor and troubles of its own: the media go on whatever becomes of it.
struct SideFile: ~Copyable {
    /// What is kept of one that can't be written: a day of an index.
    private static let mostByteCount = 16 << 20
    /// Between two attempts.
    private static let pause = Duration.seconds(1)

    let path: String
    private let subject: RecorderTrouble.Subject
    private let state: RecorderState
    private let voice: WireVoice
    /// Negative until it is open.
    private var descriptor: CInt = -1
    private var waiting: [UInt8] = []
    private var raised: RecorderTrouble.Kind?
    private var triedAt: MonotonicTime?
    /// It has become useless: more waited than is kept.
    private var isGivenUp = false

    /// The file at `path`; it is made with the first bytes.
    init(_ path: String, _ subject: RecorderTrouble.Subject, _ state: RecorderState, _ voice: WireVoice) {
        self.path = path
        self.subject = subject
        self.state = state
        self.voice = voice
    }

    /// Goes on in the file, which is open for it, at its end; the descriptor is this file's own from now on.
    mutating func adopt(_ descriptor: CInt) {
        self.descriptor = descriptor
        watch()
    }

    /// Appends bytes, now or when they can be written.
    mutating func append(_ bytes: [UInt8]) {
        keep(bytes)
        if let triedAt, raised != nil, MonotonicTime.now.since(triedAt) < Self.pause.nanoseconds { return }
        flush()
    }

    /// Appends bytes with the next ``flush()``.
    mutating func keep(_ bytes: [UInt8]) {
        guard !isGivenUp, !bytes.isEmpty else { return }
        waiting += bytes
        if waiting.count > Self.mostByteCount {
            isGivenUp = true
            waiting = []
        }
    }

    /// All has been written that is ever to be.
    var isFlushed: Bool { waiting.isEmpty }

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
        if let kind = raised.take() { voice.send(RecorderReply.cleared(kind, subject)) }
    }

    private func watch() {
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { return }
        let file = RecorderState.File(
            path: path, descriptor: descriptor, device: UInt64(information.st_dev), inode: UInt64(information.st_ino))
        state.watch(file, as: subject)
    }

    /// Another program has taken away what was written.
    private func isCut(before position: off_t) -> Bool {
        var information = stat()
        let target = descriptor
        return state.busy { fstat(target, &information) } == 0 && information.st_size < position
    }

    /// It goes on as it is.
    private func lose(_ kind: RecorderTrouble.Kind) {
        guard let file = state.file(subject), state.lose(kind, of: file, subject) else { return }
        voice.send(RecorderReply.trouble(RecorderTrouble(kind, of: subject, .none, errno: 0, path: path)))
    }

    private mutating func raise(_ kind: RecorderTrouble.Kind, _ error: CInt) {
        guard raised == nil else { return }
        raised = kind
        voice.send(
            RecorderReply.trouble(RecorderTrouble(kind, of: subject, .retries, errno: error, path: path)))
    }

    /// - Returns: the system's error.
    static func write(_ bytes: [UInt8], to descriptor: CInt) -> CInt? {
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

    /// Puts what was written on the disk.
    func sync() {
        guard descriptor >= 0 else { return }
        let target = descriptor
        _ = state.busy { fdatasync(target) }
    }

    /// Puts it on the disk and closes it.
    consuming func close() {
        flush()
        guard descriptor >= 0 else { return }
        if let loss = state.unwatch(subject) { voice.send(RecorderReply.cleared(loss, subject)) }
        sync()
        Glibc.close(descriptor)
    }
}
