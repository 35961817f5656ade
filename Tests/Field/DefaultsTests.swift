import BulkheadTestSupport
import Foundation
import Testing

/// What goes out when nobody names a size or a rate.
@Suite(.timeLimit(.minutes(3))) struct DefaultsTests {
    /// What ffprobe says of the picture in `path`, such as `640,360,25/1`.
    private func picture(in path: String) async throws -> String {
        let words = "-v error -select_streams v -show_entries stream=width,height,avg_frame_rate -of csv=p=0"
        let ffprobe = try RunningProcess("ffprobe", words.split(separator: " ").map(String.init) + [path])
        await ffprobe.wait(timeout: .seconds(30))
        return String(decoding: ffprobe.output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func broadcast(_ field: Field, _ arguments: [String]) async throws -> Field.Result {
        let output = field.path("out-\(UUID().uuidString).flv")
        let program = try BulkheadProgram.start(
            ["broadcast"] + arguments + ["--to", "file:\(output)", "--fast", "--preset", "ultrafast"])
        let status = await program.wait(timeout: .seconds(40))
        return Field.Result(status: status, text: program.errorText, output: output)
    }

    @Test func sizeAndRateAreTheFilms() async throws {
        let field = try Field()
        let film = try await field.film("a.mp4", size: "320x180")
        let result = try await broadcast(field, [film])
        #expect(result.status == 0, "\(result.text)")
        #expect(result.text.contains("the picture is 320x180 at 25 fps, after input 1"), "\(result.text)")
        #expect(try await picture(in: result.output) == "320,180,25/1")
        #expect(try await result.pictures() == 50)
        let set = try await broadcast(field, [film, "--size", "160x90", "--fps", "30"])
        #expect(!set.text.contains("the picture is"), "\(set.text)")
        #expect(try await picture(in: set.output) == "160,90,30/1")
    }

    @Test func filmBehindASoundGivesThePicture() async throws {
        let field = try Field()
        let sound = try await field.make("s.wav", "-f lavfi -i sine=duration=2")
        let film = try await field.film("a.mp4", sound: false, size: "96x64")
        let result = try await broadcast(field, [sound, film])
        #expect(result.status == 0, "\(result.text)")
        #expect(try await picture(in: result.output) == "96,64,25/1")
    }

    /// What comes through a pipe can be opened once.
    @Test func pipeGivesSizeAndRateAndLosesNothing() async throws {
        let field = try Field()
        let film = try await field.film("a.ts", size: "128x64")
        let output = field.path("out.flv")
        let shell = try RunningProcess(
            "sh",
            [
                "-c",
                "cat '\(film)' | '\(BulkheadProgram.folder)/bulkhead' broadcast - --to 'file:\(output)' --fast "
                    + "--preset ultrafast --control unix:'\(field.path("c.sock"))'",
            ])
        #expect(await shell.wait(timeout: .seconds(40)) == 0, "\(shell.errorText)")
        #expect(try await picture(in: output) == "128,64,25/1")
        #expect(try await ViewedPackets.list(output).packets.count(where: \.isVideo) == 50)
    }

    @Test(arguments: [("off", 0), ("on", 1)]) func deinterlacingCanBeForced(word: String, expected: Int) async throws {
        let field = try Field()
        let film = try await field.film("a.mp4")
        let result = try await field.broadcast([film, "--deinterlace", word])
        #expect(result.status == 0, "\(result.text)")
        #expect(result.text.contains("deinterlaced") == (expected == 1), "\(result.text)")
        #expect(try await result.pictures() == 50)
    }
}
