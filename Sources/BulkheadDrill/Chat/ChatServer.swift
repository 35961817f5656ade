import BulkheadChatFormats
import BulkheadFaults
import Glibc
import NIOCore
import NIOPosix

/// The chat server of a drill on its socket, behind a path that can be disturbed.
final class ChatServer: Sendable {
    /// Between two lines.
    private static let interval = TimeAmount.milliseconds(100)

    private let house: NIOLoopBound<House>
    private let eventLoop: any EventLoop
    private let listener: any Channel
    /// The way to it.
    let path: FaultyPath

    private init(_ house: NIOLoopBound<House>, _ eventLoop: any EventLoop, _ listener: any Channel, _ path: FaultyPath)
    {
        self.house = house
        self.eventLoop = eventLoop
        self.listener = listener
        self.path = path
    }

    /// Listens on free ports of 127.0.0.1, one for the server and one for the way to it.
    /// - Throws: what the system says of it.
    static func start(channel: String) async throws -> ChatServer {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let house = try await eventLoop.submit {
            NIOLoopBound(House(ChatScript(channel: channel)), eventLoop: eventLoop)
        }.get()
        let listener = try await ServerBootstrap(group: eventLoop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Guest(house.value, channel))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            let path = try await FaultyPath.start(port: listener.localAddress?.port ?? 0)
            return ChatServer(house, eventLoop, listener, path)
        } catch {
            try? await listener.close()
            throw error
        }
    }

    /// Speaks from now on, once a client has joined, for so long.
    func speak(for span: Duration) {
        let nanoseconds = span.components.seconds * 1_000_000_000 + span.components.attoseconds / 1_000_000_000
        eventLoop.execute { [house, eventLoop] in
            let task = eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: Self.interval) { _ in
                house.value.act { $0.say(at: Self.wallClock()) }
            }
            eventLoop.scheduleTask(in: .nanoseconds(max(0, nanoseconds))) { task.cancel() }
            house.value.speaking = task
        }
    }

    /// Announces that it leaves.
    func leave() async { try? await eventLoop.submit { [house] in house.value.act { $0.leave() } }.get() }

    /// How many lines were said.
    var said: Int { get async { (try? await eventLoop.submit { [house] in house.value.script.said }.get()) ?? 0 } }

    /// Closes everything.
    func close() async {
        try? await eventLoop.submit { [house] in house.value.close() }.get()
        try? await listener.close()
        await path.stop()
    }

    private static func wallClock() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }
}

/// The server's clients, on its event loop.
private final class House {
    private(set) var script: ChatScript
    var speaking: RepeatedTask?
    private var guests: [Int: any Channel] = [:]
    private var count = 0

    init(_ script: ChatScript) { self.script = script }

    func take(_ channel: any Channel) -> Int {
        count += 1
        guests[count] = channel
        script.opened(count)
        return count
    }

    func leave(_ number: Int) {
        guests[number] = nil
        script.ended(number)
    }

    func act(_ body: (inout ChatScript) -> [ChatScript.Action]) {
        for case .send(let number, let line) in body(&script) {
            guard let channel = guests[number] else { continue }
            // One that reads nothing is a path that carries nothing; a drill's lines are few.
            channel.writeAndFlush(ByteBuffer(string: line), promise: nil)
        }
    }

    func close() {
        speaking?.cancel()
        for guest in guests.values { guest.close(promise: nil) }
    }
}

/// One client's connection.
private final class Guest: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let house: House
    private let number: Int
    private var reader = LineReader()

    init(_ house: House, _ channel: any Channel) {
        self.house = house
        number = house.take(channel)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        for line in reader.take(unwrapInboundIn(data).readableBytesView) {
            house.act { $0.take(line, from: number) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) { house.leave(number) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
