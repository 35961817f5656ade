import BulkheadMedia
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadSystem
import NIOPosix
import Synchronization

/// A link to an RTMP server. It connects, publishes, and connects again when the connection is lost.
final class RTMPLink: Link {
    private struct State {
        var words = "connecting"
        var reconnects = 0
        var lastError = ""
        var patience = LinkPatience()
        var isAborted = false
        var isFinished = false
        var wasConnected = false
        var end: PublishEnd?
        /// What `abort()` cancels: a connection attempt or a pause.
        var pending: Task<Void, Never>?
    }

    /// Unsent bytes in the connection's hands; the rest waits in the mailbox, where it can be shed.
    private static let connectionByteLimit = 512 << 10

    private let name: String
    private let part: String
    private let target: IngestTarget
    private let options: PublishOptions
    private let mailbox: LinkMailbox
    private let events: EventLog
    private let state = Mutex(State())

    /// - Parameter part: the link's name in events.
    init(
        name: String, part: String, target: IngestTarget, options: PublishOptions, events: EventLog,
        onRoom: @escaping @Sendable () -> Void
    ) {
        self.name = name
        self.part = part
        self.target = target
        self.options = options
        self.events = events
        mailbox = LinkMailbox(onRoom: onRoom)
    }

    func configure(_ configuration: StreamConfiguration, number: Int) {
        mailbox.configure(configuration, number: number)
    }
    func offer(_ packet: Packet) { mailbox.offer(packet) }
    var hasRoom: Bool { mailbox.hasRoom }

    func finish() {
        state.withLock { $0.isFinished = true }
        mailbox.finish()
    }

    func abort() {
        let pending = state.withLock { state in
            state.isAborted = true
            return state.pending
        }
        pending?.cancel()
        mailbox.finish()
    }

    var status: LinkStatus {
        let state = state.withLock { $0 }
        var status = LinkStatus(
            name: name, destination: "\(target)", state: state.words, reconnects: state.reconnects,
            lastError: state.lastError)
        mailbox.measure(&status)
        return status
    }

    func run() async throws(BroadcastError) {
        while !isAborted {
            do throws(PublishError) {
                try await publish()
                break
            } catch {
                if isAborted { break }
                await pause(try judge(error))
            }
        }
        state.withLock { $0.words = "ended" }
    }

    /// Notes a failure and tells how long to wait; throws when there is no sense in another attempt.
    private func judge(_ error: PublishError) throws(BroadcastError) -> Duration {
        let verdict = state.withLock { state in
            state.lastError = "\(error)"
            state.words = "waiting"
            return state.patience.judge(error, isEnding: state.isFinished)
        }
        guard case .retry(let delay) = verdict else {
            state.withLock { $0.words = "failed" }
            throw BroadcastError(.destination, "\(error)", advice: error.remedy)
        }
        events.post(.warning, part, "lost", "\(error); trying again")
        return delay
    }

    /// One connection, from its making to its end.
    private func publish() async throws(PublishError) {
        state.withLock {
            $0.words = "connecting"
            $0.end = nil
        }
        let publisher = try await connect()
        mailbox.rewind()
        state.withLock {
            $0.words = "publishing"
            $0.patience.started()
            if $0.wasConnected { $0.reconnects += 1 }
            $0.wasConnected = true
        }
        events.post(.notice, part, "connected", "publishing to \(target)")
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.follow(publisher) }
            await send(to: publisher)
            await publisher.close(goodbye: !isAborted && state.withLock { $0.end == nil })
            await group.waitForAll()
        }
        if case .failed(let error) = state.withLock({ $0.end }) { throw error }
    }

    private func connect() async throws(PublishError) -> RTMPPublisher {
        let outcome = Mutex<Result<RTMPPublisher, PublishError>>(.failure(.cancelled))
        await abortable { [target, options] in
            do throws(PublishError) {
                let publisher = try await RTMPPublisher.connect(
                    to: target, options: options, group: MultiThreadedEventLoopGroup.singleton)
                outcome.withLock { $0 = .success(publisher) }
            } catch { outcome.withLock { $0 = .failure(error) } }
        }
        return try outcome.withLock { $0 }.get()
    }

    private func pause(_ duration: Duration) async {
        await abortable { try? await Task.sleep(for: duration) }
    }

    /// Runs `body` so that ``abort()`` cancels it.
    private func abortable(_ body: @escaping @Sendable () async -> Void) async {
        // Awaited right below: the task only makes it possible to cancel this part alone.
        let task = Task { await body() }
        let isAborted = state.withLock { state in
            state.pending = task
            return state.isAborted
        }
        if isAborted { task.cancel() }
        await task.value
        state.withLock { $0.pending = nil }
    }

    private var isAborted: Bool { state.withLock { $0.isAborted } }

    /// Sends what the mailbox has until all is sent or the connection is over.
    private func send(to publisher: RTMPPublisher) async {
        mailbox.wake()
        for await _ in mailbox.signals {
            sending: while true {
                if state.withLock({ $0.isAborted || $0.end != nil }) { return }
                let statistics = publisher.statistics
                guard statistics.isWritable, statistics.queuedByteCount < Self.connectionByteLimit else { break }
                switch mailbox.take() {
                case .configuration(let configuration): publisher.send(configuration: configuration)
                case .packet(let packet): publisher.send(packet: packet)
                case .empty: break sending
                case .finished: return
                }
            }
        }
    }

    /// Takes in what the connection reports.
    private func follow(_ publisher: RTMPPublisher) async {
        for await event in publisher.events {
            switch event {
            case .accepted:
                state.withLock { $0.patience.accepted() }
                events.post(.notice, part, "accepted", "the server has taken the stream")
            case .ended(let end): state.withLock { $0.end = end }
            case .acknowledged, .writable, .suspected, .recovered, .reconnectRequested: break
            }
            mailbox.wake()
        }
    }
}

extension PublishError {
    /// What a user can do about it.
    var remedy: String {
        switch self {
        case .nameNotResolved: "check the host's name and this machine's DNS"
        case .unreachable, .timedOut, .connectionLost: "check the address and that the server is up"
        case .tlsFailed: "check the server's certificate, or name its authority with --tls-ca"
        case .notRTMP: "check the port: RTMP is usually 1935, RTMPS 443"
        case .applicationRejected: "check the path behind the host"
        case .notAuthenticated: "check the user name and password"
        case .redirectedInVain: "give the address of the server that takes the stream"
        case .publishRefused, .closedBeforeAcceptance: "check the stream key, and that nobody else is using it"
        case .streamNotCreated, .closedByServer, .protocolViolation, .answersNotRead, .cancelled:
            "look into the server's log"
        }
    }
}
