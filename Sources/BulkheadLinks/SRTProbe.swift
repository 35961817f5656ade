import BulkheadRTMPTransport
import BulkheadSRT
import NIOCore
import NIOPosix
import Synchronization

/// Finds out whether an SRT listener answers, without its application hearing of it: by the first message of the handshake.
enum SRTProbe {
    /// How often it is asked within the timeout: datagrams get lost.
    private static let interval = TimeAmount.milliseconds(250)
    /// An answer takes one round trip; rules compare with RTMP's handshake, which takes some six.
    private static let roundTripsOfHandshake = 6

    /// - Returns: what an RTMP handshake would have taken on this path.
    static func measure(
        _ address: SRTAddress, timeout: Duration, group: any EventLoopGroup
    ) async -> Result<Duration, PublishError> {
        // Nobody can be asked who calls by himself.
        guard address.mode == .caller else { return .success(.zero) }
        let server = address.authority
        let remote: SocketAddress
        do {
            remote = try await NIOThreadPool.singleton.runIfActive {
                try SocketAddress.makeAddressResolvingHost(address.host, port: address.port)
            }
        } catch { return .failure(.nameNotResolved(host: address.host)) }
        let socketID = UInt32.random(in: 1...0x3FFF_FFFF)
        let answer = group.next().makePromise(of: Duration?.self)
        let channel: any Channel
        do {
            channel = try await DatagramBootstrap(group: group).channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ProbeHandler(socketID: socketID, answer: answer))
                }
            }.connect(to: remote).get()
        } catch {
            answer.succeed(nil)
            return .failure(.unreachable(server: server, reason: "no datagrams can be sent there"))
        }
        let limit = channel.eventLoop.scheduleTask(in: TimeAmount(timeout)) { answer.succeed(nil) }
        let time = await withTaskCancellationHandler {
            try? await answer.futureResult.get()
        } onCancel: {
            answer.succeed(nil)
        }
        limit.cancel()
        try? await channel.close()
        if Task.isCancelled { return .failure(.cancelled) }
        guard let time = time ?? nil else { return .failure(.timedOut(server: server, .connecting, after: timeout)) }
        return .success(time * roundTripsOfHandshake)
    }

    /// Asks until it is answered.
    private final class ProbeHandler: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        typealias OutboundOut = ByteBuffer

        private let socketID: UInt32
        private let answer: EventLoopPromise<Duration?>
        private var askedAt: ContinuousClock.Instant?
        private var repeated: RepeatedTask?

        init(socketID: UInt32, answer: EventLoopPromise<Duration?>) {
            self.socketID = socketID
            self.answer = answer
        }

        func channelActive(context: ChannelHandlerContext) {
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            repeated = context.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: SRTProbe.interval) { _ in
                let (handler, context) = bound.value
                handler.ask(context)
            }
        }

        private func ask(_ context: ChannelHandlerContext) {
            let bytes = InductionHandshake.request(socketID: socketID, sequence: .random(in: 0...0x7FFF_FFFF))
            askedAt = .now
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = Array(unwrapInboundIn(data).data.readableBytesView.prefix(InductionHandshake.byteCount))
            guard let askedAt, InductionHandshake.isAnswer(bytes, to: socketID) else { return }
            repeated?.cancel()
            answer.succeed(.now - askedAt)
        }

        func channelInactive(context: ChannelHandlerContext) { repeated?.cancel() }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {}
    }
}

extension TimeAmount {
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .seconds(seconds) + .nanoseconds(attoseconds / 1_000_000_000)
    }
}
