import BulkheadTestSupport
import Foundation
import Testing

/// Live inputs go out picture by picture, from a camera to what FFmpeg decodes.
@Suite(.serialized, .timeLimit(.minutes(3))) struct LiveInputTests {
    private static let small = ["--size", "640x360", "--video-bitrate", "800k", "--preset", "ultrafast"]
    /// A busy machine holds a camera up for longer than a tenth of a second; frames wait for its pictures then.
    private static let patient = ["--picture-patience", "5"]

    /// A numbered clip of so many seconds at 30 frames a second, with an IDR every two.
    private func clip(seconds: Int, in folder: TemporaryFolder) async throws -> String {
        let path = folder.path("clip.flv")
        let program = try BulkheadProgram.start(
            ["broadcast", "test", "--to", "file:\(path)", "--duration", "\(seconds)", "--fast"] + Self.small)
        #expect(await program.wait(timeout: .seconds(60)) == 0, "\(program.errorText)")
        return path
    }

    /// Plays `path` at its own speed.
    private func play(_ path: String, _ output: [String]) throws -> RunningProcess {
        try RunningProcess("ffmpeg", ["-v", "error", "-nostdin", "-re", "-i", path] + output)
    }

    /// Broadcasts four seconds of `input` to a file, and returns what a viewer sees of it.
    private func broadcast(_ input: String, into path: String) async throws -> ViewedFrames {
        let program = try BulkheadProgram.start(
            ["broadcast", input, "--to", "file:\(path)", "--duration", "4"] + Self.small + Self.patient)
        #expect(await program.wait(timeout: .seconds(60)) == 0, "\(program.errorText)")
        #expect(!program.errorText.contains("repeated") && !program.errorText.contains("left out"))
        return try await ViewedFrames.decode(path, width: 640, height: 360)
    }

    private func expectEveryPicture(_ seen: ViewedFrames, _ path: String) async throws {
        #expect(seen.numbers.count == 120)
        #expect(seen.lost == 0 && seen.repeated == 0 && seen.isInOrder && seen.unreadable == 0, "\(seen.numbers)")
        // The beep of a full second begins with its picture: what is left is the rounding of FLV and of the decoder.
        let times = try await ViewedPackets.list(path).videoTimes
        let beeps = try await HeardBeeps.starts(path)
        var offsets: [Double] = []
        for (number, time) in zip(seen.numbers, times).dropFirst() where number.map({ $0 % 30 == 0 }) ?? false {
            let distances = beeps.map { $0 - time }
            // The last beep may lie outside, and the beginning of that of the very first picture: the server's sound does not
            // begin with a picture.
            if let nearest = distances.min(by: { abs($0) < abs($1) }), abs(nearest) < 0.4 { offsets.append(nearest) }
        }
        #expect(offsets.count >= 2)
        #expect(offsets.allSatisfy { abs($0) < 0.005 }, "\(offsets)")
    }

    @Test func rawCameraGoesOutPictureByPicture() async throws {
        let folder = try TemporaryFolder()
        let path = try await clip(seconds: 12, in: folder)
        let port = try FreePort.take()
        let url = "tcp://127.0.0.1:\(port)"
        let camera = try play(
            path, ["-c:v", "rawvideo", "-pix_fmt", "yuv420p", "-c:a", "pcm_s16le", "-f", "nut", "\(url)?listen=1"])
        #expect(await eventually(within: .seconds(20)) { LocalPort.isListening(on: port) })
        let seen = try await broadcast(url, into: folder.path("out.flv"))
        await camera.end()
        try await expectEveryPicture(seen, folder.path("out.flv"))
    }

    /// A server gives what it has kept since its last IDR at once: the first picture on air is one of now.
    @Test func backlogOfAServerIsPassedOverBeforeTheFirstPicture() async throws {
        let folder = try TemporaryFolder()
        let path = try await clip(seconds: 20, in: folder)
        let server = try await EmbeddedServer()
        let camera = try play(path, ["-c", "copy", "-f", "flv", server.url("camera")])
        #expect(await eventually(within: .seconds(20)) { server.publishCount == 1 })
        let seen = try await broadcast(server.url("camera"), into: folder.path("out.flv"))
        await camera.end()
        await server.end()
        try await expectEveryPicture(seen, folder.path("out.flv"))
    }
}
