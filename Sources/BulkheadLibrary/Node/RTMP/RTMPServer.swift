import BulkheadHTTP
import BulkheadModel
import BulkheadRTMP
import BulkheadSystem
import NIOCore
import NIOPosix
import Synchronization

/// Recordings for players of RTMP: `rtmp://NODE/media/ID?token=TOKEN&start=SECONDS`, where the token is that of the tracker; with a
/// certificate `rtmps://…` on the same port, and RTMP without TLS for this machine alone.
final class RTMPServer: Sendable {
    /// More connections are closed at once.
    static let mostConnections = 1000
    /// A connection on which nothing moves for so long is closed.
    private static let patience = TimeAmount.seconds(60)

    private let channel: any Channel
    private let ended: AsyncStream<Void>

    /// The system's choice where 0 was asked for.
    var port: Int? { channel.localAddress?.port }

    /// Listens on `address`, and serves from then on.
    /// - Parameter tls: nil for RTMP without TLS.
    init(_ address: ListenAddress, _ node: NodeService, tls: ServerTLS?, log: LibraryLog) async throws {
        let count = ConnectionCount()
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let isOne = count.add(1) <= Self.mostConnections
                    channel.closeFuture.whenComplete { _ in _ = count.add(-1) }
                    guard isOne else { return channel.close(promise: nil) }
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(IdleStateHandler(allTimeout: Self.patience))
                    try pipeline.addHandler(IdleEnd())
                    if let tls {
                        try pipeline.addHandler(
                            TLSDoor(tls, refusal: "") {
                                log.trouble(
                                    "node.rtmp",
                                    "a player came by RTMP without TLS and got nothing: its token was to be read on the way; rtmps:// is the address"
                                )
                            })
                    }
                    try pipeline.addHandler(RTMPPlayHandler(node))
                }
            }
        channel = try await bootstrap.bind(host: address.host, port: address.port).get()
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        ended = stream
        channel.closeFuture.whenComplete { _ in continuation.finish() }
    }

    /// Returns when the task is cancelled.
    func run() async {
        await withTaskCancellationHandler {
            for await _ in ended {}
        } onCancel: {
            channel.close(promise: nil)
        }
    }

    /// How many connections there are.
    private final class ConnectionCount: Sendable {
        private let value = Atomic<Int>(0)

        /// - Returns: how many there are then.
        func add(_ number: Int) -> Int { value.add(number, ordering: .relaxed).newValue }
    }
}
