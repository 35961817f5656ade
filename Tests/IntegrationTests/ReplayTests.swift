import BulkheadTestSupport
import Foundation
import Testing

/// `--replay` and `bulkhead recording save-replay`, with the real programs.
@Suite(.serialized, .timeLimit(.minutes(4))) struct ReplayTests {
    /// A broadcast on air that keeps its last seconds.
    private struct OnAir {
        let folder: TemporaryFolder
        let broadcast: RunningProcess
        var events: [ReportedEvent] { ReportedEvent.all(in: broadcast.outputText) }

        init(_ flags: [String], keeping: String = "4s", environment: [String: String] = [:]) throws {
            folder = try TemporaryFolder()
            broadcast = try BulkheadProgram.start(
                [
                    "broadcast", "test", "--size", "320x180", "--fps", "25", "--preset", "ultrafast",
                    "--keyframe-interval", "1", "--replay", keeping, "--replay-path", folder.path("auto.mp4"), "--json",
                    "--control", "unix:\(folder.path("c"))",
                ] + flags, environment: environment)
        }

        func command(_ words: String...) async throws -> (status: Int32, output: String, errors: String) {
            let process = try BulkheadProgram.start(words + ["--attach", "unix:\(folder.path("c"))"])
            let status = await process.wait(timeout: .seconds(60))
            return (status, process.outputText, process.errorText)
        }

        /// Waits until so many seconds are kept.
        func holds(_ seconds: Double) async throws -> Bool {
            for _ in 0..<300 {
                let words = try await command("status", "--json").output
                let status = try? JSONSerialization.jsonObject(with: Data(words.utf8)) as? [String: Any]
                if let replay = status?["replay"] as? [String: Any], let kept = replay["seconds"] as? Double,
                    kept >= seconds
                {
                    return true
                }
                try await Task.sleep(for: .milliseconds(100))
            }
            return false
        }

        func stop() async throws -> Int32? {
            _ = try await command("stop")
            return await broadcast.wait(timeout: .seconds(30))
        }
    }

    private struct Saved: Decodable {
        let paths: [String]
        let seconds: Double
        let frames: Int
    }

    /// The file plays, has as many frames as were told, and agrees with its index.
    private static func check(_ path: String, frames: Int) async throws {
        let probe = try RunningProcess(
            "ffprobe",
            ["-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time", "-of", "csv=p=0", path])
        #expect(await probe.wait(timeout: .seconds(20)) == 0 && probe.errorText.isEmpty, "\(probe.errorText)")
        #expect(probe.outputText.split(separator: "\n").count == frames)
        let decoding = try RunningProcess("ffmpeg", ["-v", "error", "-i", path, "-f", "null", "-"])
        #expect(await decoding.wait(timeout: .seconds(30)) == 0 && decoding.errorText.isEmpty, "\(decoding.errorText)")
        let check = try BulkheadProgram.start(["recording", "check", path])
        #expect(await check.wait(timeout: .seconds(30)) == 0, "\(check.outputText) \(check.errorText)")
        // A plain MP4: its fragments lie in one `mdat`.
        let head = [UInt8](try Data(contentsOf: URL(filePath: path)).prefix(40))
        #expect(head.dropFirst(36).elementsEqual("mdat".utf8))
    }

    @Test func lastSecondsAreSavedWithoutARecording() async throws {
        let stage = try OnAir(["--to", "file:/dev/null"])
        #expect(try await stage.holds(4), "\(stage.broadcast.errorText)")
        let path = stage.folder.path("goal.mp4")
        let whole = try await stage.command("recording", "save-replay", path, "--json")
        #expect(whole.status == 0, "\(whole.errors)")
        let replay = try JSONDecoder().decode(Saved.self, from: Data(whole.output.utf8))
        #expect(replay.paths == [path] && replay.seconds >= 4 && replay.seconds < 6)
        #expect(abs(Double(replay.frames) - replay.seconds * 25) < 1)
        try await Self.check(path, frames: replay.frames)
        // A shorter one under the same name gets another, and nothing is overwritten.
        let short = try await stage.command("recording", "save-replay", path, "--last", "1s", "--json")
        let second = try JSONDecoder().decode(Saved.self, from: Data(short.output.utf8))
        #expect(second.paths == [stage.folder.path("goal-2.mp4")] && second.seconds < 2.5)
        try await Self.check(second.paths[0], frames: second.frames)
        // Without a name, and in words.
        let words = try await stage.command("recording", "save-replay")
        #expect(words.output.hasPrefix("saved ") && words.output.contains(stage.folder.path("auto.mp4")))
        let nowhere = try await stage.command("recording", "save-replay", stage.folder.path("none/a.mp4"))
        #expect(nowhere.status != 0 && nowhere.errors.contains("does not exist"), "\(nowhere.errors)")
        #expect(try await stage.stop() == 0)
        #expect(stage.events.filter { $0.code == "recording.replay-saved" }.count == 3)
        #expect(stage.events.filter { $0.code == "recording.replay-failed" }.count == 1)
        #expect(!stage.events.contains { $0.code == "recording.trouble" })
    }

    @Test func nothingIsSavedWhereNothingIsKept() async throws {
        let folder = try TemporaryFolder()
        let broadcast = try BulkheadProgram.start([
            "broadcast", "test", "--size", "320x180", "--fps", "25", "--preset", "ultrafast", "--to", "file:/dev/null",
            "--json", "--control", "unix:\(folder.path("c"))",
        ])
        #expect(
            await eventually(within: .seconds(60)) {
                ReportedEvent.all(in: broadcast.outputText).contains { $0.code == "timeline.on-air" }
            })
        let save = try BulkheadProgram.start([
            "recording", "save-replay", folder.path("a.mp4"), "--attach", "unix:\(folder.path("c"))",
        ])
        #expect(await save.wait(timeout: .seconds(20)) != 0 && save.errorText.contains("the setting replay"))
        kill(broadcast.pid, SIGINT)
        _ = await broadcast.wait(timeout: .seconds(20))
    }

    /// The recorder of the replay dies in the midst of it: the next one goes on, and nothing is missing.
    @Test func recorderIsKilledDuringTheSave() async throws {
        let claims = try TemporaryFolder()
        // A file would have a recorder that takes the fault.
        let server = try await EmbeddedServer()
        let stage = try OnAir(
            ["--to", server.url("a")], keeping: "30s",
            environment: ["BULKHEAD_FAULTS": "recorder:trap@60", "BULKHEAD_FAULT_CLAIMS": claims.url.path])
        #expect(try await stage.holds(5), "\(stage.broadcast.errorText)")
        let path = stage.folder.path("a.mp4")
        let save = try await stage.command("recording", "save-replay", path, "--json")
        #expect(save.status == 0, "\(save.errors)")
        let replay = try JSONDecoder().decode(Saved.self, from: Data(save.output.utf8))
        #expect(replay.paths == [path])
        try await Self.check(path, frames: replay.frames)
        #expect(try await stage.stop() == 0)
        await server.end()
        let died = stage.events.filter { $0.code == "recorder.died" }
        #expect(died.count == 1 && died.first?.part.name == "recorder of replay", "\(died)")
    }

    /// The recording's disk is full: the replay goes to another, and the recording goes on when there is room again.
    @Test(.enabled(if: geteuid() == 0, "root mounts the disk")) func diskOfTheRecordingIsFull() async throws {
        let folder = try TemporaryFolder()
        let script = """
            cd '\(folder.url.path)'; mkdir m; mount -t tmpfs -o size=300k none m || exit 77
            BULKHEAD='\(BulkheadProgram.path("bulkhead"))'
            $BULKHEAD broadcast test --size 320x180 --fps 25 --preset ultrafast --video-bitrate 2M --record m/a.mp4 \
            --replay 5s --replay-path m/replay.mp4 --json --control unix:c >events 2>errors &
            MASTER=$!; LIMIT=300
            until grep -q '"trouble":"full"' events || [ $LIMIT = 0 ]; do sleep 0.1; LIMIT=$((LIMIT-1)); done
            $BULKHEAD recording save-replay m/here.mp4 --attach unix:c >here 2>&1; echo $? >>here
            $BULKHEAD recording save-replay there.mp4 --attach unix:c >there 2>&1; echo $? >>there
            mount -o remount,size=50m m; LIMIT=300
            until grep -q 'recording.cleared' events || [ $LIMIT = 0 ]; do sleep 0.1; LIMIT=$((LIMIT-1)); done
            $BULKHEAD stop --attach unix:c; wait $MASTER; echo $? >status
            $BULKHEAD recording check there.mp4 >check 2>&1; echo $? >>check
            $BULKHEAD recording check m/a.mp4 >>check 2>&1; echo $? >>check
            """
        let process = try RunningProcess("unshare", ["-m", "--propagation", "private", "bash", "-c", script])
        #expect(await process.wait(timeout: .seconds(150)) == 0)
        func lines(_ name: String) -> [String] {
            ((try? String(contentsOfFile: folder.path(name), encoding: .utf8)) ?? "").split(separator: "\n").map(
                String.init)
        }
        #expect(lines("status") == ["0"], "\(process.errorText) \(lines("errors"))")
        #expect(lines("here").contains { $0.contains("no space is left") } && lines("here").last != "0")
        #expect(lines("there").first?.contains("there.mp4") == true && lines("there").last == "0")
        #expect(lines("check").filter { $0 == "0" }.count == 2, "\(lines("check"))")
        let events = ReportedEvent.all(in: lines("events").joined(separator: "\n"))
        #expect(events.filter { $0.code == "recording.trouble" }.count == 1)
        #expect(events.filter { $0.code == "recording.cleared" }.count == 1)
        #expect(events.filter { $0.code == "recording.replay-saved" }.count == 1)
        #expect(events.filter { $0.code == "recording.replay-failed" }.count == 1)
        #expect(!events.contains { $0.code == "recording.left-out" })
    }
}
