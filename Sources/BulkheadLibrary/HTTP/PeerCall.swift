import BulkheadLibraryProtocol
import BulkheadSystem
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// Where another part of the library listens: `http://10.0.0.1:8090`.
struct PeerAddress: Hashable, Sendable, CustomStringConvertible {
    let host: String
    let port: Int

    /// Nil for what is no such address.
    init?(_ text: String) {
        guard text.hasPrefix("http://"), text.utf8.count <= 300, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return nil
        }
        var rest = text.dropFirst("http://".count)
        if rest.last == "/" { rest.removeLast() }
        guard !rest.contains(where: { "/?#@".contains($0) }) else { return nil }
        var port = 80
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("]") {
            guard let number = Int(rest[rest.index(after: colon)...]), (1...65_535).contains(number) else { return nil }
            port = number
            rest = rest[..<colon]
        }
        if rest.first == "[", rest.last == "]" { rest = rest.dropFirst().dropLast() }
        guard !rest.isEmpty else { return nil }
        host = String(rest)
        self.port = port
    }

    var description: String { "http://\(authority)" }
    var authority: String { (host.contains(":") ? "[\(host)]" : host) + (port == 80 ? "" : ":\(port)") }
}

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
        let (request, limit, peer) = (head, Self.longestAnswer, "\(address)")
        let connecting = ClientBootstrap(group: eventLoop).connectTimeout(timeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
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
        default: String("\(error)".prefix(200))
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
                let text = String(decoding: body.prefix(200), as: UTF8.self).split(whereSeparator: \.isNewline).first
                return promise.fail(
                    PeerFailure(description: "\(peer) refuses with \(status): \(text ?? "")", status: status))
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
