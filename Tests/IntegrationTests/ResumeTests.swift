import BulkheadMedia
import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// Broadcasts that are killed, with all that belongs to them, and resumed.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ResumeTests {
    private static func start(_ folder: TemporaryFolder, _ arguments: [String]) throws -> RunningProcess {
        try BulkheadProgram.start(
            ["broadcast"] + arguments + ["--json", "--control", "unix:\(folder.path("c"))"],
            environment: ["XDG_STATE_HOME": folder.path("state")])
    }

    private static func run(_ folder: TemporaryFolder, _ arguments: [String]) async throws -> (Int32, String, String) {
        let command = try BulkheadProgram.start(arguments, environment: ["XDG_STATE_HOME": folder.path("state")])
        let status = await command.wait(timeout: .seconds(30))
        return (status, command.outputText, command.errorText)
    }

    /// Runs a command of the broadcast on air, which must succeed.
    private static func ask(
        _ folder: TemporaryFolder, _ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let (status, output, errors) = try await run(folder, arguments + ["--attach", "unix:\(folder.path("c"))"])
        #expect(status == 0, "\(arguments): \(errors)", sourceLocation: sourceLocation)
        return output
    }

    private static func onAir(_ broadcast: RunningProcess, sourceLocation: SourceLocation = #_sourceLocation) async {
        #expect(
            await eventually(within: .seconds(30)) { broadcast.outputText.contains("\"timeline.on-air\"") },
            "\(broadcast.outputText)\(broadcast.errorText)", sourceLocation: sourceLocation)
    }

    /// The only broadcast that is kept, if one is yet: a broadcast is on air before its first record is on the disk.
    private static func keptIfAny(_ folder: TemporaryFolder) async throws -> [String: Any]? {
        let list = try await run(folder, ["resume", "list", "--json"]).1
        return (try JSONSerialization.jsonObject(with: Data(list.utf8)) as? [[String: Any]])?.first
    }

    private static func kept(_ folder: TemporaryFolder) async throws -> [String: Any] {
        try #require(try await keptIfAny(folder))
    }

    /// Waits until what is kept has come to `frame`.
    private static func came(_ folder: TemporaryFolder, to frame: Int) async throws {
        #expect(
            try await eventually(within: .seconds(30)) {
                (try await keptIfAny(folder)?["frame"] as? Int ?? 0) >= frame
            })
    }

    private static func json(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    /// A minute of numbered pictures.
    private static func film(_ folder: TemporaryFolder) async throws {
        let made = try await run(
            folder,
            [
                "broadcast", "test", "--fps", "30", "--size", "320x180", "--preset", "ultrafast", "--fast",
                "--duration",
                "40", "--to", "file:\(folder.path("film.flv"))",
            ])
        try #require(made.0 == 0, "\(made.2)")
    }

    /// The numbers and DTS of pictures in a file.
    private static func pictures(_ path: String) async throws -> (numbers: [UInt32?], first: Double, last: Double) {
        let seen = try await ViewedFrames.decode(path, width: 320, height: 180)
        let times = try await ViewedPackets.list(path).packets.filter(\.isVideo).map(\.dts)
        return (seen.numbers, try #require(times.first), try #require(times.last))
    }

    /// What is passed on as it is goes on with the next IDR behind what was sent, on the same timeline.
    @Test func aKilledCopyGoesOnWithTheNextIDR() async throws {
        let folder = try TemporaryFolder()
        try await Self.film(folder)
        let first = try Self.start(
            folder,
            [folder.path("film.flv"), "--copy", "--name", "relay", "--to", "file:\(folder.path("out.flv"))"])
        await Self.onAir(first)
        try await Self.came(folder, to: 45)
        _ = Glibc.kill(first.pid, SIGKILL)
        _ = await first.wait()
        let next = try #require(try await Self.kept(folder)["frame"] as? Int)
        let second = try Self.start(folder, ["--resume", "relay"])
        await Self.onAir(second)
        try await Self.came(folder, to: next + 60)
        _ = try await Self.ask(folder, ["stop"])
        #expect(await second.wait() == 0, "\(second.errorText)")
        let before = try await Self.pictures(folder.path("out.flv"))
        let after = try await Self.pictures(folder.path("out-2.flv"))
        #expect(before.numbers == (0..<UInt32(before.numbers.count)).map { $0 })
        let start = try #require(after.numbers.first ?? nil)
        // An IDR each two seconds.
        #expect(start % 60 == 0 && (next - 1...next + 60).contains(Int(start)), "\(start) behind \(next)")
        #expect(after.numbers == (start..<start + UInt32(after.numbers.count)).map { $0 })
        #expect(after.first > before.last && after.first < before.last + 5, "\(before) \(after)")
    }

    /// All that the killed master knew is so again: to the frame, and by value.
    @Test func aKilledMasterIsResumedToTheFrame() async throws {
        let folder = try TemporaryFolder()
        try await Self.film(folder)
        let server = try await EmbeddedServer()
        let settings = [
            folder.path("film.flv"), "--size", "320x180", "--fps", "30", "--preset", "ultrafast", "--name", "evening",
            "--room", "talk", "--to", server.url("a"), "--to", "file:\(folder.path("out.flv"))", "--record",
            folder.path("show.mp4"), "--keyframe-interval", "1",
        ]
        let first = try Self.start(folder, settings)
        await Self.onAir(first)
        _ = try await Self.ask(folder, ["room", "set", "title=Evening show", "notice=Be kind", "scroll=20"])
        _ = try await Self.ask(
            folder, ["room", "say", "well done", "--paid", "5", "--currency", "EUR", "--for", "10m"])
        _ = try await Self.ask(folder, ["room", "say", "flies for a while"])
        _ = try await Self.ask(folder, ["plugin", "add", BulkheadProgram.path("libBorder.so") + ",width=4,@name=edge"])
        _ = try await Self.ask(folder, ["plugin", "set", "edge", "width=2"])
        _ = try await Self.ask(folder, ["input", "add", "color:red,name=red"])
        _ = try await Self.ask(folder, ["scene", "add", "film", "--item", "source"])
        _ = try await Self.ask(folder, ["scene", "add", "corner", "--item", "source", "--item", "red,x=90%,width=10%"])
        _ = try await Self.ask(folder, ["scene", "take", "film"])
        _ = try await Self.ask(folder, ["scene", "prepare", "corner"])
        _ = try await Self.ask(folder, ["audio", "set", "source", "gain=-6"])
        let room = try Self.json(try await Self.ask(folder, ["room", "show", "--json"]))
        let frame = try #require(try await Self.kept(folder)["frame"] as? Int)
        try await Self.came(folder, to: frame + 30)
        // What was said is saved within the second; the rest was at once.
        #expect(
            await eventually(within: .seconds(10)) {
                (try? String(contentsOfFile: folder.path("state/bulkhead/rooms/talk.json"), encoding: .utf8))?
                    .contains("flies for a while") ?? false
            })
        _ = Glibc.kill(first.pid, SIGKILL)
        _ = await first.wait()

        let kept = try await Self.kept(folder)
        #expect(kept["state"] as? String == "interrupted" && kept["isResumable"] as? Bool == true)
        #expect(kept["scene"] as? String == "film" && kept["plugins"] as? [String] == ["edge"])
        let next = try #require(kept["frame"] as? Int)

        let second = try Self.start(folder, ["--resume", "evening"])
        await Self.onAir(second)
        let resumed = try #require(ReportedEvent.all(in: second.outputText).first { $0.isA("master.resumed") })
        #expect("\(resumed)".contains("\(next)"))
        try await Self.came(folder, to: next + 60)
        // Two never have one name.
        let third = try await Self.run(folder, ["broadcast", "--resume", "evening"])
        #expect(third.0 == 75 && third.2.contains("another broadcast has the name evening"), "\(third.2)")
        let after = try Self.json(try await Self.ask(folder, ["room", "show", "--json"]))
        for key in ["title", "notice", "settings", "paid", "logged"] {
            #expect(room[key] as? NSObject == after[key] as? NSObject, "\(key)")
        }
        #expect((after["flying"] as? Int ?? 0) >= 1, "\(after)")
        let status = try Self.json(try await Self.ask(folder, ["status", "--json"]))
        let scenes = try #require(status["scenes"] as? [[String: Any]])
        #expect(scenes.map { $0["isShown"] as? Bool ?? false } == [true, false])
        #expect(scenes.map { $0["isPrepared"] as? Bool ?? false } == [false, true])
        #expect("\(status["plugins"] ?? "")".contains("edge"), "\(status)")
        let record = try String(contentsOfFile: folder.path("state/bulkhead/resume/evening.json"), encoding: .utf8)
        #expect(record.contains(#""parameters":{"width":"2"}"#), "\(record)")
        #expect(try await Self.ask(folder, ["audio", "--json"]).contains("-6"))
        _ = try await Self.ask(folder, ["stop"])
        #expect(await second.wait() == 0, "\(second.errorText)")
        #expect(server.publishCount == 2, "\(server.log)")
        await server.end()

        // The film goes on behind the last picture that destinations were given. The file lacks those that were on their way to
        // it, and the last may come again, where the kill came between its way out and the note of it.
        let before = try await Self.pictures(folder.path("out.flv"))
        let behind = try await Self.pictures(folder.path("out-2.flv"))
        let (last, again) = (try #require(before.numbers.last ?? nil), try #require(behind.numbers.first ?? nil))
        let queued = UInt32(clamping: next - before.numbers.count)
        #expect(queued < 15, "half a second at most is on its way")
        let expected = last + queued...last + 1 + queued
        #expect(expected.contains(again), "\(before.numbers.suffix(3)) \(behind.numbers.prefix(3))")
        #expect(ViewedFrames(numbers: before.numbers + behind.numbers).isInOrder)
        // The timestamps go on.
        let step = behind.first - before.last - Double(queued) / 30
        #expect((-0.005..<0.04).contains(step), "\(before.last) \(behind.first)")

        // The recording: a next segment, and the two are one.
        let list = try await Self.run(folder, ["recording", "list", folder.url.path])
        #expect(list.1.contains("segment 0") && list.1.contains("segment 1"), "\(list.1)\(list.2)")
        let joined = try await Self.run(
            folder,
            ["recording", "join", folder.path("show.mp4"), folder.path("show-2.mp4"), "-o", folder.path("whole.mp4")])
        #expect(joined.0 == 0, "\(joined.2)")
        let checked = try await Self.run(folder, ["recording", "check", folder.path("show-2.mp4")])
        #expect(checked.0 == 0, "\(checked.1)\(checked.2)")

        // It was stopped: there is nothing more.
        let over = try await Self.run(folder, ["broadcast", "--resume", "evening"])
        #expect(over.0 == 75 && over.2.contains("nothing to resume of evening: it was stopped"), "\(over.2)")
    }

    /// What a service manager does: the same line starts it, ends it for a reboot, and goes on; and a fresh timeline.
    @Test func whoIsTerminatedGoesOn() async throws {
        let folder = try TemporaryFolder()
        try await Self.film(folder)
        let line = [
            folder.path("film.flv"), "--to", "file:\(folder.path("out.flv"))", "--preset", "ultrafast", "--name",
            "show",
            "--resume-if-interrupted",
        ]
        let first = try Self.start(folder, line)
        await Self.onAir(first)
        try await Self.came(folder, to: 40)
        await first.end(signal: SIGTERM)
        #expect(try await Self.kept(folder)["state"] as? String == "terminated")
        let next = try #require(try await Self.kept(folder)["frame"] as? Int)

        let second = try Self.start(folder, line + ["--resume-timeline", "fresh"])
        await Self.onAir(second)
        try await Self.came(folder, to: 30)
        await second.end(signal: SIGINT)
        #expect(second.outputText.contains("\"timeline\":\"fresh\""))
        #expect(try await Self.kept(folder)["state"] as? String == "stopped")
        let behind = try await Self.pictures(folder.path("out-2.flv"))
        #expect(behind.numbers.first == UInt32(next) && behind.first == 0, "\(next) \(behind.numbers.prefix(2))")

        // It was stopped: the line begins it anew, in its own file, which is there.
        try FileManager.default.removeItem(atPath: folder.path("out.flv"))
        let third = try Self.start(folder, line)
        await Self.onAir(third)
        #expect(!third.outputText.contains("master.resumed"))
        await third.end(signal: SIGINT)
        #expect(try await Self.pictures(folder.path("out.flv")).numbers.first == 0)
    }

    /// A file, the servers and the configuration are gone: what is left goes on, and waits for the servers.
    @Test func whatIsGoneIsLeftOut() async throws {
        let folder = try TemporaryFolder()
        try await Self.film(folder)
        try FileManager.default.copyItem(atPath: folder.path("film.flv"), toPath: folder.path("b.flv"))
        let server = try await EmbeddedServer()
        let line = ["--name", "show", "--resume-if-interrupted"]
        let first = try Self.start(
            folder,
            [
                folder.path("film.flv") + ",name=a", folder.path("b.flv") + ",name=b", "--preset", "ultrafast", "--to",
                server.url("SECRET"),
            ] + line)
        await Self.onAir(first)
        #expect(await eventually(within: .seconds(30)) { first.outputText.contains("link.accepted") })
        let frame = try #require(try await Self.kept(folder)["frame"] as? Int)
        try await Self.came(folder, to: frame + 40)
        _ = Glibc.kill(first.pid, SIGKILL)
        _ = await first.wait()
        await server.end()
        let links = try #require(try await Self.kept(folder)["links"] as? [String])
        #expect(links.count == 1 && links[0].contains("rtmp://") && !links[0].contains("SECRET"), "\(links)")

        try FileManager.default.removeItem(atPath: folder.path("film.flv"))
        try Data("a: [b".utf8).write(to: URL(fileURLWithPath: folder.path("broken.yaml")))
        let next = try #require(try await Self.kept(folder)["frame"] as? Int)
        let second = try Self.start(folder, ["--config", folder.path("broken.yaml")] + line)
        await Self.onAir(second)
        // It comes on the way, whether a link is there or not.
        try await Self.came(folder, to: next + 30)
        for code in ["master.settings-ignored", "master.resumed", "master.not-resumed"] {
            #expect(second.outputText.contains("\"\(code)\""), "\(code): \(second.outputText)")
        }
        #expect(!second.outputText.contains("\"link.failed\""), "it waits for its server")
        await second.end(signal: SIGTERM)

        try FileManager.default.removeItem(atPath: folder.path("b.flv"))
        let none = try await Self.run(folder, ["broadcast", "--resume", "show"])
        #expect(none.0 == 66 && none.2.contains("no input is left to go on with"), "\(none.2)")
        #expect(try await Self.kept(folder)["isResumable"] as? Bool == true)
    }

    @Test func whatCannotBeResumedIsSaid() async throws {
        let folder = try TemporaryFolder()
        let none = try await Self.run(folder, ["broadcast", "--resume", "evening"])
        #expect(none.0 == 75 && none.2.contains("nothing to resume of evening"), "\(none.2)")
        #expect(try await Self.run(folder, ["resume", "list"]).1.contains("no broadcast with a name"))
        #expect(try await Self.run(folder, ["resume", "forget", "evening"]).0 == 75)
        let state = folder.path("state/bulkhead/resume")
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
        try Data("{\"version\":9}".utf8).write(to: URL(fileURLWithPath: state + "/evening.json"))
        let newer = try await Self.run(folder, ["broadcast", "--resume", "evening"])
        #expect(newer.0 == 73 && newer.2.contains("another version"), "\(newer.2)")
        #expect(newer.2.split(separator: "\n").count == 1)
        // Where it may begin anew, it is put aside, and the broadcast is on air.
        let broadcast = try Self.start(
            folder,
            [
                "test", "--size", "320x180", "--preset", "ultrafast", "--to", "file:\(folder.path("out.flv"))",
                "--name",
                "evening", "--resume-if-interrupted",
            ])
        await Self.onAir(broadcast)
        #expect(broadcast.outputText.contains("master.resume-damaged"))
        #expect(FileManager.default.fileExists(atPath: state + "/evening.json.damaged"))
        try await Self.came(folder, to: 10)
        #expect(try await Self.run(folder, ["resume", "forget", "evening"]).2.contains("is on air"))
        await broadcast.end(signal: SIGINT)
        #expect(try await Self.run(folder, ["resume", "forget", "evening"]).0 == 0)
        #expect(try await Self.run(folder, ["resume", "list"]).1.contains("no broadcast with a name"))
    }
}
