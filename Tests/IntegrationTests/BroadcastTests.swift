import BulkheadFLV
import BulkheadMedia
import BulkheadRTMP
import BulkheadTestSupport
import Foundation
import Testing

/// Whole broadcasts, from a command line to what FFmpeg decodes.
@Suite(.serialized, .timeLimit(.minutes(3))) struct BroadcastTests {
    private static let small = ["--size", "640x360", "--video-bitrate", "800k", "--preset", "ultrafast"]

    private func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> RunningProcess {
        let program = try BulkheadProgram.start(arguments, environment: environment)
        await program.wait(timeout: .seconds(60))
        return program
    }

    /// A numbered clip of so many seconds at 30 frames a second, made by the product and checked by the tests below.
    private func clip(seconds: Int, in folder: TemporaryFolder) async throws -> String {
        let path = folder.path("clip.flv")
        let program = try await run(
            ["broadcast", "test", "--to", "file:\(path)", "--duration", "\(seconds)", "--fast"] + Self.small)
        #expect(program.errorText.split(separator: "\n").allSatisfy { !$0.contains(" error ") })
        return path
    }

    /// By how much the sound is late, in seconds: the beep and the picture of each full second belong together.
    private func offsets(_ path: String, framesPerSecond: Int) async throws -> [Double] {
        let pictures = try await ViewedFrames.decode(path, width: 640, height: 360)
        let times = try await ViewedPackets.list(path).videoTimes
        let beeps = try await HeardBeeps.starts(path)
        var seconds: [Double] = []
        for (index, (number, time)) in zip(pictures.numbers, times).enumerated() {
            guard let number, Int(number) % framesPerSecond == 0 else { continue }
            // Shown twice, a picture belongs to where it came first.
            if index == 0 || pictures.numbers[index - 1] != number { seconds.append(time) }
        }
        return seconds.compactMap { second in
            beeps.min { abs($0 - second) < abs($1 - second) }.map { $0 - second }
        }
    }

    @Test func viewerOfTheEmbeddedServerSeesEveryFrame() async throws {
        let folder = try TemporaryFolder()
        let server = try await EmbeddedServer()
        let viewer = try RecordingViewer(server.url("a"), into: folder)
        #expect(await server.hasViewer(of: "a"))
        let program = try await run(["broadcast", "test", "--to", server.url("a"), "--duration", "5"] + Self.small)
        #expect(program.errorText.contains("150 frames"))
        await viewer.finish()
        let seen = try await ViewedFrames.decode(viewer.path, width: 640, height: 360)
        // On a machine that is too busy the timeline shows a picture twice; it never leaves one out.
        #expect(seen.numbers.count == 150 && seen.numbers.first == 0)
        #expect(seen.lost == 0 && seen.isInOrder && seen.unreadable == 0)
        #expect(try await ViewedPackets.list(viewer.path).backwardSteps == 0)
        let offsets = try await offsets(viewer.path, framesPerSecond: 30)
        #expect(offsets.count >= 4)
        #expect(offsets.allSatisfy { abs($0) < 0.02 }, "\(offsets)")
        await server.end()
    }

    @Test(.enabled(if: NginxServer.isInstalled)) func nginxGetsEveryFrameOfAFile() async throws {
        let folder = try TemporaryFolder()
        let path = try await clip(seconds: 6, in: folder)
        let nginx = try await NginxServer()
        let url = "rtmp://127.0.0.1:\(nginx.port)/live/key"
        let viewer = try RecordingViewer(url, into: folder)
        #expect(await eventually { nginx.log.contains("play: name='key'") })
        let program = try await run(["broadcast", path, "--to", url, "--tune", "none"] + Self.small)
        #expect(program.errorText.contains("ended after"), "\(program.errorText)")
        // nginx goes on with its players when a publisher leaves: the viewer has all when the last frame came.
        _ = await eventually {
            (try? await ViewedPackets.list(viewer.path).packets.filter(\.isVideo).count) ?? 0 >= 175
        }
        await viewer.stop()
        let seen = try await ViewedFrames.decode(viewer.path, width: 640, height: 360)
        #expect(seen.numbers.first == 0 && seen.numbers.last == 179)
        #expect(seen.lost == 0 && seen.isInOrder && seen.unreadable == 0)
        let offsets = try await offsets(viewer.path, framesPerSecond: 30)
        #expect(offsets.count >= 5)
        #expect(offsets.allSatisfy { abs($0) < 0.02 }, "\(offsets)")
        #expect(nginx.log.split(separator: "\n").count { $0.contains("publish: name='key'") } == 1)
        await nginx.end()
    }

    @Test func loopedFileGoesRoundWithoutDrift() async throws {
        let folder = try TemporaryFolder()
        let path = try await clip(seconds: 2, in: folder)
        let out = folder.path("looped.flv")
        _ = try await run(
            ["broadcast", path, "--loop", "--to", "file:\(out)", "--duration", "31", "--fast"] + Self.small)
        let seen = try await ViewedFrames.decode(out, width: 640, height: 360)
        #expect(seen.numbers.count == 930)
        // A pass is as long as its longer track: the last picture may stand for the end of the sound.
        let passes = seen.numbers.count { $0 == 0 }
        #expect((14...16).contains(passes))
        let offsets = try await offsets(out, framesPerSecond: 60)
        #expect(offsets.allSatisfy { abs($0) < 0.02 }, "\(offsets)")
    }

    @Test func fastIsFasterThanRealTime() async throws {
        let folder = try TemporaryFolder()
        let start = ContinuousClock.now
        let path = try await clip(seconds: 60, in: folder)
        #expect(ContinuousClock.now - start < .seconds(50))
        let seen = try await ViewedFrames.decode(path, width: 640, height: 360)
        #expect(seen.numbers == (0..<1800).map { UInt32($0) })
    }

    @Test func twoDestinationsGetTheSame() async throws {
        let folder = try TemporaryFolder()
        let outputs = [folder.path("a.flv"), folder.path("b.flv")]
        _ = try await run(
            ["broadcast", "test", "--to", "file:\(outputs[0])", "--to", "file:\(outputs[1])", "--duration", "1"]
                + Self.small)
        let files = try outputs.map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
        #expect(files[0] == files[1])
        #expect(files[0].count > 1000)
    }

    @Test func pluginsChangeThePicture() async throws {
        let folder = try TemporaryFolder()
        let outputs = ["plain", "bordered"].map { folder.path("\($0).flv") }
        let plugin = BulkheadProgram.path("libBorder.so") + ",width=20"
        for (output, arguments) in zip(outputs, [[], ["--plugin", plugin]]) {
            _ = try await run(
                ["broadcast", "test", "--to", "file:\(output)", "--duration", "1", "--fast"] + Self.small + arguments)
        }
        var corners: [[UInt8]] = []
        for output in outputs {
            let ffmpeg = try RunningProcess(
                "ffmpeg",
                [
                    "-v", "error", "-i", output, "-frames:v", "1", "-vf", "crop=16:16:0:0,scale=1:1", "-f", "rawvideo",
                    "-pix_fmt", "rgb24", "-",
                ])
            await ffmpeg.wait()
            corners.append(Array(ffmpeg.output))
        }
        #expect(corners[0].count == 3)
        #expect(zip(corners[0], corners[1]).contains { abs(Int($0) - Int($1)) > 40 }, "\(corners)")
    }

    @Test func streamKeyNeverShows() async throws {
        let folder = try TemporaryFolder()
        let server = try await EmbeddedServer(["--stream-key", "s3cret?a=b&c#d/e"])
        let file = folder.path("key")
        try "s3cret?a=b&c#d/e\n".write(toFile: file, atomically: true, encoding: .utf8)
        let program = try BulkheadProgram.start(
            [
                "broadcast", "test", "--to", "rtmp://127.0.0.1:\(server.port)/live", "--stream-key-file", file,
                "--duration", "4", "--json",
            ] + Self.small)
        #expect(await eventually(within: .seconds(20)) { program.outputText.contains("\"link.connected\"") })
        let commandLine = try String(contentsOfFile: "/proc/\(program.pid)/cmdline", encoding: .utf8)
        await program.wait()
        #expect(!commandLine.contains("s3cret"))
        #expect(!program.outputText.contains("s3cret"))
        #expect(!program.errorText.contains("s3cret"))
        #expect(server.publishCount == 1)
        await server.end()
    }

    /// The server repeats the key in its refusal, which ends the broadcast.
    @Test(arguments: [[], ["--json"]]) func streamKeyInARefusalDoesNotShow(flags: [String]) async throws {
        let server = try await ScriptedServer { name, command in
            guard name == "publish" else { return ScriptedServer.welcome(name, command) }
            let status: AMF0Value = .object([
                "level": "error", "code": "NetStream.Publish.Denied", "description": "no S3CRETKEY here",
            ])
            return [.command(Command("onStatus", .null, status), streamID: 1)]
        }
        let program = try BulkheadProgram.start(
            ["broadcast", "test", "--to", "rtmp://127.0.0.1:\(server.port)/live/S3CRETKEY"] + flags + Self.small)
        #expect(await program.wait(timeout: .seconds(30)) == 69, "\(program.errorText)")
        #expect((program.outputText + program.errorText).contains("no [key] here"), "\(program.errorText)")
        #expect(!program.outputText.contains("S3CRETKEY") && !program.errorText.contains("S3CRETKEY"))
        await server.stop()
    }

    /// What a user sees when something is wrong: one line, and the exit code that the manual names.
    @Test(arguments: [
        (["broadcast", "/no/such.mp4", "--to", "file:OUT"], 66, "no file"),
        (["broadcast", "/etc/passwd", "--to", "file:OUT"], 66, "--input-format"),
        (["broadcast", "test", "--to", "rtmp://127.0.0.1:1/live/a"], 69, "could not be reached"),
        (["broadcast", "test", "--to", "rtmp://no.such.host.invalid/live/a"], 69, "could not be resolved"),
        (["broadcast", "test", "--to", "file:/no/such/folder/x.flv"], 73, "does not exist"),
        (["broadcast", "test", "--to", "file:OUT", "--record", "/no/such/folder/x.mp4"], 73, "does not exist"),
        (["broadcast", "test", "--to", "file:/dev/full"], 73, "no space"),
        (["broadcast", "test", "--to", "file:OUT", "--preset", "warp"], 65, "veryfast"),
        (["broadcast", "test", "--to", "file:OUT", "--libexec", "/etc"], 72, "no program"),
        (["broadcast", "test", "--to", "file:OUT", "--plugin", "/etc/passwd"], 67, "shared library"),
        (["broadcast", "test"], 64, "--to"),
        (["broadcast", "test", "--to", "file:OUT", "--video-bitrate", "-5"], 64, "--video-bitrate \"-5\""),
        (["broadcast", "test", "--to", "file:OUT", "--plugin", "nosuch"], 67, "there is no plugin nosuch"),
        (["broadcast", "/proc/version", "--to", "file:OUT"], 66, "no file with media"),
        (["broadcast", "test", "--to", "file:OUT", "--mode", "selected"], 64, "--only"),
        (["status", "--attach", "unix:/no/such/master"], 75, "no master"),
    ])
    func failureIsOneLine(arguments: [String], exitCode: Int32, phrase: String) async throws {
        let folder = try TemporaryFolder()
        let output = folder.path("out.flv")
        let program = try BulkheadProgram.start(arguments.map { $0.replacing("OUT", with: output) })
        #expect(await program.wait(timeout: .seconds(30)) == exitCode, "\(program.errorText)")
        let said = program.errorText.split(separator: "\n").filter { $0.hasPrefix("bulkhead: ") }
        #expect(said.count == 1)
        #expect(said.first?.contains(phrase) ?? false, "\(program.errorText)")
        #expect(!FileManager.default.fileExists(atPath: output))
    }

    /// One cause is one alarm, and what was there is left as it is.
    @Test func aFileThatExistsIsToldOnce() async throws {
        let folder = try TemporaryFolder()
        let (output, told) = (folder.path("out.flv"), folder.path("told"))
        try "mine".write(toFile: output, atomically: true, encoding: .utf8)
        let program = try BulkheadProgram.start([
            "broadcast", "test", "--to", "file:\(output)", "--on-event",
            "sh -c 'echo $BULKHEAD_EVENT >> \(told)'",
        ])
        #expect(await program.wait(timeout: .seconds(60)) == 73, "\(program.errorText)")
        #expect(program.errorText.contains("exists already"), "\(program.errorText)")
        let lines = try String(contentsOfFile: told, encoding: .utf8)
        #expect(lines == "master.broadcast-failed\n")
        #expect(try String(contentsOfFile: output, encoding: .utf8) == "mine")
    }

    @Test func oneOfTwoDestinationsFails() async throws {
        let folder = try TemporaryFolder()
        let output = folder.path("out.flv")
        let program = try BulkheadProgram.start(
            ["broadcast", "test", "--fast", "--to", "file:\(output)", "rtmp://127.0.0.1:1/live/a", "--duration", "1"]
                + Self.small
        )
        #expect(await program.wait(timeout: .seconds(30)) == 68, "\(program.errorText)")
        #expect(program.errorText.contains("ended after") && program.errorText.contains("link 2 of 2 failed"))
        let seen = try await ViewedFrames.decode(output, width: 640, height: 360)
        #expect(seen.lost == 0 && seen.numbers.count == 30)
    }

    /// The master links neither a codec nor a plugin interface; what can crash stays in the children.
    @Test func masterLinksNoCodec() async throws {
        let reading = try RunningProcess("ldd", [BulkheadProgram.path("bulkhead")])
        await reading.wait()
        #expect(reading.outputText.contains("libc.so"))
        for name in ["libav", "libsw", "libx264"] where name != "libsw" {
            #expect(!reading.outputText.contains(name), "\(name)")
        }
        #expect(!reading.outputText.contains("libswscale") && !reading.outputText.contains("libswresample"))
    }
}
