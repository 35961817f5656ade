package import BulkheadSystem
package import BulkheadWire
import CBulkheadLinux
import Glibc
package import SystemPackage

/// One child process and the socket to it, on the reactor's thread.
///
/// A child that the master has started is over when it is reaped **and** its socket is drained, so that what it had
/// answered before it died is not lost. A child that was started by hand is over when its socket ends.
package final class Child: Flushable {
    package let role: Role
    package let pid: Int32
    /// Started by hand: never killed, only let go.
    package let isForeign: Bool
    /// Called with every message but the hello.
    package var onFrame: ((WireFrame) -> Void)?
    /// Called when both sides have said hello and agree.
    package var onGreeted: (() -> Void)?
    /// Called once, last.
    package var onEnd: ((ChildEnd) -> Void)?

    private let reactor: Reactor
    private var process: LaunchedChild?
    private var connection: WireConnection?
    private let voice: ChildVoice?
    private var tokens: [CInt: Reactor.Token] = [:]
    private var watchesWritability = false
    /// The reactor will call ``flush()``.
    private var isFlushDue = false
    /// Both sides have said hello and agree.
    package private(set) var isGreeted = false
    /// The build of its program, once it has said hello.
    package private(set) var build: String?
    private var dismissal: String?
    /// It is dismissed because of what its hello says of its schema.
    private var isOtherVersion = false
    private var exit: ChildExit?
    private var isOver = false
    private var isReleased = false
    /// What it may say. A child at work stays far below; one that exceeds it costs the master the time that others need.
    private var messages = Budget(100_000, each: .milliseconds(2500))
    private var bytes = Budget(512 << 20, each: .seconds(2))
    /// Runs out once a second, for ``watchThreads()``.
    private var threadTimer: Reactor.Token?
    private static let threadInterval = Duration.seconds(1)
    /// Steps of its teardown that are to be taken when ``teardownTimer`` runs out.
    private var teardown: ArraySlice<Teardown.Step> = []
    private var teardownTimer: Reactor.Token?

    /// What is read of its socket before others have their turn.
    private static let intakeByteCount = 1 << 20

    /// Starts `launch` in the role `role`.
    package init(_ role: Role, _ launch: ChildLaunch, on reactor: Reactor) throws(ChildLaunchError) {
        self.role = role
        self.reactor = reactor
        isForeign = false
        do {
            let sockets = try SocketPair()
            var pipe: [CInt] = [-1, -1]
            try Errno.check(bulkhead_pipe(&pipe))
            let reading = OwnedDescriptor(adopting: pipe[0])
            let writing = OwnedDescriptor(adopting: pipe[1])
            let ours = try sockets.ours.duplicate()
            let started: LaunchedChild
            do { started = try launch.start(socket: sockets.theirs, standardError: writing) } catch {
                reading.close()
                writing.close()
                ours.close()
                sockets.close()
                throw error
            }
            writing.close()
            sockets.close()
            pid = started.pid
            process = consume started
            voice = try ChildVoice(reading, on: reactor)
            connection = try WireConnection(ours)
        } catch Errno.noSuchFileOrDirectory {
            throw .programMissing(path: launch.path)
        } catch Errno.permissionDenied {
            throw .programNotExecutable(path: launch.path, .permissionDenied)
        } catch Errno.execFormatError {
            throw .programNotExecutable(path: launch.path, .execFormatError)
        } catch let errno as Errno {
            throw .system(errno)
        } catch {
            throw .system(.ioError)
        }
    }

    /// Takes in a child of process `pid` that has connected by itself.
    package init(_ role: Role, connected socket: consuming OwnedDescriptor, pid: Int32, on reactor: Reactor)
        throws(Errno)
    {
        self.role = role
        self.pid = pid
        self.reactor = reactor
        isForeign = true
        voice = nil
        connection = try WireConnection(socket)
    }

    /// Begins to listen to the child, and says hello. Call it once the callbacks are set.
    package func activate() throws(Errno) {
        let bound = ReactorBound(self, reactor)
        if let connection {
            tokens[connection.descriptor] = try reactor.watch(connection.descriptor) { readiness in
                bound.value.socketReady(readiness)
            }
        }
        if let descriptor = process?.pidfd.rawValue {
            tokens[descriptor] = try reactor.watch(descriptor) { _ in bound.value.processEnded() }
        }
        try voice?.follow()
        watchThreads()
        send(Hello(role: .master, pid: getpid()))
    }

    /// Sends a message with all others of this turn of the reactor.
    package func send(_ message: some WireMessage, descriptor: consuming OwnedDescriptor? = nil) {
        guard let connection else {
            descriptor.take()?.close()
            return
        }
        connection.enqueue(message, descriptor: descriptor)
        if connection.isOverfull { return dismiss("it does not read what it is sent") }
        guard !isFlushDue else { return }
        isFlushDue = true
        reactor.flushLater(self)
    }

    /// Sends what waits, as far as the socket takes it.
    package func flush() {
        isFlushDue = false
        guard let connection else { return }
        connection.flush()
        updateInterest()
    }

    /// Ends the child at once, for `reason`, which one that was started by hand is told; ``onEnd`` follows when it is
    /// gone.
    package func dismiss(_ reason: String) {
        guard !isOver else { return }
        if dismissal == nil, !isReleased {
            dismissal = reason
            if isForeign { connection?.send(Farewell(reason: reason)) }
        }
        if process != nil { tearDown(.atOnce) } else { endConnection() }
    }

    /// Closes the socket: a child that has nothing left to do ends by itself.
    package func hangUp() {
        isReleased = dismissal == nil
        tearDown(.released)
    }

    // MARK: teardown

    private func tearDown(_ plan: Teardown) {
        teardown = plan.steps[...]
        takeTeardownSteps()
    }

    private func takeTeardownSteps() {
        if let teardownTimer { reactor.cancel(teardownTimer) }
        teardownTimer = nil
        while let step = teardown.popFirst() {
            switch step {
            case .hangUp: endConnection()
            case .wait(let patience):
                guard process != nil else { return }
                let bound = ReactorBound(self, reactor)
                teardownTimer = reactor.schedule(at: .now.advanced(by: patience)) {
                    bound.value.teardownTimer = nil
                    bound.value.takeTeardownSteps()
                }
                return
            case .kill:
                if dismissal == nil, !isReleased { dismissal = "it closed its connection and went on running" }
                process?.signal(SIGKILL)
            }
        }
    }

    // MARK: the conversation

    private func socketReady(_ readiness: Reactor.Readiness) {
        guard let connection else { return }
        if readiness.contains(.writable) { flush() }
        guard readiness.contains(.readable) else { return }
        let intake = connection.receive(atMost: Self.intakeByteCount)
        let now = MonotonicTime.now
        guard messages.take(intake.frames.count, at: now), bytes.take(intake.byteCount, at: now) else {
            return dismiss("it floods the master with messages")
        }
        take(intake)
    }

    private func take(_ intake: WireConnection.Intake) {
        for frame in intake.frames {
            guard !isOver, dismissal == nil, !isReleased else { break }
            handle(frame)
        }
        if let error = intake.error {
            dismiss("it sent what can't be understood: \(error)")
        }
        if intake.isOver { disconnected() }
    }

    /// The child has closed its socket: nothing more comes from it, and nothing can be asked of it any more. It must not
    /// keep its successor waiting.
    private func disconnected() {
        guard connection != nil else { return }
        endConnection()
        if process != nil, dismissal == nil, !isReleased { tearDown(.disconnected) }
    }

    private func handle(_ frame: WireFrame) {
        if isGreeted {
            onFrame?(frame)
            return
        }
        do {
            let hello = try Hello(frame)
            if let mismatch = hello.mismatch(expecting: role) {
                isOtherVersion = hello.wireVersion != BulkheadVersion.wire
                dismiss(mismatch)
            } else {
                build = hello.build
                isGreeted = true
                onGreeted?()
            }
        } catch {
            dismiss("it did not say hello: \(error)")
        }
    }

    /// Threads cost others theirs, where a user or a control group may have so many; no limit of the kernel's binds root.
    private func watchThreads() {
        guard process != nil else { return }
        let bound = ReactorBound(self, reactor)
        threadTimer = reactor.schedule(at: .now.advanced(by: Self.threadInterval), leeway: .milliseconds(250)) {
            bound.value.watchThreads()
        }
        guard dismissal == nil, let use = ProcessUse(of: pid), use.threadCount > ThreadSupply.mostOfChild else {
            return
        }
        dismiss("it has \(use.threadCount) threads, and may have \(ThreadSupply.mostOfChild): others need some, too")
    }

    private func updateInterest() {
        guard let connection, connection.wantsToWrite != watchesWritability,
            let token = tokens[connection.descriptor]
        else { return }
        watchesWritability = connection.wantsToWrite
        reactor.change(token, to: watchesWritability ? [.readable, .writable] : .readable)
    }

    private func endConnection() {
        guard let connection else { return }
        connection.flush()
        unwatch(connection.descriptor)
        self.connection = nil
        finishIfOver()
    }

    private func processEnded() {
        guard process != nil else { return }
        // A helper of the child's (a backtracer) may hold its socket and pipe open: the whole group goes. This comes
        // before the reaping, after which the number may be another process's.
        process?.signal(SIGKILL)
        do {
            guard let exit = try process?.reap() else { return }
            self.exit = exit
        } catch {
            exit = .signaled(SIGKILL)
        }
        if let descriptor = process?.pidfd.rawValue { unwatch(descriptor) }
        process.take()?.close()
        for timer in [teardownTimer, threadTimer] { if let timer { reactor.cancel(timer) } }
        teardown = []
        teardownTimer = nil
        threadTimer = nil
        // Its last words, before its end is told.
        voice?.readRest()
        if dismissal == nil { drain() }
        endConnection()
        finishIfOver()
    }

    /// Takes what the child had answered before it died; nothing more comes after that.
    private func drain() {
        var drain = Drain(at: .now)
        while let connection, let byteLimit = drain.allowance(at: .now) {
            let intake = connection.receive(atMost: byteLimit)
            drain.note(byteCount: intake.byteCount, messageCount: intake.frames.count)
            take(intake)
            if intake.byteCount == 0 { break }
        }
    }

    private func unwatch(_ descriptor: CInt) {
        if let token = tokens.removeValue(forKey: descriptor) { reactor.unwatch(token) }
    }

    private func finishIfOver() {
        guard !isOver, connection == nil, process == nil else { return }
        isOver = true
        voice?.close()
        let cause: ChildEnd.Cause =
            if isReleased { .released } else if let dismissal {
                isOtherVersion ? .otherVersion(dismissal) : .dismissed(dismissal)
            } else if let exit {
                .exited(exit)
            } else { .disconnected }
        let end = ChildEnd(cause: cause, standardErrorTail: voice?.tail ?? "")
        let onEnd = onEnd
        self.onEnd = nil
        onFrame = nil
        onGreeted = nil
        onEnd?(end)
    }
}
