import BulkheadSystem
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Testing

/// Children that say far more than they are asked for, as fast as they can, again and again: the master neither grows nor
/// fills the disk with what they say.
@Suite(.serialized, .timeLimit(.minutes(3))) struct FloodTests {
    /// What a child of a broadcast floods the master with, and where in its program it begins.
    struct Flood: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let program: String
        let function: String
        let bytes: [UInt8]
    }

    static let floods = [
        Flood(
            testDescription: "notices of a source", program: "bulkhead-source", function: "avcodec_send_packet",
            bytes: SourceReply.notice(String(repeating: "n", count: 4000)).frame.bytes),
        Flood(
            testDescription: "signs of life of a source", program: "bulkhead-source", function: "avcodec_send_packet",
            bytes: SourceReply.waiting.frame.bytes),
        Flood(
            testDescription: "signs of life of an encoder", program: "bulkhead-encoder",
            function: "x264_encoder_encode", bytes: EncoderReply.alive.frame.bytes),
        Flood(
            testDescription: "sound of an encoder", program: "bulkhead-encoder", function: "x264_encoder_encode",
            bytes: EncoderReply.audioPacket(block: 1, bytes: [UInt8](repeating: 1, count: 4000)).frame.bytes),
    ]

    private static let small = ["--size", "320x180", "--video-bitrate", "300k", "--preset", "ultrafast"]

    /// A looped clip on air, one of whose children does harm in its 45th call of `function`.
    private static func broadcast(
        in folder: TemporaryFolder, with program: String, _ function: String, _ harm: (name: String, value: String)
    ) async throws -> RunningProcess {
        let clip = folder.path("clip.flv")
        let maker = try BulkheadProgram.start(
            ["broadcast", "test", "--to", "file:\(clip)", "--duration", "2", "--fast"] + small)
        #expect(await maker.wait(timeout: .seconds(60)) == 0)
        return try BulkheadProgram.start(
            [
                "broadcast", clip, "--loop", "--to", "file:\(folder.path("out.flv"))", "--json", "--control",
                "unix:\(folder.path("c.sock"))",
            ] + small,
            environment: [
                "LD_PRELOAD": BulkheadProgram.path("libHostile.so"), "HOSTILE_PROGRAM": program,
                "BULKHEAD_CHILD_ENVIRONMENT": "HOSTILE_PROGRAM,HOSTILE_FUNCTION,HOSTILE_AFTER,\(harm.name)",
                "HOSTILE_FUNCTION": function, "HOSTILE_AFTER": "45", harm.name: harm.value,
            ])
    }

    @Test(arguments: floods) func theMasterStaysSmall(flood: Flood) async throws {
        let folder = try TemporaryFolder()
        let broadcast = try await Self.broadcast(
            in: folder, with: flood.program, flood.function,
            ("HOSTILE_FLOOD", flood.bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()))
        let isOnAir = await eventually(within: .seconds(20)) { broadcast.outputText.contains("\"timeline.on-air\"") }
        #expect(isOnAir, "\(broadcast.errorText)")
        var memory = try #require(MemoryWatch(of: broadcast.pid))
        var deaths = 0
        // For five seconds of floods, and until one has been seen at all.
        let end = MonotonicTime.now.advanced(by: .seconds(5))
        _ = await eventually(within: .seconds(30)) {
            memory.look()
            deaths = ReportedEvent.all(in: broadcast.outputText).count { $0.code.hasSuffix(".died") }
            return .now > end && deaths > 0
        }
        #expect(deaths > 0)
        #expect(broadcast.isRunning)
        #expect(memory.growth < 64 << 20, "\(memory.growth >> 20) MiB")
        #expect(broadcast.output.count < 1 << 20)
        kill(broadcast.pid, SIGINT)
        await broadcast.wait(timeout: .seconds(30))
    }

    /// A plugin speaks for its host: it has the socket, too.
    @Test func aPluginHostFloodsTheMaster() async throws {
        let folder = try TemporaryFolder()
        let plugin = "\(BulkheadProgram.path("libHostile.so")),act=flood-wire,frame=20"
        let broadcast = try BulkheadProgram.start(
            [
                "broadcast", "test", "--to", "file:\(folder.path("out.flv"))", "--plugin", plugin, "--json",
                "--control",
                "unix:\(folder.path("c.sock"))",
            ] + Self.small)
        let isOnAir = await eventually(within: .seconds(20)) { broadcast.outputText.contains("\"timeline.on-air\"") }
        #expect(isOnAir, "\(broadcast.errorText)")
        var memory = try #require(MemoryWatch(of: broadcast.pid))
        // It is tried again after one second, and after five.
        let hasFlooded = await eventually(within: .seconds(30)) {
            memory.look()
            return ReportedEvent.all(in: broadcast.outputText).count { $0.code == "plugin.quarantined" } > 1
        }
        #expect(hasFlooded, "\(broadcast.outputText.prefix(2000))")
        #expect(broadcast.isRunning)
        #expect(memory.growth < 64 << 20, "\(memory.growth >> 20) MiB")
        #expect(broadcast.output.count < 1 << 20)
        #expect(!broadcast.outputText.contains("\"timeline.lag\""))
        kill(broadcast.pid, SIGINT)
        await broadcast.wait(timeout: .seconds(30))
    }

    /// Threads take those of others, and no limit of the kernel's binds root.
    @Test(arguments: [("bulkhead-source", "avcodec_send_packet"), ("bulkhead-encoder", "x264_encoder_encode")])
    func aChildOfManyThreadsIsEnded(program: String, function: String) async throws {
        let folder = try TemporaryFolder()
        let broadcast = try await Self.broadcast(in: folder, with: program, function, ("HOSTILE_THREADS", "1000"))
        let hasEnded = await eventually(within: .seconds(30)) {
            ReportedEvent.all(in: broadcast.outputText).contains {
                $0.code.hasSuffix(".died") && $0.string("cause")?.contains("threads") == true
            }
        }
        #expect(hasEnded, "\(broadcast.outputText)")
        #expect(broadcast.isRunning)
        kill(broadcast.pid, SIGINT)
        await broadcast.wait(timeout: .seconds(30))
    }
}
