import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// What a server answered.
package struct HTTPAnswer: Hashable, Sendable {
    package let status: Int
    package let body: String

    package init(status: Int, body: String) {
        self.status = status
        self.body = body
    }
}

/// Why there was no answer, as one lowercase phrase.
package struct HTTPFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
}

/// Sends one request on a connection of its own.
package enum HTTPClient {
    /// A longer answer is none.
    static let longestAnswer = 1 << 20

    /// - Parameter timeout: for everything together.
    /// - Throws: ``HTTPFailure``.
    package static func send(_ request: HTTPRequest, timeout: Duration) async throws(HTTPFailure) -> HTTPAnswer {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = eventLoop.makePromise(of: HTTPAnswer.self)
        let server = request.address.authority
        let timer = eventLoop.scheduleTask(in: .nanoseconds(timeout.switchNanoseconds)) {
            promise.fail(HTTPFailure(description: "\(server) has not answered in time"))
        }
        let connecting = ClientBootstrap(group: eventLoop)
            .connectTimeout(.nanoseconds(timeout.switchNanoseconds))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if request.address.usesTLS {
                        try channel.pipeline.syncOperations.addHandler(tlsHandler(request.address.host))
                    }
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(AnswerHandler(request, promise))
                }
            }
            .connect(host: request.address.host, port: request.address.port)
        connecting.whenFailure { promise.fail(HTTPFailure(description: "\(server) can't be reached: \(phrase($0))")) }
        do {
            let answer = try await promise.futureResult.get()
            timer.cancel()
            connecting.whenSuccess { $0.close(promise: nil) }
            return answer
        } catch {
            timer.cancel()
            connecting.whenSuccess { $0.close(promise: nil) }
            throw error as? HTTPFailure ?? HTTPFailure(description: "\(server) failed: \(phrase(error))")
        }
    }

    private static func tlsHandler(_ host: String) throws -> NIOSSLClientHandler {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(
            context: NIOSSLContext(configuration: configuration), serverHostname: isAddress ? nil : host)
    }

    static func phrase(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            guard let failure = error.connectionErrors.first else { return "its name is not known" }
            return phrase(failure.error)
        case ChannelError.connectTimeout: return "it does not answer"
        case let error as IOError: return String(cString: strerror(error.errnoCode)).lowercased()
        default: return String("\(error)".prefix(200))
        }
    }
}

private final class AnswerHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let request: HTTPRequest
    private let promise: EventLoopPromise<HTTPAnswer>
    private var status = 0
    private var body = ByteBuffer()

    init(_ request: HTTPRequest, _ promise: EventLoopPromise<HTTPAnswer>) {
        self.request = request
        self.promise = promise
    }

    func channelActive(context: ChannelHandlerContext) {
        var headers = HTTPHeaders(request.headers.map { ($0.key, $0.value) })
        headers.replaceOrAdd(name: "Host", value: request.address.authority)
        headers.replaceOrAdd(name: "Connection", value: "close")
        if !headers.contains(name: "User-Agent") { headers.add(name: "User-Agent", value: "bulkhead") }
        let bytes = request.body.utf8
        if !bytes.isEmpty || request.method == "POST" || request.method == "PUT" {
            headers.replaceOrAdd(name: "Content-Length", value: "\(bytes.count)")
        }
        let head = HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: request.method), uri: request.address.path, headers: headers
        )
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !bytes.isEmpty { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): status = Int(head.status.code)
        case .body(var part):
            guard body.readableBytes + part.readableBytes <= HTTPClient.longestAnswer else {
                promise.fail(HTTPFailure(description: "\(request.address.authority) answers without an end"))
                return context.close(promise: nil)
            }
            body.writeBuffer(&part)
        case .end: promise.succeed(HTTPAnswer(status: status, body: String(buffer: body)))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(HTTPFailure(description: "\(request.address.authority) closed the connection without an answer"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(
            HTTPFailure(description: "\(request.address.authority) failed: \(HTTPClient.phrase(error))"))
        context.close(promise: nil)
    }
}

extension Duration {
    var switchNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return min(max(0, seconds), 1_000_000) * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
