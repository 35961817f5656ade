package import BulkheadModel
package import BulkheadSystem
import CBulkheadLinux
import Dispatch
import Glibc
import Synchronization

/// One client at the control socket.
///
/// Lines are read, decoded, encoded and written on a queue of the connection's own, so that the thread that drives the
/// timeline gets typed requests and parses nothing. Replies go out in the order in which ``send(_:to:)`` was called,
/// from whatever thread. Neither reading nor writing ever waits for the client.
// Unchecked because everything that changes is touched on `queue` alone.
package final class ControlConnection: @unchecked Sendable {
    /// Unique in its server.
    package let number: Int

    private let queue = DispatchQueue(label: "bulkhead.control", target: WorkerThreads.queue)
    private let descriptor: CInt
    private let limits: ControlLimits
    private let onRequest: @Sendable (ControlExchange) -> Void
    private let onClose: @Sendable (Int) -> Void
    private var session: ControlSession
    private var reading: (any DispatchSourceRead)?
    private var writing: (any DispatchSourceWrite)?
    private var outgoing: [UInt8] = []
    private var closesWhenSent = false
    private var isClosed = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    private let turnedAway = Atomic(false)
    /// Its client has broken a rule, and is told so; from any thread.
    package var isTurnedAway: Bool { turnedAway.load(ordering: .relaxed) }

    /// How long a connection that is to be closed waits for its client to read the rest.
    private static let closingTime = DispatchTimeInterval.seconds(1)

    /// - Parameters:
    ///   - socket: connected and non-blocking.
    ///   - onRequest: called on the connection's queue with each request, in order.
    ///   - onClose: called once, when the client is gone.
    package init(
        _ socket: consuming OwnedDescriptor, number: Int, limits: ControlLimits = ControlLimits(),
        onRequest: @escaping @Sendable (ControlExchange) -> Void, onClose: @escaping @Sendable (Int) -> Void
    ) {
        self.number = number
        self.limits = limits
        self.onRequest = onRequest
        self.onClose = onClose
        session = ControlSession(limits: limits)
        descriptor = socket.release()
    }

    /// Greets the client and begins to read.
    package func activate() {
        queue.async { [self] in
            let reading = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
            reading.setEventHandler { [self] in self.read() }
            // The descriptor may be closed only when the source does not watch it any more.
            reading.setCancelHandler { [self] in released() }
            self.reading = reading
            reading.activate()
            write(JSONLine.encode(ControlGreeting()))
        }
    }

    /// Sends a reply to the request with the number `id`; from any thread.
    package func send(_ reply: ControlReply, to id: Int?) {
        queue.async { [self] in
            guard !isClosed, !closesWhenSent else { return }
            if reply.word.isFinal { session.answered() }
            write(JSONLine.encode(ControlLine(reply, id: id)))
        }
    }

    /// Tells the client why, and closes once that is sent.
    package func disconnect(_ error: BroadcastError) {
        queue.async { [self] in end(with: error) }
    }

    /// Closes the connection once everything has been sent, or the client has not read it in time; returns then.
    package func finish() async {
        await withCheckedContinuation { continuation in
            queue.async { [self] in
                if isClosed { return continuation.resume() }
                waiters.append(continuation)
                closeSoon()
            }
        }
    }

    // MARK: on the queue

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
        queue.asyncAfter(deadline: .now() + Self.closingTime) { [self] in close() }
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
        writing?.cancel()
        writing = nil
        if closesWhenSent { close() }
    }

    private func awaitRoom() {
        guard writing == nil else { return }
        let source = DispatchSource.makeWriteSource(fileDescriptor: descriptor, queue: queue)
        source.setEventHandler { [self] in flush() }
        writing = source
        source.activate()
    }

    private func close() {
        guard !isClosed else { return }
        isClosed = true
        writing?.cancel()
        writing = nil
        if let reading { reading.cancel() } else { released() }
        reading = nil
        onClose(number)
    }

    private func released() {
        // Behind the cancellation of the source that waited for room, if there was one.
        queue.async { [self] in
            _ = bulkhead_close(descriptor)
            for waiter in waiters { waiter.resume() }
            waiters = []
        }
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
