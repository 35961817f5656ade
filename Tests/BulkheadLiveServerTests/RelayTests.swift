import BulkheadHTTP
import BulkheadLiveServer
import BulkheadModel
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadStreamPlayer
import BulkheadTestSupport
import Foundation
import NIOCore
import NIOPosix
import Testing

private let group = MultiThreadedEventLoopGroup.singleton

/// Servers that give each other streams.
@Suite(.timeLimit(.minutes(2))) struct RelayTests {
    private let log = EventLog()
    private static let key = StreamName(app: "live", name: "key")

    private func start(
        port: Int = 0, _ log: EventLog? = nil, _ change: (inout LiveServerOptions) throws -> Void = { _ in }
    ) async throws -> LiveServer {
        var options = LiveServerOptions()
        options.relayDelays = [.milliseconds(100)]
        try change(&options)
        return try await LiveServer.start(port: port, options: options, onEvent: (log ?? self.log).append)
    }

    private static func address(_ server: LiveServer, _ key: String = "key") throws -> IngestTarget {
        try IngestTarget("\(server.address)/live/\(key)")
    }

    /// A clip that is published over and over, until `body` is done.
    private func publishing(
        to server: LiveServer, key: String = "key", _ body: (MediaClip) async throws -> Void
    ) async throws {
        let clip = try await MediaClip.make(seconds: 2)
        let publisher = try await RTMPPublisher.connect(to: Self.address(server, key), group: group)
        let sending = Task { try await publish(clip, with: publisher) }
        try await body(clip)
        sending.cancel()
        await publisher.close(goodbye: true)
    }

    /// The next `count` messages of a stream, as they come.
    private func messages(
        _ count: Int, of target: IngestTarget
    ) async throws -> [Message] {
        try await RTMPPlayer.play(target, group: group) { events in
            var messages: [Message] = []
            while messages.count < count, let event = try await events.next() {
                if case .media(let played) = event { messages.append(played.message) }
            }
            return messages
        }
    }

    private func news(_ direction: RelayDirection, _ matches: (RelayNews) -> Bool = { $0 == .started }) -> Bool {
        log.all.contains {
            if case .relay(_, direction, _, let news) = $0 { matches(news) } else { false }
        }
    }

    @Test func aPulledStreamIsThatOfItsSource() async throws {
        let origin = try await start(EventLog())
        let source = try Self.address(origin)
        let edge = try await start { $0.pulls = [PullOptions(Self.key, from: [source])] }
        try await publishing(to: origin) { _ in
            #expect(await eventually(within: .seconds(20)) { news(.pull) })
            async let atOrigin = messages(150, of: Self.address(origin))
            let here = try await messages(150, of: Self.address(edge))
            let there = try await atOrigin
            // What both have is the same, with the same times.
            func known(_ messages: [Message]) -> Set<Message> {
                Set(
                    messages.map {
                        var message = $0
                        message.streamID = 0
                        return message
                    })
            }
            #expect(known(there).intersection(known(here)).count > 20)
            #expect(here.first.map { MediaKind($0) } == .metadata && here[0].payload == there[0].payload)
            let probe = try RunningProcess(
                "ffprobe", ["-v", "error", "-show_entries", "stream=codec_name", "\(edge.httpAddress)/live/key.mp4"])
            #expect(await probe.wait() == 0, "\(probe.errorText)")
            #expect(probe.outputText.contains("h264") && probe.outputText.contains("aac"))
        }
        await edge.stop()
        await origin.stop()
    }

    /// By HTTP, timestamps and all; the viewer gets what the origin gives.
    @Test func aStreamIsPulledByHTTPFLV() async throws {
        let origin = try await start(EventLog())
        let source = try #require(HTTPAddress("\(origin.httpAddress)/live/key.flv"))
        let edge = try await start { $0.pulls = [PullOptions(Self.key, from: [.flv(source)])] }
        #expect(await eventually { news(.pull) { "\($0)".contains("no such stream at the moment (404)") } })
        try await publishing(to: origin) { _ in
            #expect(await eventually(within: .seconds(20)) { news(.pull) })
            async let atOrigin = messages(150, of: Self.address(origin))
            let here = try await messages(150, of: Self.address(edge))
            let there = try await atOrigin
            func media(_ messages: [Message]) -> Set<Message> {
                Set(
                    messages.map {
                        Message(type: $0.type, timestampMilliseconds: $0.timestampMilliseconds, payload: $0.payload)
                    })
            }
            #expect(media(there).intersection(media(here)).count > 20)
            let probe = try RunningProcess(
                "ffprobe", ["-v", "error", "-show_entries", "stream=codec_name", "\(edge.address)/live/key"])
            #expect(await probe.wait() == 0, "\(probe.errorText)")
            #expect(probe.outputText.contains("h264") && probe.outputText.contains("aac"))
        }
        #expect(await eventually(within: .seconds(20)) { news(.pull) { "\($0)".contains("closed the connection") } })
        await edge.stop()
        await origin.stop()
    }

    /// What is no live server's FLV is told, and does no harm.
    @Test(
        arguments: [
            ("HTTP/1.1 302 Found\r\nLocation: /x.flv\r\nContent-Length: 0\r\n\r\n", "answered 302"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n<html>nothing</html>", "is no FLV stream"),
            ("HTTP/1.1 200 OK\r\n\r\nFLV\u{1}\u{5}\0\0\0\u{9}\0\0\0\0\u{9}", "closed the connection"),
            ("RTMP?", "was lost"),
        ])
    func whatIsNoFLVIsSaid(answer: String, words: String) async throws {
        let peer = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FixedAnswer(answer))
                }
            }.bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(peer.localAddress?.port)
        let source = try #require(HTTPAddress("http://127.0.0.1:\(port)/live/key.flv"))
        let edge = try await start { $0.pulls = [PullOptions(Self.key, from: [.flv(source)])] }
        #expect(await eventually { news(.pull) { "\($0)".contains(words) } }, "\(log.all)")
        await edge.stop()
        try await peer.close().get()
    }

    @Test func aPullOnDemandComesAndGoesWithItsPlayers() async throws {
        let origin = try await start(EventLog())
        let source = try Self.address(origin)
        let edge = try await start {
            var options = PullOptions(Self.key, from: [source])
            options.isOnDemand = true
            options.linger = .milliseconds(500)
            $0.pulls = [options]
        }
        try await publishing(to: origin) { _ in
            #expect(!news(.pull))
            let count = try await messages(10, of: Self.address(edge)).count
            #expect(count == 10)
            #expect(await eventually(within: .seconds(20)) { news(.pull) { $0 == .ended("nobody plays it") } })
            // The first viewer over HTTP waits for it, and is not told that nobody publishes.
            for name in ["key.flv", "key.mp4", "key/index.m3u8"] {
                let probe = try RunningProcess(
                    "ffprobe",
                    ["-v", "error", "-show_entries", "stream=codec_name", "\(edge.httpAddress)/live/\(name)"])
                #expect(await probe.wait() == 0, "\(name): \(probe.errorText)")
                #expect(probe.outputText.contains("h264"), "\(name)")
            }
        }
        await edge.stop()
        await origin.stop()
    }

    @Test func theNextSourceIsTaken() async throws {
        let origin = try await start(EventLog())
        let nobody = try FreePort.take()
        let sources = [try IngestTarget("rtmp://127.0.0.1:\(nobody)/live/key"), try Self.address(origin)]
        let edge = try await start { $0.pulls = [PullOptions(Self.key, from: sources)] }
        try await publishing(to: origin) { _ in
            let count = try await messages(10, of: Self.address(edge)).count
            #expect(count == 10)
        }
        #expect(news(.pull) { if case .failed(let text) = $0 { text.contains("refused") } else { false } })
        await edge.stop()
        await origin.stop()
    }

    @Test(.enabled(if: NginxServer.isInstalled)) func streamsGoToNginxAndComeFromIt() async throws {
        let nginx = try await NginxServer()
        let push = PushOptions(nil, to: try IngestTarget("rtmp://127.0.0.1:\(nginx.port)/live", key: ""))
        let origin = try await start(EventLog()) { $0.pushes = [push] }
        let source = try IngestTarget("rtmp://127.0.0.1:\(nginx.port)/live/key")
        let edge = try await start { $0.pulls = [PullOptions(Self.key, from: [source])] }
        try await publishing(to: origin) { _ in
            let probe = try RunningProcess(
                "ffprobe",
                ["-v", "error", "-show_entries", "stream=codec_name,width", "\(edge.address)/live/key"])
            #expect(await probe.wait() == 0, "\(probe.errorText)")
            #expect(probe.outputText.contains("h264") && probe.outputText.contains("320"))
            let times = try await messages(40, of: Self.address(edge)).dropFirst(3).filter { $0.type == .video }
                .map(\.timestampMilliseconds)
            #expect(times.count > 5 && zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
        }
        await edge.stop()
        await origin.stop()
        await nginx.end()
    }

    @Test func aPushComesBackAndEndsWithItsStream() async throws {
        let port = try FreePort.take()
        let push = PushOptions(Self.key, to: try IngestTarget("rtmp://127.0.0.1:\(port)/live/there"))
        let origin = try await start { $0.pushes = [push] }
        let there = EventLog()
        try await publishing(to: origin) { _ in
            #expect(
                await eventually(within: .seconds(20)) { news(.push) { if case .failed = $0 { true } else { false } } })
            let server = try await start(port: port, there)
            #expect(await eventually(within: .seconds(20)) { there.publishCount == 1 })
            let count = try await messages(10, of: Self.address(server, "there")).count
            #expect(count == 10)
            await server.stop()
            let next = try await start(port: port, there)
            #expect(await eventually(within: .seconds(20)) { there.publishCount == 2 })
            await next.stop()
        }
        await origin.stop()
    }

    // MARK: circles

    @Test func aRelayOfItselfIsRefused() async throws {
        let port = try FreePort.take()
        let server = try await start(port: port) {
            $0.pulls = [PullOptions(Self.key, from: [try IngestTarget("rtmp://127.0.0.1:\(port)/live/other")])]
            $0.pushes = [PushOptions(nil, to: try IngestTarget("rtmp://localhost:\(port)/again", key: ""))]
        }
        #expect(await eventually { news(.pull) { "\($0)".contains("this server itself") } })
        #expect(news(.push) { "\($0)".contains("this server itself") })
        let raw = RawHTTP(port: port)
        let answer = try await raw.post("/api/relays", #"{"name":"live/x","pull":"rtmp://127.0.0.1:\#(port)/live/y"}"#)
        #expect(answer.contains(" 422 ") && answer.contains("round in a circle"), "\(answer)")
        await server.stop()
    }

    /// Each pulls from the other: nobody publishes, and nothing goes round.
    @Test func twoServersThatPullFromEachOtherSaySo() async throws {
        let (port, other) = (try FreePort.take(), try FreePort.take())
        let first = try await start(port: port) {
            $0.pulls = [PullOptions(Self.key, from: [try IngestTarget("rtmp://127.0.0.1:\(other)/live/key")])]
        }
        let second = try await start(port: other) {
            $0.pulls = [PullOptions(Self.key, from: [try IngestTarget("rtmp://127.0.0.1:\(port)/live/key")])]
        }
        #expect(
            await eventually(within: .seconds(20)) {
                news(.pull) { "\($0)".contains("its own stream") || "\($0)".contains("in a circle") }
            })
        // One of them may publish it: the other has it then.
        try await publishing(to: first) { _ in
            let count = try await messages(10, of: Self.address(second)).count
            #expect(count == 10)
        }
        await first.stop()
        await second.stop()
    }

    /// Each pulls from the next one and the last from the first: one of them says so, and who publishes into it is seen by all.
    @Test(arguments: [(3, false), (5, false), (4, true)])
    func circlesOfMoreServersAreFound(count: Int, isOverHTTP: Bool) async throws {
        let ports = try (0..<count).map { _ in try FreePort.take() }
        var servers: [LiveServer] = []
        // Every second one is there first, so that no server hears of the whole circle when it is asked.
        for index in Array(stride(from: 0, to: count, by: 2)) + Array(stride(from: 1, to: count, by: 2)) {
            let next = "127.0.0.1:\(ports[(index + 1) % count])/live/key"
            let source: StreamSource =
                isOverHTTP
                ? .flv(try #require(HTTPAddress("http://\(next).flv"))) : .rtmp(try IngestTarget("rtmp://\(next)"))
            servers.append(
                try await start(port: ports[index]) { $0.pulls = [PullOptions(Self.key, from: [source])] })
        }
        #expect(
            await eventually(within: .seconds(30)) {
                news(.pull) { "\($0)".contains("its own stream") || "\($0)".contains("in a circle") }
            }, "\(log.all)")
        try await publishing(to: servers[0]) { _ in
            for server in servers {
                let received = try await messages(10, of: Self.address(server)).count
                #expect(received == 10)
            }
        }
        for server in servers { await server.stop() }
    }

    // MARK: the interface

    @Test func theInterfaceMakesAndEndsPulls() async throws {
        let origin = try await start(EventLog())
        let edge = try await start()
        let raw = RawHTTP(port: edge.port)
        let wish = #"{"name":"live/key","pull":"\#(origin.address)/live/key?secret=x"}"#
        try await publishing(to: origin) { _ in
            let made = try await raw.post("/api/relays", wish)
            #expect(made.contains(" 201 ") && made.contains(#"{"name":"live/key"}"#), "\(made)")
            // Once more is no fault; from elsewhere is.
            #expect(try await raw.post("/api/relays", wish).contains(" 201 "))
            let other = try await raw.post("/api/relays", #"{"name":"live/key","pull":["rtmp://a.example/live/key"]}"#)
            #expect(other.contains(" 409 "))
            let count = try await messages(10, of: Self.address(edge)).count
            #expect(count == 10)
            let relays = try await raw.get("/api/relays")
            #expect(relays.contains(#""state":"flowing""#) && !relays.contains("secret"), "\(relays)")
            let streams = try await raw.get("/api/streams")
            #expect(streams.contains(#""publisher":"pull""#) && streams.contains(#""name":"key""#), "\(streams)")
            let end = try await raw.ask(
                "DELETE /api/relays/live/key HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            #expect(end.hasPrefix("HTTP/1.1 204"), "\(end)")
            let gone = try await raw.ask(
                "DELETE /api/relays/live/key HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            #expect(gone.hasPrefix("HTTP/1.1 404"))
        }
        await edge.stop()
        await origin.stop()
    }

    @Test(
        arguments: [
            ("{}", "400"), ("", "400"), (#"{"name":"x","pull":"rtmp://a/b/c"}"#, "400"),
            (#"{"name":"live/x","pull":"http://169.254.169.254/latest"}"#, "400"),
            (#"{"name":"live/x","pull":"file:///etc/passwd"}"#, "400"), (#"{"name":"live/x","pull":[]}"#, "400"),
            (#"{"name":"live/x\u000d\u000a","pull":"rtmp://a/b/c"}"#, "400"),
            (#"{"name":"live/x","pull":"rtmp://a/b/c","lingerSeconds":-1}"#, "400"),
            (#"{"name":"live/x","pull":"rtmp://a/b/c\u0000"}"#, "400"),
            (String(repeating: "[", count: 60_000), "400"), (String(repeating: "x", count: 70_000), "413"),
        ])
    func theInterfaceRefusesNonsense(body: String, status: String) async throws {
        let server = try await start()
        let answer = try await RawHTTP(port: server.port).post("/api/relays", body)
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
        await server.stop()
    }

    @Test func theInterfaceIsForThisMachineOrForATokensHolder() async throws {
        let server = try await start()
        let raw = RawHTTP(port: server.port)
        for header in ["Origin: http://a.example", "X-Forwarded-For: 10.0.0.1", "Via: 1.1 proxy"] {
            let answer = try await raw.ask(
                "GET /api/relays HTTP/1.1\r\nHost: 127.0.0.1\r\n\(header)\r\nConnection: close\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 403"), "\(header)")
        }
        let rebound = try await raw.ask("GET /api/relays HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        #expect(rebound.hasPrefix("HTTP/1.1 403"))
        await server.stop()

        let folder = try TemporaryFolder()
        try "0123456789abcdef\n".write(toFile: folder.path("token"), atomically: true, encoding: .utf8)
        let closed = try await start { $0.access.interfaceTokenPath = folder.path("token") }
        let other = RawHTTP(port: closed.port)
        for word in ["", "Authorization: Bearer 0123456789abcdeg\r\n", "Authorization: Basic x\r\n"] {
            let answer = try await other.ask(
                "GET /api/streams HTTP/1.1\r\nHost: evil.example\r\n\(word)Connection: close\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 401"), "\(answer)")
        }
        let right = try await other.ask(
            "GET /api/streams HTTP/1.1\r\nHost: a.example\r\nOrigin: http://a.example\r\n"
                + "Authorization: Bearer 0123456789abcdef\r\nConnection: close\r\n\r\n")
        #expect(right.hasPrefix("HTTP/1.1 200") && right.contains(#""streams":[]"#))
        await closed.stop()
    }

    /// A hook that answers a player with an address makes the server pull.
    @Test func aHookMakesTheServerPull() async throws {
        let origin = try await start(EventLog())
        let peer = try await HookPeer()
        let address = try #require(HTTPAddress("http://127.0.0.1:\(peer.port)/"))
        let edge = try await start { $0.access.hooks = .init([.play: address]) }
        try await publishing(to: origin, key: "away") { _ in
            let target = try IngestTarget("\(edge.address)/live/away?to=127.0.0.1:\(origin.port)")
            let count = try await messages(10, of: target).count
            #expect(count == 10)
        }
        await edge.stop()
        await origin.stop()
        await peer.end()
    }
}

extension RawHTTP {
    /// Posts JSON, and gives the whole answer.
    func post(_ path: String, _ body: String) async throws -> String {
        try await ask(
            "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }
}

/// Answers whatever is asked with the same bytes, and ends the connection.
private final class FixedAnswer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let text: String

    init(_ text: String) { self.text = text }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        context.close(promise: nil)
    }
}
