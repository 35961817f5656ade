import BulkheadMP4
import BulkheadTestSupport
import Foundation
import Testing

/// Plain MP4s as FFmpeg writes them.
@Suite(.timeLimit(.minutes(1))) struct PlainMovieTests {
    private static func film(_ flags: [String], coder: String = "libx264") async throws -> [UInt8] {
        let folder = try TemporaryFolder()
        let process = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25", "-f", "lavfi", "-i",
                "sine=sample_rate=48000", "-t", "1", "-c:v", coder, "-pix_fmt", "yuv420p", "-c:a", "aac",
            ] + flags + [folder.path("a.mp4")])
        try #require(await process.wait() == 0, "\(process.errorText)")
        return Array(try Data(contentsOf: URL(fileURLWithPath: folder.path("a.mp4"))))
    }

    @Test(arguments: [[], ["-movflags", "+faststart"]])
    func tablesSayWhatIsInIt(flags: [String]) async throws {
        let movie = try PlainMovie(ArraySource(try await Self.film(flags)))
        #expect(movie.width == 64 && movie.height == 48 && abs(movie.durationMilliseconds - 1000) < 30)
        #expect(movie.contents.map(\.coding) == ["avc1", "mp4a"] && movie.contents.allSatisfy { $0.track != nil })
        #expect(movie.contents.map(\.isVideo) == [true, false])
    }

    @Test func codingThatIsNotKnownIsNamed() async throws {
        let movie = try PlainMovie(ArraySource(try await Self.film([], coder: "mpeg4")))
        #expect(movie.contents.map(\.coding) == ["mp4v", "mp4a"] && movie.contents[0].track == nil)
    }

    @Test func fragmentsAreNoPlainMovie() async throws {
        let bytes = try await Self.film(["-movflags", "frag_keyframe+empty_moov"])
        #expect(throws: MP4Error.self) { try PlainMovie(ArraySource(bytes)) }
    }

    /// Half a file is none, and no byte leads astray.
    @Test func damageIsAnError() async throws {
        let bytes = try await Self.film(["-movflags", "+faststart"])
        for end in stride(from: 0, to: bytes.count - 8, by: 97) {
            #expect(throws: MP4Error.self) { try PlainMovie(ArraySource(Array(bytes[..<end]))) }
        }
        var generator = SeededGenerator(seed: 17)
        for _ in 0..<800 {
            var spoiled = bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                spoiled[Int.random(in: 0..<min(2000, bytes.count), using: &generator)] = .random(
                    in: 0...255, using: &generator)
            }
            // Whatever comes of it, it comes to an end.
            if let movie = try? PlainMovie(ArraySource(spoiled)) {
                #expect(movie.tables.upperBound <= UInt64(bytes.count))
            }
        }
    }
}
