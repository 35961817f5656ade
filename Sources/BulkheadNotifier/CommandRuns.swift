import BulkheadModel
import BulkheadSystem
import BulkheadWire
import CBulkheadLinux
import Glibc
import SystemPackage

/// Commands that are run, one at a time for each target, on one thread that waits for none of them alone.
final class CommandRuns: NoticeTransport {
    private final class Run {
        let key: Int
        let pid: Int32
        let deadline: MonotonicTime
        let limit: Duration
        var process: LaunchedChild?
        var output: OwnedDescriptor?
        var tail = OutputTail()
        var isOverdue = false

        init(
            _ key: Int, _ process: consuming LaunchedChild, _ output: consuming OwnedDescriptor, limit: Duration
        ) {
            self.key = key
            self.limit = limit
            pid = process.pid
            deadline = .now.advanced(by: limit)
            self.process = consume process
            self.output = consume output
        }
    }

    /// What ends commands whose notifier was killed; nil where no process was to be had for it.
    private var groupGuard: GroupGuard?
    private var runs: [Run] = []
    /// Attempts that have ended before they began.
    private var failed: [(key: Int, Delivery.Attempt)] = []

    /// Call it while there is one thread.
    init() { groupGuard = try? GroupGuard() }

    deinit {
        for run in runs {
            run.process?.signal(SIGKILL)
            run.output.take()?.close()
            run.process.take()?.close()
        }
        groupGuard.take()?.close()
    }

    func begin(_ key: Int, _ notice: Notice, to address: NoticeAddress) throws(NotifierError) {
        do throws(Errno) {
            let limit = Duration.milliseconds(Int64(address.limitMilliseconds))
            runs.append(try start(key, notice, address.url, limit: limit))
        } catch {
            failed.append((key, .failed("the command can't be started: \(error)")))
        }
    }

    private func start(_ key: Int, _ notice: Notice, _ command: String, limit: Duration) throws(Errno) -> Run {
        let input = try OwnedDescriptor(memfdNamed: "notice", byteCount: max(1, notice.body.count))
        // Written at a place, so that the command reads from the beginning.
        let count = notice.body.withUnsafeBytes { pwrite(input.rawValue, $0.baseAddress, $0.count, 0) }
        guard count == notice.body.count else {
            input.close()
            throw Errno(rawValue: errno)
        }
        var pair: [CInt] = [-1, -1]
        do throws(Errno) { try Errno.check(bulkhead_pipe(&pair)) } catch {
            input.close()
            throw error
        }
        let reading = OwnedDescriptor(adopting: pair[0])
        let writing = OwnedDescriptor(adopting: pair[1])
        let launch = ChildLaunch(
            path: "/bin/sh", arguments: ["-c", command], environment: CommandEnvironment.of(notice))
        let process: LaunchedChild
        do throws(Errno) {
            try reading.setNonblocking(true)
            process = try launch.start(standardInput: input, standardError: writing)
        } catch {
            input.close()
            reading.close()
            writing.close()
            throw error
        }
        input.close()
        writing.close()
        groupGuard?.guardGroup(of: process.pid)
        return Run(key, process, reading, limit: limit)
    }

    func wait(for descriptor: CInt?, atMost timeout: Duration) {
        var entries: [pollfd] = []
        func add(_ descriptor: CInt) {
            entries.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        }
        if let descriptor { add(descriptor) }
        for run in runs {
            if let process = run.process?.pidfd.rawValue { add(process) }
            if let output = run.output?.rawValue { add(output) }
        }
        let now = MonotonicTime.now
        let due = runs.filter { !$0.isOverdue }.map { Duration.nanoseconds(max(0, $0.deadline.since(now))) }
        let patience = failed.isEmpty ? min(timeout, due.min() ?? timeout) : .zero
        _ = poll(&entries, nfds_t(entries.count), CInt(clamping: patience.nanoseconds / 1_000_000 + 1))
    }

    func next() -> (key: Int, Delivery.Attempt)? {
        if !failed.isEmpty { return failed.removeFirst() }
        for (index, run) in runs.enumerated() {
            read(run)
            if !run.isOverdue, run.deadline <= .now {
                run.isOverdue = true
                run.process?.signal(SIGKILL)
            }
            guard let exit = reap(run) else { continue }
            read(run)
            run.output.take()?.close()
            run.process.take()?.close()
            runs.remove(at: index)
            return (run.key, Self.attempt(run.isOverdue ? nil : exit, run))
        }
        return nil
    }

    /// How the command ended; nil while it runs.
    private func reap(_ run: Run) -> ChildExit? {
        guard let pidfd = run.process?.pidfd.rawValue else { return nil }
        var entry = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, 0) == 1 else { return nil }
        // What it has left running ends with it, while its number still stands for its group alone.
        _ = kill(-run.pid, SIGKILL)
        groupGuard?.release(groupOf: run.pid)
        do throws(Errno) { return try run.process?.reap() } catch { return .exited(code: 127) }
    }

    private func read(_ run: Run) {
        guard let output = run.output?.rawValue else { return }
        var chunk = [UInt8](repeating: 0, count: 4096)
        // So much and no more at a time: one that writes without end must not keep the others waiting.
        for _ in 0..<16 {
            let count = Glibc.read(output, &chunk, chunk.count)
            guard count > 0 else {
                if count == 0 { run.output.take()?.close() }
                return
            }
            run.tail.add(chunk[..<count])
        }
    }

    /// - Parameter exit: nil where the time was over.
    private static func attempt(_ exit: ChildExit?, _ run: Run) -> Delivery.Attempt {
        let words = run.tail.lastLine.isEmpty ? "" : ": \(run.tail.lastLine)"
        switch exit {
        case .exited(0)?: return .done
        // EX_TEMPFAIL of sysexits.h.
        case .exited(75)?: return .failed("it asks to be run again\(words)")
        case let exit?: return .refused("it ended with \(exit)\(words)")
        case nil:
            return .refused("it was ended, because it ran for more than \(run.limit.components.seconds) s\(words)")
        }
    }
}

/// The last line of what a command writes.
struct OutputTail {
    private static let longest = 300
    private var line: [UInt8] = []
    private var isLineOver = false

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            if byte == 0x0A || byte == 0x0D {
                isLineOver = true
                continue
            }
            if isLineOver { line.removeAll(keepingCapacity: true) }
            isLineOver = false
            if line.count < Self.longest { line.append(byte < 0x20 || byte == 0x7F ? 0x20 : byte) }
        }
    }

    var lastLine: String {
        let text = String(decoding: line, as: UTF8.self)
        let start = text.firstIndex { $0 != " " } ?? text.endIndex
        return String(text[start...])
    }
}
