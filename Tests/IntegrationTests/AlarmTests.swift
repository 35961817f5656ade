import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// Commands and files that are told of a real broadcast's trouble.
@Suite(.serialized, .timeLimit(.minutes(3))) struct AlarmTests {
    private static func arguments(_ folder: TemporaryFolder, _ flags: [String]) -> [String] {
        [
            "broadcast", "test", "--to", "file:\(folder.path("out.flv"))", "--size", "320x180", "--fps", "30",
            "--preset", "ultrafast", "--control", "unix:\(folder.path("master.sock"))",
        ] + flags
    }

    private static func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

    private static func count(_ words: String, in path: String) -> Int {
        text(path).components(separatedBy: words).count - 1
    }

    /// All three kinds of target at once; their processes are killed, and what happens meanwhile arrives all the same.
    @Test func noTellingIsLostWithItsNotifier() async throws {
        let folder = try TemporaryFolder()
        let (told, log) = (folder.path("told"), folder.path("show.log"))
        let broadcast = try BulkheadProgram.start(
            Self.arguments(
                folder,
                [
                    "--on-event", "echo \"$BULKHEAD_STATE $BULKHEAD_EVENT\" >> \(told),events=encoder.died,name=writer",
                    "--on-event", "sleep 1000,timeout=600s,name=stuck",
                    "--on-event", "echo no route; exit 3,events=encoder.died,name=broken", "--log-file", log,
                ]))
        func kill(_ program: String) async -> [Int32] {
            var pids: [Int32] = []
            _ = await eventually(within: .seconds(30)) {
                pids = ProcessTable.children(of: broadcast.pid, named: program)
                return !pids.isEmpty
            }
            return pids
        }
        #expect(await eventually(within: .seconds(30)) { broadcast.errorText.contains("standby encoder: ready") })
        #expect(await eventually(within: .seconds(30)) { broadcast.errorText.contains("command notifier: ready") })
        for pid in await kill("bulkhead-encoder").prefix(1) { _ = Glibc.kill(pid, SIGKILL) }
        #expect(await eventually(within: .seconds(30)) { Self.count("raised encoder.died", in: told) >= 1 })
        #expect(
            await eventually(within: .seconds(30)) {
                broadcast.errorText.contains("broken refuses notices: it ended with exit code 3: no route")
            })
        let notifiers = await kill("bulkhead-notifier")
        #expect(notifiers.count == 2)
        for pid in notifiers { _ = Glibc.kill(pid, SIGKILL) }
        #expect(await eventually(within: .seconds(30)) { !broadcast.errorText.contains("standby encoder: starting") })
        for pid in await kill("bulkhead-encoder").prefix(1) { _ = Glibc.kill(pid, SIGKILL) }
        // At least once: the one that was under way may come twice.
        #expect(await eventually(within: .seconds(40)) { Self.count("raised encoder.died", in: told) >= 2 })
        #expect(
            await eventually(within: .seconds(40)) {
                Self.count(" warning encoder: ended: SIGKILL", in: log)
                    + Self.count(" warning standby encoder: ended: SIGKILL", in: log) >= 2
            }, "\(Self.text(log))")
        #expect(Self.count("command notifier: ended: SIGKILL", in: log) >= 1)
        #expect(Self.count("refuses notices", in: log) >= 1)
        _ = Glibc.kill(broadcast.pid, SIGTERM)
        #expect(await broadcast.wait(timeout: .seconds(60)) == 0, "\(broadcast.errorText)")
        #expect(broadcast.errorText.contains(" 0 dropped"), "\(broadcast.errorText)")
        // What hangs is ended with its broadcast, and that it was lost is said.
        #expect(broadcast.errorText.contains("for stuck lost"), "\(broadcast.errorText)")
        #expect(Self.text(log).contains("timeline: ending"))
    }

    @Test func theMastersDeathRunsACommandAndIsTheLastLine() async throws {
        let folder = try TemporaryFolder()
        let (told, log) = (folder.path("told"), folder.path("show.log"))
        let broadcast = try BulkheadProgram.start(
            Self.arguments(
                folder, ["--on-event", "echo \"$BULKHEAD_LEVEL $BULKHEAD_TEXT\" > \(told)", "--log-file", log]))
        #expect(await eventually(within: .seconds(30)) { broadcast.errorText.contains("timeline: on air") })
        #expect(await eventually(within: .seconds(30)) { broadcast.errorText.contains("command notifier: ready") })
        #expect(await eventually(within: .seconds(30)) { broadcast.errorText.contains("log notifier: ready") })
        let notifiers = ProcessTable.children(of: broadcast.pid, named: "bulkhead-notifier")
        _ = Glibc.kill(broadcast.pid, SIGKILL)
        _ = await broadcast.wait(timeout: .seconds(30))
        #expect(await eventually(within: .seconds(30)) { Self.text(told).hasPrefix("error master: the process") })
        #expect(
            await eventually(within: .seconds(30)) {
                Self.text(log).split(separator: "\n").last?.contains("error master: the process") == true
            })
        #expect(await eventually(within: .seconds(40)) { !notifiers.contains(where: ProcessTable.exists) })
    }

    /// A file system of its own that is full for a while: said once, and all lines are there afterwards.
    @Test(.enabled(if: geteuid() == 0)) func aFullDiskLosesNoLine() async throws {
        let folder = try TemporaryFolder()
        let disk = folder.path("disk")
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
        let script = """
            mount -t tmpfs -o size=64k none "$0" && exec "$@"
            """
        let broadcast = try RunningProcess(
            "unshare",
            [
                "-m", "--propagation", "private", "bash", "-c", script, disk, "env",
                "XDG_RUNTIME_DIR=\(BulkheadProgram.runtimeFolder)", BulkheadProgram.path("bulkhead"),
            ] + Self.arguments(folder, ["--log-file", "\(disk)/show.log"]))
        let inside = "/proc/\(broadcast.pid)/root\(disk)"
        #expect(
            await eventually(within: .seconds(30)) {
                Self.text(inside + "/show.log").contains("standby encoder: ready")
            })
        let filler = open(inside + "/filler", O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
        #expect(filler >= 0)
        let chunk = [UInt8](repeating: 0, count: 4096)
        while write(filler, chunk, chunk.count) > 0 {}
        close(filler)
        for _ in 0..<60 {
            let pids = ProcessTable.children(of: broadcast.pid, named: "bulkhead-encoder")
            if let pid = pids.first { _ = Glibc.kill(pid, SIGKILL) }
            if await eventually(
                within: .milliseconds(700), { broadcast.errorText.contains("show.log takes no notices") })
            {
                break
            }
        }
        #expect(broadcast.errorText.contains("show.log takes no notices: its disk is full"))
        #expect(unlink(inside + "/filler") == 0)
        #expect(await eventually(within: .seconds(60)) { broadcast.errorText.contains("show.log takes notices again") })
        #expect(broadcast.errorText.components(separatedBy: "its disk is full").count == 2)
        let deaths = broadcast.errorText.components(separatedBy: "encoder: ended: SIGKILL").count
        #expect(
            await eventually(within: .seconds(30)) {
                Self.count("encoder: ended: SIGKILL", in: inside + "/show.log") == deaths - 1
            })
        for line in Self.text(inside + "/show.log").split(separator: "\n") { #expect(line.hasPrefix("20"), "\(line)") }
        _ = Glibc.kill(broadcast.pid, SIGTERM)
        #expect(await broadcast.wait(timeout: .seconds(60)) == 0, "\(broadcast.errorText)")
    }
}
