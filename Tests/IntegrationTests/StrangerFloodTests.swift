import BulkheadFLV
import BulkheadRTMP
import BulkheadSystem
import BulkheadTestSupport
import Foundation
import NIOCore
import Testing

/// Servers, viewers, publishers and applications that say as much as they can: what listens to them neither grows nor
/// fills the disk, and goes on with its work.
@Suite(.serialized, .timeLimit(.minutes(4))) struct StrangerFloodTests {
    private static let mostGrowth = 64 << 20
    private static let mostOutput = 1 << 20

    // MARK: what is said

    private static func chunks(_ messages: [(Message, ChunkStreamID)], after bytes: [UInt8] = []) throws -> [UInt8] {
        var encoder = ChunkEncoder()
        var output = ByteBuffer(bytes: bytes)
        try encoder.encode(ControlMessage.setChunkSize(.standard).message, on: .control, into: &output)
        encoder = ChunkEncoder(chunkSize: .standard)
        for (message, id) in messages { try encoder.encode(message, on: id, into: &output) }
        return Array(output.readableBytesView)
    }

    private static func command(_ command: Command, on streamID: MessageStreamID = 0) -> (Message, ChunkStreamID) {
        (command.message(on: streamID), .command)
    }

    private static func status(_ code: String, _ text: String = "", tcURL: String? = nil) -> Command {
        Command(
            "onStatus", .null,
            .object([
                "level": "status", "code": .string(code), "description": .string(text),
                "tcUrl": tcURL.map { .string($0) } ?? .null,
            ]))
    }

    /// Repeats `bytes` up to about a quarter of a MiB.
    private static func block(_ bytes: [UInt8]) -> [UInt8] {
        [[UInt8]](repeating: bytes, count: max(1, (1 << 18) / max(1, bytes.count))).flatMap { $0 }
    }

    // MARK: a server

    struct ServerFlood: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let messages: @Sendable () -> [(Message, ChunkStreamID)]
    }

    static let serverFloods = [
        ServerFlood(testDescription: "answers that nobody waits for") {
            [
                command(Command("_result", transactionID: 99, .null, .string(String(repeating: "r", count: 3000)))),
                command(status("NetStream.Publish.Start", String(repeating: "s", count: 3000)), on: 1),
                command(Command("onFCPublish", .null)),
            ]
        },
        ServerFlood(testDescription: "acknowledgements and pings") {
            (0..<20).flatMap { number in
                [
                    (ControlMessage.acknowledgement(sequenceNumber: number &* 0x0765_4321).message, .control),
                    (ControlMessage.userControl(.ping(number)).message, .control),
                ]
            }
        },
        ServerFlood(testDescription: "wishes to go on elsewhere") {
            [
                command(
                    status(
                        "NetConnection.Connect.ReconnectRequest", String(repeating: "t", count: 3000),
                        tcURL: "rtmp://127.0.0.1:9/" + String(repeating: "u", count: 500)))
            ]
        },
    ]

    @Test(arguments: serverFloods) func aServerFloodsABroadcast(flood: ServerFlood) async throws {
        let block = Self.block(try Self.chunks(flood.messages()))
        let server = try await ScriptedServer { name, command in
            switch name {
            case "publish": ScriptedServer.welcome(name, command) + [.bytes(block)]
            case "(media)": [.bytes(block)]
            default: ScriptedServer.welcome(name, command)
            }
        }
        let folder = try TemporaryFolder()
        let broadcast = try await Broadcast(in: folder, to: ["rtmp://127.0.0.1:\(server.port)/live/key"])
        let isFlooded = await eventually(within: .seconds(20)) { server.names.count { $0 == "(media)" } > 5 }
        #expect(isFlooded, "\(broadcast.text)")
        try await broadcast.expectUnmoved()
        await broadcast.end()
        await server.stop()
    }

    // MARK: an application

    @Test(arguments: [
        "{\"request\":\"status\",\"id\":1}\n", "{\"request\":\"events\",\"id\":1}\n", "{\"request\":\"what\"}\n",
        String(repeating: "x", count: 60_000),
    ])
    func anApplicationFloodsABroadcast(line: String) async throws {
        let folder = try TemporaryFolder()
        let broadcast = try await Broadcast(in: folder)
        let opening = Array("{\"bulkhead-control\":1}\n".utf8)
        let flooders = [true, false].map { reads in
            Flooder(
                .local(path: folder.path("c.sock")), opening: opening, block: Self.block(Array(line.utf8)), reads: reads
            )
        }
        try await broadcast.expectUnmoved()
        #expect(flooders.allSatisfy { $0.byteCount > 1 << 20 || $0.connectionCount > 20 })
        for flooder in flooders { flooder.stop() }
        // It still answers those who ask as they should.
        let answers = await eventually(within: .seconds(20)) {
            let status = try? BulkheadProgram.start(["status", "--attach", "unix:" + folder.path("c.sock")])
            return await status?.wait() == 0
        }
        #expect(answers)
        await broadcast.end()
    }

    // MARK: viewers and publishers

    struct PeerFlood: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var mostGrowth = StrangerFloodTests.mostGrowth
        let opening: @Sendable () -> [(Message, ChunkStreamID)]
        let messages: @Sendable () -> [(Message, ChunkStreamID)]
    }

    private static func entry(_ commands: [(Message, ChunkStreamID)]) -> [(Message, ChunkStreamID)] {
        [
            command(Command("connect", transactionID: 1, .object(["app": "live"]))),
            command(Command("createStream", transactionID: 2, .null)),
        ] + commands
    }

    private static func media(
        _ type: MessageType, _ bytes: [UInt8], on streamID: MessageStreamID = 1
    ) -> (Message, ChunkStreamID) {
        (Message(type: type, streamID: streamID, timestampMilliseconds: 1, payload: ByteBuffer(bytes: bytes)), .video)
    }

    /// What makes a server take the pictures behind it for some.
    private static func configuration(on streamID: MessageStreamID = 1) -> (Message, ChunkStreamID) {
        media(.video, [0x17, 0, 0, 0, 0, 1, 0x42, 0xC0, 0x1E, 0xFF, 0xE0, 0], on: streamID)
    }

    private static func picture(
        _ first: UInt8, byteCount: Int = 0, on streamID: MessageStreamID = 1
    ) -> (Message, ChunkStreamID) {
        media(.video, [first, 1, 0, 0, 0, 0, 0, 0, 1] + [UInt8](repeating: 1, count: byteCount + 1), on: streamID)
    }

    static let peerFloods = [
        PeerFlood(testDescription: "a viewer that plays on and on") {
            entry([])
        } messages: {
            [
                command(Command("play", transactionID: 0, .null, .string(String(repeating: "n", count: 3000))), on: 1),
                command(Command("createStream", transactionID: 3, .null)),
                command(Command("deleteStream", transactionID: 4, .null, 1)),
            ]
        },
        PeerFlood(testDescription: "a publisher of empty messages") {
            entry([command(Command("publish", transactionID: 5, .null, "a", "live"), on: 1)])
        } messages: {
            [media(.audio, []), media(.video, []), media(.data, []), media(.data, [2, 0, 0])]
        },
        PeerFlood(testDescription: "a publisher of keyframes") {
            entry([command(Command("publish", transactionID: 5, .null, "b", "live"), on: 1), configuration()])
        } messages: {
            [picture(0x17, byteCount: 100_000)]
        },
        PeerFlood(testDescription: "a publisher of one endless GOP") {
            entry([
                command(Command("publish", transactionID: 5, .null, "c", "live"), on: 1),
                configuration(), picture(0x17),
            ])
        } messages: {
            [picture(0x27, byteCount: 100_000)]
        },
        // A server keeps 64 MiB for players that come.
        PeerFlood(testDescription: "eight endless GOPs at once", mostGrowth: 128 << 20) {
            entry(
                (1...8).flatMap { number in
                    [
                        command(Command("createStream", transactionID: 9, .null)),
                        command(
                            Command("publish", transactionID: 5, .null, .string("g\(number)"), "live"), on: number),
                        configuration(on: number), picture(0x17, on: number),
                    ]
                })
        } messages: {
            (1...8).map { picture(0x27, byteCount: 100_000, on: $0) }
        },
        PeerFlood(testDescription: "a publisher that comes and goes") {
            entry([])
        } messages: {
            [
                command(Command("publish", transactionID: 5, .null, "d", "live"), on: 1),
                command(Command("FCUnpublish", transactionID: 6, .null, "d")),
                command(Command("deleteStream", transactionID: 7, .null, 1)),
                command(Command("createStream", transactionID: 8, .null)),
            ]
        },
    ]

    @Test(arguments: peerFloods) func aPeerFloodsAServer(flood: PeerFlood) async throws {
        // C0, C1 and C2, whose content nobody checks.
        let greeting = [3] + [UInt8](repeating: 0, count: 2 * 1536)
        let opening = try Self.chunks(flood.opening(), after: greeting)
        let block = Self.block(try Self.chunks(flood.messages()))
        let server = try await EmbeddedServer()
        var memory = try #require(MemoryWatch(of: server.pid))
        let flooders = [true, false].map { Flooder(.port(server.port), opening: opening, block: block, reads: $0) }
        let end = MonotonicTime.now.advanced(by: .seconds(5))
        _ = await eventually(within: .seconds(20)) {
            memory.look()
            return .now > end
        }
        // Either it got rid of much, or it was turned away again and again.
        #expect(flooders.allSatisfy { $0.byteCount > 1 << 20 || $0.connectionCount > 20 })
        #expect(memory.growth < flood.mostGrowth, "\(memory.growth >> 20) MiB")
        #expect(server.log.utf8.count < Self.mostOutput, "\(server.log.prefix(500))")
        for flooder in flooders { flooder.stop() }
        // Others are served beside and after it.
        let folder = try TemporaryFolder()
        let broadcast = try await Broadcast(in: folder, to: [server.url("other")], ["--patience", "1m"])
        #expect(await eventually(within: .seconds(40)) { server.log.contains("live/other") })
        await broadcast.end()
        await server.end()
    }
}

/// A broadcast of the test picture into a file, and elsewhere, which something is done to.
private struct Broadcast {
    private let process: RunningProcess
    private let output: String

    /// Returns when it is on air.
    init(
        in folder: TemporaryFolder, to destinations: [String] = [], _ arguments: [String] = []
    ) async throws {
        output = folder.path("out.flv")
        let process = try BulkheadProgram.start(
            [
                "broadcast", "test", "--size", "320x180", "--video-bitrate", "300k", "--preset", "ultrafast", "--json",
                "--control", "unix:" + folder.path("c.sock"),
            ] + (["file:\(output)"] + destinations).flatMap { ["--to", $0] } + arguments)
        self.process = process
        let isOnAir = await eventually(within: .seconds(20)) { process.outputText.contains("\"timeline.on-air\"") }
        #expect(isOnAir, "\(process.errorText)")
    }

    var text: String { process.outputText }

    private var writtenByteCount: Int {
        (try? FileManager.default.attributesOfItem(atPath: output)[.size] as? Int) ?? 0
    }

    /// For five seconds nothing comes of it: not memory, not lines, not a gap.
    func expectUnmoved() async throws {
        var memory = try #require(MemoryWatch(of: process.pid))
        let end = MonotonicTime.now.advanced(by: .seconds(5))
        let before = writtenByteCount
        _ = await eventually(within: .seconds(20)) {
            memory.look()
            return .now > end
        }
        #expect(process.isRunning)
        #expect(memory.growth < 64 << 20, "\(memory.growth >> 20) MiB")
        #expect(process.output.count < 1 << 20, "\(process.output.count) bytes")
        // At 300 kbit/s, the test picture takes a fraction of it.
        #expect(writtenByteCount > before + 20_000)
        #expect(!process.outputText.contains("\"timeline.lag\""))
    }

    func end() async {
        kill(process.pid, SIGINT)
        await process.wait(timeout: .seconds(30))
    }
}
