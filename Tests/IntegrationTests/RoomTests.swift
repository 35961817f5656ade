import BulkheadSystem
import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// The live room of a real broadcast, over its death.
@Suite(.serialized, .timeLimit(.minutes(3))) struct RoomTests {
    private static func start(_ folder: TemporaryFolder, _ more: [String] = []) throws -> RunningProcess {
        try BulkheadProgram.start(
            [
                "broadcast", "test", "--to", "file:\(folder.path("\(UUID().uuidString).flv"))", "--size", "320x180",
                "--fps", "30", "--preset", "ultrafast", "--standby", "off",
                "--control", "unix:\(folder.path("master.sock"))",
            ] + more, environment: ["XDG_STATE_HOME": folder.path("state")])
    }

    private static func room(_ folder: TemporaryFolder, _ words: String...) async throws -> (Int32?, String, String) {
        let command = try BulkheadProgram.start(["room"] + words + ["--attach", "unix:\(folder.path("master.sock"))"])
        let status = await command.wait(timeout: .seconds(30))
        return (status, command.outputText, command.errorText)
    }

    private static func json(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func theRoomSurvivesTheMastersDeath() async throws {
        let folder = try TemporaryFolder()
        let config = folder.path("room.yaml")
        try Data("room:\n  name: evening\n  title: From the file\n  size: 40\n  block-words: [spoiler]\n".utf8)
            .write(to: URL(fileURLWithPath: config))
        let first = try Self.start(folder, ["--config", config])
        #expect(await eventually(within: .seconds(30)) { first.errorText.contains("timeline: on air") })
        for words in [
            ["set", "title=Evening show", "notice=Be kind", "opacity=0.5"],
            ["pin", "Read the rules", "--by", "Ann", "--for", "10m"],
            ["say", "well done", "--paid", "5", "--currency", "EUR", "--for", "10m"], ["say", "666"],
            ["block", "rude"],
        ] {
            let command = try BulkheadProgram.start(
                ["room"] + words + ["--attach", "unix:\(folder.path("master.sock"))"])
            #expect(await command.wait(timeout: .seconds(30)) == 0, "\(command.errorText)")
        }
        let before = try Self.json(try await Self.room(folder, "show", "--json").1)
        // What was said is saved within the second; the rest was at once.
        #expect(
            await eventually(within: .seconds(10)) {
                (try? String(contentsOfFile: folder.path("state/bulkhead/rooms/evening.jsonl"), encoding: .utf8))?
                    .contains("666") ?? false
            })
        _ = Glibc.kill(first.pid, SIGKILL)
        _ = await first.wait(timeout: .seconds(30))

        let second = try Self.start(folder, ["--config", config])
        #expect(await eventually(within: .seconds(30)) { second.errorText.contains("timeline: on air") })
        #expect(second.errorText.contains("evening goes on as it was left, with 2 comments so far"))
        let after = try Self.json(try await Self.room(folder, "show", "--json").1)
        for key in ["title", "notice", "category", "settings", "pinned", "paid", "logged"] {
            #expect(before[key] as? NSObject == after[key] as? NSObject, "\(key)")
        }
        #expect(after["title"] as? String == "Evening show" && (after["paid"] as? [Any])?.count == 1)
        let history = try await Self.room(folder, "history").1
        #expect(history.contains("well done") && history.contains("5.00 EUR") && history.contains("666"))

        // Two would undo each other's.
        let third = try BulkheadProgram.start(
            [
                "broadcast", "test", "--to", "file:\(folder.path("third.flv"))", "--room", "evening",
                "--control", "unix:\(folder.path("third.sock"))",
            ], environment: ["XDG_STATE_HOME": folder.path("state")])
        #expect(await third.wait(timeout: .seconds(30)) == 75)
        #expect(third.errorText.contains("another broadcast has the room evening"), "\(third.errorText)")

        let cleared = try await Self.room(folder, "clear", "--all")
        #expect(cleared.0 == 0)
        let empty = try Self.json(try await Self.room(folder, "show", "--json").1)
        #expect(empty["pinned"] == nil && (empty["paid"] as? [Any])?.isEmpty == true)
        _ = Glibc.kill(second.pid, SIGTERM)
        #expect(await second.wait(timeout: .seconds(30)) == 0, "\(second.errorText)")
    }

    @Test func whatCannotBeIsToldInOneLine() async throws {
        let folder = try TemporaryFolder()
        let broadcast = try Self.start(folder)
        #expect(await eventually(within: .seconds(30)) { broadcast.errorText.contains("timeline: on air") })
        let none = try await Self.room(folder, "set", "title=a")
        #expect(none.0 == 75 && none.2.contains("has no room"), "\(none.2)")
        for (words, told) in [
            (["set", "size=3"], "size=3"), (["set", "titel=a"], "titel=a"), (["pin"], "either a text or --id"),
            (["say", "a", "--for", "5s"], "go with --paid"), (["block"], "nothing is named"),
            (["say", "a", "--mode", "positioned"], "needs a place"), (["say", "a", "--at", "2,0"], "no place"),
            (["say", "a", "--at", "0,0", "--mode", "top"], "--at goes with"),
        ] {
            let command = try BulkheadProgram.start(["room"] + words)
            #expect(await command.wait(timeout: .seconds(30)) == 64)
            #expect(command.errorText.contains(told) && command.errorText.split(separator: "\n").count == 1)
        }
        _ = Glibc.kill(broadcast.pid, SIGTERM)
        #expect(await broadcast.wait(timeout: .seconds(30)) == 0, "\(broadcast.errorText)")
    }
}
