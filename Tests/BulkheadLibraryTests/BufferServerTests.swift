import BulkheadLibraryProtocol
import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// The buffer server that ships: nginx with `Packaging/nginx/bulkhead-library.conf` in front of a node.
@Suite(.timeLimit(.minutes(3)), .enabled(if: access("/usr/sbin/nginx", X_OK) == 0)) struct BufferServerTests {
    private let folder: TemporaryFolder
    private let place: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        place = try TemporaryFolder()
    }

    private struct Buffer {
        let process: RunningProcess
        let address: String
        let log: String

        func get(_ target: String, _ flags: [String] = []) async throws -> HTTPReply {
            try await LibraryUnderTest.get(address + target, flags)
        }

        /// How the last answer for `path` was come by.
        func lastState(_ path: String) -> String? {
            let lines = (try? String(contentsOfFile: log, encoding: .utf8))?.split(separator: "\n") ?? []
            return lines.last { $0.contains(path) }?.split(separator: " ").last.map(String.init)
        }
    }

    /// nginx with the shipped file, in which only the places are others.
    private func buffer(before library: LibraryUnderTest) async throws -> Buffer {
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Packaging/nginx/bulkhead-library.conf")
        let port = try FreePort.take()
        let text = try String(contentsOf: source, encoding: .utf8)
            .replacing("server 127.0.0.1:8091;", with: "server \(library.address.dropFirst("http://".count));")
            .replacing("listen 8080;", with: "listen 127.0.0.1:\(port);")
            .replacing("min_free=1g", with: "min_free=1m")
            .replacing("/var/cache/nginx/", with: place.url.path + "/")
            .replacing("/var/log/nginx/", with: place.url.path + "/")
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
            "\($0)_temp_path \(place.path("temporary-" + $0));"
        }
        let configuration = """
            daemon off; pid \(place.path("pid")); error_log \(place.path("error.log")); user root; worker_processes 1;
            events { worker_connections 1024; }
            http { \(temporary.joined(separator: " ")) \(text) }
            """
        // An ordinary user names no other.
        try (geteuid() == 0 ? configuration : configuration.replacing("user root;", with: ""))
            .write(toFile: place.path("nginx.conf"), atomically: true, encoding: .utf8)
        let process = try RunningProcess("/usr/sbin/nginx", ["-p", place.url.path, "-c", place.path("nginx.conf")])
        let buffer = Buffer(
            process: process, address: "http://127.0.0.1:\(port)", log: place.path("bulkhead.log"))
        let isReady = await eventually { (try? await buffer.get("/nothing").status) == 404 }
        try #require(
            isReady,
            "\(process.errorText) \((try? String(contentsOfFile: place.path("error.log"), encoding: .utf8)) ?? "")")
        return buffer
    }

    private func serve() async throws -> LibraryUnderTest {
        try await LibraryUnderTest(["serve", "--folder", folder.url.path, "--listen", "127.0.0.1:0"])
    }

    private func onlyVideo(_ library: LibraryUnderTest) async throws -> VideoID {
        #expect(try await eventually { try await library.get("/api/videos").list().count == 1 })
        let id = try #require(try await library.get("/api/videos").list().first?["id"] as? String)
        return try #require(VideoID(id))
    }

    /// What players are given by the tracker: each has its own.
    private func token(_ video: VideoID, _ number: Int64 = 0) throws -> String {
        let key = try String(contentsOfFile: folder.path(".library/key"), encoding: .utf8)
            .trimmingCharacters(in: .newlines)
        let node = try #require(NodeID("local"))
        return PlaybackToken.make(video, node, until: Int64(time(nil)) + 1000 + number, key: Array(key.utf8))
    }

    private func sent(_ library: LibraryUnderTest) async throws -> Int {
        let text = try await library.get("/metrics").text
        return try #require(text.firstMatch(of: #/media_sent_bytes_total\{node="local"\} (\d+)/#).flatMap { Int($0.1) })
    }

    @Test func fiftyPlayersReadTheNodeOnce() async throws {
        let film = try await Film.make(folder, .fragments, seconds: 20)
        // Nobody has written to it for a while.
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -60)], ofItemAtPath: film.path)
        let library = try await serve()
        let video = try await onlyVideo(library)
        let buffer = try await buffer(before: library)
        let before = try await sent(library)
        let players = try RunningProcess(
            "curl",
            ["-sS", "--fail", "-Z", "--parallel-max", "50"]
                + (0..<50 as Range<Int64>).flatMap { number in
                    let target = "/media/\(video)/file.mp4?token=\((try? token(video, number)) ?? "")"
                    return ["-o", place.path("player\(number)"), buffer.address + target]
                })
        #expect(await players.wait(timeout: .seconds(60)) == 0, "\(players.errorText)")
        for number in 0..<50 {
            #expect(try Data(contentsOf: URL(fileURLWithPath: place.path("player\(number)"))) == film.bytes)
        }
        let read = try await sent(library) - before
        #expect(film.bytes.count > 2 << 20 && read == film.bytes.count, "\(read) of \(film.bytes.count)")
        // Ranges, as players of HLS ask for them, come from what is there.
        let list = try await buffer.get("/media/\(video)/index.m3u8?token=\(token(video, 60))").text
        #expect(list.contains("#EXT-X-BYTERANGE"))
        let part = try await buffer.get(
            "/media/\(video)/file.mp4?token=\(token(video, 61))", ["-H", "Range: bytes=1000000-1200000"])
        #expect(part.status == 206 && part.body == film.bytes[1_000_000...1_200_000])
        let read2 = try await sent(library) - before - list.utf8.count
        #expect(read2 == film.bytes.count, "\(read2)")
        // The node is away: what is kept goes on for those who were let in a moment ago.
        await library.process.end()
        let rest = try await buffer.get("/media/\(video)/file.mp4?token=\(token(video, 1))")
        #expect(rest.status == 200 && rest.body == film.bytes)
        #expect(buffer.lastState("/file.mp4") == "HIT")
        await buffer.process.end()
    }

    @Test func strangersGetNothingOfWhatIsKept() async throws {
        let one = try MadeRecording(seconds: 2)
        try one.write(to: folder.url.path, named: "a.mp4")
        let library = try await serve()
        let video = try await onlyVideo(library)
        let buffer = try await buffer(before: library)
        let good = "/media/\(video)/file.mp4?token=\(try token(video))"
        #expect(try await buffer.get(good).body == Data(one.media))
        let other = try #require(VideoID("0123-0"))
        let (mine, stranger) = (try token(video), try token(other))
        for bad in [
            "/media/\(video)/file.mp4", "/media/\(video)/file.mp4?token=", "/media/\(video)/file.mp4?token=\(stranger)",
            "/media/\(video)/file.mp4?token=\(stranger)&token=\(mine)0", "/media/\(video)/init.mp4?token=1.2",
            "/media/\(video)/file.mp4?token=\(mine)0", "/media/\(video)/poster.jpg?token=%20",
            "/media/\(other)/../\(video)/file.mp4?token=\(stranger)", "/media/\(video)/index.m3u8?token=\(stranger)",
            "/media/\(video)/file.flv?token=\(stranger)",
        ] {
            #expect(try await buffer.get(bad).status == 403, "\(bad)")
        }
        for hidden in [
            "/node/status", "/metrics", "/", "/api/videos", "/bulkhead-token", "/media/\(video)/token?token=\(mine)",
        ] {
            #expect(try await buffer.get(hidden).status == 404, "\(hidden)")
        }
        // What is removed at the node is not given on.
        unlink(folder.path("a.mp4"))
        #expect(try await eventually { try await library.names().isEmpty })
        #expect(try await buffer.get("/media/\(video)/file.mp4?token=\(token(video, 7))").status == 403)
        let log = try String(contentsOfFile: buffer.log, encoding: .utf8)
        #expect(!log.contains(mine) && log.contains("/file.mp4"))
        await buffer.process.end()
        await library.process.end()
    }

    /// A recording that grows is another version with each moment: what is kept of it are its fragments.
    @Test func growingRecordingComesThroughTheBuffer() async throws {
        let made = try MadeRecording(seconds: 12, isFinished: false)
        let library = try await serve()
        let half = made.ends.count / 2
        func grow(to count: Int) throws {
            try Data(made.index.prefix(64 * (2 + count))).write(to: folder.url.appendingPathComponent("live.mp4.index"))
            try Data(made.media.prefix(made.ends[count])).write(to: folder.url.appendingPathComponent("live.mp4"))
        }
        try grow(to: half)
        let video = try await onlyVideo(library)
        let buffer = try await buffer(before: library)
        let target = "/media/\(video)/file.mp4?token=\(try token(video))"
        #expect(try await library.get("/api/videos").list().first?["state"] as? String == "live")
        #expect(try await buffer.get(target).body == Data(made.media.prefix(made.ends[half])))
        let fragment = ["-H", "Range: bytes=\(made.ends[1])-\(made.ends[2] - 1)"]
        let before = try await sent(library)
        for _ in 0..<3 {
            let part = try await buffer.get(target, fragment)
            #expect(part.status == 206 && part.body == Data(made.media[made.ends[1]..<made.ends[2]]))
        }
        #expect(try await sent(library) - before == made.ends[2] - made.ends[1])
        try grow(to: made.ends.count - 1)
        #expect(try await buffer.get(target).body == Data(made.media))
        let last = made.ends.count - 1
        let part = try await buffer.get(target, ["-H", "Range: bytes=\(made.ends[last - 1])-\(made.ends[last] - 1)"])
        #expect(part.status == 206 && part.body == Data(made.media[made.ends[last - 1]...]))
        #expect(try await buffer.get(target, ["-H", "Range: bytes=\(made.media.count)-"]).status == 416)
        await buffer.process.end()
        await library.process.end()
    }
}
