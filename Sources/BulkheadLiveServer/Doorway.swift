import NIOCore
import NIOHTTP1
import NIOSSL
import NIOTLS

/// Lets a connection in, and finds out what it speaks by its first byte: RTMP begins with its version (3, or 6 for the
/// encrypted form, which is refused there), TLS with the number of a handshake record (22), HTTP with a capital letter.
///
/// It stays in front of what it finds, and leaves when the connection ends.
final class Doorway: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let hub: StreamHub
    private let certificates: ServerCertificates?
    private var context: ChannelHandlerContext?
    private var facts = PeerFacts(name: "unknown", ipAddress: "", address: ClientAddress(nil), number: 0)
    private var peer: String { facts.name }
    var address: ClientAddress { facts.address }
    var number: Int { facts.number }
    private var isAdmitted = false
    private var isKnown = false
    private var isSecure = false
    private var isClosing = false
    private var impatience: Scheduled<Void>?

    init(hub: StreamHub, certificates: ServerCertificates?) {
        self.hub = hub
        self.certificates = certificates
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        let ipAddress = context.remoteAddress?.ipAddress
        facts = PeerFacts(
            name: context.remoteAddress.map { "\(ipAddress ?? "local"):\($0.port ?? 0)" } ?? "unknown",
            ipAddress: Self.plain(ipAddress ?? ""), address: ClientAddress(context.remoteAddress),
            number: hub.nextPeerNumber())
        guard hub.add(self, from: address, peer: peer) else {
            context.close(promise: nil)
            return
        }
        isAdmitted = true
        impatience = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(hub.options.setupTimeout)) {
            [weak self] in
            guard let self, !isKnown else { return }
            // Browsers connect before they ask, and whoever looks whether somebody listens says nothing: they broke no rule.
            close(because: "the peer neither published nor played")
        }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isAdmitted else { return }
        if !isKnown {
            let bytes = unwrapInboundIn(data)
            guard let first: UInt8 = bytes.getInteger(at: bytes.readerIndex) else { return }
            do {
                try open(for: first, context)
            } catch {
                return refuse(because: "\(error)")
            }
        }
        context.fireChannelRead(data)
    }

    private func open(for first: UInt8, _ context: ChannelHandlerContext) throws {
        let pipeline = context.pipeline.syncOperations
        switch first {
        case 0x16 where certificates != nil && !isSecure:
            guard let handler = try certificates?.handler() else {
                return close(because: "there is no certificate that can be used")
            }
            // What comes out of it is looked at again; until then the peer's patience runs on.
            isSecure = true
            let within = Doorway.Inside(self)
            try pipeline.addHandler(within, position: .after(self))
            try pipeline.addHandler(handler, position: .after(self))
            isKnown = true
            impatience?.cancel()
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): try openHTTP(pipeline, after: self)
        default: try openRTMP(pipeline, after: self)
        }
    }

    private func openHTTP(_ pipeline: ChannelPipeline.SynchronousOperations, after: any ChannelHandler) throws {
        isKnown = true
        impatience?.cancel()
        let handler = HTTPHandler(hub: hub, peer: facts, isLocal: address.isLocal)
        // A request that isn't read whole is bounded by the parser: 80 KiB of headers.
        let encoder = HTTPResponseEncoder()
        let decoder = ByteToMessageHandler(
            HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes), maximumBufferSize: 128 << 10)
        try pipeline.addHandlers(
            [encoder, decoder, HTTPServerPipelineHandler(), HTTPServerProtocolErrorHandler(), handler],
            position: .after(after))
    }

    private func openRTMP(_ pipeline: ChannelPipeline.SynchronousOperations, after: any ChannelHandler) throws {
        isKnown = true
        impatience?.cancel()
        try pipeline.addHandler(
            ConnectionHandler(hub: hub, peer: facts), position: .after(after))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset is an ordinary end of a player.
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        impatience?.cancel()
        if isAdmitted { hub.remove(self, from: address) }
        isAdmitted = false
        context.fireChannelInactive()
    }

    private func refuse(because reason: String) {
        _ = hub.bear(address)
        close(because: reason)
    }

    private func close(because reason: String) {
        guard !isClosing else { return }
        isClosing = true
        hub.send(.connectionFailed(peer: peer, reason: reason))
        context?.close(promise: nil)
    }

    /// An address of version 4 in one of version 6 is that of version 4.
    private static func plain(_ address: String) -> String {
        address.lowercased().hasPrefix("::ffff:") && address.contains(".") ? String(address.dropFirst(7)) : address
    }

    /// Another connection gets the place of this one.
    func evict() {
        guard isAdmitted else { return }
        isAdmitted = false
        hub.remove(self, from: address)
        context?.close(promise: nil)
    }

    func stop() { context?.close(promise: nil) }

    /// Looks at the first byte within TLS.
    private final class Inside: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias InboundOut = ByteBuffer

        private let doorway: Doorway
        private var isKnown = false
        private var impatience: Scheduled<Void>?

        init(_ doorway: Doorway) { self.doorway = doorway }

        func handlerAdded(context: ChannelHandlerContext) {
            let patience = TimeAmount(doorway.hub.options.setupTimeout)
            impatience = context.eventLoop.assumeIsolated().scheduleTask(in: patience) { [weak self] in
                guard let self, !isKnown else { return }
                doorway.close(because: "the peer neither published nor played")
            }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if !isKnown {
                let bytes = unwrapInboundIn(data)
                guard let first: UInt8 = bytes.getInteger(at: bytes.readerIndex) else { return }
                isKnown = true
                impatience?.cancel()
                let pipeline = context.pipeline.syncOperations
                do {
                    if (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) {
                        try doorway.openHTTP(pipeline, after: self)
                    } else {
                        try doorway.openRTMP(pipeline, after: self)
                    }
                } catch { return doorway.refuse(because: "\(error)") }
            }
            context.fireChannelRead(data)
        }

        func channelInactive(context: ChannelHandlerContext) {
            impatience?.cancel()
            context.fireChannelInactive()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            // A viewer that does not trust the certificate means well.
            if !isKnown { doorway.close(because: "the TLS handshake failed: \(HandshakeProblem(error))") }
            context.close(promise: nil)
        }
    }
}
