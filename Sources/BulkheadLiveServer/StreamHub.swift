import BulkheadRTMP
import NIOCore

/// All streams and connections of a server. It lives on the server's one event loop.
final class StreamHub {
    let options: LiveServerOptions
    private let report: @Sendable (LiveServerEvent) -> Void
    private let eventLoop: any EventLoop
    private var streams: [StreamName: LiveStream] = [:]
    private var connections: [ObjectIdentifier: ConnectionHandler] = [:]
    private var isStopping = false

    init(
        options: LiveServerOptions, report: @escaping @Sendable (LiveServerEvent) -> Void, on eventLoop: any EventLoop
    ) {
        self.options = options
        self.report = report
        self.eventLoop = eventLoop
    }

    func send(_ event: LiveServerEvent) { report(event) }

    /// False if the limit is reached.
    func add(_ connection: ConnectionHandler) -> Bool {
        guard !isStopping, connections.count < options.connectionLimit else { return false }
        connections[ObjectIdentifier(connection)] = connection
        return true
    }

    func remove(_ connection: ConnectionHandler) { connections[ObjectIdentifier(connection)] = nil }

    /// Closes every connection; each removes itself.
    func stop() {
        isStopping = true
        for connection in Array(connections.values) { connection.stop() }
    }

    /// Gives how many publishers were asked.
    func askToReconnect(to tcURL: String?, text: String) -> Int {
        connections.values.count { $0.askToReconnect(to: tcURL, text: text) }
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
