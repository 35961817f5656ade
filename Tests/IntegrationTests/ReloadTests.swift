import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// A configuration that changes while its broadcast is on air, and what a broadcast does by the clock.
@Suite(.serialized, .timeLimit(.minutes(4))) struct ReloadTests {
    /// A broadcast of a file, and how it is asked.
    private struct Stage {
        let folder: TemporaryFolder
        private(set) var broadcast: RunningProcess
        var file: String { folder.path("show.yaml") }
        var out: String { folder.path("out.flv") }

        init(_ configuration: String, _ flags: [String] = []) async throws {
            folder = try TemporaryFolder()
            try Data(configuration.utf8).write(to: URL(fileURLWithPath: folder.path("show.yaml")))
            broadcast = try await Self.begin(in: folder, flags)
        }

        private static func begin(in folder: TemporaryFolder, _ flags: [String]) async throws -> RunningProcess {
            let broadcast = try BulkheadProgram.start(
                [
                    "broadcast", "--config", folder.path("show.yaml"), "--to", "file:\(folder.path("out.flv"))",
                    "--control", "unix:\(folder.path("c"))",
                ] + flags, environment: ["XDG_STATE_HOME": folder.path("state")])
            #expect(
                await eventually(within: .seconds(30)) { broadcast.errorText.contains("standby encoder: ready") },
                "\(broadcast.errorText)")
            return broadcast
        }

        /// Kills the master, and begins again with the same line.
        mutating func restart(_ flags: [String]) async throws {
            _ = Glibc.kill(broadcast.pid, SIGKILL)
            await broadcast.wait()
            broadcast = try await Self.begin(in: folder, flags)
        }

        func write(_ configuration: String) throws {
            try Data(configuration.utf8).write(to: URL(fileURLWithPath: file))
        }

        func run(_ arguments: String...) async throws -> (code: Int32, output: String, error: String) {
            let process = try BulkheadProgram.start(arguments + ["--attach", "unix:\(folder.path("c"))"])
            let code = await process.wait(timeout: .seconds(60))
            return (code, process.outputText, process.errorText)
        }

        func tells(_ words: String) async -> Bool {
            await eventually(within: .seconds(30)) { broadcast.errorText.contains(words) }
        }
    }

    private static let basis = """
        # A show.
        inputs:
          main: test
        size: 320x180
        fps: 30
        preset: ultrafast
        video-bitrate: 500k   # for the village

        """

    /// Whatever is wrong changes nothing, what changes does so without a frame that a viewer would miss.
    @Test func fileThatChangesIsFollowedWithoutABreak() async throws {
        let stage = try await Stage(Self.basis)
        #expect(try await stage.run("reload").output == "nothing in the configuration has changed\n")

        let second =
            Self.basis.replacing("500k", with: "700k").replacing("ultrafast", with: "superfast")
            + "slate-after: 5s\nscenes:\n  talk: {layout: grid, inputs: [main, late]}\n"
        let third = second.replacing("  main: test\n", with: "  main: test\n  late: test\n")
        try stage.write(third)
        let foreseen = try await stage.run("reload", "--dry-run")
        #expect(foreseen.code == 0 && foreseen.output.contains("video-bitrate 700k: would change at once"))
        #expect(foreseen.output.contains("preset superfast: would change by a takeover"))
        let done = try await stage.run("reload")
        #expect(done.code == 0, "\(done.error)")
        for line in [
            "input late: added", "scene talk: added", "video-bitrate 700k: changed at once",
            "preset superfast: changed by a takeover", "slate-after 5.0: takes effect at the next start",
        ] { #expect(done.output.contains(line), "\(done.output)") }
        #expect(await stage.tells("takes effect at the next start: slate-after 5.0"))

        // What somebody changes on air stays, as long as the file says the same.
        #expect(try await stage.run("set", "video-bitrate=900k").code == 0)
        // A file that is wrong in one place changes nothing in the others.
        try stage.write(third.replacing("superfast", with: "veryfast") + "nonsense: 1\n")
        let refused = try await stage.run("reload")
        #expect(refused.code == 64 && refused.error.contains("show.yaml, line"), "\(refused.error)")
        #expect(refused.error.contains("there is no key \"nonsense\""))
        #expect(await stage.tells("nothing has changed: "))
        try FileManager.default.removeItem(atPath: stage.file)
        let gone = try await stage.run("reload")
        #expect(gone.code == 64 && gone.error.contains("can't be read"), "\(gone.error)")

        // A signal does the same, and is told by events.
        try stage.write(third.replacing("  late: test\n", with: "").replacing("[main, late]", with: "[main]"))
        _ = Glibc.kill(stage.broadcast.pid, SIGHUP)
        #expect(
            await stage.tells("the configuration was read again: scene talk, input late"),
            "\(stage.broadcast.errorText)")
        let set = try await stage.run("set", "video-bitrate=900k", "--dry-run")
        #expect(set.output == "video-bitrate 900k: is so already\n", "\(set.output)")

        #expect(try await stage.run("stop").code == 0)
        #expect(await stage.broadcast.wait() == 0, "\(stage.broadcast.errorText)")
        let probe = try BulkheadProgram.start(["probe", stage.out, "--expect", "lost=0", "--json"])
        #expect(await probe.wait(timeout: .seconds(60)) == 0, "\(probe.errorText) \(probe.outputText)")
    }

    /// What is recorded changes at a keyframe, with no frame in both files and none in neither.
    @Test func recordingsFollowWithoutAGap() async throws {
        let stage = try await Stage(Self.basis)
        let record = "record: \(stage.folder.path("a.mp4"))\nrecord-report: 1s\n"
        try stage.write(Self.basis + record)
        let added = try await stage.run("reload")
        #expect(added.code == 0 && added.output == "record: added\n", "\(added.output) \(added.error)")
        #expect(await stage.tells("(\(stage.folder.path("a.mp4")))"), "\(stage.broadcast.errorText)")
        try stage.write(Self.basis + record + "record-segment: 1h\n")
        #expect(try await stage.run("reload").output == "record: replaced\n")
        #expect(await stage.tells("a.mp4 is complete"), "\(stage.broadcast.errorText)")
        #expect(await stage.tells("(\(stage.folder.path("a-2.mp4")))"), "\(stage.broadcast.errorText)")
        try stage.write(Self.basis)
        #expect(try await stage.run("reload").output == "record: removed\n")
        #expect(await stage.tells("a-2.mp4 is complete"), "\(stage.broadcast.errorText)")
        #expect(try await stage.run("status").output.contains("recording") == false)
        #expect(try await stage.run("stop").code == 0)
        #expect(await stage.broadcast.wait() == 0, "\(stage.broadcast.errorText)")
        let whole = stage.folder.path("whole.mp4")
        let join = try BulkheadProgram.start([
            "recording", "join", stage.folder.path("a.mp4"), stage.folder.path("a-2.mp4"), "--output", whole,
        ])
        #expect(await join.wait(timeout: .seconds(60)) == 0, "\(join.errorText)")
        let probe = try BulkheadProgram.start(["probe", stage.out, "--expect", "lost=0", "--json"])
        #expect(await probe.wait(timeout: .seconds(60)) == 0, "\(probe.errorText) \(probe.outputText)")
    }

    @Test func roomAndSlateFollow() async throws {
        let room = "room:\n  name: main\n  title: One\n"
        let stage = try await Stage(Self.basis + room)
        try stage.write(
            Self.basis.replacing("fps: 30", with: "fps: 25") + room.replacing("One", with: "Two")
                + "slate-text: Soon\nchat: lines:127.0.0.1:1/ann\n"
        )
        let done = try await stage.run("reload")
        #expect(done.code == 0, "\(done.error)")
        for line in ["room: changed at once", "slate: changed at once", "chat: added", "counts in it"] {
            #expect(done.output.contains(line), "\(done.output)")
        }
        #expect(try await stage.run("room").output.contains("Two"))
        #expect(await stage.tells("chat ann: 127.0.0.1:1 can't be joined"), "\(stage.broadcast.errorText)")
        try stage.write(Self.basis + room)
        #expect(try await stage.run("reload").output.contains("chat: removed"))
        #expect(await stage.tells("chat ann: the configuration names it no more"), "\(stage.broadcast.errorText)")
        #expect(try await stage.run("room").output.contains("One"))
        #expect(try await stage.run("stop").code == 0)
        #expect(await stage.broadcast.wait() == 0)
    }

    /// Whoever restarts a service has edited its file, as likely as not.
    @Test func resumedBroadcastFollowsItsFile() async throws {
        let flags = ["--name", "show", "--resume-if-interrupted"]
        var stage = try await Stage(Self.basis, flags)
        #expect(try await stage.run("set", "preset=veryfast").code == 0)
        try stage.write(Self.basis.replacing("500k", with: "700k"))
        try await stage.restart(flags)
        #expect(
            await stage.tells("the configuration was read again: video-bitrate 700k"), "\(stage.broadcast.errorText)")
        #expect(stage.broadcast.errorText.contains("resuming show"))
        let status = try await stage.run("set", "preset=veryfast", "--dry-run")
        #expect(status.output == "preset veryfast: is so already\n", "\(status.output)")
        #expect(try await stage.run("stop").code == 0)
        #expect(await stage.broadcast.wait() == 0)
    }

    @Test func valueThatIsKeptIsInTheFile() async throws {
        let stage = try await Stage(Self.basis, ["--preset", "ultrafast"])
        let link = stage.folder.path("link.yaml")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: stage.file)
        chmod(stage.file, 0o640)
        let foreseen = try await stage.run("set", "video-bitrate=800k", "--keep", "--dry-run")
        #expect(foreseen.code == 0 && foreseen.output.contains("would be written"), "\(foreseen.error)")
        #expect(try String(contentsOfFile: stage.file, encoding: .utf8) == Self.basis)
        let kept = try await stage.run("set", "video-bitrate=800k", "preset=superfast", "--keep", "--config", link)
        #expect(kept.code == 0, "\(kept.error)")
        #expect(kept.output.contains("preset is kept") && kept.output.contains("flag"), "\(kept.output)")
        let text = try String(contentsOfFile: stage.file, encoding: .utf8)
        #expect(text == Self.basis.replacing("500k", with: "800k").replacing("ultrafast", with: "superfast"))
        var information = stat()
        #expect(lstat(link, &information) == 0 && information.st_mode & S_IFMT == S_IFLNK)
        #expect(stat(stage.file, &information) == 0 && information.st_mode & 0o7777 == 0o640)
        // It is on air already.
        #expect(try await stage.run("reload").output.contains("video-bitrate 800k"))
        #expect(try await stage.run("stop").code == 0)
        #expect(await stage.broadcast.wait() == 0)
    }

    /// What a request would do is said by the broadcast, which does nothing.
    @Test func requestsCanBeTriedBeforehand() async throws {
        let stage = try await Stage(Self.basis)
        for (words, code, answer) in [
            (["input", "add", "test", "--name", "b", "--dry-run"], 0, "input b: would be added"),
            (["input", "add", "test", "--name", "main", "--dry-run"], 64, "another input is called main"),
            (["scene", "take", "main", "--dry-run"], 0, "scene main: would change at once"),
            (["scene", "take", "nobody", "--dry-run"], 64, "there is no scene nobody"),
            (["scene", "add", "two", "--item", "main", "--dry-run"], 0, "scene two: would be added"),
            (["set", "preset=fast", "--dry-run"], 0, "preset fast: would change by a takeover"),
            (["plugin", "add", "frei0r:nobody", "--dry-run"], 67, "nobody"),
            (["link", "add", "--to", "file:\(stage.folder.path("b.flv"))", "--dry-run"], 0, "link 2: would be added"),
            (["link", "add", "--to", "file:/none/b.flv", "--dry-run"], 73, "/none"),
            (["link", "remove", "1", "--dry-run"], 75, "the last link"),
            (["link", "pause", "1", "--dry-run"], 75, "a file can't be paused"),
            (["input", "remove", "main", "--dry-run"], 0, "input main: would be removed"),
            (["input", "rename", "nobody", "b", "--dry-run"], 64, "nobody"),
            (["input", "skip", "main", "--dry-run"], 64, "no playlist"),
            (["plugin", "remove", "nobody", "--dry-run"], 64, "nobody"),
            (["restart", "encoder", "--dry-run"], 0, "encoder: would change by a takeover"),
            (["audio", "set", "main", "gain=-6", "--dry-run"], 0, "sound of main: would change at once"),
            (["audio", "mute", "nobody", "--dry-run"], 64, "nobody"),
            (["room", "set", "title=x", "--dry-run"], 75, "no room"),
        ] as [([String], Int32, String)] {
            let process = try BulkheadProgram.start(words + ["--attach", "unix:\(stage.folder.path("c"))"])
            #expect(await process.wait(timeout: .seconds(60)) == code, "\(words) \(process.errorText)")
            #expect((process.outputText + process.errorText).contains(answer), "\(words) \(process.errorText)")
        }
        #expect(!FileManager.default.fileExists(atPath: stage.folder.path("b.flv")))
        let status = try await stage.run("status", "--json")
        #expect(!status.output.contains("\"name\":\"b\"") && !status.output.contains("\"two\""))
        #expect(try await stage.run("stop").code == 0)
        #expect(await stage.broadcast.wait() == 0)
    }

    /// A minute is the shortest that a timetable can say: what was due in the last five is done at once.
    @Test func timetableRunsAndIsReloaded() async throws {
        let timetable = """
            timezone: UTC
            timetable:
              - {at: "* * * * *", do: {set: {video-bitrate: 600k}}}
              - {at: "* * * * *", do: {scene: nobody}}
              - {at: "0 0 1 1 *", do: {scene: main}}

            """
        let stage = try await Stage(Self.basis + timetable)
        let next = try await stage.run("timetable", "--count", "12")
        #expect(next.code == 0 && next.output.split(separator: "\n").count == 12, "\(next.error)")
        #expect(next.output.contains("set video-bitrate=600k  (* * * * *)"))
        #expect(
            await eventually(within: .seconds(90)) {
                stage.broadcast.errorText.contains("timetable: set video-bitrate=600k (* * * * *)")
                    && stage.broadcast.errorText.contains("scene nobody (* * * * *) failed: there is no scene nobody")
            }, "\(stage.broadcast.errorText)")
        try stage.write(Self.basis)
        #expect(try await stage.run("reload").output.contains("timetable: changed at once"))
        #expect(try await stage.run("timetable").output == "there is no timetable\n")
        #expect(try await stage.run("stop").code == 0)
        #expect(await stage.broadcast.wait() == 0)
    }

    @Test func broadcastWithoutAFileSaysSo() async throws {
        let folder = try TemporaryFolder()
        let broadcast = try BulkheadProgram.start([
            "broadcast", "test", "--size", "320x180", "--preset", "ultrafast", "--to",
            "file:\(folder.path("out.flv"))", "--control", "unix:\(folder.path("c"))",
        ])
        #expect(await eventually(within: .seconds(30)) { broadcast.errorText.contains("on air") })
        for words in [["reload"], ["set", "video-bitrate=1M", "--keep"]] {
            let process = try BulkheadProgram.start(words + ["--attach", "unix:\(folder.path("c"))"])
            #expect(await process.wait(timeout: .seconds(60)) == 75)
            #expect(process.errorText.contains("without a configuration file"), "\(process.errorText)")
            #expect(process.errorText.split(separator: "\n").count == 1)
        }
        _ = Glibc.kill(broadcast.pid, SIGHUP)
        #expect(await eventually(within: .seconds(30)) { broadcast.errorText.contains("the broadcast goes on") })
        _ = Glibc.kill(broadcast.pid, SIGINT)
        #expect(await broadcast.wait() == 0)
    }
}
