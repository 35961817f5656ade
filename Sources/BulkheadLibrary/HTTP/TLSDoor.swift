import BulkheadHTTP
import NIOCore
import NIOHTTP1

/// Finds out by a connection's first byte whether it speaks TLS. Without it only this machine is served: what comes from elsewhere
/// would have shown its tokens to whoever listens on the way.
final class TLSDoor: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What is said by HTTP to whoever comes without TLS.
    static let httpRefusal: String = {
        let text = "This address speaks HTTPS.\n"
        return "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n"
            + "Content-Length: \(text.utf8.count)\r\n\r\n\(text)"
    }()

    private static let handshake: UInt8 = 22

    private let tls: ServerTLS
    private let refusal: String
    private let onRefusal: () -> Void
    private var isKnown = false

    /// - Parameters:
    ///   - refusal: what is said before a connection without TLS is closed; empty where the protocol has no word for it.
    ///   - onRefusal: called then.
    init(_ tls: ServerTLS, refusal: String, onRefusal: @escaping () -> Void = {}) {
        self.tls = tls
        self.refusal = refusal
        self.onRefusal = onRefusal
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isKnown else { return context.fireChannelRead(data) }
        let bytes = unwrapInboundIn(data)
        guard let first: UInt8 = bytes.getInteger(at: bytes.readerIndex) else { return }
        isKnown = true
        if first == Self.handshake {
            do {
                try context.pipeline.syncOperations.addHandler(tls.handler(), position: .after(self))
            } catch { return context.close(promise: nil) }
        } else if !context.channel.isLocalPeer {
            let channel = context.channel
            onRefusal()
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: refusal))).whenComplete { _ in
                channel.close(promise: nil)
            }
            return
        }
        context.fireChannelRead(data)
    }
}

extension Channel {
    /// Whether the other side is on this machine.
    fileprivate var isLocalPeer: Bool {
        guard let address = remoteAddress?.ipAddress else { return true }
        return address.hasPrefix("127.") || address == "::1" || address.hasPrefix("::ffff:127.")
    }
}
