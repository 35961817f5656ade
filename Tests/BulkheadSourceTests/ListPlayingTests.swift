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
        #expect(source.take.description?.entryCount == 3)
        #expect(source.take.entered.map(\.entry) == [1, 2])
        #expect(source.take.entered.map(\.time) == [1_000_000_000, 1_000_000_000])
        #expect(source.take.shots[25].pts == 1_000_000_000 && source.take.shots[25].position == 0)
        #expect(source.take.notices.count == 1)
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
