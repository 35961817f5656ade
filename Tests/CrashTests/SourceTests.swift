import BulkheadTestSupport
import Foundation
import Testing

/// Inputs that are bad or go away: the broadcast goes on, and goes on with them when it can.
@Suite(.serialized, .timeLimit(.minutes(3))) struct SourceTests {
    /// Whoever reads frames 60 to 75 dies: the file's crash spot is left out, after it the file goes on.
    @Test func crashSpotOfAFileIsSkipped() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let file = folder.path("in.mkv")
        let ffmpeg = try RunningProcess(
            "ffmpeg",
            ["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=6", "-c:v", "libx264", "-g", "15", file])
        #expect(await ffmpeg.wait(timeout: .seconds(60)) == 0, "\(ffmpeg.errorText)")
        let out = folder.path("out.flv")
        let broadcast = try BulkheadProgram.start(
            [
                "broadcast", file, "--to", "file:\(out)", "--size", "320x180", "--preset", "ultrafast", "--json",
            ], environment: ["BULKHEAD_FAULTS": "source:trap@60-75"])
        #expect(await broadcast.wait(timeout: .seconds(60)) == 0, "\(broadcast.errorText)")
        let lines = broadcast.outputText.split(separator: "\n")
        #expect(lines.contains { $0.contains("\"source.skipped\"") }, "\(broadcast.outputText)")
        // It came to the file's end, and was not started again for ever.
        #expect((2...4).contains(lines.count { $0.contains("\"code\":\"source.died\"") }))
        let packets = try await ViewedPackets.list(out)
        #expect(packets.backwardSteps == 0)
    }

    /// A live input ends with its server and comes back with the next: it is opened again. (A publisher alone that comes
    /// back finds its players still there.)
    @Test func liveInputIsOpenedAgain() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let server = try await EmbeddedServer()
        let publisher = try Self.publisher(to: server.url("in"))
        let broadcast = try BulkheadProgram.start([
            "broadcast", server.url("in"), "--to", "file:\(folder.path("out.flv"))", "--size", "320x180", "--preset",
            "ultrafast", "--json",
        ])
        let opened = { broadcast.outputText.split(separator: "\n").count { $0.contains("\"source.opened\"") } }
        #expect(await eventually(within: .seconds(20)) { opened() >= 1 })
        await publisher.end(signal: SIGKILL)
        await server.end()
        let next = try await EmbeddedServer(port: server.port)
        let again = try Self.publisher(to: next.url("in"))
        #expect(await eventually(within: .seconds(30)) { opened() >= 2 }, "\(broadcast.outputText)")
        await again.end(signal: SIGKILL)
        await broadcast.end(signal: SIGINT)
        #expect(await broadcast.wait(timeout: .seconds(30)) == 0, "\(broadcast.errorText)")
        await next.end()
        #expect(try await ViewedPackets.list(folder.path("out.flv")).backwardSteps == 0)
    }

    private static func publisher(to url: String) throws -> RunningProcess {
        try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30", "-c:v", "libx264", "-preset",
                "ultrafast", "-g", "15", "-f", "flv", url,
            ])
    }
}
