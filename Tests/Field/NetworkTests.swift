import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// Inputs from the network that fall silent, or come in segments.
@Suite(.serialized, .timeLimit(.minutes(3))) struct NetworkTests {
    /// The connection stays, and nothing comes: after twelve seconds the stream is opened anew, as often as it takes.
    @Test func silentServerIsLeftAndAskedAgain() async throws {
        let field = try Field()
        let film = try Data(contentsOf: URL(fileURLWithPath: try await field.film("a.ts", seconds: 2)))
        let server = try PageServer { _, _ in .silence(after: film) }
        defer { server.close() }
        let program = try BulkheadProgram.start(
            [
                "broadcast", "http://127.0.0.1:\(server.port)/live.ts", "--to", "file:\(field.path("out.flv"))",
                "--preset", "ultrafast",
            ])
        let isAskedAgain = await eventually(within: .seconds(60)) { server.requests.count >= 2 }
        #expect(isAskedAgain, "\(program.errorText)")
        let isBack = await eventually(within: .seconds(30)) {
            let text = program.errorText
            guard let slate = text.firstRange(of: "showing the slate instead") else { return false }
            return text[slate.upperBound...].contains("showing the input")
        }
        #expect(isBack, "\(program.errorText)")
        #expect(program.errorText.contains("gives nothing any more"), "\(program.errorText)")
        kill(program.pid, SIGINT)
        #expect(await program.wait(timeout: .seconds(20)) == 0, "\(program.errorText)")
    }

    /// A camera's RTSP, within the cell of its source: what it sends is shown.
    @Test func cameraIsReadByRTSP() async throws {
        let field = try Field()
        let path = field.path("camera.sdp")
        let server = try RTSPServer {
            guard let text = try? String(contentsOfFile: path, encoding: .utf8), text.contains("m=video") else {
                return nil
            }
            // A stream of the session's own, without a port.
            return text.replacing(#/m=video \d+/#, with: "m=video 0") + "a=control:camera\r\n"
        }
        defer { server.close() }
        let words =
            "-v error -nostdin -re -f lavfi -i testsrc2=size=64x64:rate=25 -c:v libx264 -tune zerolatency -g 25 -pix_fmt "
            + "yuv420p -flags +global_header -f rtp -sdp_file \(path) rtp://127.0.0.1:\(server.mediaPort)?pkt_size=1200"
        let camera = try RunningProcess("ffmpeg", words.split(separator: " ").map(String.init))
        let isDescribed = await eventually(within: .seconds(20)) {
            (try? String(contentsOfFile: path, encoding: .utf8))?.contains("sprop-parameter-sets") ?? false
        }
        #expect(isDescribed, "\(camera.errorText)")
        let result = try await field.broadcast(
            ["rtsp://127.0.0.1:\(server.port)/camera", "--duration", "3"], isFast: false)
        await camera.end()
        #expect(result.status == 0, "\(result.text)")
        #expect(result.text.contains("rtsp, h264 64x64"), "\(result.text)")
        #expect(server.methods.contains("PLAY"), "\(server.methods)")
        #expect(try await result.pictures() == 75)
        // The pattern moves.
        #expect(try await result.differs(20, from: 60))
    }

    /// Segments come as they are made, each at once; the picture goes on from one to the next at its own rate.
    @Test func segmentsFollowEachOtherAsTheyAreMade() async throws {
        let field = try Field()
        // The brightness of a picture tells its segment.
        try await field.make(
            "segment.m3u8",
            "-f lavfi -i color=gray:size=64x64:rate=25:duration=16,geq=lum=40+10*floor(T):cb=128:cr=128 -f lavfi -i "
                + "sine=sample_rate=48000:duration=16 -c:v libx264 -g 25 -pix_fmt yuv420p -c:a aac -f hls -hls_time 1 "
                + "-hls_list_size 0")
        let folder = field.folder
        let start = ContinuousClock.now
        let server = try PageServer { path, _ in
            guard path == "/live.m3u8" else {
                let name = path.split(separator: "/").last.map(String.init) ?? ""
                return (try? Data(contentsOf: URL(fileURLWithPath: folder.path(name)))).map { .page($0) } ?? .missing
            }
            // Another segment each second, of which the last four are named.
            let last = min(15, 4 + Int((ContinuousClock.now - start) / .seconds(1)))
            let first = max(0, last - 3)
            let lines = (first...last).map { "#EXTINF:1.0,\nsegment\($0).ts\n" }.joined()
            let page = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:\(first)\n" + lines
            return .page(Data(page.utf8))
        }
        defer { server.close() }
        let result = try await field.broadcast(
            ["http://127.0.0.1:\(server.port)/live.m3u8", "--duration", "7"], isFast: false)
        #expect(result.status == 0, "\(result.text)")
        #expect(try await result.pictures() == 175)
        #expect(!result.text.contains("showing the slate") && !result.text.contains("left out"), "\(result.text)")
        // Six seconds later the picture is at least four segments further on.
        let (early, late) = (try await result.colour(ofFrame: 10)[0], try await result.colour(ofFrame: 160)[0])
        #expect(late >= early + 35, "\(early) to \(late): \(result.text)")
    }
}
