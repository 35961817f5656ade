import BulkheadHTTP
import BulkheadLibraryProtocol
import BulkheadSystem
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// Why another part of the library has not answered: one lowercase phrase.
struct PeerFailure: Error, Hashable, Sendable, CustomStringConvertible {
    let description: String
    /// The status of an answer that was a refusal.
    var status = 0
}

/// Requests between node, centre and tracker: one connection each, signed, with a time-out.
struct PeerCall: Sendable {
    /// A longer answer is none.
    private static let longestAnswer = 8 << 20

    let address: PeerAddress
    let speaker: PeerSignature.Speaker
    /// The node whose key signs: of a node itself, of the centre the one that it speaks to.
    let node: NodeID
    let key: [UInt8]
    var timeout = TimeAmount.seconds(10)
    /// Whom it believes under TLS; nil for the system's authorities.
    var trust: ClientTrust?

    /// - Returns: the body of an answer with a status from 200 to 299.
    func send(_ method: HTTPMethod, _ target: String, body: [UInt8] = []) async throws(PeerFailure) -> [UInt8] {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = eventLoop.makePromise(of: [UInt8].self)
        let timer = eventLoop.scheduleTask(in: timeout) { [address] in
            promise.fail(PeerFailure(description: "\(address) has not answered in time"))
        }
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: target)
        head.headers.add(name: "Host", value: address.authority)
        head.headers.add(name: "Connection", value: "close")
        head.headers.add(
            name: "Authorization",
            value: PeerSignature.header(
                speaker, node, method: method.rawValue, target: target, body: body, seconds: Int64(time(nil)), key: key)
        )
        if !body.isEmpty || method == .POST {
            head.headers.add(name: "Content-Type", value: "application/json")
            head.headers.add(name: "Content-Length", value: "\(body.count)")
        }
        let (request, limit, peer, secure) = (head, Self.longestAnswer, "\(address)", address.tls(trust))
        let connecting = ClientBootstrap(group: eventLoop).connectTimeout(timeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try secure(channel.pipeline.syncOperations)
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(
                        AnswerReader(request, body, limit: limit, peer: peer, promise))
                }
            }.connect(host: address.host, port: address.port)
        connecting.whenFailure {
            promise.fail(PeerFailure(description: "\(peer) can't be reached: \(PeerCall.phrase($0))"))
        }
        defer {
            timer.cancel()
            connecting.whenSuccess { $0.close(promise: nil) }
        }
        do { return try await promise.futureResult.get() } catch {
            throw error as? PeerFailure ?? PeerFailure(description: "\(peer) failed: \(Self.phrase(error))")
        }
    }

    static func phrase(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { phrase($0.error) } ?? "its name is not known"
        case ChannelError.connectTimeout: "it does not answer"
        case let error as IOError: String(cString: strerror(error.errnoCode)).lowercased()
        default: TLSPhrase.of(error) ?? String("\(error)".prefix(200))
        }
    }
}

private final class AnswerReader: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let request: HTTPRequestHead
    private let requestBody: [UInt8]
    private let limit: Int
    private let peer: String
    private let promise: EventLoopPromise<[UInt8]>
    private var status = 0
    private var body: [UInt8] = []

    init(_ request: HTTPRequestHead, _ body: [UInt8], limit: Int, peer: String, _ promise: EventLoopPromise<[UInt8]>) {
        self.request = request
        requestBody = body
        self.limit = limit
        self.peer = peer
        self.promise = promise
    }

    func channelActive(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(request)), promise: nil)
        if !requestBody.isEmpty {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: requestBody)))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): status = Int(head.status.code)
        case .body(let part):
            guard body.count + part.readableBytes <= limit else {
                promise.fail(PeerFailure(description: "\(peer) answers without an end"))
                return context.close(promise: nil)
            }
            body += part.readableBytesView
        case .end:
            guard (200..<300).contains(status) else {
                let said = String(decoding: body.prefix(300), as: UTF8.self).split(whereSeparator: \.isNewline)
                let text = said.first ?? ""
                let phrase = text.last == "." ? text.dropLast() : text
                return promise.fail(
                    PeerFailure(description: "\(peer) refuses with \(status): \(phrase)", status: status))
            }
            promise.succeed(body)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(PeerFailure(description: "\(peer) closed the connection without an answer"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(PeerFailure(description: "\(peer) failed: \(PeerCall.phrase(error))"))
        context.close(promise: nil)
    }
}
