import BulkheadControl
import BulkheadRoom
import BulkheadSystem
import Glibc
import SystemPackage

/// Keeps a program running that may use the broadcast's control socket: the switch, the control room.
///
/// They ask servers over HTTP, play streams and serve strangers, which no program may do that must not fall; so the master runs
/// programs that do it. In: what such a program says, one JSON object a line. It talks to the broadcast over the control
/// socket, as any application does: one that dies is followed by another. It ends with the broadcast. It belongs to the
/// reactor's thread.
final class ProgramKeeper {
    private static let shortestDelay = Duration.milliseconds(500)
    private static let longestDelay = Duration.seconds(30)
    /// One that ran so long has worked.
    private static let provenAfter = Duration.seconds(60)
    private static let patience = Duration.seconds(2)
    private static let longestLine = 65_536

    /// The one process that there is.
    private final class Run {
        var child: LaunchedChild?
        let output: CInt
        let startedAt = MonotonicTime.now
        var tokens: [Reactor.Token] = []
        var line: [UInt8] = []
        /// What it said that was no event: why it ends, in words.
        var words = ""

        init(_ child: consuming LaunchedChild, output: CInt) {
            self.child = consume child
            self.output = output
        }
    }

    private let context: RoomContext
    private let trusted: TrustedChildren
    private let path: String
    private let arguments: [String]
    /// Takes a line that it says; false for one that is no event, which may be why it ends.
    private let onLine: (ArraySlice<UInt8>) -> Bool
    /// Tells that it can't be started, or has ended, and why: its end, and its last words.
    private let onTrouble: (Trouble) -> Void

    enum Trouble {
        case notStarted(Errno)
        case ended(String, words: String)
    }

    private var run: Run?
    private var delay = ProgramKeeper.shortestDelay
    private var timer: Reactor.Token?
    private var isOver = false
    private var continuation: CheckedContinuation<Void, Never>?

    /// - Parameters:
    ///   - path: of the program.
    ///   - trusted: those of the master's children that the socket lets in.
    init(
        _ path: String, _ arguments: [String], trusted: TrustedChildren, in context: RoomContext,
        onLine: @escaping (ArraySlice<UInt8>) -> Bool, onTrouble: @escaping (Trouble) -> Void
    ) {
        self.path = path
        self.arguments = arguments
        self.trusted = trusted
        self.context = context
        self.onLine = onLine
        self.onTrouble = onTrouble
    }

    func start() {
        timer = nil
        guard !isOver, run == nil else { return }
        do throws(Errno) { try launch() } catch {
            onTrouble(.notStarted(error))
            again()
        }
    }

    private func launch() throws(Errno) {
        var launch = ChildLaunch(path: path, arguments: arguments, environment: Self.environment)
        launch.niceIncrement = 5
        let sockets = try SocketPair()
        let output: CInt
        do throws(Errno) { output = try sockets.ours.duplicate().release() } catch {
            sockets.close()
            throw error
        }
        let child: LaunchedChild
        do throws(Errno) {
            child = try launch.start(socket: sockets.theirs, standardError: sockets.theirs)
        } catch {
            sockets.close()
            OwnedDescriptor(adopting: output).close()
            throw error
        }
        sockets.close()
        let pidfd = child.pidfd.rawValue
        trusted.set(child.pid, isTrusted: true)
        let run = Run(child, output: output)
        self.run = run
        let bound = ReactorBound(self, context.reactor)
        do throws(Errno) {
            run.tokens.append(try context.reactor.watch(output) { _ in bound.value.read() })
            run.tokens.append(try context.reactor.watch(pidfd) { _ in bound.value.ended() })
        } catch {
            run.child?.signal(SIGKILL)
            forget(run)
            throw error
        }
    }

    /// Where its files and sockets lie, and nothing that could be a secret.
    private static var environment: [String: String] {
        let kept = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "LD_LIBRARY_PATH"]
        return kept.reduce(into: [:]) { result, name in
            if let value = getenv(name) { result[name] = String(cString: value) }
        }
    }

    // MARK: what it says

    private func read() {
        guard let run else { return }
        var chunk = [UInt8](repeating: 0, count: 16_384)
        let count = Glibc.recv(run.output, &chunk, chunk.count, Int32(MSG_DONTWAIT))
        guard count > 0 else {
            // At its end the process has ended, or is about to.
            if count == 0, let token = run.tokens.first {
                context.reactor.unwatch(token)
                run.tokens.removeFirst()
            }
            return
        }
        run.line += chunk[..<count]
        while let end = run.line.firstIndex(of: 0x0A) {
            take(run.line[..<end], of: run)
            run.line.removeFirst(end + 1)
        }
        if run.line.count > Self.longestLine { run.line.removeAll() }
    }

    /// Reads what a process has said that is no more.
    private func drain(_ run: Run) {
        // Bounded: a process that it has started may hold the other end.
        for _ in 0..<64 where run.tokens.count == 2 { read() }
    }

    private func take(_ line: ArraySlice<UInt8>, of run: Run) {
        if !onLine(line) { run.words = String(decoding: line.prefix(1000), as: UTF8.self) }
    }

    private func ended() {
        guard let run else { return }
        drain(run)
        // Its number is free for others once it is reaped.
        if let pid = run.child?.pid { trusted.set(pid, isTrusted: false) }
        let exit = (try? run.child?.reap()) ?? nil
        guard let exit else { return }
        forget(run)
        guard !isOver else { return continuation.take()?.resume() ?? () }
        if MonotonicTime.now.since(run.startedAt) > Self.provenAfter.nanoseconds { delay = Self.shortestDelay }
        onTrouble(.ended("\(exit)", words: run.words))
        again()
    }

    private func forget(_ run: Run) {
        for token in run.tokens { context.reactor.unwatch(token) }
        run.tokens = []
        run.child.take()?.close()
        OwnedDescriptor(adopting: run.output).close()
        self.run = nil
    }

    private func again() {
        timer = context.schedule(after: delay) { [weak self] in self?.start() }
        delay = min(delay * 2, Self.longestDelay)
    }

    // MARK: its end

    /// Ends it, and waits until it has ended: what it has opened is closed then, and the way at work goes on.
    func finish(on owner: isolated any Actor) async {
        isOver = true
        if let timer { context.reactor.cancel(timer) }
        guard let run else { return }
        run.child?.signal(SIGTERM)
        let bound = ReactorBound(self, context.reactor)
        let killer = context.reactor.schedule(at: .now.advanced(by: Self.patience)) {
            bound.value.run?.child?.signal(SIGKILL)
        }
        await withCheckedContinuation { continuation = $0 }
        context.reactor.cancel(killer)
    }
}
