import BulkheadMedia
import BulkheadTestSupport
import Foundation
import Testing

/// Every child is killed while on air; a viewer who was there before the first frame misses nothing.
@Suite(.serialized) struct KillTests {
    /// A broadcast of the test picture into an embedded server, with a viewer, and what they saw in the end.
    private struct Stage {
        let server: EmbeddedServer
        let viewer: RecordingViewer
        let broadcast: RunningProcess
        let folder: TemporaryFolder

        init(seconds: Int, _ arguments: [String]) async throws {
            folder = try TemporaryFolder()
            server = try await EmbeddedServer()
            viewer = try RecordingViewer(server.url("a"), into: folder)
            #expect(await server.hasViewer(of: "a"))
            broadcast = try BulkheadProgram.start(
                [
                    "broadcast", "test", "--to", server.url("a"), "--duration", "\(seconds)", "--size", "640x360",
                    "--video-bitrate", "800k", "--preset", "ultrafast", "--json",
                ] + arguments)
            let broadcast = broadcast
            #expect(await eventually(within: .seconds(20)) { broadcast.outputText.contains("\"on air\"") })
        }

        func child(_ name: String) async throws -> Int32 {
            let parent = broadcast.pid
            var found: Int32?
            _ = await eventually(within: .seconds(20)) {
                let running = ProcessTable.children(of: parent, named: name)
                // Of the encoders it is the one on air.
                found =
                    name == "bulkhead-encoder"
                    ? encoderOnAir.flatMap { running.contains($0) ? $0 : nil } : running.first
                return found != nil
            }
            return try #require(found, "\(name) runs")
        }

        /// Signals the child and waits until another is ready in its place and the viewer sees more.
        func replace(_ name: String, with signal: Int32) async throws {
            let ready = readyCount(name)
            let pid = try await child(name)
            kill(pid, signal)
            #expect(
                await eventually(within: .seconds(20)) { !ProcessTable.exists(pid) && readyCount(name) > ready },
                "\(name) \(pid) is replaced after signal \(signal)")
            let seen = viewedByteCount
            #expect(await eventually(within: .seconds(20)) { viewedByteCount > seen + 8000 }, "the viewer sees more")
        }

        /// The process that last said that it is ready as the encoder, and not as its standby.
        private var encoderOnAir: Int32? {
            struct Line: Decodable {
                let part: String?
                let kind: String?
                let details: [String: String]?
            }
            let lines = broadcast.outputText.split(separator: "\n")
                .compactMap { try? JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
            let last = lines.last { $0.part == "encoder" && ($0.kind == "ready" || $0.kind == "took over") }
            return last?.details?["pid"].flatMap { Int32($0) }
        }

        private var viewedByteCount: Int {
            (try? FileManager.default.attributesOfItem(atPath: viewer.path)[.size] as? Int) ?? 0
        }

        /// How many children of this kind have come so far as to work.
        private func readyCount(_ name: String) -> Int {
            let part = name.dropFirst("bulkhead-".count).replacing("-", with: " ")
            let words = part == "source" ? "\"opened\"" : "\"ready\""
            return broadcast.outputText.split(separator: "\n").count {
                $0.contains("\"part\":\"\(part)\"") && $0.contains(words)
            }
        }

        func finish() async throws -> ViewedFrames {
            #expect(await broadcast.wait(timeout: .seconds(60)) == 0, "\(broadcast.errorText)")
            await viewer.finish()
            #expect(server.publishCount == 1, "\(server.log)")
            await server.end()
            let packets = try await ViewedPackets.list(viewer.path)
            #expect(packets.backwardSteps == 0)
            return try await ViewedFrames.decode(viewer.path, width: 640, height: 360)
        }
    }

    @Test(arguments: [[], ["--tune", "none", "--preset", "veryfast", "--bframes", "2"]])
    func encoderKilledAgainAndAgainLosesNoFrame(settings: [String]) async throws {
        let stage = try await Stage(seconds: 20, settings)
        for _ in 0..<6 { try await stage.replace("bulkhead-encoder", with: SIGKILL) }
        let seen = try await stage.finish()
        #expect(seen.lost == 0)
        #expect(seen.isInOrder)
        #expect(seen.unreadable == 0)
        #expect(seen.numbers.count == 600)
    }

    @Test func sourceKilledAgainAndAgainLosesNoFrame() async throws {
        let stage = try await Stage(seconds: 14, [])
        for _ in 0..<6 { try await stage.replace("bulkhead-source", with: SIGKILL) }
        let seen = try await stage.finish()
        // The timeline waits for nobody: where the next source was slow, a picture was shown twice. None is left out.
        #expect(seen.lost == 0)
        #expect(seen.isInOrder)
        #expect(seen.numbers.count == 420)
    }

    @Test func pluginHostKilledAgainAndAgainLosesNoFrame() async throws {
        let stage = try await Stage(seconds: 14, ["--plugin", BulkheadProgram.path("libBorder.so") + ",width=4"])
        for _ in 0..<6 { try await stage.replace("bulkhead-plugin-host", with: SIGKILL) }
        let seen = try await stage.finish()
        #expect(seen.lost == 0)
        #expect(seen.repeated == 0)
        #expect(seen.isInOrder)
        #expect(seen.numbers.count == 420)
    }

    /// A child that stands still answers nothing and does not end: only its deadline shows it.
    @Test(arguments: ["bulkhead-encoder", "bulkhead-source", "bulkhead-plugin-host"])
    func stoppedChildIsReplaced(name: String) async throws {
        let stage = try await Stage(seconds: 8, ["--plugin", BulkheadProgram.path("libBorder.so") + ",width=4"])
        try await stage.replace(name, with: SIGSTOP)
        let seen = try await stage.finish()
        #expect(seen.lost == 0)
        #expect(seen.isInOrder)
        #expect(seen.numbers.count == 240)
        if name != "bulkhead-source" { #expect(seen.repeated == 0) }
    }

    /// A segmentation fault that comes from outside is survived by Swift's crash reporter or kills: either is whole.
    @Test(arguments: ["bulkhead-encoder", "bulkhead-source", "bulkhead-plugin-host"])
    func faultedChildLosesNoFrame(name: String) async throws {
        let stage = try await Stage(seconds: 5, ["--plugin", BulkheadProgram.path("libBorder.so") + ",width=4"])
        for _ in 0..<3 { kill(try await stage.child(name), SIGSEGV) }
        let seen = try await stage.finish()
        #expect(seen.lost == 0)
        #expect(seen.isInOrder)
        #expect(seen.numbers.count == 150)
    }

    /// All three at once, and the master alone is left for a moment.
    @Test func allChildrenKilledAtOnce() async throws {
        let stage = try await Stage(seconds: 7, ["--plugin", BulkheadProgram.path("libBorder.so") + ",width=4"])
        for _ in 0..<3 {
            let names = ["bulkhead-encoder", "bulkhead-source", "bulkhead-plugin-host"]
            var pids: [Int32] = []
            for name in names { pids.append(try await stage.child(name)) }
            for pid in pids { kill(pid, SIGKILL) }
            for name in names {
                #expect(await eventually { (try? await stage.child(name)).map { !pids.contains($0) } ?? false })
            }
        }
        let seen = try await stage.finish()
        #expect(seen.lost == 0)
        #expect(seen.isInOrder)
        #expect(seen.numbers.count == 210)
    }

    /// No child outlives a master that is killed.
    @Test func childrenDieWithTheMaster() async throws {
        let stage = try await Stage(seconds: 60, [])
        var pids: [Int32] = []
        for name in ["bulkhead-encoder", "bulkhead-source", "bulkhead-plugin-host"] {
            pids.append(try await stage.child(name))
        }
        await stage.broadcast.end(signal: SIGKILL)
        for pid in pids { #expect(await eventually { !ProcessTable.exists(pid) }, "\(pid) is gone") }
        await stage.viewer.stop()
        await stage.server.end()
    }
}
