import BulkheadSystem
import Glibc
package import NIOCore
import Synchronization
package import SystemPackage

/// The file behind a sink, opened and written on a thread of its own: a disk that hangs or a reader that stops is felt
/// by no other file, and by the end of a broadcast for a second at most.
///
/// A file that is there already is not overwritten. What is no regular file (a pipe, a device) holds nothing that could
/// be; a named pipe is waited for until somebody reads it.
package final class SinkFile: Sendable {
    /// A regular file that was written as far as its last whole piece, to go on with after a failure.
    package struct Part: Hashable, Sendable {
        fileprivate let device: UInt64
        fileprivate let inode: UInt64
        /// Bytes of whole pieces.
        package fileprivate(set) var byteCount = 0
    }

    /// What opening has found.
    package enum Opening: Hashable, Sendable {
        case new
        /// It ends with the last whole piece that was written before.
        case continued
        /// A pipe or a device.
        case special
    }

    private struct State {
        var descriptor: CInt?
        var part: Part?
        var isAborted = false
    }

    /// How long ``abort()`` waits for what the system is about to write; then its thread is left behind.
    private static let patience = Duration.seconds(1)
    /// Between two looks whether a pipe has a reader, or somebody wants the end.
    private static let lookMilliseconds: CInt = 50

    private let path: String
    private let thread = SerialThread()
    private let state: Mutex<State>
    private let aborted = Signal()

    /// - Parameter part: what was written of it before.
    package init(path: String, continuing part: Part? = nil) {
        self.path = path
        state = Mutex(State(part: part))
    }

    /// What has been written, once it is open; nil for pipes and devices.
    package var part: Part? { state.withLock { $0.part } }

    private var isAborted: Bool { state.withLock { $0.isAborted } }

    /// Ends what is under way with ``Errno/canceled``, or ``Errno/timedOut`` where the system does not let go.
    package func abort() {
        state.withLock { $0.isAborted = true }
        aborted.ring()
    }

    /// Finds out whether it could be opened, as far as that shows without making it.
    package func look() async throws(Errno) {
        try await onThread { file throws(Errno) in try Self.look(at: file.path) }
    }

    package func open() async throws(Errno) -> Opening {
        try await onThread { file throws(Errno) in try file.openNow() }
    }

    /// Writes all of `bytes`, a whole piece.
    package func write(_ bytes: ByteBuffer) async throws(Errno) {
        try await onThread { file throws(Errno) in try file.writeNow(bytes) }
    }

    /// Closes the file, if it is open, and lets the thread go; to be called once, as the last.
    package func close() async throws(Errno) {
        try await onThread { file throws(Errno) in try file.closeNow() }
    }

    // MARK: the thread

    private func onThread<Value: Sendable>(
        _ body: @escaping @Sendable (SinkFile) throws(Errno) -> Value
    ) async throws(Errno) -> Value {
        let outcome = AsyncStream<Result<Value, Errno>>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let isTaken = thread.run { [self] in
            do throws(Errno) { outcome.continuation.yield(.success(try body(self))) } catch {
                outcome.continuation.yield(.failure(error))
            }
            outcome.continuation.finish()
        }
        guard isTaken else { throw .resourceTemporarilyUnavailable }
        let result = await withTaskGroup(of: Result<Value, Errno>?.self) { group in
            group.addTask {
                for await result in outcome.stream { return result }
                return nil
            }
            group.addTask { [self] in
                while !isAborted, !Task.isCancelled { await aborted.wait() }
                try? await Task.sleep(for: Self.patience)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        guard let result else { throw .timedOut }
        return try result.get()
    }

    private static func look(at path: String) throws(Errno) {
        var information = stat()
        if stat(FileName.bytes(path), &information) == 0 {
            switch information.st_mode & S_IFMT {
            case S_IFREG: throw .fileExists
            case S_IFDIR: throw .isDirectory
            default: return try check(access(FileName.bytes(path), W_OK))
            }
        }
        guard errno == ENOENT else { throw Errno(rawValue: errno) }
        try check(access(FileName.bytes(folder(of: path)), W_OK | X_OK))
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }

    /// What the file is to lie in is there.
    static func hasFolder(_ path: String) -> Bool { access(FileName.bytes(folder(of: path)), F_OK) == 0 }

    private static func check(_ result: CInt) throws(Errno) { if result != 0 { throw Errno(rawValue: errno) } }

    private func openNow() throws(Errno) -> Opening {
        if let part, let descriptor = reopen(part) {
            state.withLock { $0.descriptor = descriptor }
            return .continued
        }
        let new = Glibc.open(FileName.bytes(path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        if new >= 0 {
            var information = stat()
            fstat(new, &information)
            state.withLock {
                $0.descriptor = new
                $0.part = Part(device: UInt64(information.st_dev), inode: UInt64(information.st_ino))
            }
            return .new
        }
        guard errno == EEXIST else { throw Errno(rawValue: errno) }
        var information = stat()
        guard stat(FileName.bytes(path), &information) == 0 else { throw Errno(rawValue: errno) }
        let type = information.st_mode & S_IFMT
        guard type != S_IFREG else { throw .fileExists }
        while true {
            let special = Glibc.open(FileName.bytes(path), O_WRONLY | O_NONBLOCK | O_CLOEXEC)
            if special >= 0 {
                state.withLock { ($0.descriptor, $0.part) = (special, nil) }
                return .special
            }
            // Nobody reads the pipe yet.
            guard errno == EINTR || errno == ENXIO && type == S_IFIFO else { throw Errno(rawValue: errno) }
            if isAborted { throw .canceled }
            _ = poll(nil, 0, Self.lookMilliseconds)
        }
    }

    /// The same file once more, cut behind its last whole piece; nil if it is another one by now.
    private func reopen(_ part: Part) -> CInt? {
        let descriptor = Glibc.open(FileName.bytes(path), O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        var information = stat()
        guard fstat(descriptor, &information) == 0, UInt64(information.st_dev) == part.device,
            UInt64(information.st_ino) == part.inode, information.st_size >= part.byteCount,
            ftruncate(descriptor, part.byteCount) == 0, lseek(descriptor, part.byteCount, SEEK_SET) == part.byteCount
        else {
            Glibc.close(descriptor)
            return nil
        }
        return descriptor
    }

    private func writeNow(_ bytes: ByteBuffer) throws(Errno) {
        guard let descriptor = state.withLock({ $0.descriptor }) else { throw .badFileDescriptor }
        var rest = bytes
        while rest.readableBytes > 0 {
            let count = rest.withUnsafeReadableBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest.moveReaderIndex(forwardBy: count)
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                if isAborted { throw .canceled }
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&entry, 1, Self.lookMilliseconds)
            default: throw Errno(rawValue: errno)
            }
        }
        state.withLock { $0.part?.byteCount += bytes.readableBytes }
    }

    private func closeNow() throws(Errno) {
        guard
            let descriptor = state.withLock({ state in
                defer { state.descriptor = nil }
                return state.descriptor
            })
        else { return }
        if Glibc.close(descriptor) < 0 { throw Errno(rawValue: errno) }
    }
}
