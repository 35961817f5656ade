import BulkheadFaults
import BulkheadTestSupport
import Foundation
import NIOCore
import NIOPosix
import Testing

/// A path between a publisher and a server, in all its conditions. A server here sends back what it is sent.
@Suite(.timeLimit(.minutes(1))) struct PathConditionTests {
    /// A connection of a publisher's, with blocking calls and deadlines.
    private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private static func withEcho<Result: Sendable>(
        _ body: @Sendable @escaping (_ port: Int) async throws -> Result
    ) async throws -> Result {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Echo()) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        do {
            let result = try await body(port)
            try await server.close()
            return result
        } catch {
            try await server.close()
            throw error
        }
    }

    private static func connect(_ port: Int) async throws -> Connection {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(10))
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture { try Connection(wrappingChannelSynchronously: channel) }
            }
    }

    /// Sends `text` and reads until as much has come back.
    private static func ask(_ text: String, _ connection: Connection) async throws -> String {
        try await connection.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: text))
            var answer = ""
            for try await piece in inbound {
                answer += String(buffer: piece)
                if answer.utf8.count >= text.utf8.count { break }
            }
            return answer
        }
    }

    @Test func openPathCarriesBothWays() async throws {
        try await Self.withEcho { port in
            let path = try await FaultyPath.start(port: port)
            #expect(path.port != port && path.port > 0)
            let long = String(repeating: "0123456789", count: 20_000)
            #expect(try await Self.ask(long, Self.connect(path.port)) == long)
            #expect(try await Self.ask("again", Self.connect(path.port)) == "again")
            #expect(await path.connectionCount == 2)
            await path.stop()
        }
    }

    /// What nothing listens behind is closed by the path too: a publisher sees a server that is not there.
    @Test func pathToNothingIsReset() async throws {
        let free = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(free.localAddress?.port)
        try await free.close()
        let path = try await FaultyPath.start(port: port)
        let answer = try? await Self.ask("hello", Self.connect(path.port))
        #expect(answer ?? "" == "")
        await path.stop()
    }

    @Test func refusingPathTakesNoConnectionsUntilItIsOpenAgain() async throws {
        try await Self.withEcho { port in
            let path = try await FaultyPath.start(port: port)
            try await path.set(.refusing)
            await #expect(throws: (any Error).self) { _ = try await Self.ask("hello", Self.connect(path.port)) }
            // Told twice, it is the same.
            try await path.set(.refusing)
            try await path.set(.open)
            #expect(try await Self.ask("hello", Self.connect(path.port)) == "hello")
            await path.stop()
            await #expect(throws: (any Error).self) { _ = try await Self.ask("hello", Self.connect(path.port)) }
        }
    }

    @Test func stalledPathCarriesOnWhenItIsOpenAgain() async throws {
        try await Self.withEcho { port in
            let path = try await FaultyPath.start(port: port)
            try await path.set(.stalled)
            let connection = try await Self.connect(path.port)
            async let answer = Self.ask("patience", connection)
            // The connection is there, and nothing comes through: it is the opening that lets the answer come.
            #expect(await eventually { await path.connectionCount == 1 })
            try await path.set(.open)
            #expect(try await answer == "patience")
            await path.stop()
        }
    }

    /// Not even the kernel behind a blackhole answers, and TCP sends again what was lost in it.
    @Test func blackholeSwallowsUntilItIsOpenAgain() async throws {
        try await Self.withEcho { port in
            let path = try await FaultyPath.start(port: port)
            let connection = try await Self.connect(path.port)
            #expect(await eventually { await path.connectionCount == 1 })
            try await path.set(.blackhole)
            async let answer = Self.ask("patience", connection)
            await #expect(throws: (any Error).self) {
                let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .connectTimeout(.milliseconds(200)).connect(host: "127.0.0.1", port: path.port).get()
                try await channel.close()
            }
            #expect(await path.connectionCount == 1)
            try await path.set(.open)
            #expect(try await answer == "patience")
            await path.stop()
        }
    }

    /// 100 kB at 400 kB a second take a quarter of a second at least, less what lies in the buffers.
    @Test func slowPathTakesItsTime() async throws {
        try await Self.withEcho { port in
            let path = try await FaultyPath.start(port: port)
            try await path.set(.slow(bytesPerSecond: 400_000))
            let text = String(repeating: "x", count: 100_000)
            let start = ContinuousClock.now
            #expect(try await Self.ask(text, Self.connect(path.port)) == text)
            #expect(ContinuousClock.now - start > .milliseconds(150))
            await path.stop()
        }
    }

    @Test func resetEndsConnectionsAndTakesNewOnes() async throws {
        try await Self.withEcho { port in
            let path = try await FaultyPath.start(port: port)
            let connection = try await Self.connect(path.port)
            let ended: Bool = try await connection.executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(string: "a"))
                var iterator = inbound.makeAsyncIterator()
                _ = try await iterator.next()
                await path.reset()
                do { return try await iterator.next() == nil } catch { return true }
            }
            #expect(ended)
            #expect(try await Self.ask("hello", Self.connect(path.port)) == "hello")
            await path.stop()
        }
    }

    @Test func pathLeadsElsewhereForNewConnections() async throws {
        try await Self.withEcho { port in
            let path = try await FaultyPath.start(port: 1)
            await path.lead(to: port)
            #expect(try await Self.ask("hello", Self.connect(path.port)) == "hello")
            await path.stop()
        }
    }
}

/// Sends back what comes.
private final class Echo: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.writeAndFlush(data, promise: nil) }
}
