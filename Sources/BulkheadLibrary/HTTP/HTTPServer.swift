import BulkheadHTTP
import BulkheadLibraryProtocol
import BulkheadModel
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Serves HTTP/1.1 on one address. Each connection is a task; what a peer doesn't take isn't read from the disk.
final class HTTPServer: Sendable {
    typealias Handler = @Sendable (Request, RequestBody) async -> Response

    /// More connections are closed at once.
    static let mostConnections = 2000
    /// A connection on which nothing moves for so long is closed.
    private static let patience = TimeAmount.seconds(30)
    private static let pieceByteCount = 256 << 10

    /// The system's choice where 0 was asked for.
    let port: Int
    private let listener: NIOAsyncChannel<Connection, Never>
    private let count = Atomic<Int>(0)
    private let tls: ServerTLS?

    typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

    /// Listens on `address`.
    /// - Parameters:
    ///   - tls: nil for HTTP without TLS.
    ///   - quick: answers what needs no waiting; gives nil for all that ``run(_:)`` is to answer.
    init(
        _ address: ListenAddress, tls: ServerTLS? = nil, quick: (@Sendable (Request) -> Response?)? = nil
    ) async throws {
        self.tls = tls
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        listener = try await bootstrap.bind(host: address.host, port: address.port) { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(IdleStateHandler(allTimeout: Self.patience))
                try pipeline.addHandler(IdleEnd())
                if let tls { try pipeline.addHandler(TLSDoor(tls, refusal: TLSDoor.httpRefusal)) }
                try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: true, withErrorHandling: false)
                try pipeline.addHandler(MalformedRequests())
                if let quick { try pipeline.addHandler(QuickAnswers(quick)) }
                return try NIOAsyncChannel(
                    wrappingChannelSynchronously: channel,
                    configuration: NIOAsyncChannel.Configuration(isOutboundHalfClosureEnabled: true))
            }
        }
        port = listener.channel.localAddress?.port ?? address.port
    }

    /// Serves until the task is cancelled.
    func run(_ handler: @escaping Handler) async throws {
        try await withTaskCancellationHandler {
            try await listener.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await connection in connections {
                        group.addTask {
                            // A peer that goes away is an ordinary end.
                            try? await self.serve(connection, handler)
                        }
                    }
                    group.cancelAll()
                }
            }
        } onCancel: {
            listener.channel.close(promise: nil)
        }
    }

    private func serve(_ connection: Connection, _ handler: Handler) async throws {
        let peer = connection.channel.remoteAddress?.ipAddress.flatMap { NetworkAddress($0) }
        let isOne = count.add(1, ordering: .relaxed).newValue <= Self.mostConnections
        defer { count.subtract(1, ordering: .relaxed) }
        try await connection.executeThenClose { inbound, outbound in
            guard isOne else { return }
            let incoming = RequestBody(inbound.makeAsyncIterator(), outbound)
            var isVouchedFor: Bool?
            while let head = try await incoming.nextHead() {
                let response: Response
                // The handshake is over by now.
                let isVouched =
                    if let isVouchedFor { isVouchedFor } else { await tls?.vouches(for: connection.channel) ?? true }
                isVouchedFor = isVouched
                if let request = Request(head, peer: peer, isVouchedFor: isVouched) {
                    response = await handler(request, incoming)
                } else {
                    response = .sentence(.badRequest, "The address is malformed or too long.")
                }
                // What is left of a body is passed over, if it is short.
                let isDrained = await incoming.drain()
                let keepsAlive = head.isKeepAlive && isDrained
                try await Self.write(response, to: head, keepsAlive: keepsAlive, outbound)
                guard keepsAlive else {
                    // The peer is told that nothing follows (RFC 9112, 9.6). Closing now would lose what the socket has not
                    // taken: the peer closes, or patience ends.
                    outbound.finish()
                    _ = try await incoming.nextHead()
                    return
                }
            }
        }
    }

    static func head(of response: Response, keepsAlive: Bool) -> HTTPResponseHead {
        var headers = HTTPHeaders(response.headers)
        if response.status != .notModified, response.status != .noContent {
            if let byteCount = response.byteCount {
                headers.replaceOrAdd(name: "Content-Length", value: "\(byteCount)")
            }
        }
        headers.add(name: "Date", value: HTTPDate.text(Int64(time(nil))))
        headers.add(name: "X-Content-Type-Options", value: "nosniff")
        if !keepsAlive { headers.add(name: "Connection", value: "close") }
        return HTTPResponseHead(version: .http1_1, status: response.status, headers: headers)
    }

    private static func write(
        _ response: Response, to request: HTTPRequestHead, keepsAlive: Bool,
        _ outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    ) async throws {
        try await outbound.write(.head(head(of: response, keepsAlive: keepsAlive)))
        if request.method != .HEAD, response.status != .notModified {
            switch response.body {
            case .bytes(let bytes):
                if !bytes.isEmpty { try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: bytes)))) }
                response.meter?.count(bytes.count)
            case .file(let file, let range):
                var offset = range.lowerBound
                while offset < range.upperBound {
                    let count = Int(min(Int64(pieceByteCount), range.upperBound - offset))
                    let bytes = try await file.read(at: offset, count: count)
                    // The file has become shorter: the length that was promised can't be kept.
                    guard bytes.count == count else { throw ChannelError.eof }
                    try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: bytes))))
                    offset += Int64(count)
                    response.meter?.count(count)
                }
            case .stream(let stream):
                while let bytes = try await stream.nextPiece() {
                    try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: bytes))))
                    response.meter?.count(bytes.count)
                }
            }
        }
        try await outbound.write(.end(nil))
    }
}

/// Closes a connection on which nothing moves.
final class IdleEnd: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }
}

/// The body of the request that is being answered, as it comes. For the connection's task alone.
final class RequestBody {
    /// What is read and thrown away of a body that nobody wanted.
    private static let drainByteLimit = 256 << 10

    private var iterator: NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    private var isOpen = false
    private var wantsContinue = false
    /// What is still to come, as the request has said; nil where it has not.
    private var left: Int?

    init(
        _ iterator: NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator,
        _ outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    ) {
        self.iterator = iterator
        self.outbound = outbound
    }

    fileprivate func nextHead() async throws -> HTTPRequestHead? {
        while let part = try await iterator.next(isolation: #isolation) {
            if case .head(let head) = part {
                isOpen = true
                left = head.headers.first(name: "Content-Length").flatMap { Int($0) }
                wantsContinue = head.headers.first(name: "Expect")?.lowercased() == "100-continue"
                return head
            }
        }
        return nil
    }

    /// The next bytes; nil at the end.
    func next() async throws -> ByteBuffer? {
        guard isOpen else { return nil }
        if wantsContinue {
            wantsContinue = false
            try await outbound.write(.head(HTTPResponseHead(version: .http1_1, status: .continue)))
        }
        while let part = try await iterator.next(isolation: #isolation) {
            switch part {
            case .head: continue
            case .body(let bytes):
                left = left.map { $0 - bytes.readableBytes }
                return bytes
            case .end:
                isOpen = false
                return nil
            }
        }
        isOpen = false
        // A body that ends before its end is none.
        throw ChannelError.eof
    }

    /// All of it; nil where it is longer than `limit` bytes, or cut short.
    func collect(upTo limit: Int) async -> [UInt8]? {
        // What is too long by its own word is not waited for.
        if let left, left > limit { return nil }
        var bytes: [UInt8] = []
        do {
            while let part = try await next() {
                guard bytes.count + part.readableBytes <= limit else { return nil }
                bytes += part.readableBytesView
            }
        } catch { return nil }
        return bytes
    }

    /// - Returns: whether the end was reached.
    fileprivate func drain() async -> Bool {
        // A peer that waits to be told to send has sent nothing.
        if wantsContinue { return false }
        if isOpen, let left, left > Self.drainByteLimit { return false }
        var count = 0
        do {
            while let part = try await next() {
                count += part.readableBytes
                if count > Self.drainByteLimit { return false }
            }
        } catch { return false }
        return true
    }
}
