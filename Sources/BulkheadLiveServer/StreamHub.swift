import BulkheadRTMP
import BulkheadSystem
import NIOCore

/// All streams and connections of a server. It lives on the server's one event loop.
final class StreamHub {
    let options: LiveServerOptions
    private let report: @Sendable (LiveServerEvent) -> Void
    private let eventLoop: any EventLoop
    private var streams: [StreamName: LiveStream] = [:]
    private var connections: [ObjectIdentifier: ConnectionHandler] = [:]
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
    func add(_ connection: ConnectionHandler, from address: ClientAddress, peer: String) -> Bool {
        guard !isStopping else { return false }
        if let reason = door.admit(address, at: .now) {
            if tellingRefusals[reason, default: Budget(1, each: .seconds(60))].take(at: .now) {
                send(.connectionRefused(peer: peer, reason))
            }
            return false
        }
        connections[ObjectIdentifier(connection)] = connection
        return true
    }

    func remove(_ connection: ConnectionHandler, from address: ClientAddress) {
        connections[ObjectIdentifier(connection)] = nil
        door.leave(address)
    }

    /// Notes that a peer has named a wrong key, or broken a rule.
    /// - Returns: whether its connection may stay.
    func bear(_ address: ClientAddress) -> Bool { door.bear(address, at: .now) }

    /// Closes every connection; each removes itself.
    func stop() {
        isStopping = true
        tellOfUntold()
        for connection in Array(connections.values) { connection.stop() }
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
        if let keys = options.streamKeys, !keys.contains(request.name), !keys.contains(request.fullName) {
            throw .unknownKey
        }
        let name = StreamName(app: request.app, name: request.name)
        if streams[name]?.publisher != nil { throw .alreadyPublishing }
        guard streams.values.count(where: { $0.publisher != nil }) < options.streamLimit else { throw .tooManyStreams }
        let stream = stream(name)
        stream.startPublishing(handler)
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
        let published = streams.values.filter { $0.publisher != nil }
        let share = options.storeByteLimit / max(1, published.count)
        for stream in published { stream.gopByteLimit = min(options.gopByteLimit, share) }
    }

    func remove(_ player: Player) {
        player.stream.remove(player)
        forgetIfUnused(player.stream)
    }

    private func forgetIfUnused(_ stream: LiveStream) {
        if stream.isUnused, streams[stream.name] === stream { streams[stream.name] = nil }
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
