import BulkheadTestSupport
import Foundation
import Testing

/// The process that reads a playlist dies, at the borders of files and in their midst: the next one goes on in the same file at the
/// same place.
@Suite(.serialized, .timeLimit(.minutes(3))) struct PlaylistTests {
    private static let pictureCount = 50

    /// Two seconds, or more, whose pictures are counted by their brightness, in the file's own colour.
    private func film(_ folder: TemporaryFolder, _ number: Int, seconds: Double = 2) async throws -> String {
        let path = folder.path("show \(number).mkv")
        let picture =
            "nullsrc=s=64x64:r=25:d=\(seconds),format=yuv420p,geq=lum=30+3*N:cb=\(60 + 40 * (number % 4)):cr=\(60 + 100 * (number / 4))"
        let ffmpeg = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i",
                "sine=sample_rate=44100:duration=\(seconds)", "-c:v", "mpeg4", "-q:v", "2", "-c:a", "aac", path,
            ])
        try #require(await ffmpeg.wait(timeout: .seconds(30)) == 0, "\(ffmpeg.errorText)")
        return path
    }

    private func count(_ code: String, in broadcast: RunningProcess) -> Int {
        broadcast.outputText.components(separatedBy: "\"code\":\"\(code)\"").count - 1
    }

    @Test(arguments: [false, true]) func nothingIsShownTwiceOrLeftOut(isShuffled: Bool) async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        for number in 0..<5 { _ = try await film(folder, number) }
        let out = folder.path("out.flv")
        let broadcast = try BulkheadProgram.start([
            "broadcast", "playlist:\(folder.path(""))" + (isShuffled ? ",shuffle=7" : ""), "--to", "file:\(out)",
            "--size",
            "64x64", "--fps", "25", "--preset", "ultrafast", "--video-bitrate", "800k", "--json",
        ])
        var kills = 0
        for file in 1...5 {
            #expect(await eventually(within: .seconds(30)) { count("source.playing", in: broadcast) >= file })
            // At the beginning of a file, and once more as soon as the next process plays.
            for _ in 0..<(file % 2 == 0 ? 2 : 1) {
                let opened = count("source.opened", in: broadcast)
                let sources = ProcessTable.children(of: broadcast.pid, named: "bulkhead-source")
                for pid in sources { kill(pid, SIGKILL) }
                kills += sources.count
                #expect(await eventually(within: .seconds(30)) { count("source.opened", in: broadcast) > opened })
            }
        }
        #expect(await broadcast.wait(timeout: .seconds(60)) == 0, "\(broadcast.errorText)")
        #expect(kills >= 5)
        #expect(count("source.playing", in: broadcast) == 5, "\(broadcast.outputText)")
        #expect(count("source.left-out", in: broadcast) == 0 && count("source.skipped", in: broadcast) == 0)
        #expect(!broadcast.outputText.contains("\"picture\":\"slate\""), "\(broadcast.outputText)")
        let shown = try await pictures(out)
        let order = shown.map(\.file).reduce(into: [Int]()) { if $0.last != $1 { $0.append($1) } }
        #expect(isShuffled ? order.count == 5 && Set(order) == Set(0..<5) : order == [0, 1, 2, 3, 4])
        for file in 0..<5 {
            let own = shown.filter { $0.file == file }.map(\.picture)
            // While there was no process the last picture stood.
            let each = own.reduce(into: [Int]()) { if $0.last != $1 { $0.append($1) } }
            #expect(each == Array(0..<Self.pictureCount), "show \(file)")
        }
    }

    /// A file that ends its reader while it is opened beside the one on air: the second time it is left out, and nothing of the
    /// others is. A pipe that nobody fills keeps it open for as long as that takes.
    @Test func fileThatCrashesItsReaderAheadIsLeftOut() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let films = [try await film(folder, 0, seconds: 2.6), try await film(folder, 1, seconds: 1)]
        let pipe = folder.path("pipe.mkv")
        #expect(mkfifo(pipe, 0o600) == 0)
        let list = folder.path("list.ffconcat")
        try "ffconcat version 1.0\nfile 'show 0.mkv'\nfile pipe.mkv\nfile 'show 1.mkv'\n"
            .write(toFile: list, atomically: true, encoding: .utf8)
        let out = folder.path("out.flv")
        let broadcast = try BulkheadProgram.start([
            "broadcast", list, "--to", "file:\(out)", "--size", "64x64", "--fps", "25", "--preset", "ultrafast",
            "--video-bitrate", "800k", "--json",
        ])
        for death in 1...2 {
            var writer: CInt = -1
            // As soon as somebody waits for the pipe.
            #expect(
                await eventually(within: .seconds(30)) {
                    writer = open(pipe, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
                    return writer >= 0
                })
            let sources = ProcessTable.children(of: broadcast.pid, named: "bulkhead-source")
            for pid in sources { kill(pid, SIGSEGV) }
            #expect(await eventually(within: .seconds(30)) { count("source.died", in: broadcast) == death })
            close(writer)
        }
        #expect(await broadcast.wait(timeout: .seconds(60)) == 0, "\(broadcast.errorText)")
        #expect(count("source.left-out", in: broadcast) == 1 && count("source.skipped", in: broadcast) == 0)
        let shown = try await pictures(out)
        for (file, length) in [65, 25].enumerated() {
            let each = shown.filter { $0.file == file }.map(\.picture).reduce(into: [Int]()) {
                if $0.last != $1 { $0.append($1) }
            }
            #expect(each == Array(0..<length), "\(films[file])")
        }
    }

    private func pictures(_ output: String) async throws -> [(file: Int, picture: Int)] {
        let ffmpeg = try RunningProcess(
            "ffmpeg",
            "-v error -nostdin -i \(output) -vf crop=16:16 -fps_mode passthrough -f rawvideo -pix_fmt yuv444p -"
                .split(separator: " ").map(String.init))
        #expect(await ffmpeg.wait(timeout: .seconds(60)) == 0, "\(ffmpeg.errorText)")
        let bytes = [UInt8](ffmpeg.output)
        return stride(from: 0, to: bytes.count - 767, by: 768).map { start in
            let means = (0..<3).map { plane in
                bytes[start + plane * 256..<start + (plane + 1) * 256].reduce(0) { $0 + Int($1) } / 256
            }
            return (4 * ((means[2] - 10) / 100) + (means[1] - 40) / 40, (means[0] - 30 + 1) / 3)
        }
    }
}
