import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// Recordings for players of RTMP, with FFmpeg's as the judge.
@Suite(.timeLimit(.minutes(2))) struct RTMPPlayTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// A library with one film, which it has found.
    private func libraryWithFilm(
        seconds: Int
    ) async throws -> (library: LibraryUnderTest, film: Film, port: Int, id: String, token: Substring) {
        let film = try await Film.make(folder, .fragments, seconds: seconds)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -60)], ofItemAtPath: film.path)
        let port = try FreePort.take()
        let library = try await LibraryUnderTest([
            "serve", "--folder", folder.url.path, "--listen", "127.0.0.1:0", "--rtmp-listen", "127.0.0.1:\(port)",
        ])
        #expect(try await eventually { try await library.get("/api/videos").list().count == 1 })
        let id = try #require(try await library.get("/api/videos").list().first?["id"] as? String)
        let token = try #require(try await library.candidate(id).mp4.split(separator: "token=").last)
        return (library, film, port, id, token)
    }

    private func play(_ address: String) async throws -> (code: Int32, text: String, errors: String) {
        let probe = try RunningProcess(
            "ffprobe",
            [
                "-v", "error", "-count_packets", "-show_entries", "stream=codec_type,nb_read_packets,start_time", "-of",
                "csv",
                address,
            ])
        let code = await probe.wait(timeout: .seconds(40))
        return (code, probe.outputText, probe.errorText)
    }

    @Test func recordingPlaysFromAnyTimeOn() async throws {
        let (library, film, port, id, token) = try await libraryWithFilm(seconds: 8)
        let address = "rtmp://127.0.0.1:\(port)/media/\(id)?token=\(token)"
        async let whole = play(address)
        async let later = play(address + "&start=5.9")
        let (all, rest) = try await (whole, later)
        #expect(all.code == 0 && all.errors.isEmpty, "\(all.errors)")
        #expect(all.text.contains(/video,[0-9.]+,200/) && all.text.contains(/audio,[0-9.]+,37\d/), "\(all.text)")
        // From the IDR at 5 s on: 75 pictures, whose times begin at 0.
        #expect(rest.code == 0 && rest.text.contains(/video,0\.[0-9]+,75/), "\(rest.text) \(rest.errors)")
        // Strangers, other names, and those that want to publish.
        for bad in [
            address + "0", "rtmp://127.0.0.1:\(port)/media/\(id)", "rtmp://127.0.0.1:\(port)/live/\(id)?token=\(token)",
        ] {
            #expect(try await play(bad).code != 0, "\(bad)")
        }
        let publisher = try RunningProcess(
            "ffmpeg",
            ["-v", "error", "-nostdin", "-i", film.path, "-c", "copy", "-f", "flv", "rtmp://127.0.0.1:\(port)/media/x"])
        #expect(await publisher.wait(timeout: .seconds(30)) != 0)
        #expect(try await library.get("/health").status == 200)
        await library.process.end()
        #expect(library.process.errorText.isEmpty, "\(library.process.errorText)")
    }

    /// The pace is that of the pictures: a player that pulls is not given an hour at once.
    @Test func paceIsThatOfThePictures() async throws {
        let (library, _, port, id, token) = try await libraryWithFilm(seconds: 12)
        let begin = ContinuousClock.now
        let player = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-i", "rtmp://127.0.0.1:\(port)/media/\(id)?token=\(token)", "-map", "0:v",
                "-c",
                "copy", "-t", "7", "-f", "flv", "-y", folder.path("out.flv"),
            ])
        #expect(await player.wait(timeout: .seconds(60)) == 0, "\(player.errorText)")
        // Four seconds come ahead of their time.
        #expect(ContinuousClock.now - begin > .seconds(2))
        await library.process.end()
    }
}
