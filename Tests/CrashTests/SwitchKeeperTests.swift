import BulkheadTestSupport
import Foundation
import Testing

/// A broadcast that brings its switch: the switch is a child of the broadcast, and may use its control socket.
@Suite(.serialized, .timeLimit(.minutes(3))) struct SwitchKeeperTests {
    private static func events(_ process: RunningProcess, _ code: String) -> [ReportedEvent] {
        ReportedEvent.all(in: process.outputText).filter { $0.code == code }
    }

    /// The switch that runs for `broadcast`: the same program once more.
    private static func keeper(of broadcast: RunningProcess) -> Int32? {
        (ProcessTable.children(of: broadcast.pid, named: "exe")
            + ProcessTable.children(of: broadcast.pid, named: "bulkhead")).first
    }

    private static func broadcast(to address: String, switch file: String, in folder: TemporaryFolder) throws
        -> RunningProcess
    {
        try BulkheadProgram.start([
            "broadcast", "test", "--size", "320x180", "--fps", "25", "--preset", "ultrafast", "--keyframe-interval",
            "1",
            "--to", address, "--to", "file:\(folder.path("other.flv"))", "--switch", file, "--control",
            "unix:\(folder.path("a"))", "--json",
        ])
    }

    /// It is killed, and the next one goes on; it goes with the broadcast.
    @Test func switchThatIsKilledIsFollowedByAnother() async throws {
        let folder = try TemporaryFolder()
        let server = try await EmbeddedServer()
        let stream = server.url("show")
        let file = folder.path("switch.yml")
        try """
        watch: \(stream)
        when: [no-data 2s]
        push: {link: 1}
        backup: {broadcast: "unix:\(folder.path("nobody"))"}
        control: unix:\(folder.path("s"))
        times: {period: 200ms, dwell: 500ms}
        """.write(toFile: file, atomically: true, encoding: .utf8)
        let broadcast = try Self.broadcast(to: stream, switch: file, in: folder)
        #expect(
            await eventually(within: .seconds(60)) { Self.events(broadcast, "switch.ready").count == 1 },
            "\(broadcast.outputText)\(broadcast.errorText)")
        let first = try #require(Self.keeper(of: broadcast))
        // By the control socket, which is closed to every other child: it knows what the broadcast's link does.
        func way() async throws -> String {
            let command = try BulkheadProgram.start([
                "switch", "status", "--json", "--socket", "unix:\(folder.path("s"))",
            ])
            _ = await command.wait()
            return command.outputText + command.errorText
        }
        #expect(try await eventually(within: .seconds(40)) { try await way().contains("\"isOnAir\":true") })
        kill(first, SIGKILL)
        #expect(await eventually(within: .seconds(40)) { Self.events(broadcast, "switch.ready").count == 2 })
        let trouble = Self.events(broadcast, "switch.trouble").compactMap { $0.string("text") }
        #expect(trouble.contains { $0.contains("the switch has ended") && $0.contains("started again") }, "\(trouble)")
        let second = try #require(Self.keeper(of: broadcast))
        #expect(second != first && !ProcessTable.exists(first))
        #expect(broadcast.isRunning && Self.events(broadcast, "link.lost").isEmpty)
        await broadcast.end(signal: SIGINT)
        #expect(await eventually { !ProcessTable.exists(second) })
        await server.end()
    }

    /// Its own words say what is wrong, and the broadcast goes on without it.
    @Test func switchThatCanNotBeginAgainSaysWhyAndHarmsNothing() async throws {
        let folder = try TemporaryFolder()
        let server = try await EmbeddedServer()
        let file = folder.path("switch.yml")
        func write(_ condition: String) throws {
            try """
            watch: \(server.url("show"))
            when: [\(condition)]
            push: {link: 1}
            backup: {broadcast: "unix:\(folder.path("nobody"))"}
            control: unix:\(folder.path("s"))
            """.write(toFile: file, atomically: true, encoding: .utf8)
        }
        try write("no-data 2s")
        let broadcast = try Self.broadcast(to: server.url("show"), switch: file, in: folder)
        #expect(
            await eventually(within: .seconds(60)) { !Self.events(broadcast, "switch.ready").isEmpty },
            "\(broadcast.outputText)\(broadcast.errorText)")
        // Somebody has written to its file meanwhile.
        try write("often")
        kill(try #require(Self.keeper(of: broadcast)), SIGKILL)
        func complaints() -> Int {
            Self.events(broadcast, "switch.trouble").count { $0.string("text")?.contains("is no condition") == true }
        }
        #expect(await eventually(within: .seconds(60)) { complaints() >= 2 }, "\(broadcast.outputText)")
        // Once it is mended it goes on, by itself.
        try write("no-data 2s")
        #expect(await eventually(within: .seconds(60)) { Self.events(broadcast, "switch.ready").count == 2 })
        #expect(broadcast.isRunning && Self.events(broadcast, "link.lost").isEmpty)
        await broadcast.end(signal: SIGINT)
        #expect(Self.keeper(of: broadcast) == nil)
        await server.end()
    }
}
