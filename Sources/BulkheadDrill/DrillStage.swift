import BulkheadModel
import BulkheadSystem
import CBulkheadLinux
import Glibc
import Synchronization
import SystemPackage

/// The programs that a drill has started: their lines, their ends, and signals to them. They end with the drill.
actor DrillStage {
    nonisolated let reactor: Reactor
    nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }

    private var processes: [String: StageProcess] = [:]

    init() throws(BroadcastError) {
        do { reactor = try Reactor() } catch {
            throw BroadcastError(.internal, "the drill's thread can't be started: \(error)")
        }
    }

    /// Starts a program under `name`, which no other that runs has.
    /// - Parameter onLine: called on the stage's thread with each line of its standard output and error.
    func start(
        _ name: String, _ launch: ChildLaunch, onLine: @escaping @Sendable (String) -> Void
    ) throws(BroadcastError) -> Int32 {
        do {
            let process = try StageProcess(launch, on: reactor, onLine: onLine)
            processes[name] = process
            return process.pid
        } catch {
            throw BroadcastError(.installation, "\(launch.path) can't be started: \(error)")
        }
    }

    /// Sends a signal to the process alone, not to those that it has started.
    func signal(_ name: String, _ signal: Int32) {
        guard let process = processes[name], process.exit == nil else { return }
        kill(process.pid, signal)
    }

    func pid(of name: String) -> Int32? { processes[name].flatMap { $0.exit == nil ? $0.pid : nil } }

    func isRunning(_ name: String) -> Bool { processes[name].map { $0.exit == nil } ?? false }

    /// How the program ended; nil if it has not within `limit`.
    func end(of name: String, within limit: Duration) async -> ChildExit? {
        guard let process = processes[name] else { return nil }
        guard process.exit == nil else { return process.exit }
        // Not by sleeping: a drill that is cancelled must still wait for the programs that it ends.
        await withCheckedContinuation { continuation in
            let resume = OnceOnly(continuation)
            process.onExit.append { resume.call() }
            reactor.schedule(at: .now.advanced(by: limit)) { resume.call() }
        }
        return process.exit
    }

    /// Ends the program: SIGTERM, and after `patience` SIGKILL.
    func finish(_ name: String, patience: Duration = .seconds(5)) async {
        guard isRunning(name) else { return }
        signal(name, SIGCONT)
        signal(name, SIGTERM)
        if await end(of: name, within: patience) == nil {
            signal(name, SIGKILL)
            _ = await end(of: name, within: .seconds(5))
        }
    }

    /// Ends all that still runs and the stage's thread; the last call.
    func close() async {
        for name in processes.keys { await finish(name) }
        processes = [:]
        reactor.stop()
    }
}

/// A continuation that the first of several callers resumes.
private final class OnceOnly: Sendable {
    private let continuation: Mutex<CheckedContinuation<Void, Never>?>

    init(_ continuation: CheckedContinuation<Void, Never>) { self.continuation = Mutex(continuation) }

    func call() {
        let waiting = continuation.withLock { stored in
            defer { stored = nil }
            return stored
        }
        waiting?.resume()
    }
}

/// One program and the pipe that its standard output and error go to, on the reactor's thread.
private final class StageProcess {
    let pid: Int32
    private(set) var exit: ChildExit?
    /// Called when it has ended.
    var onExit: [() -> Void] = []

    private let reactor: Reactor
    private let onLine: @Sendable (String) -> Void
    private var process: LaunchedChild?
    private var pipe: OwnedDescriptor?
    private var tokens: [CInt: Reactor.Token] = [:]
    private var rest: [UInt8] = []
    private static let lineByteLimit = 1 << 20
    private static let chunkByteCount = 1 << 16
    /// What an unprivileged process may make a pipe hold, as pipe(7) says.
    private static let longestPipeByteCount = 1 << 20

    init(_ launch: ChildLaunch, on reactor: Reactor, onLine: @escaping @Sendable (String) -> Void) throws(Errno) {
        self.reactor = reactor
        self.onLine = onLine
        var ends: [CInt] = [-1, -1]
        try Errno.check(bulkhead_pipe(&ends))
        let reading = OwnedDescriptor(adopting: ends[0])
        let writing = OwnedDescriptor(adopting: ends[1])
        let started: LaunchedChild
        // It has no socket to a master; descriptor 3 is one more end of its pipe.
        do { started = try launch.start(socket: writing, standardError: writing) } catch {
            reading.close()
            writing.close()
            throw error
        }
        writing.close()
        pid = started.pid
        try reading.setNonblocking(true)
        process = consume started
        pipe = consume reading
        let bound = ReactorBound(self, reactor)
        if let descriptor = process?.pidfd.rawValue {
            tokens[descriptor] = try reactor.watch(descriptor) { _ in bound.value.ended() }
        }
        if let descriptor = pipe?.rawValue {
            tokens[descriptor] = try reactor.watch(descriptor) { _ in _ = bound.value.read() }
        }
    }

    private func ended() {
        guard let status = try? process?.reap() else { return }
        if let descriptor = process?.pidfd.rawValue { unwatch(descriptor) }
        process.take()?.close()
        // A process that it has left behind may write without end.
        var rest = Self.longestPipeByteCount / Self.chunkByteCount
        while rest > 0, read() { rest -= 1 }
        exit = status
        if pipe != nil { closePipe() }
        let waiting = onExit
        onExit = []
        for call in waiting { call() }
    }

    /// Reads once; false when nothing was there.
    private func read() -> Bool {
        guard let descriptor = pipe?.rawValue else { return false }
        var chunk = [UInt8](repeating: 0, count: Self.chunkByteCount)
        let count = Glibc.read(descriptor, &chunk, chunk.count)
        guard count > 0 else {
            if count == 0 || errno != EAGAIN { closePipe() }
            return false
        }
        rest += chunk[..<count]
        while let end = rest.firstIndex(of: 0x0A) {
            onLine(String(decoding: rest[..<end], as: UTF8.self))
            rest.removeFirst(end + 1)
        }
        if rest.count > Self.lineByteLimit { rest = [] }
        return true
    }

    private func closePipe() {
        guard let descriptor = pipe?.rawValue else { return }
        unwatch(descriptor)
        pipe.take()?.close()
    }

    private func unwatch(_ descriptor: CInt) {
        if let token = tokens.removeValue(forKey: descriptor) { reactor.unwatch(token) }
    }
}
