import BulkheadTestSupport
import Foundation
import Testing

/// What goes out when nobody names a size or a rate, and what a dry run says of it.
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

    /// Such a camera says no rate, and libavformat invents one of 25.
    @Test func cameraWithoutARateIsNotTakenAtAnInventedOne() async throws {
        let field = try Field()
        let port = try FreePort.take()
        let camera = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-re", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30", "-c:v", "mjpeg", "-f",
                "mpjpeg", "-listen", "1", "http://127.0.0.1:\(port)/v",
            ])
        #expect(await eventually(within: .seconds(20)) { LocalPort.isListening(on: port) })
        let output = field.path("out.flv")
        let program = try BulkheadProgram.start(
            ["broadcast", "http://127.0.0.1:\(port)/v", "--to", "file:\(output)", "--preset", "ultrafast"]
                + ["--duration", "2"])
        #expect(await program.wait(timeout: .seconds(40)) == 0, "\(program.errorText)")
        #expect(try await picture(in: output) == "320,180,30/1", "\(program.errorText)")
        await camera.end(signal: SIGKILL)
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

    @Test func dryRunSaysWhatBecomesOfAnInputAndWritesNothing() async throws {
        let field = try Field()
        let film = try await field.make(
            "a.mkv",
            "-f lavfi -i testsrc2=size=352x288:rate=50:duration=1 -f lavfi -i sine=sample_rate=44100:duration=1 "
                + "-f lavfi -i sine=sample_rate=44100:duration=1 -map 0 -map 1 -map 2 -vf tinterlace=interleave_top "
                + "-c:v mpeg2video -flags +ildct+ilme -c:a:0 ac3 -ac:a:0 6 -c:a:1 aac")
        let output = field.path("out.flv")
        let arguments = [film, "--to", "file:\(output)", "--size", "720p", "--fps", "50", "--dry-run"]
        let program = try BulkheadProgram.start(["broadcast"] + arguments)
        #expect(await program.wait(timeout: .seconds(20)) == 0, "\(program.errorText)")
        let text = String(decoding: program.output, as: UTF8.self)
        for words in [
            "mpeg2video 352x288 25 fps", "(track 1 of 2; also 2 aac)", "deinterlaced to a picture for each field",
            "scaled from 352x288", "black left and right", "colours converted to bt709", "folded down from 5.1",
            "resampled from 44100 to 48000 Hz", "1280x720 at 50 fps", "to: file:\(output)",
        ] {
            #expect(text.contains(words), "\(words): \(text)")
        }
        #expect(!FileManager.default.fileExists(atPath: output))
        let json = try BulkheadProgram.start(["broadcast"] + arguments + ["--json"])
        #expect(await json.wait(timeout: .seconds(20)) == 0)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.output)) as? [String: Any])
        #expect(object["kind"] as? String == "forecast" && object["canvas"] as? String == "1280x720")
        #expect((object["inputs"] as? [Any])?.count == 1)
    }

    @Test func dryRunEndsWithTheErrorOfTheBroadcast() async throws {
        let field = try Field()
        let text = field.path("no.mp4")
        try "this is no film".write(toFile: text, atomically: true, encoding: .utf8)
        let program = try BulkheadProgram.start(["broadcast", text, "--to", "file:\(field.path("o.flv"))", "--dry-run"])
        #expect(await program.wait(timeout: .seconds(20)) == 66, "\(program.errorText)")
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
