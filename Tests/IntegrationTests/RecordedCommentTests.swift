import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// The comments beside a real recording, over deaths, and what is made of them.
@Suite(.serialized, .timeLimit(.minutes(3))) struct RecordedCommentTests {
    private struct Line: Decodable {
        struct Comment: Decodable {
            let text: String
        }
        let number: Int?
        let seconds: Double
        let comment: Comment?
        let room: String?
        let isBlocked: Bool?
    }

    private static func lines(_ path: String) throws -> [Line] {
        try String(contentsOfFile: path + ".comments.jsonl", encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
    }

    private static func texts(_ path: String) throws -> [String] { try lines(path).compactMap(\.comment?.text) }

    private static func command(_ words: [String], _ folder: TemporaryFolder) async throws -> (Int32?, String, String) {
        let process = try BulkheadProgram.start(words, environment: ["XDG_STATE_HOME": folder.path("state")])
        let status = await process.wait(timeout: .seconds(30))
        return (status, process.outputText, process.errorText)
    }

    private static func start(_ folder: TemporaryFolder, _ words: [String]) throws -> RunningProcess {
        try BulkheadProgram.start(
            [
                "broadcast", "test", "--size", "320x180", "--fps", "25", "--preset", "ultrafast", "--standby", "off",
                "--keyframe-interval", "1s", "--room", "evening", "--control", "unix:\(folder.path("c"))",
            ] + words, environment: ["XDG_STATE_HOME": folder.path("state")])
    }

    private static func room(_ folder: TemporaryFolder, _ words: String...) async throws {
        let answer = try await command(["room"] + words + ["--attach", "unix:\(folder.path("c"))"], folder)
        #expect(answer.0 == 0, "\(words): \(answer.2)")
    }

    /// The recorder is killed, segments follow each other, and what is made of them has their comments.
    @Test func commentsGoWithTheirPictures() async throws {
        let folder = try TemporaryFolder()
        let broadcast = try Self.start(
            folder,
            [
                "--record", folder.path("a.mp4"), "--record-segment", "2s", "--replay", "1m", "--replay-path",
                folder.path("replay.mp4"),
            ])
        #expect(await eventually(within: .seconds(60)) { broadcast.errorText.contains("timeline: on air") })
        try await Self.room(folder, "block", "rude")
        var said: [String] = []
        for number in 0..<12 {
            said.append(number == 5 ? "so rude" : "comment {\(number)} <b>")
            try await Self.room(folder, "say", said[number])
            if number == 3 {
                let recorders = ProcessTable.children(of: broadcast.pid, named: "bulkhead-recorder")
                _ = Glibc.kill(try #require(recorders.first), SIGKILL)
            }
        }
        try await Self.room(folder, "set", "size=72")
        // The next segment is there, and something is said in it.
        let second = folder.path("a-2.mp4")
        #expect(await eventually(within: .seconds(30)) { FileManager.default.fileExists(atPath: second) })
        try await Self.room(folder, "say", "in the second", "--mode", "top")
        said.append("in the second")
        #expect(
            await eventually(within: .seconds(30)) {
                let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.url.path)) ?? []
                return names.filter { $0.hasPrefix("a") && $0.hasSuffix(".comments.jsonl") }.contains { name in
                    (try? Self.texts(folder.path(String(name.dropLast(15)))).contains("in the second")) == true
                }
            })
        let replay = try await Self.command(
            ["recording", "save-replay", "--attach", "unix:\(folder.path("c"))"], folder)
        #expect(replay.0 == 0, "\(replay.2)")
        _ = try await Self.command(["stop", "--attach", "unix:\(folder.path("c"))"], folder)
        #expect(await broadcast.wait(timeout: .seconds(30)) == 0, "\(broadcast.errorText)")

        #expect(try Self.texts(folder.path("replay.mp4")) == said)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        let segments = names.filter { $0.hasPrefix("a") && $0.hasSuffix(".mp4") }
            .sorted { ($0.count, $0) < ($1.count, $1) }.map { folder.path($0) }
        #expect(segments.count > 1)
        let sound = try await Self.command(["recording", "check"] + segments, folder)
        #expect(sound.0 == 0, "\(sound.1)")

        let whole = folder.path("whole.mp4")
        let joined = try await Self.command(["recording", "join"] + segments + ["-o", whole], folder)
        #expect(joined.0 == 0, "\(joined.2)")
        #expect(try Self.texts(whole) == said)
        let lines = try Self.lines(whole)
        #expect(
            lines.first?.room == "evening" && lines.filter { $0.isBlocked == true }.map(\.comment?.text) == ["so rude"])
        let times = lines.compactMap { $0.number == nil ? nil : $0.seconds }
        #expect(times == times.sorted() && (times.last ?? 0) > 2)

        // A cut takes those of its span, with their times from its beginning.
        try #require(times.count == said.count)
        let (from, to) = (times[3], times[9])
        // Several may be said at one time.
        let span = times.indices.filter { (from..<to).contains(times[$0]) }
        let cut = folder.path("cut.mp4")
        let made = try await Self.command(["recording", "cut", whole, "\(from)", "\(to)", "-o", cut], folder)
        #expect(made.0 == 0, "\(made.2)")
        #expect(try Self.texts(cut) == span.map { said[$0] })
        let shifted = try Self.lines(cut).compactMap { $0.number == nil ? nil : $0.seconds }
        #expect(zip(shifted, span.map { times[$0] }).allSatisfy { abs($0 - ($1 - from)) < 0.002 })
        let remuxed = try await Self.command(["recording", "export", cut, "-o", folder.path("cut.mkv")], folder)
        #expect(remuxed.0 == 0, "\(remuxed.2)")
        #expect(try Self.texts(folder.path("cut.mkv")) == span.map { said[$0] })

        try await Self.expectSubtitles(folder, whole, said)
    }

    /// What FFmpeg makes of the subtitles, which knows nothing of us.
    private static func expectSubtitles(_ folder: TemporaryFolder, _ whole: String, _ said: [String]) async throws {
        let shown = said.filter { $0 != "so rude" }
        for (format, made) in [("--ass", "whole.ass"), ("--srt", "whole.srt"), ("--xml", "whole.xml")] {
            let export = try await command(["room", "export", format, "--recording", whole], folder)
            #expect(export.0 == 0, "\(export.2)")
            #expect(export.1 == "made \(folder.path(made)) of \(shown.count) comments, 1 left out\n")
        }
        for format in ["ass", "srt"] {
            let probe = try RunningProcess(
                "ffprobe",
                [
                    "-v", "error", "-count_packets", "-show_entries", "stream=codec_name,nb_read_packets", "-of",
                    "csv=p=0",
                    folder.path("whole.\(format)"),
                ])
            #expect(await probe.wait(timeout: .seconds(20)) == 0 && probe.errorText.isEmpty, "\(probe.errorText)")
            let name = format == "srt" ? "subrip" : format
            #expect(probe.outputText == "\(name),\(shown.count)\n")
        }
        // Drawn by FFmpeg: what stands at the top is seen in its lane and nowhere else.
        let top = try #require(try lines(whole).last { $0.comment?.text == "in the second" })
        let pixels = folder.path("pixels")
        let render = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-f", "lavfi", "-i", "color=black:s=320x180:r=25:d=\(top.seconds + 4)", "-vf",
                "ass=\(folder.path("whole.ass")),format=gray", "-ss", "\(top.seconds + 3)", "-frames:v", "1", "-f",
                "rawvideo", pixels,
            ])
        #expect(await render.wait(timeout: .seconds(60)) == 0 && render.errorText.isEmpty, "\(render.errorText)")
        let picture = [UInt8](try Data(contentsOf: URL(filePath: pixels)))
        try #require(picture.count == 320 * 180)
        let brightest = (0..<180).map { row in picture[(row * 320)..<(row * 320 + 320)].max() ?? 0 }
        // A lane of letters of 72 lines has 97.2 of 1080: 16.2 of 180.
        #expect(brightest[2..<16].contains { $0 > 150 } && brightest[120...].allSatisfy { $0 < 30 })
        let judge = try RunningProcess(
            "python3",
            [
                "-c",
                """
                import json, sys, xml.etree.ElementTree
                print(json.dumps([entry.text for entry in xml.etree.ElementTree.parse(sys.argv[1]).getroot()]))
                """, folder.path("whole.xml"),
            ])
        #expect(await judge.wait(timeout: .seconds(20)) == 0, "\(judge.errorText)")
        #expect(try JSONDecoder().decode([String].self, from: Data(judge.outputText.utf8)) == shown)
    }

    /// Everything dies at once: what was said up to the last second is there, and whole.
    @Test func commentsSurviveTheEndOfEverything() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.mp4")
        let broadcast = try Self.start(folder, ["--record", path])
        #expect(await eventually(within: .seconds(60)) { broadcast.errorText.contains("timeline: on air") })
        for number in 0..<5 { try await Self.room(folder, "say", "comment \(number)") }
        #expect(
            await eventually(within: .seconds(10)) { (try? Self.texts(path)) == (0..<5).map { "comment \($0)" } },
            "\(broadcast.errorText)")
        func indexSize() -> Int {
            (try? FileManager.default.attributesOfItem(atPath: path + ".index")[.size] as? Int) ?? 0
        }
        // Start, tracks, and three fragments.
        #expect(await eventually(within: .seconds(10)) { indexSize() >= 5 * 64 })
        let recorders = ProcessTable.children(of: broadcast.pid, named: "bulkhead-recorder")
        for pid in recorders + [broadcast.pid] { _ = Glibc.kill(pid, SIGKILL) }
        _ = await broadcast.wait(timeout: .seconds(30))
        #expect(await eventually { !recorders.contains(where: ProcessTable.exists) }, "nobody writes any more")
        #expect(try Self.texts(path) == (0..<5).map { "comment \($0)" })
        // Half a line is no harm, and a line of something else is said.
        let file = try #require(FileHandle(forWritingAtPath: path + ".comments.jsonl"))
        try file.seekToEnd()
        try file.write(contentsOf: Data(#"{"number":99,"sec"#.utf8))
        let half = try await Self.command(["recording", "check", path, "--json"], folder)
        #expect(half.0 == 0 && half.1.contains(#""code":"half-comment","commentLine":7"#), "\(half.1)")
        try file.write(contentsOf: Data("\n".utf8))
        try file.close()
        let spoiled = try await Self.command(["recording", "check", path], folder)
        #expect(spoiled.0 == 1 && spoiled.1.contains("line 7 of the comments: this is no comment"), "\(spoiled.1)")
        let repaired = try await Self.command(["recording", "repair", path], folder)
        #expect(repaired.0 == 0, "\(repaired.2)")
        #expect(try Self.texts(folder.path("a.repaired.mp4")) == (0..<5).map { "comment \($0)" })
        // The room's log says the same, by the clock.
        try FileManager.default.removeItem(atPath: path + ".comments.jsonl")
        let without = try await Self.command(["room", "export", "--srt", "--recording", path], folder)
        #expect(without.0 == 66 && without.2.contains("there are no comments beside \(path)"), "\(without.2)")
        let log = try await Self.command(["room", "export", "--srt", "--recording", path, "--room", "evening"], folder)
        #expect(log.0 == 0 && log.1.contains("of 5 comments"), "\(log.1)\(log.2)")
    }

    @Test func whatCannotBeExportedIsSaid() async throws {
        let folder = try TemporaryFolder()
        try Data("no film".utf8).write(to: URL(filePath: folder.path("a.mp4")))
        for (words, told, status) in [
            (["--ass"], "nothing is named", 64), (["--ass", "--room", "none"], "no name for the new file", 64),
            (["--ass", "--room", "none", "-o", folder.path("x.ass")], "there is no log of a room none", 66),
            (["--ass", "--recording", folder.path("a.mp4")], "is no recording", 66),
            (["--recording", folder.path("a.mp4")], "--ass", 64),
            (["--srt", "--room", "../x", "-o", folder.path("x.srt")], "is no name of a room", 64),
        ] as [([String], String, Int32)] {
            let answer = try await Self.command(["room", "export"] + words, folder)
            #expect(
                answer.0 == status && answer.2.contains(told), "\(words): \(String(describing: answer.0)) \(answer.2)")
        }
    }
}
