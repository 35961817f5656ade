package import BulkheadEvents
import BulkheadFLV
package import BulkheadMedia
package import BulkheadModel
import BulkheadRTMPTransport
import BulkheadSRT
import BulkheadSelection
import Synchronization

/// A link to one of several servers, by RTMP or SRT. It connects, publishes, and when the connection is lost finds its way back, to
/// the same server or to another: see ``LinkState`` for the steps.
///
/// ``LinkMachine`` decides; here is what carries its decisions out: the course in `ServerLink+Course.swift`, what goes on
/// while a connection is on air in `ServerLink+OnAir.swift`.
package final class ServerLink: Sink, Servers {
    /// The connections that the machine speaks of.
    struct Connections {
        var onAir: (any LinkPublisher)?
        /// It publishes, and will be the next on air.
        var next: (any LinkPublisher)?
        /// Ready up to createStream.
        var ready: [LinkMachine.Place: any PreparedLink] = [:]
        /// What cancels attempts to connect.
        var attempts: [Int: @Sendable () -> Void] = [:]
        var lastAttempt = 0
    }

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
    /// What makes connections by SRT; nil where none can be made.
    let srt: (any SRTConnector)?
    let loop = LinkLoop()
    /// Ends a wait for the next attempt.
    let alarm = Signal()
    /// Wakes what looks after the servers while on air.
    let watch = Signal()
    let machine: Mutex<LinkMachine>
    let connections = Mutex(Connections())

    /// - Parameters:
    ///   - id: the link's.
    ///   - name: the link's, the same for all its lanes.
    ///   - lane: which of a redundant link's two it is; 0 for others.
    ///   - origin: the media time that is timestamp 0 on the wire.
    ///   - archive: where its state is kept when the connection breaks; nil for nowhere.
    package init(
        name: String, id: LinkID, servers: LinkServers, lane: Int = 0, mailbox: LinkMailbox, events: EventLog,
        archive: LinkArchive?, srt: (any SRTConnector)? = nil, origin: MediaTime = .zero
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
        self.srt = srt
        machine = Mutex(LinkMachine(lane: lane, origin: origin))
    }

    // MARK: what the broadcast asks

    package func configure(_ configuration: StreamConfiguration, number: Int) {
        mailbox.configure(configuration, number: number)
    }
    package func offer(_ packet: Packet) { mailbox.offer(packet) }
    package var hasRoom: Bool { mailbox.hasRoom }

    package func finish() {
        tell(waitsForACaller ? .abort : .finish)
        mailbox.finish()
    }

    /// It listens, and nobody has called yet: nobody has begun to watch what has not been sent.
    private var waitsForACaller: Bool {
        let isListening = (0..<servers.count).allSatisfy { index in
            if case .srt(let address) = servers.server(index).target { address.mode == .listener } else { false }
        }
        return isListening && !machine.withLock(\.wasOnAir)
    }

    package func abort() {
        tell(.abort)
        mailbox.finish()
    }

    package var reach: LinkPatience.Reach? { servers.read { $0.reach(at: $1) } }

    package func goOn(from reach: LinkPatience.Reach) { servers.update { table, _ in table.goOn(from: reach) } }

    package func pause(_ isPaused: Bool) {
        tell(.pause(isPaused))
        if isPaused { mailbox.park() } else { mailbox.pause(false) }
    }

    package func resume(from time: MediaTime) { mailbox.resume(from: time) }

    package func retry() { tell(.retry) }

    package func networkChanged() { tell(.networkChanged) }

    package func tell(_ happening: RecordingHappening, of recording: String) {
        connections.withLock { $0.onAir }?.tell(ScriptData(of: recording, happening))
    }

    package func extend(_ entries: [RoomEntry]) {
        var extras = AMF0Object()
        for entry in entries { extras.append(entry.key, .string(entry.text)) }
        mailbox.extend(extras)
    }

    package func move(to word: String) throws(BroadcastError) {
        let names = (0..<servers.count).map { servers.name($0) }
        let found = names.indices.filter { "\($0 + 1)" == word || names[$0] == word }
        // A small number means a place in the list, and no part of an address.
        let isPlace = Int(word).map { (0...99).contains($0) } ?? false
        let fitting = found.isEmpty && !isPlace ? names.indices.filter { names[$0].contains(word) } : found
        guard let index = fitting.first, fitting.count == 1 else {
            throw BroadcastError(
                code: .unknownServer, ["name": word],
                fitting.isEmpty ? "\(name) has no server \(word)" : "\(name) has several servers \(word)",
                advice: "name one by its number: "
                    + names.enumerated().map { "\($0 + 1) \($1)" }.joined(separator: ", "))
        }
        guard connections.withLock({ $0.onAir != nil }) else {
            throw BroadcastError(code: .linkNotOnAir, "\(name) is not on air", advice: "it chooses its server itself")
        }
        guard servers.read({ table, _ in table.isFree(index) }) else {
            throw BroadcastError(code: .serverInUse, "\(name) is with \(names[index]) already")
        }
        tell(.move(index))
    }

    package func report(isMeasured: Bool) async -> LinkServersReport {
        let others = (0..<servers.count).filter { index in
            !servers.read { table, now in table.status(at: now)[index].state == .onAir }
        }
        if isMeasured { await servers.probe(others, patience: .seconds(3), on: loop) }
        return servers.read { $0.report(name, lane, at: $1) }
    }

    package var firstSent: MediaTime? { mailbox.firstSent }

    package var statuses: [LinkStatus] {
        let machine = machine.withLock { $0 }
        let onAir = connections.withLock { $0.onAir }
        let statistics = onAir?.statistics
        let server = machine.server.map { servers.name($0) }
        var status = LinkStatus(
            name: name, destination: server ?? servers.name(lane), state: machine.phase,
            reconnects: machine.reconnects, lastError: events.clean(machine.lastError))
        status.server = server
        status.rule = servers.read { table, _ in table.rule.rawValue }
        status.reason = machine.reason
        status.acknowledgedSeconds = (statistics?.acknowledgedDTS ?? machine.acknowledgedDTS)?.seconds
        status.roundTripMilliseconds = statistics?.roundTrip?.inMilliseconds
        status.srt = onAir?.srtStatus
        status.servers = servers.read { $0.status(at: $1) }
        mailbox.measure(&status)
        return [status]
    }

    // MARK: the machine

    /// Tells the machine what has happened, and does at once what needs no time.
    /// - Returns: what takes time.
    func decide(_ event: LinkMachine.Event) -> LinkMachine.Work? {
        let actions = machine.withLock { machine in
            servers.update { table, now in machine.handle(event, &table, at: now) }
        }
        var work: LinkMachine.Work?
        for action in actions {
            switch action {
            case .post(let happening): events.post(part, .link(happening))
            case .cancelAttempts: connections.withLock { Array($0.attempts.values) }.forEach { $0() }
            case .leaveAir: mailbox.leaveAir()
            case .drop(let place): connections.withLock { $0.ready.removeValue(forKey: place) }?.abandon()
            case .wakeCourse: alarm.ring()
            case .wakeWatch: watch.ring()
            case .wakeSending: mailbox.wake()
            case .work(let next): work = next
            }
        }
        return work
    }

    /// For what asks for nothing that takes time.
    func tell(_ event: LinkMachine.Event) { _ = decide(event) }
}
