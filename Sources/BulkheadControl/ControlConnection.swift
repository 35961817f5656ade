package import BulkheadModel
package import BulkheadSystem
import CBulkheadLinux
import Glibc
import Synchronization

/// One client at the control socket.
///
/// Lines are read, decoded, encoded and written on a thread for clients alone, so that the one that drives the timeline gets
/// typed requests and parses nothing. Replies go out in the order in which ``send(_:to:)`` was called,
/// from whatever thread. Neither reading nor writing ever waits for the client.
// Unchecked because everything that changes is touched on the thread of `desk` alone.
package final class ControlConnection: @unchecked Sendable {
    /// Unique in its server.
    package let number: Int

    /// Whose thread works for all clients.
    private let desk: Reactor
    private let descriptor: CInt
    private let limits: ControlLimits
    private let onRequest: @Sendable (ControlExchange) -> Void
    private let onClose: @Sendable (Int) -> Void
    private var session: ControlSession
    private var watch: Reactor.Token?
    private var isAwaitingRoom = false
    private var closing: Reactor.Token?
    private var outgoing: [UInt8] = []
    private var closesWhenSent = false
    private var isClosed = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    private let turnedAway = Atomic(false)
    /// Its client has broken a rule, and is told so; from any thread.
    package var isTurnedAway: Bool { turnedAway.load(ordering: .relaxed) }

    /// How long a connection that is to be closed waits for its client to read the rest.
    private static let closingTime = Duration.seconds(1)

    /// - Parameters:
    ///   - socket: connected and non-blocking.
    ///   - desk: on whose thread it works; it may not be stopped before the connection is closed.
    ///   - role: what its client may ask for; all else is refused on that thread.
    ///   - onRequest: called on that thread with each request, in order.
    ///   - onClose: called once, when the client is gone.
    package init(
        _ socket: consuming OwnedDescriptor, number: Int, on desk: Reactor, limits: ControlLimits = ControlLimits(),
        role: ControlRole = .own,
        onRequest: @escaping @Sendable (ControlExchange) -> Void, onClose: @escaping @Sendable (Int) -> Void
    ) {
        self.number = number
        self.desk = desk
        self.limits = limits
        self.onRequest = onRequest
        self.onClose = onClose
        session = ControlSession(limits: limits, role: role)
        descriptor = socket.release()
    }

    /// Greets the client and begins to read.
    package func activate() {
        desk.run { [self] in
            watch = try? desk.watch(descriptor) { [self] in ready($0) }
            guard watch != nil else { return close() }
            write(JSONLine.encode(ControlGreeting()))
        }
    }

    /// Sends a reply to the request with the number `id`; from any thread.
    package func send(_ reply: ControlReply, to id: Int?) {
        desk.run { [self] in
            guard !isClosed, !closesWhenSent else { return }
            if reply.word.isFinal { session.answered() }
            write(JSONLine.encode(ControlLine(reply, id: id)))
        }
    }

    /// Tells the client why, and closes once that is sent.
    package func disconnect(_ error: BroadcastError) {
        desk.run { [self] in end(with: error) }
    }

    /// Closes the connection once everything has been sent, or the client has not read it in time; returns then.
    package func finish() async {
        await withCheckedContinuation { continuation in
            desk.run { [self] in
                if isClosed { return continuation.resume() }
                waiters.append(continuation)
                closeSoon()
            }
        }
    }

    // MARK: on the desk's thread

    private func ready(_ readiness: Reactor.Readiness) {
        if readiness.contains(.writable), isAwaitingRoom { flush() }
        if readiness.contains(.readable) { read() }
    }

    private func read() {
        guard !isClosed else { return }
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        guard count > 0 else { return close() }
        guard !closesWhenSent else { return }
        for action in session.receive(chunk[..<count], at: .now) {
            switch action {
            case .deliver(let request, let id): onRequest(ControlExchange(request: request, id: id, connection: self))
            case .refuse(let error, let id): write(JSONLine.encode(ControlLine(ControlReply.failed(error), id: id)))
            case .disconnect(let error): end(with: error)
            }
        }
    }

    private func end(with error: BroadcastError) {
        guard !isClosed, !closesWhenSent else { return }
        turnedAway.store(true, ordering: .relaxed)
        outgoing.append(contentsOf: JSONLine.encode(ControlLine(ControlReply.failed(error))))
        closeSoon()
    }

    private func closeSoon() {
        guard !closesWhenSent else { return }
        closesWhenSent = true
        flush()
        guard !isClosed else { return }
        closing = desk.schedule(at: .now.advanced(by: Self.closingTime)) { [self] in close() }
    }

    private func write(_ line: [UInt8]) {
        guard !isClosed, !closesWhenSent else { return }
        outgoing.append(contentsOf: line)
        flush()
        guard outgoing.count > limits.outgoingByteCount else { return }
        // The client gets the line that it has begun to read, and why there are no more.
        if let end = outgoing.firstIndex(of: 0x0A) { outgoing.removeSubrange((end + 1)...) }
        end(
            with: BroadcastError(
                code: .notReading, ["maximum": "\(limits.outgoingByteCount)"],
                "more than \(limits.outgoingByteCount) bytes wait for a client that does not read"))
    }

    private func flush() {
        var sent = 0
        defer { outgoing.removeFirst(min(sent, outgoing.count)) }
        while !isClosed, sent < outgoing.count {
            let taken = outgoing.withUnsafeBytes { bytes in
                bulkhead_send(descriptor, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, -1)
            }
            if taken == -Int(EINTR) { continue }
            if taken == -Int(EAGAIN) { return awaitRoom() }
            guard taken > 0 else { return close() }
            sent += taken
        }
        awaitRoom(false)
        if closesWhenSent { close() }
    }

    private func awaitRoom(_ isAwaited: Bool = true) {
        guard let watch, isAwaitingRoom != isAwaited else { return }
        isAwaitingRoom = isAwaited
        desk.change(watch, to: isAwaited ? [.readable, .writable] : .readable)
    }

    private func close() {
        guard !isClosed else { return }
        isClosed = true
        if let watch { desk.unwatch(watch) }
        if let closing { desk.cancel(closing) }
        (watch, closing) = (nil, nil)
        _ = bulkhead_close(descriptor)
        onClose(number)
        for waiter in waiters { waiter.resume() }
        waiters = []
    }
}

/// A request, and where its replies go.
package struct ControlExchange: Sendable {
    package let request: ControlRequest
    /// The client's number for the request.
    package let id: Int?
    package let connection: ControlConnection

    /// Sends a reply to the request; from any thread. Each request gets one that is final.
    package func answer(_ reply: ControlReply) { connection.send(reply, to: id) }

    /// Answers `done`, or why it was not done.
    package func settle(_ error: BroadcastError?) { answer(error.map { .failed($0) } ?? .done) }
}
