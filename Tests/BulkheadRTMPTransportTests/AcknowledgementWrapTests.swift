import BulkheadMedia
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadTestSupport
import NIOCore
import NIOPosix
import Testing

/// A stream that is so long that its server's count of it comes round.
@Suite(.timeLimit(.minutes(5))) struct AcknowledgementWrapTests {
    /// Swallows what comes after the first megabyte, and acknowledges it in 31 bits each 64 MB.
    private final class Counter: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias InboundOut = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private static let handshakeByteCount = 3073
        private static let step = 64 << 20
        private var byteCount = 0
        private var acknowledgedByteCount = 0

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            byteCount += unwrapInboundIn(data).readableBytes
            guard byteCount > 1 << 20 else { return context.fireChannelRead(data) }
            guard byteCount - acknowledgedByteCount >= Self.step else { return }
            acknowledgedByteCount = byteCount
            let number = UInt32((byteCount - Self.handshakeByteCount) & 0x7FFF_FFFF)
            // Chunk stream 2, type 0: no time, 4 bytes, message type 3, message stream 0.
            var acknowledgement = ByteBuffer(bytes: [2, 0, 0, 0, 0, 0, 4, 3, 0, 0, 0, 0])
            acknowledgement.writeInteger(number)
            context.writeAndFlush(wrapOutboundOut(acknowledgement), promise: nil)
        }
    }

    @Test func countThatComesRoundCostsNothing() async throws {
        let peer = try await ScriptedPeer(handlers: { channel in
            try channel.pipeline.syncOperations.addHandler(Counter())
        })
        var options = PublishOptions()
        options.chunkSize = try #require(ChunkSize(1 << 20))
        let publisher = try await RTMPPublisher.connect(
            to: IngestTarget("rtmp://127.0.0.1:\(peer.port)/app/key"), options: options,
            group: MultiThreadedEventLoopGroup.singleton)
        let session = PublishingSession(publisher, sends: false)
        let wanted: UInt64 = (1 << 31) + (200 << 20)
        let bytes = PublishingSession.picture(0, at: 0, byteCount: 1 << 20).bytes
        var number: Int64 = 0
        while publisher.statistics.sentByteCount < wanted, session.end == nil {
            guard publisher.hasRoom(below: 16 << 20) else {
                _ = await eventually(within: .seconds(60)) {
                    publisher.hasRoom(below: 16 << 20) || session.end != nil
                }
                continue
            }
            let time = MediaTime(milliseconds: number)
            publisher.send(
                packet: Packet(kind: .video(isIDR: true, isDisposable: false), dts: time, pts: time, bytes: bytes))
            number += 1
        }
        // The last 64 MB may be too few to be acknowledged.
        let isKnown = await eventually(within: .seconds(30)) {
            (publisher.statistics.acknowledgedByteCount ?? 0) > wanted - (80 << 20)
        }
        #expect(isKnown, "\(publisher.statistics)")
        #expect(session.end == nil)
        #expect(!session.events.contains(.acknowledgementsDistrusted))
        #expect(!session.events.contains { if case .suspected = $0 { true } else { false } })
        await session.finish()
        await peer.stop()
    }
}
