import BulkheadTestSupport
import Foundation
import Testing

/// A Bulkhead server that pulls from another one, under a viewer, with a switch that tells it by its interface.
@Suite(.serialized, .timeLimit(.minutes(3))) struct BulkheadSwitchTests {
    private func size(_ path: String) -> Int {
        (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    }

    private func grows(_ viewer: RecordingViewer, by bytes: Int = 15_000) async -> Bool {
        let before = size(viewer.path)
        return await eventually(within: .seconds(30)) { self.size(viewer.path) >= before + bytes }
    }

    @Test func pushGoesOverToPullAndBackUnderOneViewer() async throws {
        let folder = try TemporaryFolder()
        try "0123456789abcdef\n".write(toFile: folder.path("token"), atomically: true, encoding: .utf8)
        let origin = try await EmbeddedServer()
        let edge = try await EmbeddedServer(["--hold-players", "--api-token-file", folder.path("token")])
        let broadcast = try BulkheadProgram.start([
            "broadcast", "test", "--size", "320x180", "--preset", "ultrafast", "--keyframe-interval", "1", "--to",
            origin.url("show"), "--to", edge.url("show"), "--patience", "5m", "--control", "unix:\(folder.path("c"))",
        ])
        #expect(
            await eventually(within: .seconds(20)) { FileManager.default.fileExists(atPath: folder.path("c")) },
            "\(broadcast.errorText)")
        let configuration = folder.path("switch.yml")
        try """
        broadcast: unix:\(folder.path("c"))
        preferred: push
        when: [no-data 1s, report missing 20 periods]
        watch: \(edge.url("show"))
        push: {link: 2}
        pull:
          source: \(origin.url("show"))
          kind: bulkhead
          url: http://127.0.0.1:\(edge.port)
          token-file: \(folder.path("token"))
        control: unix:\(folder.path("s"))
        times: {period: 200ms, dwell: 1s, clear: 0s}
        """.write(toFile: configuration, atomically: true, encoding: .utf8)
        let switching = try BulkheadProgram.start(
            ["switch", "run", "--config", configuration, "--json"],
            environment: ["XDG_STATE_HOME": folder.path("state")])
        func works(_ way: String, _ cause: String) async -> Bool {
            await eventually(within: .seconds(40)) {
                switching.outputText.split(separator: "\n").contains {
                    $0.contains("\"switch.working\"") && $0.contains("\"way\":\"\(way)\"") && $0.contains(cause)
                }
            }
        }
        #expect(await works("push", "beginning"), "\(switching.outputText) \(switching.errorText)")
        let viewer = try RecordingViewer(edge.url("show"), into: folder)
        #expect(await grows(viewer))
        let socket = ["--socket", "unix:\(folder.path("s"))"]
        for way in ["pull", "push"] {
            #expect(try await BulkheadProgram.start(["switch", way] + socket).wait() == 0)
            #expect(await works(way, "hand"), "\(switching.outputText) \(switching.errorText) \(edge.log)")
            #expect(await grows(viewer), "\(way): \(edge.log)")
        }
        await viewer.stop()
        #expect(edge.log.contains("live/show: comes from rtmp://127.0.0.1:\(origin.port)/live"), "\(edge.log)")
        #expect(edge.log.contains("the relay was deleted"), "\(edge.log)")
        await switching.end(signal: SIGINT)
        await broadcast.end(signal: SIGINT)
        await edge.end()
        await origin.end()
        // Neither a hole nor a picture twice: the same broadcast goes on without a seam.
        let seen = try await ViewedFrames.decode(viewer.path, width: 320, height: 180)
        #expect(seen.isWhole(accordingTo: broadcast.errorText), "\(seen.numbers) \(broadcast.errorText)")
    }
}
