import BulkheadTestSupport
import Foundation
import Testing

/// What a live server is told of a recording, as its players get it.
@Suite(.timeLimit(.minutes(3))) struct ScriptDataTests {
    /// FFmpeg plays the stream, and finds beside it what happened.
    @Test func playersGetWhatHappensToTheRecording() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let server = try BulkheadProgram.start(["serve", "--listen", "127.0.0.1:0"])
        #expect(await eventually(within: .seconds(20)) { server.outputText.contains("Ready") })
        let port = try #require(server.outputText.firstMatch(of: #/rtmp://127\.0\.0\.1:(\d+)/#).flatMap { Int($0.1) })
        let address = "rtmp://127.0.0.1:\(port)/live/key"
        let path = folder.path("show.mp4")
        let broadcast = try BulkheadProgram.start([
            "broadcast", "test", "--size", "320x180", "--fps", "25", "--preset", "ultrafast", "--record", path,
            "--record-report", "1s", "--script-data", "--to", address, "--json", "--control",
            "unix:\(folder.path("c"))",
        ])
        func codes() -> [String] { ReportedEvent.all(in: broadcast.outputText).map(\.code) }
        #expect(
            await eventually(within: .seconds(60)) { codes().contains("recording.report") }, "\(broadcast.errorText)")
        let player = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-i", address, "-map", "0:d", "-c", "copy", "-f", "data", "-flush_packets", "1",
                folder.path("data"),
                "-map", "0:v", "-map", "0:a", "-c", "copy", folder.path("copy.mp4"), "-y",
            ])
        func data() -> String {
            String(decoding: (try? Data(contentsOf: URL(filePath: folder.path("data")))) ?? Data(), as: UTF8.self)
        }
        #expect(await eventually(within: .seconds(60)) { data().contains("recording.report") }, "\(player.errorText)")
        try FileManager.default.removeItem(atPath: path + ".index")
        #expect(await eventually(within: .seconds(20)) { data().contains("recording.trouble") })
        #expect(data().contains("onRecording") && data().contains("show.mp4.index"))
        #expect(!data().contains(folder.url.path))
        let calm = ["link.connected", "link.accepted"]
        #expect(codes().allSatisfy { !$0.hasPrefix("link.") || calm.contains($0) }, "\(codes())")
        kill(broadcast.pid, SIGINT)
        #expect(await broadcast.wait(timeout: .seconds(30)) == 0)
        _ = await player.wait(timeout: .seconds(30))
        #expect(player.errorText.isEmpty, "\(player.errorText)")
        let probe = try RunningProcess("ffmpeg", ["-v", "error", "-i", folder.path("copy.mp4"), "-f", "null", "-"])
        #expect(await probe.wait(timeout: .seconds(30)) == 0)
        #expect(probe.errorText.isEmpty, "\(probe.errorText)")
        await server.end()
    }
}
