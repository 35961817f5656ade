import Glibc

/// How a program has ended, and what was kept of its words.
package struct ProgramEnd: Hashable, Sendable {
    /// What has brought a program to its end.
    package enum Cause: Hashable, Sendable, CustomStringConvertible {
        /// It has ended by itself, or someone else has ended it.
        case ended(ChildExit)
        /// It was killed, because its time was over.
        case timedOut
        /// The kernel doesn't say, as where this process was started with SIGCHLD ignored.
        case unknown

        package var description: String {
            switch self {
            case .ended(let exit): "\(exit)"
            case .timedOut: "too long a time"
            case .unknown: "an unknown exit code"
            }
        }
    }

    package let cause: Cause
    /// What was captured.
    package let bytes: [UInt8]

    package init(cause: Cause, bytes: [UInt8] = []) {
        self.cause = cause
        self.bytes = bytes
    }

    /// It has ended by itself, and well.
    package var isSuccess: Bool { cause == .ended(.exited(code: 0)) }
    package var text: String { String(decoding: bytes, as: UTF8.self) }
    /// Mostly what a program died of; nil where it has said nothing.
    package var lastLine: String? { text.split(separator: "\n").last.map(String.init) }
}

extension LaunchedChild {
    /// Waits for its end, blocking, for as long as that takes, and reaps it.
    package consuming func waitForEnd() -> ProgramEnd.Cause {
        ProgramWatch(words: -1, mostBytes: 0, endsGroup: false).end(of: self, within: nil).cause
    }
}

/// Waits for one program on the calling thread, and reads what it says meanwhile.
struct ProgramWatch {
    /// How long a killed program may take to its end. One that hangs in the kernel for longer is left behind.
    private static let patienceAfterKill = Duration.seconds(10)
    /// What another process, which has the program's descriptors, may add behind its end.
    private static let mostBytesBehindEnd = 1 << 20

    private let mostBytes: Int
    private let endsGroup: Bool
    /// A pipe that doesn't block; -1 where there is none, or no more comes.
    private var words: CInt
    private var bytes: [UInt8] = []
    private var chunk = [UInt8](repeating: 0, count: 1 << 14)

    /// - Parameters:
    ///   - words: where the program's words come out of a pipe that doesn't block, and stays the caller's; -1 for none.
    ///   - endsGroup: what the program leaves in its process group is killed when it has ended.
    init(words: CInt, mostBytes: Int, endsGroup: Bool) {
        (self.words, self.mostBytes, self.endsGroup) = (words, mostBytes, endsGroup)
    }

    /// Waits for the end of `child`, which is killed after `patience`, and reaps it.
    consuming func end(of child: consuming LaunchedChild, within patience: Duration?) -> ProgramEnd {
        var deadline = patience.map { MonotonicTime.now.advanced(by: $0) }
        var wasKilled = false
        while true {
            var entries = [
                pollfd(fd: child.pidfd.rawValue, events: Int16(POLLIN), revents: 0),
                pollfd(fd: words, events: Int16(POLLIN), revents: 0),
            ]
            let span = deadline.map { CInt(clamping: (max(0, $0.since(.now)) + 999_999) / 1_000_000) } ?? -1
            // What is interrupted is begun again.
            guard poll(&entries, nfds_t(entries.count), span) >= 0 else { continue }
            if entries[1].revents != 0 { read() }
            if entries[0].revents != 0 { break }
            guard let moment = deadline, MonotonicTime.now >= moment else { continue }
            if wasKilled { break }
            wasKilled = true
            child.signal(SIGKILL)
            deadline = MonotonicTime.now.advanced(by: Self.patienceAfterKill)
        }
        // Before the reaping: until then the group's number is no other's.
        if endsGroup { child.signal(SIGKILL) }
        var count = 0
        while words >= 0, count < Self.mostBytesBehindEnd {
            let more = read()
            if more == 0 { break }
            count += more
        }
        let exit = try? child.reap()
        child.close()
        let cause: ProgramEnd.Cause =
            wasKilled && (exit == nil || exit == .signaled(SIGKILL)) ? .timedOut : exit.map { .ended($0) } ?? .unknown
        return ProgramEnd(cause: cause, bytes: Array(bytes.suffix(mostBytes)))
    }

    /// Reads once.
    /// - Returns: how many bytes came; 0 where there are none now, or none will come.
    @discardableResult
    private mutating func read() -> Int {
        var count = Glibc.read(words, &chunk, chunk.count)
        while count < 0, errno == EINTR { count = Glibc.read(words, &chunk, chunk.count) }
        guard count > 0 else {
            if count == 0 || errno != EAGAIN { words = -1 }
            return 0
        }
        bytes += chunk[..<count]
        if bytes.count > 2 * mostBytes + chunk.count { bytes.removeFirst(bytes.count - mostBytes) }
        return count
    }
}
