import BulkheadTestSupport
import Foundation
import Testing

/// `--record-tracks` with the real programs, and their deaths.
@Suite(.timeLimit(.minutes(3))) struct RecordedTracksTests {
    /// A film with a tone.
    private static func tone(_ hertz: Int, in folder: TemporaryFolder) async throws -> String {
        let path = folder.path("\(hertz).mp4")
        let words =
            "-v error -f lavfi -i testsrc=s=320x180:r=25 -f lavfi -i sine=f=\(hertz):r=48000 -t 30 -c:v libx264 "
            + "-preset ultrafast -c:a aac -ac 2 \(path)"
        let process = try RunningProcess("ffmpeg", words.split(separator: " ").map(String.init))
        #expect(await process.wait(timeout: .seconds(60)) == 0, "\(process.errorText)")
        return path
    }

    /// The samples of a track, of one channel.
    private static func samples(_ path: String, track: Int, in folder: TemporaryFolder) async throws -> [Float] {
        let output = folder.path("sound.f32")
        let words = "-v error -y -i \(path) -map 0:a:\(track) -ac 1 -f f32le \(output)"
        let process = try RunningProcess("ffmpeg", words.split(separator: " ").map(String.init))
        #expect(await process.wait(timeout: .seconds(60)) == 0 && process.errorText.isEmpty, "\(process.errorText)")
        return try Data(contentsOf: URL(filePath: output)).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    }

    private static func loudness(_ samples: some Collection<Float>) -> Float {
        (samples.reduce(0) { $0 + $1 * $1 } / Float(max(1, samples.count))).squareRoot()
    }

    /// The encoder of a track, a recorder and the program's encoder die: the mix is the sum of its tracks to the end.
    @Test func tracksAddUpToTheMixWhateverDies() async throws {
        let folder = try TemporaryFolder()
        let (left, right) = (try await Self.tone(440, in: folder), try await Self.tone(880, in: folder))
        let path = folder.path("a.mp4")
        let broadcast = try BulkheadProgram.start([
            "broadcast", "\(left),name=left", "\(right),name=right", "--layout", "side-by-side", "--size", "320x180",
            "--fps", "25", "--preset", "ultrafast", "--keyframe-interval", "1", "--record", path, "--record-segment",
            "2s", "--record-tracks", "--json", "--control", "unix:\(folder.path("c"))",
        ])
        func events() -> [ReportedEvent] { ReportedEvent.all(in: broadcast.outputText) }
        func deaths() -> Int { events().count { $0.code.hasSuffix(".died") } }
        func files() -> Int { events().count { $0.code == "recording.opened" } }
        func command(_ words: String...) async throws {
            let process = try BulkheadProgram.start(words + ["--attach", "unix:\(folder.path("c"))"])
            #expect(await process.wait(timeout: .seconds(30)) == 0, "\(process.errorText)")
        }
        #expect(await eventually(within: .seconds(60)) { files() >= 1 }, "\(broadcast.errorText)")
        var killed = 0
        for name in ["encoder of left's own sound", "recorder of recording", "encoder", "encoder of right's own sound"]
        {
            let before = files()
            // The process that was started last under that name.
            let event = events().last {
                $0.code.hasSuffix(".started") && $0.part.name == name && $0.part.duty == .onAir
            }
            kill(pid_t(try #require(event?.number("pid"), "\(name)")), SIGKILL)
            killed += 1
            #expect(await eventually(within: .seconds(20)) { deaths() == killed && files() > before }, "\(name)")
        }
        try await command("scene", "take", "left")
        let before = files()
        #expect(await eventually(within: .seconds(20)) { files() >= before + 2 })
        try await command("stop")
        #expect(await broadcast.wait(timeout: .seconds(30)) == 0, "\(broadcast.errorText)")
        let parts = events().filter { $0.code == "recording.closed" }.compactMap { $0.string("path") }
        #expect(parts.count > 5)
        let joined = folder.path("joined.mp4")
        for words in [["join"] + parts + ["-o", joined], ["check", joined]] {
            let process = try BulkheadProgram.start(["recording"] + words)
            #expect(await process.wait(timeout: .seconds(60)) == 0, "\(process.outputText)\(process.errorText)")
        }
        let probe = try RunningProcess(
            "ffprobe", ["-v", "error", "-show_entries", "stream_tags=handler_name", "-of", "csv=p=0", joined])
        #expect(await probe.wait(timeout: .seconds(20)) == 0)
        #expect(probe.outputText.contains("left") && probe.outputText.contains("right"), "\(probe.outputText)")
        let mix = try await Self.samples(joined, track: 0, in: folder)
        let tracks = [
            try await Self.samples(joined, track: 1, in: folder), try await Self.samples(joined, track: 2, in: folder),
        ]
        #expect(tracks.allSatisfy { $0.count == mix.count })
        #expect(Self.loudness(mix) > 0.05)
        // A block that is missing or in another place would be as loud as the sound itself.
        let block = 4800
        let changes = events().filter { $0.code == "timeline.taken" }.compactMap { $0.number("frame") }
        for start in stride(from: 0, to: min(mix.count, tracks[0].count, tracks[1].count) - block, by: block) {
            // While the scene changes, the mix fades and tracks don't.
            if changes.contains(where: { abs($0 / 25 * 48_000 - Double(start)) < 24_000 }) { continue }
            let rest = (start..<start + block).map { mix[$0] - tracks[0][$0] - tracks[1][$0] }
            #expect(Self.loudness(rest) < 0.02, "at \(Double(start) / 48_000) s")
        }
        // What is not heard is silent.
        #expect(Self.loudness(tracks[1].suffix(24_000)) < 0.001 && Self.loudness(tracks[0].suffix(24_000)) > 0.05)
    }

    @Test func tracksNeedARecordingThatHoldsThem() async throws {
        let process = try BulkheadProgram.start([
            "broadcast", "test", "--to", "file:/dev/null", "--record-tracks",
        ])
        #expect(await process.wait(timeout: .seconds(20)) == 64 && process.errorText.contains("--record-tracks"))
    }
}
