import BulkheadRTMP
import BulkheadSystem
import NIOCore

/// All streams and connections of a server. It lives on the server's one event loop.
final class StreamHub {
    let options: LiveServerOptions
    private let report: @Sendable (LiveServerEvent) -> Void
    private let eventLoop: any EventLoop
    private var streams: [StreamName: LiveStream] = [:]
    private var doorways: [ObjectIdentifier: Doorway] = [:]
    private var connections: [ObjectIdentifier: ConnectionHandler] = [:]
    /// Streams without a publisher and without players that are remembered, the oldest first: their segments, and where
    /// their time stood.
    private var lingering: [StreamName] = []
    private var door: Doorkeeper
    private var isStopping = false
    /// What is told: a peer that comes and goes must not fill the operator's disk.
    private var telling = Budget(300, each: .seconds(10))
    private var untoldCount = 0
    private var tellingRefusals: [ConnectionRefusalReason: Budget] = [:]
    /// How publishers are acknowledged, those to come as well.
    private(set) var acknowledgementHabit = AcknowledgementHabit.cumulative

    init(
        options: LiveServerOptions, report: @escaping @Sendable (LiveServerEvent) -> Void, on eventLoop: any EventLoop
    ) {
        self.options = options
        door = Doorkeeper(options)
        self.report = report
        self.eventLoop = eventLoop
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
        if let reason = door.admit(address, at: .now) {
            if tellingRefusals[reason, default: Budget(1, each: .seconds(60))].take(at: .now) {
                send(.connectionRefused(peer: peer, reason))
            }
            return false
        }
        doorways[ObjectIdentifier(doorway)] = doorway
        return true
    }

    func remove(_ doorway: Doorway, from address: ClientAddress) {
        doorways[ObjectIdentifier(doorway)] = nil
        door.leave(address)
    }

    /// It speaks RTMP.
    func add(_ connection: ConnectionHandler) { connections[ObjectIdentifier(connection)] = connection }
    func remove(_ connection: ConnectionHandler) { connections[ObjectIdentifier(connection)] = nil }

    /// Notes that a peer has named a wrong key, or broken a rule.
    /// - Returns: whether its connection may stay.
    func bear(_ address: ClientAddress) -> Bool { door.bear(address, at: .now) }

    /// Closes every connection; each removes itself.
    func stop() {
        isStopping = true
        tellOfUntold()
        for doorway in Array(doorways.values) { doorway.stop() }
    }

    /// Gives how many publishers were asked.
    func askToReconnect(to tcURL: String?, text: String) -> Int {
        connections.values.count { $0.askToReconnect(to: tcURL, text: text) }
    }

    func acknowledge(as habit: AcknowledgementHabit) {
        acknowledgementHabit = habit
        for connection in connections.values { connection.acknowledge(as: habit) }
    }

    /// Makes `handler` the publisher of a stream.
    func publish(
        _ request: StreamRequest, by handler: ConnectionHandler
    ) throws(PublishRefusalReason) -> LiveStream {
        guard options.takesPublishers else { throw .unknownKey }
        if let keys = options.streamKeys, !keys.contains(request.name), !keys.contains(request.fullName) {
            throw .unknownKey
        }
        let name = StreamName(app: request.app, name: request.name)
        return try publish(name, by: ObjectIdentifier(handler))
    }

    /// - Parameter wallClockOfZero: milliseconds since 1970 at timestamp 0, where the publisher knows.
    func publish(
        _ name: StreamName, by publisher: LiveStream.PublisherID, wallClockOfZero: Int64? = nil
    ) throws(PublishRefusalReason) -> LiveStream {
        if streams[name]?.isPublished == true { throw .alreadyPublishing }
        guard streams.values.count(where: \.isPublished) < options.streamLimit else { throw .tooManyStreams }
        let stream = stream(name)
        lingering.removeAll { $0 == name }
        stream.startPublishing(publisher, wallClockOfZero: wallClockOfZero)
        shareStore()
        return stream
    }

    /// Gives the stream to play, published or not; nil for a name that can never be published.
    func streamToPlay(_ request: StreamRequest) -> LiveStream? {
        if let keys = options.streamKeys, !keys.contains(request.name), !keys.contains(request.fullName) { return nil }
        return stream(StreamName(app: request.app, name: request.name))
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

    func remove<Element>(_ player: Player<Element>, from shared: SharedQueue<Element>) {
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

    /// Whether it may be published and played.
    /// - Parameter query: what a viewer's address has behind the name, which a key may have as well.
    func isAllowed(_ name: StreamName, query: String?) -> Bool {
        guard let keys = options.streamKeys else { return true }
        return keys.contains(name.name) || query.map { keys.contains("\(name.name)?\($0)") } ?? false
    }

    /// The stream to play over HTTP, published or not.
    func streamToPlay(_ name: StreamName) -> LiveStream { stream(name) }

    /// On connections that play.
    var playerCount: Int {
        streams.values.reduce(0) {
            $0 + $1.messages.players.count + $1.fragments.players.count + $1.segments.viewerCount
        }
    }

    /// All that are published, in the order of their names.
    var published: [LiveStream] {
        streams.values.filter(\.isPublished).sorted { "\($0.name)" < "\($1.name)" }
    }
}

extension PublishRefusalReason: Error {
    var refusal: StreamRefusal {
        switch self {
        case .alreadyPublishing: .alreadyPublishing
        case .unknownKey: .unknownKey
        case .tooManyStreams: .tooManyStreams
        }
    }
}
