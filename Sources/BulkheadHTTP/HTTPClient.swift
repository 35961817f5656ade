import BulkheadSystem
import Glibc
package import NIOCore
import NIOHTTP1
import NIOPosix
package import NIOSSL

/// What a server answered.
package struct HTTPReply: Hashable, Sendable {
    package let status: Int
    package let body: String
    /// Where it sends whoever asks; nil where it says nothing of that.
    package let location: String?

    package init(status: Int, body: String, location: String? = nil) {
        self.status = status
        self.body = body
        self.location = location
    }
}

/// Why there was no answer, as one lowercase phrase.
package struct HTTPFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
}

/// Sends one request on a connection of its own, and follows no redirection.
package enum HTTPClient {
    /// A longer answer is none.
    static let longestAnswer = 1 << 20

    /// - Parameter timeout: for everything together.
    /// - Throws: ``HTTPFailure``.
    package static func send(_ request: HTTPRequest, timeout: Duration) async throws(HTTPFailure) -> HTTPReply {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        do { return try await send(request, timeout: timeout, on: eventLoop).get() } catch {
            throw failure(error, of: request)
        }
    }

    /// The same for whoever lives on an event loop.
    /// - Parameter readsBody: false where the head of the answer says all; a body is then never read.
    /// - Returns: what fails with ``HTTPFailure``.
    package static func send(
        _ request: HTTPRequest, timeout: Duration, readsBody: Bool = true, on eventLoop: any EventLoop
    ) -> EventLoopFuture<HTTPReply> {
        let promise = eventLoop.makePromise(of: HTTPReply.self)
        let server = request.address.authority
        let limit = TimeAmount.nanoseconds(min(timeout.nanoseconds, 1_000_000_000_000_000))
        let timer = eventLoop.scheduleTask(in: limit) {
            promise.fail(HTTPFailure(description: "\(server) has not answered in time"))
        }
        let connecting = ClientBootstrap(group: eventLoop)
            .connectTimeout(limit)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if request.address.usesTLS {
                        try channel.pipeline.syncOperations.addHandler(tlsHandler(request.address.host))
                    }
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(
                        AnswerHandler(request, readsBody: readsBody, promise))
                }
            }
            .connect(host: request.address.host, port: request.address.port)
        connecting.whenFailure { promise.fail(HTTPFailure(description: "\(server) can't be reached: \(phrase($0))")) }
        promise.futureResult.whenComplete { _ in
            timer.cancel()
            connecting.whenSuccess { $0.close(promise: nil) }
        }
        return promise.futureResult
    }

    /// What `error` is for a person.
    package static func failure(_ error: any Error, of request: HTTPRequest) -> HTTPFailure {
        error as? HTTPFailure ?? HTTPFailure(description: "\(request.address.authority) failed: \(phrase(error))")
    }

    /// Puts TLS into a connection to `address`, where it is to have it.
    /// - Parameter trust: nil for the system's authorities alone.
    package static func addTLS(
        to pipeline: ChannelPipeline.SynchronousOperations, for address: HTTPAddress, trust: ClientTrust? = nil
    ) throws {
        guard address.usesTLS else { return }
        try pipeline.addHandler(trust?.handler(address.host) ?? tlsHandler(address.host))
    }

    /// What makes a connection one under TLS, to a server whose certificate is for `host`.
    package static func tlsHandler(_ host: String) throws -> NIOSSLClientHandler {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(
            context: NIOSSLContext(configuration: configuration), serverHostname: isAddress ? nil : host)
    }

    /// The system's word, or the library's, as one lowercase phrase.
    package static func phrase(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            guard let failure = error.connectionErrors.first else { return "its name is not known" }
            return phrase(failure.error)
        case ChannelError.connectTimeout: return "it does not answer"
        case let error as IOError: return String(cString: strerror(error.errnoCode)).lowercased()
        default: return TLSPhrase.of(error) ?? String("\(error)".prefix(200))
        }
    }
}

private final class AnswerHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let request: HTTPRequest
    private let readsBody: Bool
    private let promise: EventLoopPromise<HTTPReply>
    private var status = 0
    private var location: String?
    private var body = ByteBuffer()

    init(_ request: HTTPRequest, readsBody: Bool, _ promise: EventLoopPromise<HTTPReply>) {
        self.request = request
        self.readsBody = readsBody
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
        case .head(let head):
            status = Int(head.status.code)
            location = head.headers.first(name: "Location")
            guard readsBody else {
                promise.succeed(HTTPReply(status: status, body: "", location: location))
                return context.close(promise: nil)
            }
        case .body(var part):
            guard body.readableBytes + part.readableBytes <= HTTPClient.longestAnswer else {
                promise.fail(HTTPFailure(description: "\(request.address.authority) answers without an end"))
                return context.close(promise: nil)
            }
            body.writeBuffer(&part)
        case .end: promise.succeed(HTTPReply(status: status, body: String(buffer: body), location: location))
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
