import BulkheadLibraryProtocol
import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// Uploads, by `bulkhead library upload` and by the words of tus 1.0.0 that any other sender says.
@Suite(.timeLimit(.minutes(3))) struct UploadTests {
    private let folder: TemporaryFolder
    private let films: TemporaryFolder
    private var key: String { folder.path(".library/upload.key") }

    init() throws {
        folder = try TemporaryFolder()
        films = try TemporaryFolder()
    }

    private func serve(_ flags: [String] = [], port: Int = 0, failPoint: String? = nil) async throws -> LibraryUnderTest
    {
        try await LibraryUnderTest(
            ["serve", "--folder", folder.url.path, "--listen", "127.0.0.1:\(port)"] + flags,
            environment: failPoint.map { ["BULKHEAD_LIBRARY_FAILPOINT": $0] } ?? [:])
    }

    private var headers: [String] {
        get throws {
            let text = try String(contentsOfFile: key, encoding: .utf8).trimmingCharacters(in: .newlines)
            let token = UploadToken.make(until: Int64(time(nil)) + 60, key: Array(text.utf8))
            return ["-H", "Tus-Resumable: 1.0.0", "-H", "Authorization: Bearer \(token)"]
        }
    }

    private func begin(_ library: LibraryUnderTest, _ byteCount: Int, name: String = "a.mp4") async throws -> HTTPReply
    {
        let name = Data(name.utf8).base64EncodedString()
        return try await library.get(
            "/node/uploads",
            try headers + [
                "-X", "POST", "-H", "Upload-Length: \(byteCount)", "-H", "Upload-Metadata: filename \(name)",
            ])
    }

    private func patch(
        _ library: LibraryUnderTest, _ place: String, at offset: Int, _ bytes: Data,
        type: String = "offset+octet-stream"
    ) async throws -> HTTPReply {
        let piece = films.url.appendingPathComponent(UUID().uuidString)
        try bytes.write(to: piece)
        return try await library.get(
            place,
            try headers + [
                "-X", "PATCH", "-H", "Content-Type: application/\(type)", "-H", "Upload-Offset: \(offset)",
                "--data-binary", "@\(piece.path)",
            ])
    }

    private func offset(_ library: LibraryUnderTest, _ place: String) async throws -> Int? {
        let state = try await library.get(place, try headers + ["--head", "-o", "/dev/null"])
        return state.headers["upload-offset"].flatMap { Int($0) }
    }

    private var names: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder.url.path))?.filter { !$0.hasPrefix(".") }.sorted()
            ?? []
    }

    private var left: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder.path(".library/uploads"))) ?? []
    }

    /// What a film of another program becomes, wherever its tables are: itself as one file, HLS by ranges, FLV.
    @Test(arguments: Film.Form.allCases)
    func filmIsUploadedAndPlaysInAllForms(form: Film.Form) async throws {
        let film = try await Film.make(films, form)
        let library = try await serve()
        let upload = try library.upload(film.path, key: key)
        #expect(await upload.wait(timeout: .seconds(30)) == 0, "\(upload.errorText)")
        #expect(try await eventually { try await library.get("/api/videos").list().count == 1 })
        let video = try #require(try await library.get("/api/videos").list().first)
        #expect(video["durationMilliseconds"] as? Int == 6000 && video["width"] as? Int == 320)
        #expect(
            (video["codecs"] as? String)?.hasPrefix("avc1.") == true && video["byteCount"] as? Int == film.bytes.count)
        let id = try #require(video["id"] as? String)
        #expect(upload.outputText.contains(id))
        let (hls, mp4, flv) = try await library.candidate(id)
        #expect(try await library.get(mp4).body == film.bytes)
        #expect(try await eventually(within: .seconds(30)) { try await library.get(hls).status == 200 })
        for target in [hls, mp4, flv] {
            let packets = try await library.packets(target)
            #expect(packets.contains("video,150") && packets.contains("audio,28"), "\(target): \(packets)")
        }
        let hasPicture = try await eventually(within: .seconds(30)) {
            try await library.get("/api/videos").list().first?["hasPoster"] as? Bool == true
        }
        #expect(hasPicture)
        let poster = try await library.get(mp4.replacing("file.mp4", with: "poster.jpg"))
        #expect(poster.body.starts(with: [0xFF, 0xD8, 0xFF]) && poster.headers["content-type"] == "image/jpeg")
        // From the IDR at or before 3.5 s on, with times from 0.
        let later = try await library.packets(flv + "&start=3.5")
        #expect(later.contains("video,75"), "\(later)")
        let head = try await library.get(flv + "&start=3.5", ["--head", "-o", "/dev/null"])
        #expect(head.headers["bulkhead-start"] == "3000" && head.headers["content-type"] == "video/x-flv")
        #expect(try await library.get(flv + "&start=-1").status == 400)
        #expect(try await library.get(flv + "&start=60").status == 404)
        // The same film again is the same video.
        let again = try library.upload(film.path, key: key)
        #expect(await again.wait(timeout: .seconds(30)) == 0 && again.outputText.contains(id), "\(again.errorText)")
        #expect(names == ["\(form)-libx264.mp4"])
        // What was made of it goes with it.
        unlink(folder.path(names[0]))
        let isGone = await eventually(within: .seconds(30)) {
            (try? FileManager.default.contentsOfDirectory(atPath: folder.path(".library/streams")))?.isEmpty == true
        }
        #expect(isGone)
        await library.process.end()
    }

    @Test func filmThatCannotBeStreamedIsOneFile() async throws {
        let film = try await Film.make(films, coder: "mpeg4")
        let library = try await serve()
        let upload = try library.upload(film.path, key: key)
        #expect(await upload.wait(timeout: .seconds(30)) == 0, "\(upload.errorText)")
        #expect(try await eventually { try await library.get("/api/videos").list().count == 1 })
        let id = try #require(try await library.get("/api/videos").list().first?["id"] as? String)
        let (hls, mp4, _) = try await library.candidate(id)
        #expect(try await eventually(within: .seconds(30)) { try await library.get(hls).status == 404 })
        #expect(try await library.get(hls).text.contains("ask for file.mp4"))
        #expect(try await library.packets(mp4).contains("video,150"))
        await library.process.end()
    }

    /// The node is killed in the middle, and again when the film has its name and is no row yet.
    @Test func halfAnUploadSurvivesKills() async throws {
        let film = try await Film.make(films)
        let port = try FreePort.take()
        let slow = ["--upload-rate", "300kB"]
        let library = try await serve(slow, port: port)
        let upload = try library.upload(film.path, key: key, ["--patience", "2m"])
        let hasBegun = try await eventually(within: .seconds(30)) {
            let lines = try await library.get("/node/uploads", try headers).list()
            return (lines.first?["offset"] as? Int ?? 0) > 0
        }
        #expect(hasBegun, "\(upload.errorText)")
        await library.process.end(signal: SIGKILL)
        #expect(names.isEmpty)
        let second = try await serve(port: port, failPoint: "upload-linked")
        await second.process.wait(timeout: .seconds(60))
        #expect(names == ["tablesBehind-libx264.mp4"] && upload.isRunning)
        let third = try await serve(port: port)
        #expect(await upload.wait(timeout: .seconds(60)) == 0, "\(upload.errorText)")
        #expect(try await eventually { try await third.names() == ["tablesBehind-libx264"] })
        #expect(try Data(contentsOf: folder.url.appendingPathComponent(names[0])) == film.bytes)
        #expect(await eventually(within: .seconds(30)) { !left.contains { $0.hasSuffix(".part") } }, "\(left)")
        await third.process.end()
        #expect(names.count == 1)
    }

    /// A sender that comes again does not wait for its old connection, which nobody has closed.
    @Test func newConnectionTakesOver() async throws {
        let film = try await Film.make(films)
        let library = try await serve()
        let place = try #require(try await begin(library, film.bytes.count).headers["location"])
        let token = try headers[3]
        let old = try RunningProcess(
            "python3",
            [
                "-c",
                """
                import socket, sys, time, urllib.parse
                url = urllib.parse.urlsplit(sys.argv[1])
                film = open(sys.argv[3], "rb").read()
                s = socket.create_connection((url.hostname, url.port), 10)
                s.sendall((f"PATCH {url.path} HTTP/1.1\\r\\nHost: a\\r\\n{sys.argv[2]}\\r\\nTus-Resumable: 1.0.0\\r\\n"
                    f"Content-Type: application/offset+octet-stream\\r\\nUpload-Offset: 0\\r\\n"
                    f"Content-Length: {len(film)}\\r\\n\\r\\n").encode() + film[:600000])
                time.sleep(60)
                """, library.address + place, token, film.path,
            ])
        #expect(try await eventually { try await offset(library, place) ?? 0 >= 256 << 10 }, "\(old.errorText)")
        let there = try #require(try await offset(library, place))
        let reply = try await patch(library, place, at: there, film.bytes.dropFirst(there))
        #expect(reply.status == 204 && reply.headers["bulkhead-video"] != nil, "\(reply.text)")
        #expect(old.isRunning)
        await old.end(signal: SIGKILL)
        #expect(try Data(contentsOf: folder.url.appendingPathComponent("a.mp4")) == film.bytes)
        // A refused request that is cut off in its body harms nobody.
        #expect(try await library.get("/health").status == 200)
        await library.process.end()
        #expect(library.process.errorText.isEmpty, "\(library.process.errorText)")
    }

    @Test func refusalsSayWhy() async throws {
        let library = try await serve(["--upload-largest", "1MB"])
        let plain = try await library.get("/node/uploads", ["-X", "OPTIONS"])
        #expect(plain.headers["tus-version"] == "1.0.0" && plain.headers["tus-max-size"] == "1000000")
        #expect(try await library.get("/node/uploads").status == 401)
        let past = UploadToken.make(
            until: Int64(time(nil)) - 1, key: Array(try String(contentsOfFile: key, encoding: .utf8).utf8))
        for token in ["", "1.2", past, String(repeating: "9", count: 30) + ".00"] {
            let reply = try await library.get("/node/uploads", ["-H", "Authorization: Bearer \(token)"])
            #expect(reply.status == 401 && reply.text.contains("token"), "\(token)")
        }
        #expect(try await begin(library, 1_000_001).status == 413)
        #expect(try await begin(library, 0).status == 400)
        #expect(
            try await library.get(
                "/node/uploads", try Array(headers.suffix(2)) + ["-H", "Tus-Resumable: 0.2", "-X", "POST"]
            ).status == 412)
        let begun = try await begin(library, 1000, name: "../../..%2f.ssh/x\u{1}y.mp4")
        let place = try #require(begun.headers["location"])
        #expect(begun.status == 201 && begun.headers["upload-expires"]?.hasSuffix("GMT") == true)
        #expect(try await patch(library, place, at: 0, Data(count: 10), type: "json").status == 415)
        let wrong = try await patch(library, place, at: 5, Data(count: 10))
        #expect(wrong.status == 409 && wrong.headers["upload-offset"] == "0")
        #expect(try await patch(library, place, at: 0, Data(count: 1001)).status == 409)
        #expect(try await patch(library, place, at: 0, Data(count: 400)).headers["upload-offset"] == "400")
        #expect(try await offset(library, place) == 400)
        let whole = try await patch(library, place, at: 400, Data(count: 600))
        #expect(whole.status == 422 && whole.text.contains("no MP4"), "\(whole.text)")
        #expect(try await library.get(place, try headers + ["--head", "-o", "/dev/null"]).status == 404)
        let other = try #require(try await begin(library, 1000).headers["location"])
        #expect(try await library.get(other, try headers + ["-X", "DELETE"]).status == 204)
        #expect(try await library.get("/node/uploads/../../../etc", try headers + ["-X", "PATCH"]).status == 404)
        #expect(names.isEmpty && left.isEmpty, "\(left)")
        await library.process.end()
    }

    /// The disk is full in the middle: the upload waits for room, and goes on where it was. Behind the floor none is begun.
    @Test(.enabled(if: geteuid() == 0, "root mounts the disk")) func fullDiskHoldsAnUploadUp() async throws {
        let film = try await Film.make(films, seconds: 20)
        let other = try await Film.make(films, .tablesInFront, seconds: 2)
        let script = """
            set -e
            mkdir m && mount -t tmpfs -o size=520m none m
            "$1" serve --folder m/r --listen 127.0.0.1:0 --upload-rate 1MB > log 2>&1 & LIBRARY=$!
            trap 'kill $LIBRARY $UPLOAD 2> /dev/null || true' EXIT
            until grep -q Ready log; do kill -0 $LIBRARY; sleep 0.1; done
            URL=$(grep -o 'http://[0-9.:]*' log | head -1)
            "$1" upload "$2" --to $URL --key-file m/r/.library/upload.key --patience 1m & UPLOAD=$!
            until [ -s m/r/.library/uploads/*.part ]; do kill -0 $UPLOAD; sleep 0.1; done
            # A machine that is slow to fill the disk would let the upload get to its end.
            kill -STOP $UPLOAD
            dd if=/dev/zero of=m/ballast bs=1M 2> /dev/null || true
            until [ $(df --output=avail m | tail -1) -eq 0 ]; do sleep 0.1; done
            kill -CONT $UPLOAD
            "$1" upload "$3" --to $URL --key-file m/r/.library/upload.key --patience 1s 2> refused && exit 9
            kill -0 $UPLOAD
            rm m/ballast
            wait $UPLOAD
            cmp "$2" m/r/*.mp4
            cat refused
            """
        let run = try RunningProcess(
            "unshare",
            ["-m", "bash", "-c", script, "bash", BulkheadProgram.path("bulkhead-library"), film.path, other.path],
            in: films.url)
        #expect(await run.wait(timeout: .seconds(120)) == 0, "\(run.outputText) \(run.errorText)")
        #expect(run.outputText.contains("too full for this film"), "\(run.outputText)")
    }

    @Test func uploadThatNobodyGoesOnWithIsGivenUp() async throws {
        let library = try await serve(["--upload-kept", "1s"])
        let place = try #require(try await begin(library, 1000).headers["location"])
        #expect(try await patch(library, place, at: 0, Data(count: 400)).status == 204)
        #expect(await eventually(within: .seconds(40)) { left.isEmpty }, "\(left)")
        #expect(try await offset(library, place) == nil)
        #expect(library.process.outputText.contains("is given up: 400 of 1000 bytes had come"))
        await library.process.end()
    }
}
