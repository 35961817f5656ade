import BulkheadSystem
import BulkheadTestSupport
import Foundation
import Testing

/// What destinations ask of a broadcast: to be waited for, and to be filled.
@Suite(.serialized, .timeLimit(.minutes(3))) struct DestinationTests {
    private static let small = ["--size", "320x180", "--preset", "ultrafast"]

    @Test func serverThatIsNotUpYetIsWaitedFor() async throws {
        let port = try FreePort.take()
        let broadcast = try BulkheadProgram.start(
            [
                "broadcast", "test", "--to", "rtmp://127.0.0.1:\(port)/live/a", "--patience", "1m", "--json",
                "--video-bitrate", "300k",
            ] + Self.small)
        func events(_ code: String) -> [ReportedEvent] {
            ReportedEvent.all(in: broadcast.outputText).filter { $0.isA(code, id: 1, lane: nil) }
        }
        #expect(await eventually(within: .seconds(30)) { !events("link.lost").isEmpty })
        let server = try await EmbeddedServer(port: port)
        #expect(await eventually(within: .seconds(30)) { !events("link.accepted").isEmpty }, "\(broadcast.errorText)")
        #expect(events("link.lost").count == 1 && events("link.connected").count == 1)
        kill(broadcast.pid, SIGINT)
        #expect(await broadcast.wait(timeout: .seconds(30)) == 0, "\(broadcast.errorText)")
        await server.end()
    }

    /// The length of a broadcast is what viewers see of it, and not how long their server was waited for.
    @Test func waitingForAServerTakesNothingOffTheLength() async throws {
        let port = try FreePort.take()
        let broadcast = try BulkheadProgram.start(
            [
                "broadcast", "test", "--to", "rtmp://127.0.0.1:\(port)/live/a", "--patience", "1m", "--json",
                "--duration", "1", "--video-bitrate", "300k",
            ] + Self.small)
        func events(_ code: String) -> [ReportedEvent] {
            ReportedEvent.all(in: broadcast.outputText).filter { $0.code == code }
        }
        #expect(await eventually(within: .seconds(30)) { !events("timeline.on-air").isEmpty })
        let end = MonotonicTime.now.advanced(by: .seconds(3))
        _ = await eventually(within: .seconds(20)) { .now > end }
        #expect(broadcast.isRunning && events("timeline.ending").isEmpty)
        let server = try await EmbeddedServer(port: port)
        #expect(await broadcast.wait(timeout: .seconds(30)) == 0, "\(broadcast.errorText)")
        #expect(server.publishCount == 1)
        await server.end()
    }

    /// A job's time limit ends a broadcast that waits, for its server or for its input: that is no success.
    @Test(arguments: [true, false]) func broadcastThatIsStoppedWhileItWaitsHasFailed(isServerUp: Bool) async throws {
        let folder = try TemporaryFolder()
        // Nobody writes to it.
        let pipe = folder.path("pipe.ts")
        try #require(mkfifo(pipe, 0o600) == 0)
        let server = try await EmbeddedServer()
        if !isServerUp { await server.end() }
        let broadcast = try BulkheadProgram.start(
            [
                "broadcast", isServerUp ? pipe : "test", "--to", server.url("a"), "--patience", "1m", "--json",
                "--slate-after", "60", "--video-bitrate", "300k",
            ] + Self.small)
        let sign = isServerUp ? "\"link.connected\"" : "\"link.lost\""
        #expect(await eventually(within: .seconds(30)) { broadcast.outputText.contains(sign) })
        kill(broadcast.pid, SIGTERM)
        #expect(await broadcast.wait(timeout: .seconds(30)) == 69, "\(broadcast.errorText)")
        if isServerUp {
            #expect(broadcast.outputText.contains("destination.nothing-sent"), "\(broadcast.outputText)")
            await server.end()
        }
    }

    @Test func serverThatIsNotUpIsNotWaitedForUnasked() async throws {
        let port = try FreePort.take()
        let broadcast = try BulkheadProgram.start(
            ["broadcast", "test", "--to", "rtmp://127.0.0.1:\(port)/live/a"] + Self.small)
        #expect(await broadcast.wait(timeout: .seconds(30)) == 69, "\(broadcast.errorText)")
    }

    /// A still picture needs next to nothing of its bitrate.
    private func still(in folder: TemporaryFolder) async throws -> String {
        let path = folder.path("still.mp4")
        let ffmpeg = try RunningProcess(
            "ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "color=gray:s=320x180:r=30:d=10", "-c:v", "libx264", path])
        #expect(await ffmpeg.wait(timeout: .seconds(30)) == 0, "\(ffmpeg.errorText)")
        return path
    }

    private func byteCount(_ path: String) -> Int {
        (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    }

    @Test(arguments: [true, false]) func streamIsFilledUpToAConstantBitrate(isConstant: Bool) async throws {
        let folder = try TemporaryFolder()
        let output = folder.path("out.flv")
        let broadcast = try BulkheadProgram.start(
            [
                "broadcast", try await still(in: folder), "--fast", "--to", "file:\(output)", "--video-bitrate",
                "1000k",
                isConstant ? "--cbr" : "--no-cbr",
            ] + Self.small)
        #expect(await broadcast.wait(timeout: .seconds(60)) == 0, "\(broadcast.errorText)")
        // Ten seconds: 1.25 MB, and some headers.
        let range = isConstant ? 1_200_000...1_350_000 : 1...100_000
        #expect(range.contains(byteCount(output)), "\(byteCount(output))")
        let seen = try await ViewedPackets.list(output)
        #expect(seen.videoTimes.count == 300 && seen.backwardSteps == 0)
    }

    @Test func constantBitrateComesOnAir() async throws {
        let folder = try TemporaryFolder()
        let address = "unix:\(folder.path("c.sock"))"
        let output = folder.path("out.flv")
        let broadcast = try BulkheadProgram.start(
            [
                "broadcast", try await still(in: folder), "--loop", "--to", "file:\(output)", "--video-bitrate",
                "1000k",
                "--control", address,
            ] + Self.small)
        #expect(await eventually(within: .seconds(30)) { broadcast.errorText.contains("timeline: on air") })
        let change = try BulkheadProgram.start(["set", "cbr=true", "--attach", address])
        #expect(await change.wait(timeout: .seconds(30)) == 0, "\(change.errorText)")
        // Without filler that would take more than five minutes.
        #expect(await eventually(within: .seconds(60)) { byteCount(output) > 400_000 }, "\(broadcast.errorText)")
        kill(broadcast.pid, SIGINT)
        #expect(await broadcast.wait(timeout: .seconds(30)) == 0, "\(broadcast.errorText)")
        #expect(try await ViewedPackets.list(output).backwardSteps == 0)
    }

    /// A broadcast that no server takes fails, and what it has recorded is whole.
    @Test func recordingOfAFailedBroadcastIsWhole() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.mp4")
        // Whoever calls there by SRT waits three seconds for an answer.
        let process = try BulkheadProgram.start([
            "broadcast", "test", "--size", "320x180", "--fps", "25", "--preset", "ultrafast", "--record", path, "--to",
            "srt://127.0.0.1:\(try FreePort.take(.udp))",
        ])
        #expect(await process.wait(timeout: .seconds(40)) == 69, "\(process.errorText)")
        let check = try BulkheadProgram.start(["recording", "check", path])
        #expect(await check.wait(timeout: .seconds(30)) == 0, "\(check.outputText)\(check.errorText)")
        #expect(!process.errorText.contains("in no file"), "\(process.errorText)")
        withExtendedLifetime(folder) {}
    }
}
