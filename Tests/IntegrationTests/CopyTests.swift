import BulkheadMedia
import BulkheadTestSupport
import Foundation
import Testing

/// Streams that are passed on without being encoded, from a file or a publisher to what FFmpeg reads and decodes.
@Suite(.serialized, .timeLimit(.minutes(3))) struct CopyTests {
    /// A numbered clip of so many seconds at 30 frames a second, with an IDR each second.
    private func clip(
        seconds: Int, in folder: TemporaryFolder, _ arguments: [String] = [], name: String = "clip.flv"
    ) async throws -> String {
        let path = folder.path(name)
        let program = try BulkheadProgram.start(
            [
                "broadcast", "test", "--to", "file:\(path)", "--duration", "\(seconds)", "--fast", "--size", "640x360",
                "--video-bitrate", "800k", "--preset", "ultrafast", "--keyframe-interval", "1",
            ] + arguments)
        #expect(await program.wait(timeout: .seconds(60)) == 0, "\(program.errorText)")
        return path
    }

    private func run(_ arguments: [String]) async throws -> (code: Int32, text: String) {
        let program = try BulkheadProgram.start(arguments)
        let code = await program.wait(timeout: .seconds(60))
        return (code, program.errorText)
    }

    /// The access units and AAC frames of a file.
    private func packets(_ path: String, isVideo: Bool) throws -> [[UInt8]] {
        try MediaClip(flv: Data(contentsOf: URL(fileURLWithPath: path))).packets.filter { $0.isVideo == isVideo }.map(
            \.bytes)
    }

    private func says(_ text: String, _ program: RunningProcess) async -> Bool {
        let isSaid = await eventually(within: .seconds(40)) { program.errorText.contains(text) }
        if !isSaid { Issue.record("\(text) was not said: \(program.errorText)") }
        return isSaid
    }

    private func slateEncoders(of master: Int32) -> Int {
        ProcessTable.children(of: master, named: "bulkhead-encoder").count
    }

    @Test func aFileGoesOutByteForByte() async throws {
        let folder = try TemporaryFolder()
        let (input, output) = (try await clip(seconds: 4, in: folder), folder.path("out.flv"))
        let result = try await run(["broadcast", input, "--copy", "--fast", "--to", "file:\(output)"])
        #expect(result.code == 0, "\(result.text)")
        #expect(result.text.contains("copied as it is, not encoded: 640x360 at 30 fps"), "\(result.text)")
        #expect(!result.text.contains("encoder:"), "\(result.text)")
        #expect(try packets(output, isVideo: true) == packets(input, isVideo: true))
        let (heard, given) = (try packets(output, isVideo: false), try packets(input, isVideo: false))
        #expect(heard == given)
        let seen = try await ViewedFrames.decode(output, width: 640, height: 360)
        #expect(seen.numbers == (0..<120).map { UInt32($0) })
        let listed = try await ViewedPackets.list(output)
        #expect(listed.backwardSteps == 0)
    }

    /// Start codes and ADTS in, lengths and raw frames out; and B-frames as they are.
    @Test func aTransportStreamWithBFramesIsCopied() async throws {
        let folder = try TemporaryFolder()
        let input = try await clip(seconds: 3, in: folder, ["--bframes", "2", "--tune", "none"])
        let (stream, output) = (folder.path("clip.ts"), folder.path("out.flv"))
        let maker = try RunningProcess("ffmpeg", ["-v", "error", "-nostdin", "-i", input, "-c", "copy", stream])
        #expect(await maker.wait(timeout: .seconds(30)) == 0, "\(maker.errorText)")
        let result = try await run(["broadcast", stream, "--copy", "--fast", "--to", "file:\(output)"])
        #expect(result.code == 0, "\(result.text)")
        let seen = try await ViewedFrames.decode(output, width: 640, height: 360)
        #expect(seen.numbers == (0..<90).map { UInt32($0) })
    }

    /// The source of a file is killed again and again: the next one goes on with the next unit.
    @Test func killsOfTheSourceLoseNothing() async throws {
        let folder = try TemporaryFolder()
        let (input, output) = (try await clip(seconds: 16, in: folder), folder.path("out.flv"))
        let broadcast = try BulkheadProgram.start(["broadcast", input, "--copy", "--to", "file:\(output)"])
        #expect(await eventually(within: .seconds(20)) { broadcast.errorText.contains("timeline: on air") })
        var killed: Set<Int32> = []
        let master = broadcast.pid
        for _ in 0..<20 where broadcast.isRunning {
            var source: Int32?
            // Most of the film is unread when the first one is killed, so that there is another, whenever it comes.
            _ = await eventually(within: .seconds(60)) {
                source = ProcessTable.children(of: master, named: "bulkhead-source").first { !killed.contains($0) }
                return source != nil || !broadcast.isRunning
            }
            guard let source else { break }
            killed.insert(source)
            // On a busy machine it takes its time to open the file; who is killed before that passes nothing on.
            _ = await eventually(within: .seconds(60)) {
                broadcast.errorText.split(separator: "\n").count { $0.contains("source: flv") } >= killed.count
                    || !broadcast.isRunning
            }
            try await Task.sleep(for: .milliseconds(200))
            kill(source, SIGKILL)
        }
        #expect(await broadcast.wait(timeout: .seconds(90)) == 0, "\(broadcast.errorText)")
        #expect(killed.count >= 2)
        let seen = try await ViewedFrames.decode(output, width: 640, height: 360)
        let steps = zip(seen.numbers, seen.numbers.dropFirst()).filter { $1 != $0.map { $0 + 1 } }
        #expect(steps.isEmpty, "\(steps) of \(broadcast.errorText)")
        #expect(seen.numbers.count >= 16 * 30 - 1)
    }

    /// A publisher goes away and comes back: the slate stands in the gap, and the timeline goes on.
    @Test func aGapOfAPublisherShowsTheSlate() async throws {
        let folder = try TemporaryFolder()
        let (input, output) = (try await clip(seconds: 12, in: folder), folder.path("out.flv"))
        let server = try await EmbeddedServer(["--publisher-timeout", "2"])
        let publish = ["-v", "error", "-nostdin", "-re", "-i", input, "-c", "copy", "-f", "flv", server.url("in")]
        let first = try RunningProcess("ffmpeg", publish)
        #expect(await eventually(within: .seconds(20)) { server.publishCount == 1 })
        let broadcast = try BulkheadProgram.start(
            ["broadcast", server.url("in"), "--copy", "--slate-after", "1", "--to", "file:\(output)"])
        #expect(await says("timeline: on air", broadcast))
        #expect(await says("slate encoder: started", broadcast))
        #expect(await eventually(within: .seconds(20)) { self.slateEncoders(of: broadcast.pid) == 0 })
        await first.end()
        #expect(await says("showing the slate instead of the input", broadcast))
        let second = try RunningProcess("ffmpeg", publish)
        #expect(await says("showing the input", broadcast))
        try await Task.sleep(for: .seconds(1))
        await broadcast.end(signal: SIGINT)
        await second.end()
        await server.end()
        let listed = try await ViewedPackets.list(output)
        #expect(listed.backwardSteps == 0)
        let seen = try await ViewedFrames.decode(output, width: 640, height: 360)
        #expect(seen.numbers.contains(nil) && seen.numbers.first ?? nil != nil)
    }

    @Test(arguments: [
        (["-c:v", "libx265", "-c:a", "aac"], "out.mp4", "is hevc and not H.264"),
        (["-c:v", "libx264", "-c:a", "libmp3lame"], "out.mkv", "is mp3 and not AAC"),
        (["-vn", "-c:a", "aac"], "out.m4a", "has no picture"),
    ])
    func whatCanNotBeCopiedIsSaid(codecs: [String], name: String, sentence: String) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path(name)
        let maker = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-f", "lavfi", "-i",
                "sine", "-t", "1",
            ] + codecs + [path])
        #expect(await maker.wait(timeout: .seconds(60)) == 0, "\(maker.errorText)")
        let result = try await run(["broadcast", path, "--copy", "--to", "file:\(folder.path("out.flv"))"])
        #expect(result.code == 66 && result.text.contains(sentence), "\(result.text)")
        #expect(result.text.contains("without the setting copy"), "\(result.text)")
    }

    @Test(arguments: [
        (["--plugin", "invert"], "plugins"), (["--size", "720p"], "size"), (["--preset", "fast"], "encode"),
        (["--slate-clock"], "clock"),
    ])
    func whatDoesNotGoWithItIsRefused(arguments: [String], word: String) async throws {
        let result = try await run(["broadcast", "test", "--copy", "--to", "rtmp://127.0.0.1/live/key"] + arguments)
        #expect(result.code == 64 && result.text.contains(word) && result.text.contains("copy"), "\(result.text)")
    }
}
