import BulkheadHTTP
import BulkheadRTMP
import BulkheadSystem
import NIOCore

/// All streams and connections of a server. It lives on the server's one event loop.
final class StreamHub {
    let options: LiveServerOptions
    private let report: @Sendable (LiveServerEvent) -> Void
    let eventLoop: any EventLoop
    let admission: AdmissionDesk
    /// Who plays segments, where players are let in one by one.
    let sessions: PlaySessions
    /// By which other servers know this one, so that none is given back its own stream.
    let mark = String(UInt64.random(in: .min ... .max), radix: 16)
    private(set) lazy var relays = RelayDesk(self)
    private(set) lazy var interface = ServerInterface(self, tokens: interfaceTokens)
    private let interfaceTokens: SecretFile?
    private var peerCount = 0
    private var streams: [StreamName: LiveStream] = [:]
    private var doorways: [ObjectIdentifier: Doorway] = [:]
    private var connections: [ObjectIdentifier: ConnectionHandler] = [:]
    /// Relays that play over HTTP: what, and the servers that are given it.
    private var relaysOverHTTP: [ObjectIdentifier: (stream: StreamName, marks: [String])] = [:]
    /// Streams without a publisher and without players that are remembered, the oldest first: their segments, and where
    /// their time stood.
    private var lingering: [StreamName] = []
    private var door: Doorkeeper
    /// Connections that have asked for nothing yet, by their numbers, and the order in which they came.
    private var unsettled: [Int: Doorway] = [:]
    private var unsettledOrder: [Int] = []
    private var speaking = SpeakingLimits()
    private var isStopping = false
    private var farewell: EventLoopPromise<Void>?
    /// What is told: a peer that comes and goes must not fill the operator's disk.
    private var telling = Budget(300, each: .seconds(10))
    private var untoldCount = 0
    private var tellingRefusals: [ConnectionRefusalReason: Budget] = [:]
    /// How publishers are acknowledged, those to come as well.
    private(set) var acknowledgementHabit = AcknowledgementHabit.cumulative

    init(
        options: LiveServerOptions, report: @escaping @Sendable (LiveServerEvent) -> Void, on eventLoop: any EventLoop
    ) throws(LiveServerError) {
        self.options = options
        admission = try AdmissionDesk(options, on: eventLoop, report: report)
        sessions = PlaySessions(on: eventLoop)
        if let path = options.access.interfaceTokenPath {
            interfaceTokens = try SecretFile(path, report: report)
        } else {
            interfaceTokens = nil
        }
        door = Doorkeeper(options)
        self.report = report
        self.eventLoop = eventLoop
    }

    /// The server listens.
    func begin(at address: SocketAddress?) {
        sessions.onEnd = { [admission] in admission.returned($0) }
        relays.begin(at: address)
    }

    /// Of a connection.
    func nextPeerNumber() -> Int {
        peerCount += 1
        return peerCount
    }

    func send(_ event: LiveServerEvent) {
        guard telling.take(at: .now) else {
            untoldCount += 1
            return
        }
        tellOfUntold()
        report(event)
    }

    private func tellOfUntold() {
        guard untoldCount > 0 else { return }
        report(.eventsLeftOut(untoldCount))
        untoldCount = 0
    }

    /// Takes a connection in.
    /// - Returns: whether it may stay; if not, that has been told where it is due.
    func add(_ doorway: Doorway, from address: ClientAddress, peer: String) -> Bool {
        guard !isStopping else { return false }
        if let reason = admit(address) {
            if tellingRefusals[reason, default: Budget(1, each: .seconds(60))].take(at: .now) {
                send(.connectionRefused(peer: peer, reason))
            }
            return false
        }
        doorways[ObjectIdentifier(doorway)] = doorway
        unsettled[doorway.number] = doorway
        unsettledOrder.append(doorway.number)
        return true
    }

    /// Where there is no room, a connection that has asked for nothing yet gives its place to a new one: those that are opened
    /// and left must not keep others out.
    private func admit(_ address: ClientAddress) -> ConnectionRefusalReason? {
        guard let reason = door.admit(address, at: .now) else { return nil }
        switch reason {
        case .tooManyConnections: guard evict(of: nil) else { return reason }
        case .tooManyOfAddress: guard evict(of: address) else { return reason }
        case .tooManyFailures, .tooOften: return reason
        }
        return door.admit(address, at: .now)
    }

    private func evict(of address: ClientAddress?) -> Bool {
        if unsettledOrder.count > 2 * unsettled.count + 64 {
            unsettledOrder.removeAll { unsettled[$0] == nil }
        }
        let oldest = unsettledOrder.first { number in
            unsettled[number].map { address == nil || $0.address == address } ?? false
        }
        guard let oldest, let doorway = unsettled[oldest] else { return false }
        doorway.evict()
        return true
    }

    /// A connection has asked for something.
    func settle(_ peer: PeerFacts) { unsettled[peer.number] = nil }

    func remove(_ doorway: Doorway, from address: ClientAddress) {
        doorways[ObjectIdentifier(doorway)] = nil
        unsettled[doorway.number] = nil
        door.leave(address)
        guard isStopping, doorways.isEmpty else { return }
        // What lies behind it in the connection hears of the end only then.
        eventLoop.assumeIsolated().execute { [weak self] in self?.tellOfEnds() }
    }

    /// Whether an address may do something once more, at this moment.
    func allows(_ action: AdmissionRequest.Action, of address: ClientAddress) -> Bool {
        door.allows(action == .publish ? .publish : .play, of: address, at: .now)
    }

    /// It speaks RTMP.
    func add(_ connection: ConnectionHandler) { connections[ObjectIdentifier(connection)] = connection }
    func remove(_ connection: ConnectionHandler) { connections[ObjectIdentifier(connection)] = nil }

    /// Notes that a peer has named a wrong key, or broken a rule.
    /// - Returns: whether its connection may stay.
    func bear(_ address: ClientAddress) -> Bool { door.bear(address, at: .now) }

    /// The servers that are given a stream by this one, by their marks.
    func relayMarks(playing name: StreamName) -> [String] {
        let others = relaysOverHTTP.values.filter { $0.stream == name }.flatMap(\.marks)
        return Array(Set(connections.values.flatMap { $0.relayMarks(playing: name) } + others)).sorted()
    }

    /// A viewer plays a stream over HTTP: a relay, where it has marks.
    func note(_ marks: [String], playing name: StreamName, over handler: HTTPHandler) {
        if !marks.isEmpty { relaysOverHTTP[ObjectIdentifier(handler)] = (name, marks) }
    }

    /// It plays no more.
    func forgetRelay(over handler: HTTPHandler) { relaysOverHTTP[ObjectIdentifier(handler)] = nil }

    /// Closes every connection; each removes itself.
    func stop() {
        isStopping = true
        relays.stop()
        sessions.stop()
        tellOfUntold()
        for doorway in Array(doorways.values) { doorway.stop() }
    }

    /// Whoever is to be told of the ends that ``stop()`` has brought has been told, or `patience` is over.
    func farewells(within patience: TimeAmount) -> EventLoopFuture<Void> {
        guard admission.tellsEnds else { return eventLoop.makeSucceededVoidFuture() }
        let promise = eventLoop.makePromise(of: Void.self)
        farewell = promise
        if doorways.isEmpty { tellOfEnds() }
        let timer = eventLoop.assumeIsolated().scheduleTask(in: patience) { [weak self] in
            if let count = self?.admission.pendingCount, count > 0 {
                self?.send(.hookFailed("not all ends could be told before the server stopped: \(count) left"))
            }
            promise.succeed()
        }
        promise.futureResult.assumeIsolated().whenComplete { _ in timer.cancel() }
        return promise.futureResult
    }

    private func tellOfEnds() {
        guard let farewell else { return }
        admission.whenTold { farewell.succeed() }
    }

    /// Gives how many publishers were asked.
    func askToReconnect(to tcURL: String?, text: String) -> Int {
        connections.values.count { $0.askToReconnect(to: tcURL, text: text) }
    }

    func acknowledge(as habit: AcknowledgementHabit) {
        acknowledgementHabit = habit
        for connection in connections.values { connection.acknowledge(as: habit) }
    }

    /// - Parameter wallClockOfZero: milliseconds since 1970 at timestamp 0, where the publisher knows.
    func publish(
        _ name: StreamName, by publisher: LiveStream.PublisherID, wallClockOfZero: Int64? = nil
    ) throws(RefusalReason) -> LiveStream {
        if streams[name]?.isPublished == true { throw .alreadyPublishing }
        guard streams.values.count(where: \.isPublished) < options.streamLimit else { throw .tooManyStreams }
        let stream = stream(name)
        lingering.removeAll { $0 == name }
        stream.startPublishing(publisher, wallClockOfZero: wallClockOfZero)
        shareStore()
        relays.publisherCame(to: stream)
        return stream
    }

    private func stream(_ name: StreamName) -> LiveStream {
        if let known = streams[name] { return known }
        let stream = LiveStream(name: name, options: options, on: eventLoop)
        streams[name] = stream
        return stream
    }

    /// - Parameter isWanted: the publisher has said that it ends.
    func endPublishing(_ stream: LiveStream, isWanted: Bool) {
        stream.endPublishing(isWanted: isWanted)
        forgetIfUnused(stream)
        shareStore()
    }

    /// Sixteen publishers must not take sixteen times the memory of one.
    private func shareStore() {
        let published = streams.values.filter(\.isPublished)
        let share = options.storeByteLimit / max(1, published.count)
        for stream in published { stream.keep(byteLimit: min(options.gopByteLimit, share)) }
    }

    func remove<Element: PlayedElement>(_ player: Player<Element>, from shared: SharedQueue<Element>) {
        shared.remove(player, isPublished: player.stream.isPublished)
        forgetIfUnused(player.stream)
    }

    private func forgetIfUnused(_ stream: LiveStream) {
        guard stream.isUnused, streams[stream.name] === stream, !lingering.contains(stream.name) else { return }
        guard stream.hasBegun else {
            streams[stream.name] = nil
            return
        }
        stream.keep(byteLimit: options.storeByteLimit / max(1, options.streamLimit))
        lingering.append(stream.name)
        if lingering.count > options.streamLimit { forget(lingering[0]) }
        eventLoop.assumeIsolated().scheduleTask(in: Self.memory) { [weak self] in
            guard let self, streams[stream.name] === stream, lingering.contains(stream.name) else { return }
            // It may have been published, and left, again meanwhile.
            if NIODeadline.now() - stream.endedAt >= Self.memory { forget(stream.name) }
        }
    }

    /// As long as the numbers of a stream's segments could begin before where they ended.
    private static let memory = TimeAmount.seconds(65)

    private func forget(_ name: StreamName) {
        lingering.removeAll { $0 == name }
        if streams[name]?.isUnused == true { streams[name] = nil }
    }

    // MARK: over HTTP

    /// The stream with this name; nil where it is neither published nor remembered.
    func known(_ name: StreamName) -> LiveStream? { streams[name] }

    /// Somebody may be about to publish it: a relay, or a publisher that has only just disappeared.
    func expects(_ name: StreamName) -> Bool { relays.expects(name) || streams[name]?.awaitsPublisher == true }

    /// The stream to play, published or not.
    func streamToPlay(_ name: StreamName) -> LiveStream {
        relays.demand(name)
        return stream(name)
    }

    // MARK: rooms

    func remove(_ viewer: RoomResponse, from stream: LiveStream) {
        stream.room.remove(viewer)
        forgetIfUnused(stream)
    }

    /// Whether a viewer may write another comment.
    func maySpeak(_ address: ClientAddress) -> Bool { speaking.take(from: address, at: .now) }

    /// What viewers are told apart by, roughly: it leads back to nobody.
    func tag(of address: ClientAddress) -> String { address.tag }

    /// On connections that play.
    var playerCount: Int {
        streams.values.reduce(0) { $0 + $1.playerCount }
    }

    /// All that are published, in the order of their names.
    var published: [LiveStream] {
        streams.values.filter(\.isPublished).sorted { "\($0.name)" < "\($1.name)" }
    }
}

extension RefusalReason {
    /// What a publisher is told.
    var publishRefusal: StreamRefusal {
        switch self {
        case .alreadyPublishing: .alreadyPublishing
        case .unknownKey: .unknownKey
        case .tooManyStreams: .tooManyStreams
        default: .publishDenied(sentence)
        }
    }

    /// What a player is told.
    var playRefusal: StreamRefusal { self == .unknownKey ? .notPlayable : .playDenied(sentence) }
}
