import BulkheadTestSupport
import Foundation
import Testing

/// An input that is pulled from a server, with a backup, while what publishes it dies and comes back; and two broadcasts of which
/// one is killed.
@Suite(.serialized, .timeLimit(.minutes(4))) struct BackupTests {
    private static func count(_ process: RunningProcess, _ words: String...) -> Int {
        process.outputText.split(separator: "\n").count { line in words.allSatisfy { line.contains($0) } }
    }

    @Test(arguments: [false, true]) func inputThatIsGoneIsBackedAndComesBack(isCold: Bool) async throws {
        let folder = try TemporaryFolder()
        let server = try await EmbeddedServer()
        let camera = "rtmp://127.0.0.1:\(server.port)/live/cam"
        func publish() throws -> RunningProcess {
            try BulkheadProgram.start([
                "broadcast", "test", "--size", "320x180", "--preset", "ultrafast", "--keyframe-interval", "1", "--to",
                camera,
            ])
        }
        var publisher = try publish()
        #expect(await eventually(within: .seconds(30)) { server.log.contains("live/cam") })
        let configuration = folder.path("show.yml")
        try """
        inputs:
          - name: camera
            input: \(camera)
            backups: test
            when: no-data 1s
            cold: \(isCold)
            times: {clear: 500ms, dwell: 500ms, start: 20s}
        size: 320x180
        fps: 30
        preset: ultrafast
        """.write(toFile: configuration, atomically: true, encoding: .utf8)
        let show = try BulkheadProgram.start([
            "broadcast", "--config", configuration, "--to", "file:\(folder.path("show.flv"))", "--json",
        ])
        func works(_ way: String, _ times: Int) async -> Bool {
            await eventually(within: .seconds(60)) {
                Self.count(show, "\"switch.working\"", "\"way\":\"\(way)\"") >= times
            }
        }
        // It may have begun with the backup, where the camera was late.
        #expect(
            await eventually(within: .seconds(60)) {
                Self.count(show, "\"source.opened\"", "\"id\":1,") > 0
                    && (isCold || Self.count(show, "\"source.opened\"", "\"id\":2,") > 0)
            })
        // The camera is on air, by itself or again.
        func lastWay() -> String? {
            show.outputText.split(separator: "\n").last { $0.contains("\"switch.working\"") }
                .map { $0.contains("\"way\":\"main\"") ? "main" : "backup" }
        }
        func size() -> Int {
            let facts = try? FileManager.default.attributesOfItem(atPath: folder.path("show.flv"))
            return facts?[.size] as? Int ?? 0
        }
        #expect(
            await eventually(within: .seconds(60)) {
                lastWay() ?? "main" == "main" && Self.count(show, "\"timeline.on-air\"") > 0 && size() > 50_000
            }, "\(show.outputText)")
        let before = Self.count(show, "\"switch.working\"", "\"way\":\"backup\"")
        await publisher.end(signal: SIGKILL)
        #expect(await works("backup", before + 1), "\(show.errorText)")
        let returned = Self.count(show, "\"switch.working\"", "\"way\":\"main\"")
        publisher = try publish()
        #expect(await works("main", returned + 1), "\(show.errorText)")
        // It was the camera that was lost, by the condition that was named.
        #expect(
            Self.count(show, "\"switch.switching\"", "no-data 1s", "\"formerWay\":\"main\"") >= 1,
            "\(show.outputText)")
        await show.end(signal: SIGINT)
        #expect(Self.count(show, "\"kind\":\"summary\"", "\"framesSlated\":0") == 1)
        await publisher.end(signal: SIGINT)
        await server.end()
    }

    /// The broadcast that brings the switch is not the one that dies: the switch would die with it.
    @Test(.enabled(if: NginxServer.isInstalled)) func otherBroadcastTakesOverFromOneThatIsKilled() async throws {
        let folder = try TemporaryFolder()
        let nginx = try await NginxServer()
        let stream = "rtmp://127.0.0.1:\(nginx.port)/live/show"
        let configuration = folder.path("switch.yml")
        try """
        broadcast: unix:\(folder.path("a"))
        watch: \(stream)
        when: [no-data 1s]
        backup: {broadcast: "unix:\(folder.path("b"))"}
        control: unix:\(folder.path("s"))
        times: {period: 200ms, dwell: 500ms}
        """.write(toFile: configuration, atomically: true, encoding: .utf8)
        func start(_ name: String) throws -> RunningProcess {
            try BulkheadProgram.start([
                "broadcast", "test", "--size", "320x180", "--preset", "ultrafast", "--keyframe-interval", "1", "--to",
                stream, "--patience", "5m", "--control", "unix:\(folder.path(name))", "--json",
            ])
        }
        let first = try start("a")
        #expect(await eventually(within: .seconds(30)) { FileManager.default.fileExists(atPath: folder.path("a")) })
        let second = try start("b")
        #expect(await eventually(within: .seconds(30)) { FileManager.default.fileExists(atPath: folder.path("b")) })
        let switching = try BulkheadProgram.start(
            ["switch", "run", "--config", configuration, "--json"],
            environment: ["XDG_STATE_HOME": folder.path("state")])
        func works(_ way: String) async -> Bool {
            await eventually(within: .seconds(60)) {
                Self.count(switching, "\"switch.working\"", "\"way\":\"\(way)\"") > 0
            }
        }
        #expect(await works("push"), "\(switching.outputText)")
        // Whatever was first on air, the other one is told to keep quiet.
        #expect(await eventually(within: .seconds(30)) { Self.count(second, "\"link.paused\"") > 0 })
        await first.end(signal: SIGKILL)
        #expect(await works("backup"), "\(switching.outputText)")
        #expect(Self.count(switching, "\"switch.stop-unconfirmed\"") == 0)
        await switching.end(signal: SIGINT)
        await second.end(signal: SIGINT)
        await nginx.end()
    }
}
