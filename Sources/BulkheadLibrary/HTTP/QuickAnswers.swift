import BulkheadLibraryProtocol
import NIOCore
import NIOHTTP1

/// Answers requests that need neither a disk nor a database where they are read, on the connection's event loop: a look-up's
/// own work is smaller than the way to a task and back. All others pass on to the connection's task. It stands behind the
/// handler that lets one request of a connection through at a time, so that answers keep their order.
final class QuickAnswers: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let answer: @Sendable (Request) -> Response?
    private var peer: NetworkAddress?
    /// What the request that is being read comes to; nil where it passes on.
    private var pending: (head: HTTPResponseHead, body: [UInt8], keepsAlive: Bool)?

    /// - Parameter answer: must not wait; nil for what it doesn't know.
    init(_ answer: @escaping @Sendable (Request) -> Response?) { self.answer = answer }

    func handlerAdded(context: ChannelHandlerContext) {
        peer = context.channel.remoteAddress?.ipAddress.flatMap { NetworkAddress($0) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard let quick = quick(head) else { break }
            pending = quick
            return
        case .body: if pending != nil { return }
        case .end:
            guard let quick = pending else { break }
            pending = nil
            write(quick, context)
            return
        }
        context.fireChannelRead(data)
    }

    private func quick(_ head: HTTPRequestHead) -> (HTTPResponseHead, [UInt8], Bool)? {
        guard head.method == .GET || head.method == .HEAD, !head.headers.contains(name: "Content-Length"),
            !head.headers.contains(name: "Transfer-Encoding"), let request = Request(head, peer: peer),
            let response = answer(request), case .bytes(let body) = response.body
        else { return nil }
        let keepsAlive = head.isKeepAlive
        return (HTTPServer.head(of: response, keepsAlive: keepsAlive), head.method == .HEAD ? [] : body, keepsAlive)
    }

    private func write(
        _ quick: (head: HTTPResponseHead, body: [UInt8], keepsAlive: Bool), _ context: ChannelHandlerContext
    ) {
        context.write(wrapOutboundOut(.head(quick.head)), promise: nil)
        if !quick.body.isEmpty {
            context.write(
                wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(bytes: quick.body)))), promise: nil)
        }
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
        guard !quick.keepsAlive else { return }
        let channel = context.channel
        written.futureResult.whenComplete { _ in channel.close(promise: nil) }
    }
}
