import BulkheadTestSupport
import BulkheadWire
import Foundation
import Testing

/// Lists of files, played file by file.
@Suite(.timeLimit(.minutes(2))) struct ListPlayingTests {
    private func film(_ folder: TemporaryFolder, _ name: String, _ size: String) async throws {
        let words = "-v error -nostdin -y -f lavfi -i testsrc=size=\(size):rate=25:duration=1 -c:v mpeg4"
        let ffmpeg = try RunningProcess("ffmpeg", words.split(separator: " ").map(String.init) + [folder.path(name)])
        try #require(await ffmpeg.wait(timeout: .seconds(30)) == 0, "\(ffmpeg.errorText)")
    }

    private func list(_ folder: TemporaryFolder) async throws -> String {
        try await film(folder, "a.mkv", "64x64")
        try await film(folder, "b.mkv", "96x64")
        let path = folder.path("list.ffconcat")
        try "ffconcat version 1.0\nfile a.mkv\nfile gone.mkv\nfile b.mkv\n"
            .write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    @Test func everyFileBeginsAnewAndTimeGoesOn() async throws {
        let folder = try TemporaryFolder()
        let source = try SourceUnderTest(try await list(folder), canvas: "64x64", rate: "25")
        try source.play()
        #expect(source.take.hasEnded && source.take.shots.count == 50)
        #expect(source.take.description?.place?.count == 3)
        // The one that is missing is never come to.
        #expect(source.take.entered.map(\.entry) == [2])
        #expect(source.take.entered.map(\.time) == [1_000_000_000])
        #expect(source.take.shots[25].pts == 1_000_000_000 && source.take.shots[25].position == 0)
        #expect(source.take.notices.count == 1)
    }

    private func list(_ folder: TemporaryFolder, _ lines: String) async throws -> String {
        try await film(folder, "a.mkv", "64x64")
        let path = folder.path("parts.ffconcat")
        try ("ffconcat version 1.0\n" + lines).write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// In and out points are exact, wherever keyframes lie; sound and picture of the next part begin where they are to.
    @Test func partsOfFilesArePlayed() async throws {
        let folder = try TemporaryFolder()
        let lines =
            "file a.mkv\ninpoint 0.2\noutpoint 00:00:00.6\nfile a.mkv\ninpoint 400ms\nfile a.mkv\noutpoint 0.4\n"
        let source = try SourceUnderTest(try await list(folder, lines), canvas: "64x64", rate: "25")
        try source.play()
        #expect(source.take.hasEnded && source.take.failure == nil && source.take.notices.isEmpty)
        let positions = [5..<15, 10..<25, 0..<10].flatMap { $0.map { Int64($0) * 40_000_000 } }
        #expect(source.take.shots.map(\.position) == positions)
        #expect(source.take.shots.map(\.pts) == (0..<35).map { Int64($0) * 40_000_000 })
        #expect(source.take.entered.map(\.time) == [400_000_000, 1_000_000_000])
    }

    /// A list of pictures with durations is a show of them.
    @Test func stillsStandAsLongAsTheListSays() async throws {
        let folder = try TemporaryFolder()
        for (name, colour) in [("r.png", "red"), ("b.png", "blue")] {
            let words = "-v error -nostdin -y -f lavfi -i color=\(colour):size=64x64 -frames:v 1"
            let ffmpeg = try RunningProcess(
                "ffmpeg", words.split(separator: " ").map(String.init) + [folder.path(name)])
            try #require(await ffmpeg.wait(timeout: .seconds(30)) == 0, "\(ffmpeg.errorText)")
        }
        let lines = "file r.png\nduration 2.4\nfile b.png\nduration 0.6\nfile a.mkv\n"
        let source = try SourceUnderTest(try await list(folder, lines), canvas: "64x64", rate: "25")
        try source.play()
        #expect(source.take.hasEnded)
        #expect(source.take.entered.map(\.time) == [2_400_000_000, 3_000_000_000])
        // Each is sent again after a second, so that it is not missed.
        #expect(
            source.take.shots.prefix(5).map(\.pts) == [0, 1_000_000_000, 2_000_000_000, 2_360_000_000, 2_400_000_000])
        #expect(source.take.shots.suffix(25).first?.pts == 3_000_000_000)
    }

    /// The cell of a list has no network: an address in it is named and left out.
    @Test func addressInAListIsLeftOut() async throws {
        let folder = try TemporaryFolder()
        let lines = "file 'http://user:word@127.0.0.1:1/a.mp4'\nfile a.mkv\n"
        let source = try SourceUnderTest(try await list(folder, lines), canvas: "64x64", rate: "25")
        try source.play()
        #expect(source.take.hasEnded && source.take.shots.count == 25)
        #expect(source.take.notices.contains { $0.contains("is no file") && !$0.contains("word") })
    }

    @Test func successorBeginsAPartWhereTheListSays() async throws {
        let folder = try TemporaryFolder()
        let lines = "file a.mkv\nfile a.mkv\ninpoint 0.4\noutpoint 0.8\n"
        // Before anything of it has come.
        let resume = SourceResume(pts: 960_000_000, position: -40_000_000, audioSample: 48_000, entry: 1)
        let source = try SourceUnderTest(try await list(folder, lines), canvas: "64x64", rate: "25", resume: resume)
        try source.play()
        #expect(source.take.hasEnded && source.take.shots.count == 10)
        #expect(source.take.shots.first == .init(pts: 1_000_000_000, position: 400_000_000))
        // In the midst of it.
        let later = SourceResume(pts: 1_120_000_000, position: 520_000_000, audioSample: 48_000, entry: 1)
        let other = try SourceUnderTest(folder.path("parts.ffconcat"), canvas: "64x64", rate: "25", resume: later)
        try other.play()
        #expect(other.take.hasEnded && other.take.shots.count == 6)
        #expect(other.take.shots.first == .init(pts: 1_160_000_000, position: 560_000_000))
    }

    @Test func successorGoesOnInTheFileThatItIsTold() async throws {
        let folder = try TemporaryFolder()
        let resume = SourceResume(pts: 1_400_000_000, position: 400_000_000, audioSample: 67_200, entry: 2)
        let source = try SourceUnderTest(try await list(folder), canvas: "64x64", rate: "25", resume: resume)
        try source.play()
        #expect(source.take.hasEnded && source.take.shots.count == 14)
        #expect(source.take.shots.first == .init(pts: 1_440_000_000, position: 440_000_000))
    }

    @Test func fileThatHasGoneMeanwhileIsPassed() async throws {
        let folder = try TemporaryFolder()
        let resume = SourceResume(pts: 1_000_000_000, position: 400_000_000, audioSample: 48_000, entry: 1)
        let source = try SourceUnderTest(try await list(folder), canvas: "64x64", rate: "25", resume: resume)
        try source.play()
        #expect(source.take.hasEnded && source.take.shots.count == 25)
        #expect(source.take.shots.first?.position == 0)
    }
}
