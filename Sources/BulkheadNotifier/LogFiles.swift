import BulkheadModel
import BulkheadSystem
import BulkheadWire
import CBulkheadLinux
import Glibc
import Synchronization
import SystemPackage

/// Lines that are being written, by a thread of their own: the one that talks with the master never waits for a disk.
final class LogFiles: NoticeTransport, Sendable {
    /// One file and the thread that writes it: a disk that hangs holds no other file up.
    private final class Writer: Sendable {
        let thread = SerialThread()
        let file: Mutex<LogFile>

        init(_ address: NoticeAddress) { file = Mutex(LogFile(address)) }
    }

    private struct State {
        var ended: [(key: Int, Delivery.Attempt)] = []
        /// Since when the disk has owed an answer, for whom.
        var begun: [Int: MonotonicTime] = [:]
        /// That it owes one was said.
        var said: Set<Int> = []
    }

    /// A disk that takes longer is told of.
    private static let patience = Duration.seconds(5)

    private let state = Mutex(State())
    private let writers = Mutex<[Int: Writer]>([:])
    /// Wakes the thread that talks with the master.
    private let reading: CInt
    private let writing: CInt

    init() throws(NotifierError) {
        var pair: [CInt] = [-1, -1]
        do throws(Errno) {
            try Errno.check(bulkhead_pipe(&pair))
            for descriptor in pair { try Errno.check(bulkhead_set_nonblocking(descriptor, 1)) }
        } catch { throw .pipeMissing(error) }
        (reading, writing) = (pair[0], pair[1])
    }

    deinit {
        close(reading)
        close(writing)
    }

    func begin(_ key: Int, _ notice: Notice, to address: NoticeAddress) throws(NotifierError) {
        state.withLock { $0.begun[key] = .now }
        let line = Self.line(notice)
        let writer = writers.withLock { writers in
            let writer = writers[key] ?? Writer(address)
            writers[key] = writer
            return writer
        }
        // The thread keeps this object, whose pipe it wakes the other one by.
        let isTaken = writer.thread.run { [self] in
            let attempt = writer.file.withLock { $0.append(line) }
            state.withLock { state in
                state.begun[key] = nil
                state.said.remove(key)
                state.ended.append((key, attempt))
            }
            var byte: UInt8 = 1
            _ = write(writing, &byte, 1)
        }
        if !isTaken {
            state.withLock { state in
                state.begun[key] = nil
                state.ended.append((key, .failed("there was no thread for it")))
            }
        }
    }

    func wait(for descriptor: CInt?, atMost timeout: Duration) {
        var entries = [reading, descriptor].compactMap { $0 }.map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        _ = poll(&entries, nfds_t(entries.count), CInt(clamping: timeout.nanoseconds / 1_000_000 + 1))
        var bytes = [UInt8](repeating: 0, count: 64)
        _ = read(reading, &bytes, bytes.count)
    }

    func next() -> (key: Int, Delivery.Attempt)? {
        state.withLock { state in
            if !state.ended.isEmpty { return state.ended.removeFirst() }
            let now = MonotonicTime.now
            guard
                let late = state.begun.first(where: { key, start in
                    !state.said.contains(key) && now.since(start) > Self.patience.nanoseconds
                })
            else { return nil }
            state.said.insert(late.key)
            return (late.key, .late("its disk does not answer"))
        }
    }

    /// Date, level and sentence, as on a terminal that is none.
    static func line(_ notice: Notice) -> [UInt8] {
        guard let content = try? JSONLine.decode(NoticeContent.self, from: notice.body) else { return [] }
        let text = "\(content.timestamp) \(content.data.level ?? "notice") \(content.text)"
        return text.utf8.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 } + [0x0A]
    }
}

/// A file that lines are added to, and that is put aside when it is large.
///
/// It belongs to one broadcast at a time. Where something else has moved or removed it, as logrotate(8) does, it is made anew.
final class LogFile {
    private let path: String
    private let byteCount: Int64
    private let kept: Int
    private var descriptor: CInt = -1

    init(_ address: NoticeAddress) {
        path = address.url
        byteCount = Int64(clamping: address.byteCount)
        kept = Int(address.keptFiles)
    }

    deinit { release() }

    /// Adds `line` as a whole, or nothing of it.
    func append(_ line: [UInt8]) -> Delivery.Attempt {
        do throws(Errno) {
            try openIfNeeded()
            var size = try status().st_size
            if size > 0, Int64(size) + Int64(line.count) > byteCount {
                rotate()
                try openIfNeeded()
                size = try status().st_size
            }
            try write(line, behind: size)
            return .done
        } catch {
            let error = error
            release()
            return .failed(Self.words(error))
        }
    }

    private func status() throws(Errno) -> stat {
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { throw Errno(rawValue: errno) }
        return information
    }

    private func openIfNeeded() throws(Errno) {
        if descriptor >= 0 {
            var named = stat()
            let own = try status()
            if stat(path, &named) == 0, named.st_ino == own.st_ino, named.st_dev == own.st_dev { return }
            release()
        }
        // Without waiting for the reader of a FIFO, which is no file either.
        descriptor = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0o640)
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        let information = try status()
        guard information.st_mode & S_IFMT == S_IFREG else { throw .notSupported }
        // Two that put one file aside would lose lines of each other.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw Errno(rawValue: errno) }
        try endLine(at: information.st_size)
    }

    /// Whoever wrote here before may have ended within a line.
    private func endLine(at size: off_t) throws(Errno) {
        var last: UInt8 = 0
        guard size > 0, pread(descriptor, &last, 1, size - 1) == 1, last != 0x0A else { return }
        try write([0x0A], behind: size)
    }

    private func write(_ bytes: [UInt8], behind size: off_t) throws(Errno) {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let error = count < 0 ? Errno(rawValue: errno) : .noSpace
                // No half lines.
                if written > 0 { _ = ftruncate(descriptor, size) }
                throw error
            }
            written += count
        }
    }

    /// `log`, `log.1`, … `log.5`: the oldest goes. What can't be renamed is written on.
    private func rotate() {
        if kept == 0 {
            _ = ftruncate(descriptor, 0)
            return
        }
        for number in stride(from: kept - 1, through: 1, by: -1) {
            _ = rename("\(path).\(number)", "\(path).\(number + 1)")
        }
        if rename(path, "\(path).1") == 0 { release() }
    }

    private func release() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    private static func words(_ error: Errno) -> String {
        switch error {
        case .noSpace, .diskQuotaExceeded: "its disk is full"
        case .fileTooLarge: "it is as large as a file may be"
        case .wouldBlock: "another program writes it"
        case .notSupported, .isDirectory, .noSuchAddressOrDevice: "it is no file"
        case .noSuchFileOrDirectory: "its folder is gone"
        case .permissionDenied: "it may not be written, or its folder was made anew"
        default: "it can't be written: \(error)"
        }
    }
}
