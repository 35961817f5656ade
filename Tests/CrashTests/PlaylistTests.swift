import BulkheadTestSupport
import Foundation
import Testing

/// The process that reads a playlist dies, at the borders of files and in their midst: the next one goes on in the same file at the
/// same place.
@Suite(.serialized, .timeLimit(.minutes(3))) struct PlaylistTests {
    private static let pictureCount = 50

    /// Two seconds whose pictures are counted by their brightness, in the file's own colour.
    private func film(_ folder: TemporaryFolder, _ number: Int) async throws -> String {
        let path = folder.path("show \(number).mkv")
        let picture =
            "nullsrc=s=64x64:r=25:d=2,format=yuv420p,geq=lum=30+3*N:cb=\(60 + 40 * (number % 4)):cr=\(60 + 100 * (number / 4))"
        let ffmpeg = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i",
                "sine=sample_rate=44100:duration=2", "-c:v", "mpeg4", "-q:v", "2", "-c:a", "aac", path,
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
