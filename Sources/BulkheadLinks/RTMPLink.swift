package import BulkheadEvents
package import BulkheadMedia
package import BulkheadModel
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadSelection
import BulkheadSystem
import Synchronization

/// A link to one of several RTMP servers. It connects, publishes, and when the connection is lost finds its way back, to
/// the same server or to another: see ``LinkState`` for the steps.
///
/// The parts stand in extensions: reconnecting, what goes on while on air, the sending itself.
package final class RTMPLink: Sink, Servers {
    struct State {
        var phase = LinkState.idle
        var reconnects = 0
        var lastError = ""
        var reason = ""
        /// The one that it is with, or was with last.
        var server: Int?
        var isAborted = false
        var isPaused = false
        var wasOnAir = false
        /// Since when it is off the air by a break.
        var brokeAt: Duration?
        /// The last picture that was handed to a connection, and the last that a server has said to have.
        var sentDTS: MediaTime?
        var acknowledgedDTS: MediaTime?
        /// The media time that is timestamp 0 on the wire.
        var origin: MediaTime
        /// The connection on air, and how it ended.
        var publisher: RTMPPublisher?
        var end: PublishEnd?
        /// Another connection, made ready because the one on air may be lost.
        var understudy: Understudy?
        /// The server on air asks to be left, for this target if it can be used.
        var request: (target: IngestTarget?, words: String)?
        /// Where to go over at the next IDR.
        var move: Move?
        /// What ``abort()`` and ``pause(_:)`` cancel: attempts to connect.
        var pending: [Int: @Sendable () -> Void] = [:]
        var lastPending = 0

        init(origin: MediaTime) { self.origin = origin }
    }

    /// A connection that is ready up to createStream.
    struct Understudy: Sendable {
        let server: Int
        let reason: String
        let connection: PreparedPublisher
    }

    /// A planned way to another server, or to the same one anew.
    struct Move: Sendable {
        let understudy: Understudy
        /// The same server can't be given the same stream twice: the old connection ends first.
        let replacesSame: Bool
    }

    /// Unsent bytes in the connection's hands; the rest waits in the mailbox, where it can be shed.
    static let connectionByteLimit = 128 << 10

    /// What events call the link, with its lane where it has several.
    let part: Part
    /// What its status calls it: the link's name, and `a` or `b` where it has two lanes.
    let name: String
    let id: LinkID
    let lane: Int
    let servers: LinkServers
    let mailbox: LinkMailbox
    let events: EventLog
    let archive: LinkArchive?
    let loop = LinkLoop()
    /// Ends a wait for the next attempt.
    let alarm = Signal()
    /// Wakes what looks after the servers while on air.
    let watch = Signal()
    let state: Mutex<State>

    /// - Parameters:
    ///   - id: the link's.
    ///   - name: the link's, the same for all its lanes.
    ///   - lane: which of a redundant link's two it is; 0 for others.
    ///   - origin: the media time that is timestamp 0 on the wire.
    ///   - archive: where its state is kept when the connection breaks; nil for nowhere.
    package init(
        name: String, id: LinkID, servers: LinkServers, lane: Int = 0, mailbox: LinkMailbox, events: EventLog,
        archive: LinkArchive?, origin: MediaTime = .zero
    ) {
        let isRedundant = servers.laneCount > 1
        part = .link(id, name: name, lane: isRedundant ? lane + 1 : nil)
        self.name = isRedundant ? "\(name) \(lane == 0 ? "a" : "b")" : name
        self.id = id
        self.servers = servers
        self.lane = lane
        self.mailbox = mailbox
        self.events = events
        self.archive = archive
        state = Mutex(State(origin: origin))
    }

    // MARK: what the broadcast asks

    package func configure(_ configuration: StreamConfiguration, number: Int) {
        mailbox.configure(configuration, number: number)
    }
    package func offer(_ packet: Packet) { mailbox.offer(packet) }
    package var hasRoom: Bool { mailbox.hasRoom }
    package func finish() {
        mailbox.finish()
        alarm.ring()
    }

    package func abort() {
        let pending = state.withLock { state in
            state.isAborted = true
            return Array(state.pending.values)
        }
        pending.forEach { $0() }
        mailbox.finish()
        alarm.ring()
    }

    package func pause(_ isPaused: Bool) {
        let pending = state.withLock { state in
            let isChange = state.isPaused != isPaused
            state.isPaused = isPaused
            return isChange && isPaused ? Array(state.pending.values) : []
        }
        mailbox.pause(isPaused)
        pending.forEach { $0() }
        alarm.ring()
    }

    package func retry() {
        servers.update { table, _ in table.renew(forgives: true) }
        alarm.ring()
        watch.ring()
    }

    package func networkChanged() {
        guard state.withLock({ $0.publisher == nil }) else { return }
        servers.update { table, _ in table.renew(forgives: false) }
        alarm.ring()
    }

    package func report(isMeasured: Bool) async -> LinkServersReport {
        let others = (0..<servers.count).filter { index in
            !servers.read { table, now in table.status(at: now)[index].state == .onAir }
        }
        if isMeasured { await servers.probe(others, patience: .seconds(3), on: loop) }
        return servers.read { $0.report(name, lane, at: $1) }
    }

    package var statuses: [LinkStatus] {
        let state = state.withLock { $0 }
        let statistics = state.publisher?.statistics
        let server = state.server.map { servers.name($0) }
        var status = LinkStatus(
            name: name, destination: server ?? servers.name(lane), state: state.phase,
            reconnects: state.reconnects, lastError: state.lastError)
        status.server = server
        status.rule = servers.read { table, _ in table.rule.rawValue }
        status.reason = state.reason
        status.acknowledgedSeconds = (statistics?.acknowledgedDTS ?? state.acknowledgedDTS)?.seconds
        status.roundTripMilliseconds = statistics?.roundTrip?.inMilliseconds
        status.servers = servers.read { $0.status(at: $1) }
        mailbox.measure(&status)
        return [status]
    }

    // MARK: running

    package func run() async throws(BroadcastError) {
        state.withLock { $0.phase = .idle }
        mailbox.leaveAir()
        var broken: PublishError?
        while !isOver {
            if isPaused {
                await rest()
                broken = nil
                if mailbox.isEnding { break }
                continue
            }
            if let broken { await noteBreak(broken) }
            do throws(PublishError) {
                guard let session = try await establish() else { continue }
                broken = await onAir(session)
            } catch {
                enter(.failed)
                dismissUnderstudy()
                throw BroadcastError(code: error.code, "\(error)", advice: error.remedy)
            }
            if broken == nil, mailbox.isEnding { break }
        }
        dismissUnderstudy()
        if state.withLock({ $0.reconnects > 0 || $0.brokeAt != nil }) {
            await archive?.remove(number: id.number, lane: lane)
        }
        enter(.ended)
    }

    /// Waits until it is no longer paused.
    private func rest() async {
        enter(.paused)
        servers.update { table, _ in table.leave(lane) }
        dismissUnderstudy()
        events.post(part, .link(.paused))
        while isPaused, !isOver, !mailbox.isEnding { await alarm.wait() }
        guard !isOver, !mailbox.isEnding else { return }
        state.withLock { $0.wasOnAir = false }
        servers.update { table, _ in table.renew(forgives: true) }
        events.post(part, .link(.resumed))
    }

    /// There is nothing more to do.
    var isOver: Bool { state.withLock { $0.isAborted } }
    var isPaused: Bool { state.withLock { $0.isPaused } }

    func enter(_ phase: LinkState) { state.withLock { $0.phase = phase } }

    /// Runs `body` so that ``abort()`` and ``pause(_:)`` cancel it.
    func abortable<Value: Sendable>(
        _ body: @escaping @Sendable () async -> Result<Value, PublishError>
    ) async throws(PublishError) -> Value {
        // Awaited right below: the task only makes it possible to cancel this part alone.
        let work = Task { await body() }
        let (id, isUnwanted) = state.withLock { state in
            state.lastPending += 1
            state.pending[state.lastPending] = { work.cancel() }
            return (state.lastPending, state.isAborted || state.isPaused)
        }
        if isUnwanted { work.cancel() }
        let result = await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
        }
        state.withLock { $0.pending[id] = nil }
        return try result.get()
    }

    /// Waits for `duration`, or until there is a reason to try at once.
    func wait(_ duration: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [servers] in await servers.clock.sleep(duration) }
            group.addTask { [alarm] in await alarm.wait() }
            await group.next()
            group.cancelAll()
        }
    }
}

extension PublishError {
    /// For events.
    var asReason: Reason { Reason(cause, description) }

    /// What programs tell apart.
    var code: ErrorCode {
        if case .tlsFailed = self { .tlsFailed } else { .destination }
    }

    /// What a user can do about it.
    var remedy: String {
        switch self {
        case .nameNotResolved: "check the host's name and this machine's DNS"
        case .unreachable, .timedOut, .connectionLost: "check the address and that the server is up"
        case .tlsFailed: "check the server's certificate and its authority"
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
