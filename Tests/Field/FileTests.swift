import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// Names, lists, and files that are not whole.
@Suite(.timeLimit(.minutes(3))) struct FileTests {
    @Test(arguments: ["p%03d.png", "100%d.png", "a*b?.png", "[x].png"])
    func namesAreNoPatterns(name: String) async throws {
        let field = try Field()
        let still = try await field.make("still.png", "-f lavfi -i color=white:size=64x64 -frames:v 1")
        let named = field.path(name)
        try FileManager.default.moveItem(atPath: still, toPath: named)
        let result = try await field.broadcast([named, "--duration", "1"])
        #expect(result.status == 0, "\(result.text)")
        #expect(try await result.colour() == [235, 128, 128])
        // The slate's picture is read beside the broadcast.
        let sound = try await field.make("s.wav", "-f lavfi -i sine=duration=6")
        let slated = try await field.broadcast([sound, "--slate", named], isFast: false)
        #expect(try await slated.colour(ofFrame: 140) == [235, 128, 128])
    }

    /// Names are bytes: a shell hands them on, and so do lists.
    @Test func namesNeedNotBeUTF8() async throws {
        let field = try Field()
        _ = try await field.film("film.mp4")
        let shell = try RunningProcess(
            "sh",
            [
                "-c",
                """
                cd "$1" && name=$(printf 'caf\\351') && mv film.mp4 "$name.mp4" && printf "ffconcat version 1.0\nfile '%s'\n" \
                    "$name.mp4" > list.ffconcat && for input in "$name.mp4" list.ffconcat; do
                    rm -f "$name.flv"; env XDG_RUNTIME_DIR="$1" XDG_STATE_HOME="$1" "$2" broadcast "$input" \
                    --to "file:$name.flv" --fast --preset ultrafast || exit; test -s "$name.flv" || exit 1; done
                """, "sh", field.folder.path(""), BulkheadProgram.path("bulkhead"),
            ])
        #expect(await shell.wait(timeout: .seconds(60)) == 0, "\(shell.errorText)")
    }

    @Test func listMayNameFilesByTheirWholePath() async throws {
        let field = try Field()
        // Elsewhere: the cell of the source must have learned of it.
        let lists = field.path("lists")
        try FileManager.default.createDirectory(atPath: lists, withIntermediateDirectories: false)
        let films = [try await field.film("a.mp4"), try await field.film("b.mp4")]
        let list = lists + "/list.ffconcat"
        try ("ffconcat version 1.0\n" + films.map { "file '\($0)'\n" }.joined())
            .write(toFile: list, atomically: true, encoding: .utf8)
        let result = try await field.broadcast([list])
        #expect(result.status == 0, "\(result.text)")
        #expect(try await (99...102).contains(result.pictures()))
    }

    @Test func encryptedFileIsCalledSo() async throws {
        let field = try Field()
        let key = "00112233445566778899aabbccddeeff"
        let clip = try await field.make(
            "e.mp4",
            "-f lavfi -i testsrc=size=64x64:rate=25:duration=1 -c:v libx264 -pix_fmt yuv420p -encryption_scheme "
                + "cenc-aes-ctr -encryption_key \(key) -encryption_kid \(key)")
        let result = try await field.broadcast([clip])
        #expect(result.status == 66)
        #expect(result.text.contains("e.mp4 is encrypted"), "\(result.text)")
        let rehearsal = try await field.broadcast([clip, "--dry-run"])
        #expect(rehearsal.status == 66)
        #expect(rehearsal.text.contains("e.mp4 is encrypted"), "\(rehearsal.text)")
    }

    @Test func recordingWithoutAnIndexIsCalledCutOff() async throws {
        let field = try Field()
        let film = try await field.film("whole.mp4")
        let data = try Data(contentsOf: URL(fileURLWithPath: film))
        let cut = field.path("cut.mp4")
        try data.prefix(data.count / 2).write(to: URL(fileURLWithPath: cut))
        let result = try await field.broadcast([cut])
        #expect(result.status == 66)
        #expect(result.text.contains("is cut off: its index is missing"), "\(result.text)")
    }

    @Test func halfARecordingIsPlayedAndSaidToEnd() async throws {
        let field = try Field()
        let film = try await field.film("whole.mkv", seconds: 10)
        let data = try Data(contentsOf: URL(fileURLWithPath: film))
        let half = field.path("half.mkv")
        try data.prefix(data.count / 2).write(to: URL(fileURLWithPath: half))
        let result = try await field.broadcast([half])
        #expect(result.status == 0, "\(result.text)")
        #expect(
            try #require(try? Regex("half\\.mkv ends at [0-9.]+ of 10\\.[0-9] s").firstMatch(in: result.text)) != nil)
    }

    /// What writes to the pipe has stopped, and has it open still.
    @Test func pipeThatFallsSilentIsReplacedByTheSlate() async throws {
        let field = try Field()
        let film = try await field.film("a.ts", seconds: 2)
        let pipe = field.path("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        let writer = try RunningProcess("sh", ["-c", "(cat '\(film)'; sleep 8) > '\(pipe)'"])
        let result = try await field.broadcast([pipe, "--slate-after", "1", "--duration", "6"], isFast: false)
        await writer.end()
        #expect(result.status == 0, "\(result.text)")
        #expect(result.text.contains("showing the slate"), "\(result.text)")
    }
}
