import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The small HTTP server at which a live server asks.
final class HookServer: Sendable {
    let port: Int
    private let channel: any Channel

    private static let mostConnections = 64
    static let longestBody = 1 << 16
    static let patience = TimeAmount.seconds(10)

    /// - Throws: what the system says of the address.
    init(host: String, port: Int, desk: HookDesk) async throws {
        let count = ConnectionCount()
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard count.enter(atMost: Self.mostConnections) else { throw ChannelError.ioOnClosedChannel }
                    channel.closeFuture.whenComplete { _ in count.leave() }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(HookHandler(desk))
                }
            }
            .bind(host: host, port: port).get()
        self.port = channel.localAddress?.port ?? port
    }

    func stop() async { try? await channel.close() }
}

/// How many connections there are, on whichever threads.
private final class ConnectionCount: Sendable {
    private let count = Mutex(0)

    func enter(atMost most: Int) -> Bool {
        count.withLock { count in
            guard count < most else { return false }
            count += 1
            return true
        }
    }

    func leave() { count.withLock { $0 -= 1 } }
}

private final class HookHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let desk: HookDesk
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()
    private var timer: Scheduled<Void>?
    private var refusesBody = false

    init(_ desk: HookDesk) { self.desk = desk }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: HookServer.patience) { channel.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body.clear()
            let length = head.headers.first(name: "Content-Length").flatMap { Int($0) } ?? 0
            if length > HookServer.longestBody { refuseBody(context) }
        case .body(var part):
            guard !refusesBody else { return }
            guard body.readableBytes + part.readableBytes <= HookServer.longestBody else {
                return refuseBody(context)
            }
            body.writeBuffer(&part)
        case .end: if !refusesBody { answer(context) }
        }
    }

    /// Says at once that a body is too long; the timer closes the connection of a peer that goes on sending.
    private func refuseBody(_ context: ChannelHandlerContext) {
        guard let head else { return }
        refusesBody = true
        let headers = HTTPHeaders([("Content-Length", "0"), ("Connection", "close")])
        let response = HTTPResponseHead(version: head.version, status: .payloadTooLarge, headers: headers)
        context.write(wrapOutboundOut(.head(response)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    private func answer(_ context: ChannelHandlerContext) {
        guard let head else { return }
        // nginx-rtmp's `notify_method get` puts the fields into the query.
        let query = head.uri.split(separator: "?", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
        let text = body.readableBytes > 0 ? String(buffer: body) : query
        var headers = HTTPHeaders([("Content-Length", "0"), ("Connection", "close")])
        let status: HTTPResponseStatus
        switch desk.answer(HookDesk.fields(of: text)) {
        case .accept: status = .ok
        case .refuse: status = .forbidden
        case .redirect(let address):
            status = .found
            headers.add(name: "Location", value: address)
        }
        let response = HTTPResponseHead(version: head.version, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(response)), promise: nil)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
