import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// Lists of files: each file is played as it is, and what can't be played is named and left out.
@Suite(.timeLimit(.minutes(3))) struct ListTests {
    private func list(_ field: Field, _ names: [String]) throws -> String {
        let path = field.path("list.ffconcat")
        let files = names.map { "file '\(URL(fileURLWithPath: $0).lastPathComponent)'\n" }.joined()
        try ("ffconcat version 1.0\n" + files).write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    @Test func missingAndCutFilesAreNamedAndLeftOut() async throws {
        let field = try Field()
        let good = [try await field.film("a.mp4"), try await field.film("b.mp4")]
        let cut = field.path("cut.mp4")
        try Data(contentsOf: URL(fileURLWithPath: good[0])).prefix(2000).write(to: URL(fileURLWithPath: cut))
        let text = field.path("text.mp4")
        try "no film at all".write(toFile: text, atomically: true, encoding: .utf8)
        let path = try list(field, [field.path("missing.mp4"), good[0], cut, text, good[1]])
        let result = try await field.broadcast([path])
        #expect(result.status == 0, "\(result.text)")
        #expect(try await result.pictures() == 100)
        for name in ["missing.mp4", "cut.mp4", "text.mp4"] {
            #expect(result.text.contains("\(name)") && result.text.contains("it is left out"), "\(result.text)")
        }
        #expect(!result.text.contains("crashed"), "\(result.text)")
    }

    @Test func differingFilesPlayEachInItsOwnRateAndSound() async throws {
        let field = try Field()
        let first = try await field.film("a.mp4")
        let fast = try await field.make(
            "b.mkv", "-f lavfi -i testsrc=size=128x96:rate=60:duration=2 -c:v mpeg4 -pix_fmt yuv420p")
        let last = try await field.make(
            "c.mp4",
            "-f lavfi -i testsrc=size=64x64:rate=30:duration=2 -f lavfi -i sine=sample_rate=44100:duration=2 "
                + "-c:v libx264 -pix_fmt yuv420p -c:a aac -ac 2")
        let path = try list(field, [first, fast, last])
        let result = try await field.broadcast([path])
        #expect(result.status == 0, "\(result.text)")
        #expect(try await (149...151).contains(result.pictures()))
        #expect(!result.text.contains("jumped"), "\(result.text)")
        #expect(try await result.silences() == 1, "the second file alone has no sound")
    }

    @Test func listGoesOnFromItsStartInALoop() async throws {
        let field = try Field()
        let path = try list(field, [try await field.film("a.mp4"), field.path("gone.mp4")])
        let result = try await field.broadcast([path, "--loop", "--duration", "9"])
        #expect(result.status == 0, "\(result.text)")
        #expect(try await result.pictures() == 225)
        #expect(result.text.components(separatedBy: "gone.mp4").count == 2, "it is said once: \(result.text)")
    }

    /// By their names, as people sort, without what is no film.
    @Test func filesOfAFolderAreAPlaylist() async throws {
        let field = try Field()
        let shows = field.path("shows")
        try FileManager.default.createDirectory(atPath: shows, withIntermediateDirectories: true)
        let sizes = [("show 10.mp4", "96x64"), ("show 2.mp4", "64x64"), ("show 1.mp4", "64x96")]
        for (name, size) in sizes {
            let film = try await field.make(
                "film.mp4", "-f lavfi -i testsrc=size=\(size):rate=25:duration=1 -c:v libx264 -pix_fmt yuv420p")
            try FileManager.default.moveItem(atPath: film, toPath: "\(shows)/\(name)")
        }
        try "no film".write(toFile: "\(shows)/show 3.mp4", atomically: true, encoding: .utf8)
        mkfifo("\(shows)/show 4.mp4", 0o600)
        try "a note".write(toFile: "\(shows)/note.txt", atomically: true, encoding: .utf8)
        let result = try await field.broadcast(["playlist:\(shows)"])
        #expect(result.status == 0, "\(result.text)")
        #expect(try await result.pictures() == 75)
        #expect(result.text.contains("list of 4, first:"), "\(result.text)")
        #expect(result.text.contains("show 3.mp4") && !result.text.contains("note.txt"), "\(result.text)")
        let empty = field.path("empty")
        try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
        let refused = try await field.broadcast(["playlist:\(empty)"])
        #expect(refused.status == 66 && refused.text.contains("can be played"), "\(refused.text)")
    }

    @Test func filesOfAnM3UArePlayed() async throws {
        let field = try Field()
        _ = try await field.film("a.mp4")
        _ = try await field.film("b.mp4")
        let path = field.path("list.m3u")
        try "#EXTM3U\n#EXTINF:2,First\na.mp4\n\ngone.mp4\r\nb.mp4\n".write(
            toFile: path, atomically: true, encoding: .utf8)
        let result = try await field.broadcast(["playlist:\(path)"])
        #expect(result.status == 0, "\(result.text)")
        #expect(try await result.pictures() == 100)
        #expect(result.text.contains("gone.mp4"), "\(result.text)")
    }

    /// What a shell makes of `*.mp4`.
    @Test func filmsNamedOneByOneAreAPlaylist() async throws {
        let field = try Field()
        let films = [
            try await field.film("a.mp4"), field.path("text.mp4"), try await field.film("c.mp4", sound: false),
        ]
        try "no film".write(toFile: films[1], atomically: true, encoding: .utf8)
        let song = try await field.make("s.wav", "-f lavfi -i sine=duration=2")
        let result = try await field.broadcast(films + [song])
        #expect(result.status == 0, "\(result.text)")
        #expect(try await result.pictures() == 100)
        #expect(result.text.contains("source 1: plays c.mp4, 3 of 3; nothing follows"), "\(result.text)")
        #expect(result.text.contains("text.mp4") && result.text.contains("it is left out"))
        #expect(result.text.contains("source 2: its sound is not used"), "what is left over is said: \(result.text)")
    }

    @Test func listWithoutAnyGoodFileIsRefused() async throws {
        let field = try Field()
        let path = try list(field, [field.path("x.mp4"), field.path("y.mp4")])
        let result = try await field.broadcast([path, "--loop", "--duration", "3"])
        #expect(result.status == 66)
        #expect(result.text.contains("no file of the list"), "\(result.text)")
    }

    /// Sound that only a later file has is waited for in silence.
    @Test func soundMayBeginWithTheSecondFile() async throws {
        let field = try Field()
        let path = try list(field, [try await field.film("a.mp4", sound: false), try await field.film("b.mp4")])
        let result = try await field.broadcast([path])
        #expect(result.status == 0, "\(result.text)")
        #expect(try await result.pictures() == 100)
        #expect(try await result.peak() ?? -100 > -30)
    }
}
