import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// `bulkhead library serve` as a program: a folder with recordings, and what is served of it.
@Suite(.timeLimit(.minutes(3))) struct ServeTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func serve() async throws -> LibraryUnderTest {
        try await LibraryUnderTest(["serve", "--folder", folder.url.path, "--listen", "127.0.0.1:0"])
    }

    /// The addresses that the tracker gives for the only recording.
    private func found(_ library: LibraryUnderTest) async throws -> (id: String, hls: String, mp4: String) {
        let id = try #require(try await library.get("/api/videos").list().first?["id"] as? String)
        let isRegistered = try await eventually { try await library.get("/find/\(id)").status == 200 }
        #expect(isRegistered)
        let candidates = try await library.get("/find/\(id)").object()["candidates"] as? [[String: Any]]
        let candidate = try #require(candidates?.first)
        return (id, try #require(candidate["hls"] as? String), try #require(candidate["mp4"] as? String))
    }

    @Test func recordingsOfAFolderAreFoundRenamedAndRemoved() async throws {
        let library = try await serve()
        try MadeRecording(seconds: 2).write(to: folder.url.path, named: "晚间 show.mp4")
        #expect(try await eventually { try await library.names() == ["晚间 show"] })
        let video = try #require(try await library.get("/api/videos?q=SHOW").list().first)
        #expect(video["durationMilliseconds"] as? Int == 2000 && video["state"] as? String == "finished")
        #expect(video["codecs"] as? String == "avc1.42001e,mp4a.40.2" && video["width"] as? Int == 320)
        #expect(try await library.get("/api/videos?q=news").list().isEmpty)
        let path = folder.url.path
        #expect(rename("\(path)/晚间 show.mp4", "\(path)/b.mp4") == 0)
        #expect(rename("\(path)/晚间 show.mp4.index", "\(path)/b.mp4.index") == 0)
        #expect(try await eventually { try await library.names() == ["b"] })
        // The same recording under other names is one recording, and keeps the name that it has.
        #expect(link("\(path)/b.mp4", "\(path)/c.mp4") == 0 && link("\(path)/b.mp4", "\(path)/a.mp4") == 0)
        try Data("no film".utf8).write(to: folder.url.appendingPathComponent("d.mp4"))
        #expect(symlink("/etc/passwd", "\(path)/e.mp4") == 0)
        try MadeRecording(seconds: 1).write(to: path, named: "f.mp4")
        #expect(try await eventually { try await library.names() == ["b", "f"] })
        for name in ["a", "b", "c"] { unlink("\(path)/\(name).mp4") }
        #expect(try await eventually { try await library.names() == ["f"] })
        let status = try await library.get("/node/status").object()
        let isSettled = try await eventually {
            let status = try await library.get("/node/status").object()
            return status["signal"] as? String == "sent" && status["unpublished"] as? Int == 0
        }
        #expect(isSettled, "\(status)")
        await library.process.end()
        #expect(library.process.errorText.isEmpty, "\(library.process.errorText)")
    }

    @Test func rangesAndVersionsAreRight() async throws {
        let made = try MadeRecording(seconds: 6)
        let library = try await serve()
        try made.write(to: folder.url.path, named: "a.mp4")
        #expect(try await eventually { try await !library.names().isEmpty })
        let (id, _, mp4) = try await found(library)
        let (count, media) = (made.media.count, Data(made.media))
        let whole = try await library.get(mp4)
        #expect(whole.status == 200 && whole.body == media && whole.headers["accept-ranges"] == "bytes")
        let tag = try #require(whole.headers["etag"])
        #expect(!tag.hasPrefix("W/"))
        func range(_ text: String, _ flags: [String] = []) async throws -> HTTPReply {
            try await library.get(mp4, ["-H", "Range: bytes=\(text)"] + flags)
        }
        let part = try await range("10-19")
        #expect(part.status == 206 && part.body == media[10..<20])
        #expect(part.headers["content-range"] == "bytes 10-19/\(count)" && part.headers["content-length"] == "10")
        #expect(try await range("-5").body == media.suffix(5))
        let beyond = try await range("\(count)-")
        #expect(beyond.status == 416 && beyond.headers["content-range"] == "bytes */\(count)" && beyond.body.isEmpty)
        #expect(try await range("0-0", ["-H", "If-Range: \"other\""]).status == 200)
        #expect(try await range("0-0", ["-H", "If-Range: \(tag)"]).status == 206)
        #expect(try await library.get(mp4, ["-H", "If-None-Match: \(tag)"]).status == 304)
        let head = try await library.get(mp4, ["--head", "-o", "/dev/null"])
        #expect(head.status == 200 && head.headers["content-length"] == "\(count)")
        // curl would pass over a body: all that comes until the connection is closed is the head.
        let all = try RunningProcess(
            "python3",
            [
                "-c",
                """
                import socket, sys, urllib.parse
                url = urllib.parse.urlsplit(sys.argv[1])
                s = socket.create_connection((url.hostname, url.port), 10)
                s.sendall(f"HEAD {url.path}?{url.query} HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n".encode())
                got = b"".join(iter(lambda: s.recv(65536), b""))
                print(got.split(b"\\r\\n")[0].decode(), len(got.split(b"\\r\\n\\r\\n", 1)[1]))
                """, library.address + mp4,
            ])
        #expect(await all.wait() == 0 && all.outputText == "HTTP/1.1 200 OK 0\n", "\(all.outputText)\(all.errorText)")
        // Nothing but what the tracker has allowed.
        #expect(try await library.get("/media/\(id)/file.mp4").status == 403)
        #expect(try await library.get(mp4 + "0").status == 403)
        #expect(try await library.get(mp4.replacingOccurrences(of: "file.mp4", with: "..%2f..%2fetc")).status == 404)
        for odd in ["/media/../../etc/passwd", "/%00", "/media/%2e%2e/x", "/" + String(repeating: "a", count: 9000)] {
            #expect([400, 403, 404].contains(try await library.get(odd).status), "\(odd.prefix(40))")
        }
        #expect(try await library.get(mp4, ["-X", "DELETE"]).status == 405)
        await library.process.end()
    }

    /// A recording that grows: what is on the disk is served, no more, and the playlist only grows.
    @Test func growingRecordingIsServedAsFarAsItIsOnTheDisk() async throws {
        let made = try MadeRecording(seconds: 12, isFinished: false)
        let library = try await serve()
        let half = made.ends[made.ends.count / 2]
        let path = folder.url.appendingPathComponent("live.mp4")
        // The index of the first half, and half a fragment more in the file.
        try Data(made.index.prefix(64 * (2 + made.ends.count / 2))).write(
            to: folder.url.appendingPathComponent("live.mp4.index"))
        try Data(made.media.prefix(half + 20)).write(to: path)
        #expect(try await eventually { try await library.names() == ["live"] })
        let (_, hls, mp4) = try await found(library)
        #expect(try await library.get("/api/videos").list().first?["state"] as? String == "live")
        let whole = try await library.get(mp4)
        #expect(whole.body == Data(made.media.prefix(half)), "\(whole.body.count) of \(half)")
        let list = try await library.get(hls)
        #expect(list.text.contains("PLAYLIST-TYPE:EVENT") && !list.text.contains("ENDLIST"))
        // HTTP-FLV of what grows is followed, up to its end.
        let flv = mp4.replacing("file.mp4", with: "file.flv")
        let follower = try RunningProcess("curl", ["-sS", "-N", "--max-time", "90", library.address + flv])
        #expect(await eventually { Self.pictures(follower.output) > 100 }, "\(follower.errorText)")
        #expect(Self.pictures(follower.output) < 360 && follower.isRunning)
        // As a recorder does: files grow, media before their index.
        try append(made.media.dropFirst(half + 20), to: path)
        try append(
            made.index.dropFirst(64 * (2 + made.ends.count / 2)),
            to: folder.url.appendingPathComponent("live.mp4.index"))
        let longer = try await library.get(hls)
        #expect(longer.text.hasPrefix(list.text) && longer.text.count > list.text.count, "\(longer.text)")
        #expect(await follower.wait(timeout: .seconds(60)) == 0, "\(follower.errorText)")
        #expect(Self.pictures(follower.output) == 360)
        await library.process.end()
    }

    private func append(_ bytes: some Sequence<UInt8>, to file: URL) throws {
        let handle = try FileHandle(forWritingTo: file)
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(bytes))
        try handle.close()
    }

    /// Whole tags with pictures in an FLV stream, the sequence header left out: annex E.4 of FLV 10.1.
    private static func pictures(_ stream: Data) -> Int {
        let bytes = Array(stream)
        var (place, count) = (13, 0)
        while place + 11 < bytes.count {
            let size = Int(bytes[place + 1]) << 16 | Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
            guard place + 11 + size + 4 <= bytes.count else { break }
            if bytes[place] == 9, bytes[place + 12] == 1 { count += 1 }
            place += 11 + size + 4
        }
        return count
    }

    /// A demuxer that is none of ours plays the ranges, from the IDR on, in the length of the recording.
    @Test func broadcastIsPublishedWhileItIsRecordedAndPlaysAfterwards() async throws {
        let library = try await serve()
        let elsewhere = try TemporaryFolder()
        let show = elsewhere.path("show.mp4")
        let broadcast = try BulkheadProgram.start([
            "broadcast", "test", "--to", "file:/dev/null", "--duration", "8", "--size", "320x180", "--fps", "15",
            "--keyframe-interval", "1", "--record", show, "--record-library", library.address,
        ])
        let isLive = try await eventually(within: .seconds(20)) {
            try await library.get("/api/videos").list().first?["state"] as? String == "live"
        }
        #expect(isLive, "\(library.process.outputText) \(broadcast.errorText)")
        #expect(await broadcast.wait(timeout: .seconds(60)) == 0, "\(broadcast.errorText)")
        let isFinished = try await eventually(within: .seconds(20)) {
            try await library.get("/api/videos").list().first?["state"] as? String == "finished"
        }
        #expect(isFinished, "\(library.process.outputText)")
        #expect(try await library.names() == ["show"])
        let (id, hls, mp4) = try await found(library)
        for address in [hls, mp4] {
            let probe = try RunningProcess(
                "ffprobe",
                [
                    "-v", "error", "-count_packets", "-show_entries", "stream=codec_type,nb_read_packets", "-of", "csv",
                    library.address + address,
                ])
            #expect(await probe.wait(timeout: .seconds(60)) == 0, "\(probe.errorText)")
            #expect(probe.outputText.contains("video,120"), "\(address): \(probe.outputText) \(probe.errorText)")
            #expect(probe.errorText.isEmpty, "\(address): \(probe.errorText)")
        }
        let redirect = try await library.get("/watch/\(id).mp4")
        #expect(
            redirect.status == 302 && redirect.headers["location"]?.hasPrefix("/media/\(id)/file.mp4?token=") == true)
        // The library's own file stays when the broadcaster's is removed.
        unlink(show)
        #expect(try await library.get(mp4, ["--head", "-o", "/dev/null"]).status == 200)
        await library.process.end()
    }

    @Test func strangersGiveNoNoticesAndReadNoRows() async throws {
        let library = try await serve()
        let notice = #"{"type":"recording.closed","data":{"values":{"path":"/etc/passwd"}}}"#
        func post(_ path: String, _ body: String, _ flags: [String] = []) async throws -> Int {
            try await library.get(path, ["-H", "Content-Type: application/json", "-d", body] + flags).status
        }
        #expect(try await post("/node/notices", notice) == 204)
        let film = notice.replacingOccurrences(of: "/etc/passwd", with: "/etc/x.mp4")
        #expect(try await post("/node/notices", film) == 422)
        #expect(try await post("/node/notices", notice, ["-H", "Origin: http://evil.example"]) == 403)
        #expect(try await library.get("/node/notices", ["-d", notice]).status == 403)
        #expect(try await post("/node/notices", String(repeating: "[", count: 100_000)) == 400)
        #expect(try await library.get("/node/records").status == 401)
        #expect(try await post("/node/published", "[]") == 401)
        #expect(try await post("/centre/signals", "{}") == 401)
        #expect(try await post("/tracker/heartbeats", "{}", ["-H", "Authorization: Bulkhead local 1 00"]) == 401)
        #expect(try await library.get("/metrics").text.contains("bulkhead_library_recordings{node=\"local\"} 0"))
        #expect(try await library.get("/").headers["content-security-policy"]?.contains("default-src 'self'") == true)
        await library.process.end()
    }

    @Test func secondLibraryOfAFolderIsRefused() async throws {
        let library = try await serve()
        let second = try LibraryUnderTest.start(["serve", "--folder", folder.url.path, "--listen", "127.0.0.1:0"])
        #expect(await second.wait() == 1)
        #expect(second.errorText.contains("another library uses"), "\(second.errorText)")
        await library.process.end()
    }
}
