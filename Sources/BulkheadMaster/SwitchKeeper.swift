import BulkheadControl
import BulkheadEvents
import BulkheadModel
import BulkheadRoom
import BulkheadSystem
import Glibc
import SystemPackage

/// Keeps the switch of a broadcast running: `bulkhead switch run` as a child.
///
/// The switch asks servers over HTTP and plays a stream, which no program may do that must not fall; so the master runs the
/// program that does it already. In: its events, one JSON object a line. Out: the same events as the broadcast's own. It
/// talks to the broadcast over the control socket, as any application does, and keeps its state in its own file: one that
/// dies is followed by another, which goes on where it was. It ends with the broadcast. It belongs to the reactor's thread.
final class SwitchKeeper {
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
    private let arguments: [String]
    private var run: Run?
    private var delay = SwitchKeeper.shortestDelay
    private var timer: Reactor.Token?
    private var isOver = false
    private var continuation: CheckedContinuation<Void, Never>?

    /// - Parameters:
    ///   - path: of the switch's configuration file.
    ///   - controlPath: the control socket of the broadcast's master.
    ///   - trusted: those of the master's children that the socket lets in.
    init(_ path: String, controlPath: String, trusted: TrustedChildren, in context: RoomContext) {
        self.context = context
        self.trusted = trusted
        arguments = ["switch", "run", "--json", "--config", path, "--broadcast", "unix:\(controlPath)"]
    }

    func start() {
        timer = nil
        guard !isOver, run == nil else { return }
        do throws(Errno) { try launch() } catch {
            trouble("it can't be started: \(error)")
            again()
        }
    }

    private func launch() throws(Errno) {
        // The same program, whatever became of its file.
        var launch = ChildLaunch(path: "/proc/self/exe", arguments: arguments, environment: Self.environment)
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
        guard let event = try? JSONLine.decode(Event.self, from: line) else {
            return run.words = String(decoding: line.prefix(1000), as: UTF8.self)
        }
        // It speaks for itself alone.
        guard event.part.role == .switch, case .switch = event.happening else { return }
        context.post(event.part, event.happening)
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
        trouble("the switch has ended (\(exit)), and is started again" + (run.words.isEmpty ? "" : ": \(run.words)"))
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

    private func trouble(_ words: String) {
        context.post(.switch(name: "switch"), .switch(.trouble(text: words)))
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
