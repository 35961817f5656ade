import BulkheadHTTP
import BulkheadLiveServer
import BulkheadModel
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import Synchronization

/// Listens on one port: what asks for WebSocket becomes a client of obs-websocket, all else is HTTP/1.1.
final class RoomServer: Sendable {
    static let mostConnections = 160
    static let mostOBSClients = 16
    /// The longest message of a client, in bytes.
    static let longestMessage = 1 << 20
    /// A connection that asks for nothing for so long is closed.
    static let patience = TimeAmount.seconds(60)
    /// A client that has taken nothing of what it was sent for so long is closed.
    static let writePatience = TimeAmount.seconds(5)

    typealias HTTPChannel = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>
    typealias FrameChannel = NIOAsyncChannel<WebSocketFrame, WebSocketFrame>

    private enum Upgrade: Sendable {
        case http(HTTPChannel, RoomWatch)
        case obs(FrameChannel, OBSWording, RoomWatch)
    }

    let port: Int
    private let listener: NIOAsyncChannel<EventLoopFuture<Upgrade>, Never>
    private let room: ControlRoom
    private let gate: Gatekeeper
    private let seats: Seats
    private let screen: ProgramScreen
    private let photographer: Photographer
    private let tls: ServerTLS?
    private let obsCount = Atomic<Int>(0)

    /// - Throws: the system's error where the address can't be listened at.
    init(
        _ address: ListenAddress, room: ControlRoom, screen: ProgramScreen, gate: Gatekeeper,
        tls: ServerTLS?
    ) async throws {
        self.tls = tls
        self.screen = screen
        photographer = Photographer(screen)
        self.room = room
        self.gate = gate
        let seats = Seats()
        self.seats = seats
        listener = try await ServerBootstrap(group: screen.stream.eventLoop, childGroup: screen.stream.eventLoop)
            .serverChannelOption(.backlog, value: 128)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // A phone that has left the network says nothing any more.
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .bind(host: address.host, port: address.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try seats.take(for: channel)
                    if let tls { try channel.pipeline.syncOperations.addHandler(tls.handler()) }
                    return try Self.setUp(channel, gate)
                }
            }
        port = listener.channel.localAddress?.port ?? address.port
    }

    private static func setUp(_ channel: any Channel, _ gate: Gatekeeper) throws -> EventLoopFuture<Upgrade> {
        let watch = RoomWatch()
        let upgrader = NIOTypedWebSocketServerUpgrader<Upgrade>(
            maxFrameSize: longestMessage,
            shouldUpgrade: { channel, head in
                // The head of a request whose upgrade is refused is lost to what follows: it is answered here.
                if let refusal = Self.refusal(head, channel, gate) {
                    channel.write(HTTPServerResponsePart.head(refusal.head(closes: true)), promise: nil)
                    channel.write(
                        HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: refusal.body))), promise: nil)
                    channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
                    return channel.eventLoop.makeSucceededFuture(nil)
                }
                return channel.eventLoop.makeSucceededFuture(OBSWording(head).headers)
            },
            upgradePipelineHandler: { channel, head in
                channel.eventLoop.makeCompletedFuture {
                    // Fragments are put together; what is longer than a message ends the connection.
                    try channel.pipeline.syncOperations.addHandler(
                        NIOWebSocketFrameAggregator(
                            minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 64,
                            maxAccumulatedFrameSize: longestMessage))
                    return .obs(
                        try FrameChannel(wrappingChannelSynchronously: channel), OBSWording(head), watch)
                }
            })
        let configuration = NIOUpgradableHTTPServerPipelineConfiguration(
            upgradeConfiguration: NIOTypedHTTPServerUpgradeConfiguration(
                upgraders: [upgrader],
                notUpgradingCompletionHandler: { channel in
                    channel.eventLoop.makeCompletedFuture {
                        .http(try HTTPChannel(wrappingChannelSynchronously: channel), watch)
                    }
                }))
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(IdleStateHandler(readTimeout: patience, writeTimeout: writePatience))
        try pipeline.addHandler(StallGuard(watch))
        return try pipeline.configureUpgradableHTTPServerPipeline(configuration: configuration)
    }

    /// Why there is no WebSocket for a request; the password comes later, by obs-websocket's own way.
    private static func refusal(_ head: HTTPRequestHead, _ channel: any Channel, _ gate: Gatekeeper) -> RoomAnswer? {
        if let refusal = gate.refusal(head) { return RoomAnswer(refusal) }
        let isMet = head.uri.split(separator: "?").first == "/" && head.method == .GET
        return isMet ? nil : .sentence(.notFound, "obs-websocket is at / alone.")
    }

    /// Serves until the task is cancelled.
    func run() async throws {
        try await withTaskCancellationHandler {
            try await listener.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await connection in connections {
                        group.addTask {
                            // A peer that goes away is an ordinary end.
                            try? await self.serve(connection)
                        }
                    }
                    group.cancelAll()
                }
            }
        } onCancel: {
            listener.channel.close(promise: nil)
        }
    }

    private func serve(_ connection: EventLoopFuture<Upgrade>) async throws {
        switch try await connection.get() {
        case .http(let channel, let watch):
            // A request has come, and so the handshake is over.
            let isVouchedFor = await tls?.vouches(for: channel.channel) ?? false
            try await HTTPConnection(
                channel, watch, room: room, gate: gate, seats: seats, screen: screen, isVouchedFor: isVouchedFor
            ).serve()
        case .obs(let channel, let wording, let watch):
            let isClient = obsCount.add(1, ordering: .relaxed).newValue <= Self.mostOBSClients
            defer { obsCount.subtract(1, ordering: .relaxed) }
            let isVouchedFor = await tls?.vouches(for: channel.channel) ?? false
            try await OBSConnection(
                channel, wording, watch, room: room, gate: gate, photographer: photographer, isVouchedFor: isVouchedFor
            ).serve(isWelcome: isClient)
        }
    }
}

/// Counts connections, and takes no more than there are seats.
final class Seats: Sendable {
    private struct Full: Error {}

    private let taken = Atomic<Int>(0)

    var count: Int { taken.load(ordering: .relaxed) }

    /// - Throws: where all are taken: the connection is closed then.
    func take(for channel: any Channel) throws {
        let isFull = taken.add(1, ordering: .relaxed).newValue > RoomServer.mostConnections
        channel.closeFuture.whenComplete { _ in self.taken.subtract(1, ordering: .relaxed) }
        if isFull { throw Full() }
    }
}

extension Channel {
    /// The peer's address, for limits.
    var peerName: String { remoteAddress?.ipAddress ?? "" }
}

/// How a connection is doing, for the handler that closes it.
final class RoomWatch: Sendable {
    /// What waits to be written.
    let waiting = Atomic<Int>(0)
    /// It is told of events, and may say nothing for as long as it wants.
    let isListening = Atomic<Bool>(false)
}

/// Closes a connection that asks for nothing, or takes nothing.
private final class StallGuard: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    private let watch: RoomWatch

    init(_ watch: RoomWatch) { self.watch = watch }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let idle = event as? IdleStateHandler.IdleStateEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        let isOver =
            idle == .write
            ? watch.waiting.load(ordering: .relaxed) > 0 : !watch.isListening.load(ordering: .relaxed)
        if isOver { context.close(promise: nil) }
    }
}
