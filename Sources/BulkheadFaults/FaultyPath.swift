import NIOCore
import NIOPosix

/// A TCP relay in this process that does to connections what networks and servers do to them: for drills and tests.
///
///     publisher ── 127.0.0.1:port ── this relay ── host:port ── server
///
/// A blackhole is one indeed, without privileges: the relay's sockets are given a filter that drops each packet before
/// TCP sees it, so that the publisher's kernel gets no acknowledgement, no reset, and no answer to a connection attempt.
package final class FaultyPath: Sendable {
    /// What the path does until it is told otherwise.
    package enum Condition: Hashable, Sendable {
        /// Carries everything as it comes.
        case open
        /// Nothing comes through and nothing is answered.
        case blackhole
        /// Connections stay up, and nothing is taken from publishers: their TCP windows close.
        case stalled
        /// Carries so much of what publishers send.
        case slow(bytesPerSecond: Int)
        /// Connections are reset, and new ones refused.
        case refusing
    }

    /// Where publishers connect, on 127.0.0.1.
    package let port: Int
    private let relay: NIOLoopBound<Relay>
    private let eventLoop: any EventLoop

    private init(port: Int, relay: NIOLoopBound<Relay>, eventLoop: any EventLoop) {
        self.port = port
        self.relay = relay
        self.eventLoop = eventLoop
    }

    /// Listens on a port of 127.0.0.1, 0 for any free one, and carries to `host` and `serverPort`.
    ///
    /// - Parameter bufferByteCount: what the kernel may take from a publisher before the relay has read it; nil for the
    ///   system's choice, which is megabytes. Small ones make a slow path felt at once.
    /// - Throws: what the system says of the port.
    package static func start(
        to host: String = "127.0.0.1", port serverPort: Int, listeningOn port: Int = 0, bufferByteCount: Int? = nil
    ) async throws -> FaultyPath {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let relay = try await eventLoop.submit {
            NIOLoopBound(
                Relay(host: host, serverPort: serverPort, bufferByteCount: bufferByteCount, eventLoop: eventLoop),
                eventLoop: eventLoop)
        }.get()
        let bound = try await eventLoop.flatSubmit { relay.value.listen(port) }.get()
        return FaultyPath(port: bound, relay: relay, eventLoop: eventLoop)
    }

    /// Where the path leads from now on: connections that are up stay where they are.
    package func lead(to port: Int) async {
        try? await eventLoop.submit { [relay] in relay.value.serverPort = port }.get()
    }

    /// Changes the path, also for connections that are up.
    /// - Throws: what the system says of listening again after ``Condition/refusing``.
    package func set(_ condition: Condition) async throws {
        try await eventLoop.flatSubmit { [relay] in relay.value.set(condition) }.get()
    }

    /// Resets every connection (RST), and takes new ones as before.
    package func reset() async { try? await eventLoop.submit { [relay] in relay.value.reset() }.get() }

    /// How many connections it has taken.
    package var connectionCount: Int {
        get async { (try? await eventLoop.submit { [relay] in relay.value.connectionCount }.get()) ?? 0 }
    }

    /// Closes everything; returns when the port is free.
    package func stop() async { try? await eventLoop.flatSubmit { [relay] in relay.value.stop() }.get() }
}

/// The relay on its event loop.
private final class Relay {
    var serverPort: Int
    private(set) var connectionCount = 0
    private(set) var condition = FaultyPath.Condition.open
    private let host: String
    private let bufferByteCount: Int?
    private let eventLoop: any EventLoop
    private var listener: (any Channel)?
    private var port = 0
    private var pairs: [ObjectIdentifier: Pair] = [:]

    init(host: String, serverPort: Int, bufferByteCount: Int?, eventLoop: any EventLoop) {
        self.host = host
        self.serverPort = serverPort
        self.bufferByteCount = bufferByteCount
        self.eventLoop = eventLoop
    }

    func listen(_ wanted: Int) -> EventLoopFuture<Int> {
        let relay = NIOLoopBound(self, eventLoop: eventLoop)
        var bootstrap = ServerBootstrap(group: eventLoop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            // In small pieces, so that a slow path is slow evenly.
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 8192))
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try relay.value.accept(channel) }
            }
        if let bufferByteCount {
            // Accepted sockets inherit it, before they offer a window.
            bootstrap = bootstrap.serverChannelOption(
                .socketOption(.so_rcvbuf), value: SocketOptionValue(clamping: bufferByteCount))
        }
        return bootstrap.bind(host: "127.0.0.1", port: wanted).map { channel in
            relay.value.listener = channel
            relay.value.port = channel.localAddress?.port ?? wanted
            return relay.value.port
        }
    }

    private func accept(_ publisher: any Channel) throws {
        connectionCount += 1
        let pair = Pair(publisher: publisher, relay: self)
        pairs[ObjectIdentifier(pair)] = pair
        try publisher.pipeline.syncOperations.addHandler(Side(pair, isPublisher: true))
        let bound = NIOLoopBound(pair, eventLoop: eventLoop)
        ClientBootstrap(group: eventLoop)
            .channelOption(.autoRead, value: false)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    bound.value.server = channel
                    try channel.pipeline.syncOperations.addHandler(Side(bound.value, isPublisher: false))
                }
            }
            .connect(host: host, port: serverPort)
            .whenComplete { result in
                switch result {
                case .success: bound.value.begin()
                case .failure: bound.value.end(resets: true)
                }
            }
    }

    func remove(_ pair: Pair) { pairs[ObjectIdentifier(pair)] = nil }

    func set(_ new: FaultyPath.Condition) -> EventLoopFuture<Void> {
        let old = condition
        condition = new
        if (old == .blackhole) != (new == .blackhole) {
            for channel in pairs.values.map(\.publisher) + [listener].compactMap({ $0 }) {
                PacketFilter.set(new == .blackhole, on: channel)
            }
        }
        if new == .refusing {
            reset()
            let closing = listener?.close()
            listener = nil
            return closing ?? eventLoop.makeSucceededVoidFuture()
        }
        for pair in pairs.values { pair.wake() }
        guard old == .refusing, listener == nil else { return eventLoop.makeSucceededVoidFuture() }
        return listen(port).map { _ in }
    }

    func reset() { for pair in Array(pairs.values) { pair.end(resets: true) } }

    func stop() -> EventLoopFuture<Void> {
        for pair in Array(pairs.values) { pair.end(resets: false) }
        guard let listener else { return eventLoop.makeSucceededVoidFuture() }
        return listener.close().recover { _ in }
    }
}

/// A publisher's connection and the one to the server that belongs to it.
private final class Pair {
    let publisher: any Channel
    var server: (any Channel)?
    private weak var relay: Relay?
    private var isOpen = false
    private var isEnded = false
    /// The publisher's next bytes are waited for, or for their time.
    private var isReading = false
    /// What the server has said into a blackhole.
    private var held: [ByteBuffer] = []

    init(publisher: any Channel, relay: Relay) {
        self.publisher = publisher
        self.relay = relay
        if relay.condition == .blackhole { PacketFilter.set(true, on: publisher) }
    }

    func begin() {
        isOpen = true
        wake()
    }

    /// Reads on where the condition permits it.
    func wake() {
        guard isOpen, !isEnded, let relay else { return }
        switch relay.condition {
        case .blackhole, .stalled, .refusing: return
        case .open, .slow: break
        }
        for bytes in held { publisher.writeAndFlush(bytes, promise: nil) }
        held = []
        server?.read()
        if !isReading {
            isReading = true
            publisher.read()
        }
    }

    func read(_ bytes: ByteBuffer, isPublisher: Bool) {
        if !isPublisher, relay?.condition == .blackhole { return held.append(bytes) }
        let other = isPublisher ? server : publisher
        // What was under way when the path closed is lost in a blackhole; TCP sends it again, so only a reset ends it.
        other?.writeAndFlush(bytes).assumeIsolated().whenComplete { [self] _ in
            isPublisher ? tookFromPublisher(bytes.readableBytes) : wakeServer()
        }
    }

    private func wakeServer() {
        guard !isEnded, relay?.condition != .blackhole else { return }
        server?.read()
    }

    private func tookFromPublisher(_ byteCount: Int) {
        isReading = false
        guard case .slow(let rate) = relay?.condition else { return wake() }
        isReading = true
        let pause = TimeAmount.nanoseconds(Int64(Double(byteCount) / Double(max(1, rate)) * 1e9))
        publisher.eventLoop.assumeIsolated().scheduleTask(in: pause) { [self] in
            isReading = false
            wake()
        }
    }

    func end(resets: Bool) {
        guard !isEnded else { return }
        isEnded = true
        relay?.remove(self)
        for channel in [publisher, server].compactMap({ $0 }) {
            if resets { AbruptClose.arm(channel) }
            channel.close(promise: nil)
        }
    }
}

/// One of the two channels of a pair.
private final class Side: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let pair: Pair
    private let isPublisher: Bool

    init(_ pair: Pair, isPublisher: Bool) {
        self.pair = pair
        self.isPublisher = isPublisher
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        pair.read(unwrapInboundIn(data), isPublisher: isPublisher)
    }

    func channelInactive(context: ChannelHandlerContext) { pair.end(resets: false) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { pair.end(resets: true) }
}
