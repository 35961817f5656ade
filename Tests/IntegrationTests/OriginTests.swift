import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// A broadcast's own server, as players see it.
@Suite(.timeLimit(.minutes(3))) struct OriginTests {
    private static func get(_ url: String) async throws -> String? {
        let process = try RunningProcess("curl", ["-sS", "--fail", "--max-time", "10", url])
        return await process.wait() == 0 ? process.outputText : nil
    }

    private static func numbers(_ list: String) -> [Int] { list.matches(of: /\ns(\d+)\.m4s/).compactMap { Int($0.1) } }

    /// Killed under a player of HLS: the next one has the same segments under the same numbers, and the broadcast goes on.
    @Test func aKilledOriginComesBackToTheSameNumbers() async throws {
        let broadcast = try BulkheadProgram.start([
            "broadcast", "test", "--size", "320x180", "--fps", "25", "--keyframe-interval", "2", "--origin",
            "127.0.0.1:0",
        ])
        func address() -> String? {
            broadcast.errorText.firstMatch(of: /ready at (http:\/\/127\.0\.0\.1:\d+\/live\/main)/).map { String($0.1) }
        }
        #expect(await eventually(within: .seconds(30)) { address() != nil }, "\(broadcast.errorText)")
        let url = try #require(address())
        // Complete segments, so many that some are left when the first has gone.
        func list() async throws -> String { try await Self.get("\(url)/live.m3u8") ?? "" }
        func next(in list: String) -> Int {
            list.firstMatch(of: /PRELOAD-HINT:TYPE=PART,URI="p(\d+)/).flatMap { Int($0.1) } ?? 0
        }
        var before = try await list()
        for _ in 0..<2 { before = try await Self.get("\(url)/live.m3u8?_HLS_msn=\(next(in: before))") ?? before }
        #expect(Self.numbers(before).count >= 2, "\(before)")
        let init1 = before.firstMatch(of: /MAP:URI="([^"]+)"/)?.1
        let old = try #require(ProcessTable.children(of: broadcast.pid, named: "bulkhead-origin").first)
        kill(old, SIGKILL)
        var after = ""
        let deadline = ContinuousClock.now + .seconds(30)
        while after.isEmpty, ContinuousClock.now < deadline { after = try await Self.get("\(url)/live.m3u8") ?? "" }
        #expect(!Self.numbers(after).isEmpty)
        // What both lists have stands for the same time.
        func dates(_ list: String) -> [Int: Substring] {
            var dates: [Int: Substring] = [:]
            for match in list.matches(of: /DATE-TIME:(\S+)\n(?:#EXT-X-PART\S+\n)*#EXTINF:\S+\ns(\d+)\.m4s/) {
                dates[Int(match.2) ?? 0] = match.1
            }
            return dates
        }
        let (one, two) = (dates(before), dates(after))
        let common = Set(one.keys).intersection(two.keys)
        #expect(!common.isEmpty, "\(before)\n\(after)")
        #expect(common.allSatisfy { one[$0] == two[$0] }, "\(before)\n\(after)")
        #expect(after.firstMatch(of: /MAP:URI="([^"]+)"/)?.1 == init1)
        #expect(broadcast.errorText.contains("origin: ended: SIGKILL"))
        // Again and again, under players that are back at once: whoever dies was killed.
        for round in 2...4 {
            let next = try #require(ProcessTable.children(of: broadcast.pid, named: "bulkhead-origin").first)
            kill(next, SIGKILL)
            let isBack = try await eventually(within: .seconds(30)) {
                let deaths = broadcast.errorText.components(separatedBy: "origin: ended: SIGKILL").count
                guard deaths > round else { return false }
                return try await Self.get("\(url)/live.m3u8") != nil
            }
            #expect(isBack)
        }
        #expect(broadcast.errorText.components(separatedBy: "origin: ended:").count == 5, "\(broadcast.errorText)")
        let intruder = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=5", "-t", "2", "-f", "flv",
                url.replacing("http:", with: "rtmp:").replacing("/main", with: "/other"),
            ])
        #expect(await intruder.wait() != 0)
        let probe = try RunningProcess(
            "ffprobe",
            [
                "-v", "error", "-analyzeduration", "1000000", "-show_entries", "stream=codec_name", "-of", "csv=p=0",
                url.replacing("http:", with: "rtmp:"),
            ])
        #expect(await probe.wait() == 0 && probe.outputText.contains("h264"))
        await broadcast.end()
        #expect(await eventually { ProcessTable.children(of: broadcast.pid, named: "bulkhead-origin").isEmpty })
    }

    /// One port takes TLS as well, over the server's death and with a certificate that was renewed.
    @Test func theOriginTakesTLSAsWell() async throws {
        let folder = try TemporaryFolder()
        var identity = try await TLSIdentity(in: folder)
        let broadcast = try BulkheadProgram.start([
            "broadcast", "test", "--size", "320x180", "--fps", "25", "--preset", "ultrafast", "--standby", "off",
            "--origin", "127.0.0.1:0", "--origin-tls-cert", identity.certificate, "--origin-tls-key", identity.key,
        ])
        func port() -> String? {
            broadcast.errorText.firstMatch(of: /ready at https:\/\/127\.0\.0\.1:(\d+)\//).map { String($0.1) }
        }
        #expect(await eventually(within: .seconds(30)) { port() != nil }, "\(broadcast.errorText)")
        let place = "localhost:\(try #require(port()))"
        func answers() async throws -> Bool {
            let curl = try RunningProcess(
                "curl",
                ["-sS", "--fail", "--max-time", "10", "--cacert", identity.certificate, "https://\(place)/status"])
            return await curl.wait() == 0
        }
        #expect(try await eventually(within: .seconds(50)) { try await answers() }, "\(broadcast.errorText)")
        #expect(try await Self.get("http://\(place)/status") != nil)
        // curl trusts the new one alone.
        identity = try await TLSIdentity(in: folder)
        #expect(try await eventually(within: .seconds(50)) { try await answers() }, "\(broadcast.errorText)")
        let old = try #require(ProcessTable.children(of: broadcast.pid, named: "bulkhead-origin").first)
        kill(old, SIGKILL)
        #expect(try await eventually(within: .seconds(30)) { try await answers() }, "\(broadcast.errorText)")
        // One that is none is told, and changes nothing.
        let good = try Data(contentsOf: URL(fileURLWithPath: identity.certificate))
        try Data("none".utf8).write(to: URL(fileURLWithPath: identity.certificate))
        #expect(
            await eventually(within: .seconds(50)) { broadcast.errorText.contains("nothing of that kind in PEM form") },
            "\(broadcast.errorText)")
        try good.write(to: URL(fileURLWithPath: identity.certificate))
        #expect(try await answers())
        await broadcast.end()

        let missing = try BulkheadProgram.start([
            "broadcast", "test", "--origin", "127.0.0.1:0", "--origin-tls-cert", "/none.pem", "--origin-tls-key",
            identity.key,
        ])
        #expect(await missing.wait() == 64)
        #expect(missing.errorText.contains("--origin-tls-cert \"/none.pem\" can't be read"), "\(missing.errorText)")
    }
}
