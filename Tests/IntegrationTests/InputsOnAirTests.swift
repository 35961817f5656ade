import BulkheadTestSupport
import Foundation
import Testing

/// Inputs that come and go while a broadcast is on air, by the commands of its user.
@Suite(.serialized, .timeLimit(.minutes(3))) struct InputsOnAirTests {
    private static let small = ["--size", "640x360", "--fps", "30", "--preset", "ultrafast"]

    private func run(_ arguments: [String], control: String) async throws -> (
        code: Int32, output: String, error: String
    ) {
        let process = try BulkheadProgram.start(arguments + ["--attach", control])
        let code = await process.wait(timeout: .seconds(60))
        return (code, process.outputText, process.errorText)
    }

    /// Copies an MP4 file with zeros where its media were.
    private static func damage(_ path: String, to copy: String) throws {
        var data = try Data(contentsOf: URL(fileURLWithPath: path))
        let box = try #require(data.range(of: Data("mdat".utf8)))
        let size = data[box.lowerBound - 4..<box.lowerBound].reduce(0) { $0 << 8 | Int($1) }
        let media = box.upperBound..<box.lowerBound - 4 + size
        data.replaceSubrange(media, with: Data(count: media.count))
        try data.write(to: URL(fileURLWithPath: copy))
    }

    /// The frame that the answer to `scene take` names.
    private func take(_ input: String, control: String) async throws -> Int {
        let answer = try await run(["scene", "take", input], control: control)
        #expect(answer.code == 0, "\(answer.error)")
        let match = try #require(answer.output.firstMatch(of: /from frame (\d+) on/))
        return try #require(Int(match.1))
    }

    /// Shows another input for a while. A file waits meanwhile, so that none of its pictures is missing.
    @Test func takenInputStandsInExactlyTheFramesThatAreNamed() async throws {
        let folder = try TemporaryFolder()
        let (numbered, plain, out) = (folder.path("numbered.flv"), folder.path("plain.mp4"), folder.path("out.flv"))
        let control = "unix:\(folder.path("master.sock"))"
        let maker = try BulkheadProgram.start(
            ["broadcast", "test", "--to", "file:\(numbered)", "--duration", "20", "--fast"] + Self.small)
        #expect(await maker.wait(timeout: .seconds(60)) == 0, "\(maker.errorText)")
        let painter = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-f", "lavfi", "-i", "color=red:size=640x360:rate=30", "-f", "lavfi", "-i",
                "sine=frequency=440", "-t", "60", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", plain,
            ])
        #expect(await painter.wait(timeout: .seconds(60)) == 0, "\(painter.errorText)")

        let broadcast = try BulkheadProgram.start(
            ["broadcast", numbered, "--to", "file:\(out)", "--control", control] + Self.small)
        #expect(await eventually(within: .seconds(30)) { broadcast.errorText.contains("timeline: on air") })
        let added = try await run(["input", "add", plain, "--name", "red"], control: control)
        #expect(added.code == 0, "\(added.error)")
        let missing = try await run(["input", "add", folder.path("missing.mp4")], control: control)
        #expect(missing.code == 66)
        // Its header is whole, and nothing of it can be decoded.
        let damaged = folder.path("damaged.mp4")
        try Self.damage(plain, to: damaged)
        let refused = try await run(["input", "add", damaged], control: control)
        #expect(refused.code == 66 && refused.error.contains("can be decoded"), "\(refused.error)")
        let first = try await take("red", control: control)
        let list = try await run(["input", "list"], control: control)
        #expect(list.output.contains("2, red: shown and heard, mov"), "\(list.output)")
        #expect(list.output.contains("1, source: ready, flv"), "\(list.output)")
        let last = try await take("1", control: control)
        let removed = try await run(["input", "remove", "red"], control: control)
        #expect(removed.code == 0, "\(removed.error)")
        let again = try await run(["scene", "take", "red"], control: control)
        #expect(again.code == 64 && again.error.contains("there is no scene red"), "\(again.error)")
        let stopped = try await run(["stop"], control: control)
        #expect(stopped.code == 0)
        #expect(await broadcast.wait(timeout: .seconds(30)) == 0, "\(broadcast.errorText)")

        let seen = try await ViewedFrames.decode(out, width: 640, height: 360)
        let unnumbered = seen.numbers.indices.filter { seen.numbers[$0] == nil }
        let text = broadcast.errorText
        // Frames that a machine too slow for the broadcast leaves out are in no file.
        let isWhereNamed =
            text.contains(" 0 dropped") ? unnumbered == Array(first..<last) : unnumbered.count <= last - first
        let isOneStretch = unnumbered.count == (unnumbered.last ?? 0) - (unnumbered.first ?? 0) + 1
        #expect(isWhereNamed && isOneStretch, "\(unnumbered) \(text)")
        let shown = ViewedFrames(numbers: seen.numbers.filter { $0 != nil })
        #expect(shown.isWhole(accordingTo: text), "\(shown.numbers) \(text)")
    }

    /// The film gives no picture of the new size any more, and the change must not wait for one.
    @Test func theSizeChangesAlsoWhereAFilmThatIsShownHasEnded() async throws {
        let folder = try TemporaryFolder()
        let (film, out) = (folder.path("film.mp4"), folder.path("out.flv"))
        let control = "unix:\(folder.path("master.sock"))"
        let painter = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-f", "lavfi", "-i", "color=red:size=640x360:rate=30", "-t", "1", "-c:v",
                "libx264", "-preset", "ultrafast", film,
            ])
        #expect(await painter.wait(timeout: .seconds(60)) == 0, "\(painter.errorText)")
        let broadcast = try BulkheadProgram.start(
            ["broadcast", film, "test", "--layout", "grid", "--to", "file:\(out)", "--control", control] + Self.small)
        #expect(
            await eventually(within: .seconds(30)) { broadcast.errorText.contains("source 1: the input has ended") })
        let resized = try await run(["set", "size=320x180"], control: control)
        #expect(resized.code == 0, "\(resized.error)")
        #expect(await eventually(within: .seconds(30)) { broadcast.errorText.contains("encoding 320x180") })
        // One that is shown alone is scaled as well.
        _ = try await take("1", control: control)
        let again = try await run(["set", "size=480x270"], control: control)
        #expect(again.code == 0, "\(again.error)")
        // A change of a scene names its frame where it is seen, and a number says what it stood for.
        let added = try await run(["scene", "add", "talk", "--item", "source 2"], control: control)
        #expect(added.code == 0, "\(added.error)")
        let unseen = try await run(["scene", "set", "talk", "source 2", "opacity=0.9"], control: control)
        #expect(unseen.code == 0 && unseen.output.isEmpty, "\(unseen.output)\(unseen.error)")
        let numbered = try await run(["scene", "take", "1"], control: control)
        #expect(numbered.output.hasPrefix("talk is on air from frame "), "\(numbered.output)")
        let changed = try await run(["scene", "set", "talk", "source 2", "opacity=0.5"], control: control)
        #expect(changed.output.hasPrefix("talk is changed from frame "), "\(changed.output)\(changed.error)")
        let stopped = try await run(["stop"], control: control)
        #expect(stopped.code == 0)
        #expect(await broadcast.wait(timeout: .seconds(30)) == 0, "\(broadcast.errorText)")
        #expect(broadcast.errorText.contains(" 0 dropped"), "\(broadcast.errorText)")
    }
}
