import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// What a stream's metadata say of the room, as FFmpeg finds it at real servers.
@Suite(.serialized, .timeLimit(.minutes(3))) struct StreamMetadataTests {
    /// The tags of a stream, by their names.
    private static func tags(_ url: String) async throws -> [String: String] {
        let probe = try RunningProcess(
            "ffprobe",
            [
                "-v", "error", "-rw_timeout", "5000000", "-analyzeduration", "500000", "-show_entries", "format_tags",
                "-of",
                "json", url,
            ])
        _ = await probe.wait(timeout: .seconds(20))
        struct Answer: Decodable {
            struct Format: Decodable {
                let tags: [String: String]?
            }
            let format: Format?
        }
        return (try? JSONDecoder().decode(Answer.self, from: Data(probe.outputText.utf8)))?.format?.tags ?? [:]
    }

    private static func serve(_ port: Int) throws -> RunningProcess {
        try BulkheadProgram.start(["serve", "--listen", "127.0.0.1:\(port)"])
    }

    private static func room(_ folder: TemporaryFolder, _ words: String...) async throws {
        let command = try BulkheadProgram.start(["room"] + words + ["--attach", "unix:\(folder.path("c"))"])
        #expect(await command.wait(timeout: .seconds(30)) == 0, "\(command.errorText)")
    }

    /// The same by value after a break, at the server that takes it as it is, and at the one that keeps what it is given.
    @Test(.enabled(if: NginxServer.isInstalled)) func metadataComeBackAsTheyWere() async throws {
        let folder = try TemporaryFolder()
        let port = try FreePort.take()
        var server = try Self.serve(port)
        let own = "rtmp://127.0.0.1:\(port)/live/key"
        #expect(await eventually(within: .seconds(20)) { server.outputText.contains("Ready") })
        let keeping = try await NginxServer(application: "meta copy;")
        let rebuilding = try await NginxServer()
        let urls = [own] + [keeping, rebuilding].map { "rtmp://127.0.0.1:\($0.port)/live/key" }
        let broadcast = try BulkheadProgram.start(
            [
                "broadcast", "test", "--size", "320x180", "--fps", "25", "--preset", "ultrafast", "--standby", "off",
                "--keyframe-interval", "1s", "--room", "evening", "--room-metadata", "--json", "--control",
                "unix:\(folder.path("c"))",
            ] + urls.flatMap { ["--to", $0] }, environment: ["XDG_STATE_HOME": folder.path("state")])
        func codes() -> [String] { ReportedEvent.all(in: broadcast.outputText).map(\.code) }
        #expect(
            await eventually(within: .seconds(60)) { codes().count { $0 == "link.accepted" } == 3 },
            "\(broadcast.errorText)")
        try await Self.room(folder, "set", "title=Evening 晚间", "category=Music")
        try await Self.room(folder, "pin", "Read the rules")
        let wanted = ["title": "Evening 晚间", "category": "Music", "pinned": "Read the rules"]
        func says(_ url: String, _ wanted: [String: String]) async -> Bool {
            await eventually(within: .seconds(30)) {
                let tags = (try? await Self.tags(url)) ?? [:]
                return ["title", "category", "notice", "pinned"].allSatisfy { tags[$0] == wanted[$0] }
                    && !tags.isEmpty
            }
        }
        #expect(await says(own, wanted))
        #expect(await says(urls[1], wanted))
        // Rebuilt from the keys that this server knows: what the room says is lost, and nothing else.
        #expect(await says(urls[2], [:]))
        let before = try await Self.tags(own)

        await server.end(signal: SIGKILL)
        server = try Self.serve(port)
        #expect(await eventually(within: .seconds(60)) { codes().contains("link.restored") }, "\(broadcast.errorText)")
        #expect(await says(own, wanted))
        #expect(try await Self.tags(own) == before)
        try await Self.room(folder, "unpin")
        #expect(await says(own, ["title": "Evening 晚间", "category": "Music"]))
        #expect(await says(urls[1], ["title": "Evening 晚间", "category": "Music"]))

        kill(broadcast.pid, SIGINT)
        #expect(await broadcast.wait(timeout: .seconds(30)) == 0)
        for nginx in [keeping, rebuilding] { await nginx.end() }
        await server.end()
    }
}
