import BulkheadTestSupport
import Foundation
import Testing

/// What goes out is not as it should be, is told, and is mended on air: from the command line to the event.
@Suite(.timeLimit(.minutes(4))) struct OutputWatchTests {
    /// A film of 320x180 with a tone of 1 kHz, which has `decibels` LUFS on both sides (EBU Tech 3341, table 1).
    private static func clip(_ path: String, decibels: Int) async throws {
        let maker = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc=size=320x180:rate=15", "-f", "lavfi", "-i",
                "aevalsrc=exprs=pow(10\\,\(decibels)/20)*sin(2*PI*1000*t)|pow(10\\,\(decibels)/20)*sin(2*PI*1000*t):s=48000",
                "-t", "20", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "pcm_s16le", path,
            ])
        #expect(await maker.wait(timeout: .seconds(60)) == 0, "\(maker.errorText)")
    }

    private static func events(_ show: RunningProcess, _ code: String) -> [ReportedEvent] {
        ReportedEvent.all(in: show.outputText).filter { $0.code == code }
    }

    private static func isTold(_ show: RunningProcess, _ code: String) async -> ReportedEvent? {
        #expect(
            await eventually(within: .seconds(40)) { !events(show, code).isEmpty }, "\(code): \(show.outputText)")
        return events(show, code).first
    }

    private static func tell(_ control: String, _ words: [String], exits code: Int32 = 0) async throws -> String {
        let command = try BulkheadProgram.start(words + ["--attach", control])
        #expect(await command.wait(timeout: .seconds(60)) == code, "\(words): \(command.errorText)")
        return command.outputText
    }

    @Test func eachSignIsRaisedAndClearedOnAir() async throws {
        let folder = try TemporaryFolder()
        let (clip, control) = (folder.path("clip.mkv"), "unix:\(folder.path("control"))")
        let (words, told) = (folder.path("show.yml"), folder.path("told"))
        try await Self.clip(clip, decibels: -18)
        try """
        inputs:
          - {name: film, input: "\(clip)", loop: true}
        to: "file:\(folder.path("show.flv"))"
        preset: ultrafast
        video-bitrate: 800k
        watch: loudness off -23 by 2 for 1s, size not 640x360 for 1s, keyframes > 1500ms, bitrate > 400k for 1s
        on-event: "sh -c 'echo $BULKHEAD_EVENT >> \(told)',events=output.loudness,for=1s"
        """.write(toFile: words, atomically: true, encoding: .utf8)
        let show = try BulkheadProgram.start(["broadcast", "--config", words, "--control", control, "--json"])
        let loudness = await Self.isTold(show, "output.loudness")
        let text = try #require(loudness?.string("text"))
        #expect(text.hasSuffix(" LUFS"))
        #expect(abs((Double(text.dropLast(5)) ?? 0) + 18) <= 0.2, "\(text)")
        #expect(await Self.isTold(show, "output.size")?.string("text") == "320x180")
        #expect(await Self.isTold(show, "output.keyframes")?.string("condition") == "keyframes > 1500ms")
        #expect(await Self.isTold(show, "output.bitrate")?.string("condition") == "bitrate > 400k for 1s")
        let check = try await Self.tell(control, ["status", "--check"], exits: 1)
        #expect(check.contains("what goes out meets \"size not 640x360 for 1s\""), "\(check)")
        let status = try await Self.tell(control, ["status"])
        #expect(status.contains("output: 320x180, a keyframe each 2.0 s"), "\(status)")

        _ = try await Self.tell(control, ["audio", "set", "film", "gain=-5"])
        _ = try await Self.tell(control, ["set", "size=640x360"])
        _ = try await Self.tell(control, ["set", "keyframe-interval=1"])
        _ = try await Self.tell(control, ["set", "video-bitrate=100k"])
        for sign in ["loudness", "size", "keyframes", "bitrate"] {
            _ = await Self.isTold(show, "output.\(sign)-cleared")
        }
        let summary = try await Self.tell(control, ["status", "--summary"])
        #expect(summary.contains("last 24 hours: ") && summary.contains("since the start: "), "\(summary)")
        #expect(summary.contains("worst trouble: "), "\(summary)")
        await show.end(signal: SIGINT)
        // Once when it had lasted, and once when it was over.
        let lines = try String(contentsOfFile: told, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(lines == ["output.loudness", "output.loudness-cleared"])
    }

    /// Each platform has limits of its own.
    @Test func aLinkTellsWhatIsTooMuchForItsPlatform() async throws {
        let folder = try TemporaryFolder()
        let (control, words) = ("unix:\(folder.path("control"))", folder.path("show.yml"))
        let server = try await EmbeddedServer()
        try """
        input: test
        size: 320x180
        fps: 15
        preset: ultrafast
        links:
          - name: strict
            server: "\(server.url("strict"))"
            watch: size > 160x90 for 1s, bitrate > 20k for 1s, keyframes > 1s
          - name: wide
            server: "\(server.url("wide"))"
            watch: size > 320x180 for 1s, bitrate > 9M for 1s
        """.write(toFile: words, atomically: true, encoding: .utf8)
        let show = try BulkheadProgram.start(["broadcast", "--config", words, "--control", control, "--json"])
        for sign in ["size", "bitrate", "keyframes"] {
            let event = await Self.isTold(show, "output.\(sign)")
            #expect(event?.part.name == "link strict")
        }
        let status = try await Self.tell(control, ["status"])
        let limits = "out of limits: size > 160x90 for 1s, bitrate > 20k for 1s, keyframes > 1s"
        #expect(status.contains(limits), "\(status)")
        _ = try await Self.tell(control, ["link", "remove", "strict"])
        for sign in ["size", "bitrate", "keyframes"] {
            #expect(await Self.isTold(show, "output.\(sign)-cleared")?.part.name == "link strict")
        }
        #expect(Self.events(show, "output.size").count == 1 && Self.events(show, "output.bitrate").count == 1)
        await show.end(signal: SIGINT)
        await server.end()
    }

    @Test func anInputThatIsTooLoudIsLeft() async throws {
        let folder = try TemporaryFolder()
        let (loud, right) = (folder.path("loud.mkv"), folder.path("right.mkv"))
        try await Self.clip(loud, decibels: -6)
        try await Self.clip(right, decibels: -23)
        let show = try BulkheadProgram.start([
            "broadcast", loud, "--loop", "--backup", right, "--backup-when", "loudness off -23 by 5 for 2s",
            "--to", "file:\(folder.path("show.flv"))", "--preset", "ultrafast", "--json",
        ])
        let event = await Self.isTold(show, "switch.switching")
        #expect(event?.string("cause") == "loudness off -23 by 5 for 2s")
        #expect(await Self.isTold(show, "switch.working")?.string("way") == "backup")
        await show.end(signal: SIGINT)
    }

    /// The process that reads an input counts how far its keyframes are apart.
    @Test func anInputWithFewKeyframesIsLeft() async throws {
        let folder = try TemporaryFolder()
        let clip = folder.path("backup.mkv")
        try await Self.clip(clip, decibels: -23)
        let server = try await EmbeddedServer()
        let publisher = try BulkheadProgram.start([
            "broadcast", "test", "--size", "320x180", "--fps", "15", "--preset", "ultrafast", "--keyframe-interval",
            "6", "--to", server.url("cam"),
        ])
        #expect(await eventually(within: .seconds(60)) { server.log.contains("live/cam") })
        let show = try BulkheadProgram.start([
            "broadcast", server.url("cam"), "--backup", clip, "--backup-when", "keyframes > 4s for 1s", "--size",
            "320x180", "--fps", "15", "--to", "file:\(folder.path("show.flv"))", "--preset", "ultrafast", "--json",
        ])
        let event = await Self.isTold(show, "switch.switching")
        #expect(event?.string("cause") == "keyframes > 4s for 1s")
        await show.end(signal: SIGINT)
        await publisher.end(signal: SIGINT)
        await server.end()
    }
}
