import BulkheadTestSupport
import Foundation
import Testing

/// The cells of a broadcast's children, as the kernel sees them and as a parser finds them that its input has taken over.
@Suite(.serialized, .timeLimit(.minutes(3))) struct CellTests {
    private static let small = ["--size", "320x180", "--video-bitrate", "300k", "--preset", "ultrafast"]
    private static let secret = "hunter2-is-the-stream-key"

    /// What nobody may who parses a stranger's bytes.
    private static let attempts = [
        // the master's secrets
        "parent-environ", "parent-memory", "parent-memory-write", "parent-maps", "parent-descriptors", "read-parent",
        "environment", "own-environ",
        // the user's files
        "read-file", "by-own-root", "passwords", "around-self", "write-file", "empty-file", "remove-file",
        "rename-file", "change-mode", "temporary-file", "unnamed-file", "file-in-home", "folder-in-tmp", "hard-link",
        "symbolic-link", "fifo",
        // other programs and processes
        "fork", "raw-fork", "vfork", "clone", "clone3", "spawn", "exec", "exec-at", "kill-parent", "kill-all",
        "kill-group", "thread-kill", "group-thread-kill", "queue-signal", "open-process", "signal-by-pipe",
        "signal-by-ioctl", "trace-parent", "be-traced", "limit-parent", "pin-parent", "slow-user", "nicer",
        "outlive-parent", "processes",
        // the kernel
        "mount", "user-namespace", "change-root", "keys", "bpf", "io-uring", "userfaultfd", "perf", "persona",
        "become-root",
    ]
    private static let connections = ["inet", "inet6", "local", "netlink", "pair"]

    private static func status(_ pid: Int32, _ name: String) -> String? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8) else { return nil }
        return text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
            .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }

    /// Field `number` of /proc/PID/stat, from 1, behind the name (proc(5)).
    private static func field(_ number: Int, of pid: Int32) -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > number - 3 ? Int(fields[number - 3]) : nil
    }

    private static func expectConfined(_ pid: Int32, _ name: String) async {
        // A plugin host enters its cell when it is told what to load.
        _ = await eventually(within: .seconds(20)) { status(pid, "Seccomp") == "2" }
        #expect(status(pid, "Seccomp") == "2", "\(name)")
        #expect(status(pid, "NoNewPrivs") == "1", "\(name)")
        // All of root's but the right to read any file.
        let rights = status(pid, "CapEff").flatMap { UInt64($0, radix: 16) } ?? .max
        #expect(rights & ~0x4 == 0, "\(name)")
        let score = try? String(contentsOfFile: "/proc/\(pid)/oom_score_adj", encoding: .utf8)
        #expect((score.flatMap { Int($0.dropLast()) } ?? 0) >= 200, "\(name)")
        #expect(field(6, of: pid) == Int(pid), "\(name) leads a session")
        #expect(field(7, of: pid) == 0, "\(name) has no terminal")
        let limits = (try? String(contentsOfFile: "/proc/\(pid)/limits", encoding: .utf8)) ?? ""
        let cores = limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") } ?? ""
        #expect(cores.split(separator: " ").suffix(3) == ["1", "1", "bytes"], "\(name)")
        let data = limits.split(separator: "\n").first { $0.hasPrefix("Max data size") } ?? ""
        #expect(!data.contains("unlimited"), "\(name)")
    }

    @Test func everyChildOfABroadcastIsConfined() async throws {
        let folder = try TemporaryFolder()
        let clip = folder.path("clip.flv")
        let maker = try BulkheadProgram.start(
            ["broadcast", "test", "--to", "file:\(clip)", "--duration", "2", "--fast"] + Self.small)
        #expect(await maker.wait(timeout: .seconds(60)) == 0)
        let broadcast = try BulkheadProgram.start(
            [
                "broadcast", clip, "--loop", "--to", "file:\(folder.path("out.flv"))", "--plugin",
                BulkheadProgram.path("libInvert.so"), "--control", "unix:\(folder.path("c.sock"))",
            ] + Self.small)
        for (program, count) in [("bulkhead-encoder", 2), ("bulkhead-source", 1), ("bulkhead-plugin-host", 2)] {
            var children: [Int32] = []
            let came = await eventually(within: .seconds(30)) {
                children = ProcessTable.children(of: broadcast.pid, named: program)
                return children.count >= count
            }
            #expect(came, "\(program) \(children)\n\(broadcast.errorText)")
            for child in children { await Self.expectConfined(child, program) }
        }
        kill(broadcast.pid, SIGINT)
        await broadcast.wait(timeout: .seconds(30))
    }

    /// A viewer decodes a stranger's stream.
    @Test func theDecoderOfAViewerIsConfined() async throws {
        let folder = try TemporaryFolder()
        let server = try await EmbeddedServer()
        let broadcast = try BulkheadProgram.start(
            ["broadcast", "test", "--to", server.url("a"), "--control", "unix:\(folder.path("c.sock"))"] + Self.small)
        let probe = try BulkheadProgram.start(["probe", server.url("a"), "--wait", "20s"])
        var decoder: Int32?
        let came = await eventually(within: .seconds(30)) {
            decoder = ProcessTable.children(of: probe.pid, named: "bulkhead-decoder").first
            return decoder != nil
        }
        #expect(came, "\(probe.errorText)\n\(broadcast.errorText)")
        await Self.expectConfined(try #require(decoder), "bulkhead-decoder")
        for process in [probe, broadcast] {
            kill(process.pid, SIGINT)
            await process.wait(timeout: .seconds(30))
        }
        await server.end()
    }

    /// On a kernel without walls the broadcast goes on, and says so, once.
    @Test(arguments: ["", "landlock", "seccomp", "landlock,seccomp"])
    func missingWallsAreTold(lacks: String) async throws {
        let folder = try TemporaryFolder()
        let broadcast = try BulkheadProgram.start(
            arguments("test", in: folder) + ["--fast"],
            environment: [
                "LD_PRELOAD": BulkheadProgram.path("libHostile.so"), "HOSTILE_LACKS": lacks,
                "BULKHEAD_CHILD_ENVIRONMENT": "HOSTILE_LACKS",
            ])
        #expect(await broadcast.wait(timeout: .seconds(60)) == 0, "\(broadcast.errorText)")
        let told = ReportedEvent.all(in: broadcast.outputText).filter { $0.code == "master.walls-missing" }
        #expect(told.count == (lacks.isEmpty ? 0 : 1))
        let text = told.first?.string("text") ?? ""
        #expect(text.contains("Landlock") == lacks.contains("landlock"))
        #expect(text.contains("seccomp") == lacks.contains("seccomp"))
    }

    /// The key's variable is blotted out where the kernel shows it, for root as well.
    @Test func theMastersKeyIsNotInItsEnvironment() async throws {
        let folder = try TemporaryFolder()
        let broadcast = try BulkheadProgram.start(
            arguments("test", in: folder),
            environment: ["BULKHEAD_STREAM_KEY": Self.secret, "OTHER_SECRET": Self.secret])
        let isOnAir = await eventually(within: .seconds(20)) { broadcast.outputText.contains("\"timeline.on-air\"") }
        #expect(isOnAir)
        let environment = FileManager.default.contents(atPath: "/proc/\(broadcast.pid)/environ")
        if let environment {
            let own = String(decoding: environment, as: UTF8.self).split(separator: "\0")
            #expect(!own.contains { $0.hasPrefix("BULKHEAD_STREAM_KEY") && $0.contains(Self.secret) })
        }
        // Its children get no secret of the user's at all.
        let names = ["encoder", "source", "plugin-host"].map { "bulkhead-\($0)" }
        for name in names {
            let pid = try #require(ProcessTable.children(of: broadcast.pid, named: name).first, "\(name)")
            let theirs = FileManager.default.contents(atPath: "/proc/\(pid)/environ") ?? Data()
            #expect(theirs.firstRange(of: Data(Self.secret.utf8)) == nil, "\(name)")
        }
        kill(broadcast.pid, SIGINT)
        await broadcast.wait(timeout: .seconds(30))
    }

    /// What came of attempts in `program`, which a file has taken over: all that its last words say.
    private func outcomes(
        in program: String, of attempts: [String], _ arguments: [String], target: String
    ) async throws -> [String: String] {
        let run = try BulkheadProgram.start(
            arguments,
            environment: [
                "LD_PRELOAD": BulkheadProgram.path("libHostile.so"), "HOSTILE_PROGRAM": program,
                "BULKHEAD_CHILD_ENVIRONMENT": "HOSTILE_PROGRAM,HOSTILE_FUNCTION,HOSTILE_ATTEMPTS,HOSTILE_TARGET",
                "HOSTILE_FUNCTION": program == "bulkhead-encoder"
                    ? "x264_encoder_headers" : "avformat_find_stream_info",
                "HOSTILE_ATTEMPTS": attempts.joined(separator: ","), "HOSTILE_TARGET": target,
                "BULKHEAD_STREAM_KEY": Self.secret,
            ])
        await run.wait(timeout: .seconds(60))
        var outcomes: [String: String] = [:]
        for event in ReportedEvent.all(in: run.outputText) {
            guard let text = event.string("standardError") else { continue }
            for line in text.split(separator: "\n") {
                let parts = line.split(separator: ":")
                if parts.count == 2 { outcomes[String(parts[0])] = String(parts[1]) }
            }
        }
        return outcomes
    }

    private func expectRefused(_ outcomes: [String: String], _ attempts: [String]) {
        for name in attempts { #expect(outcomes[name] == "refused", "\(name)") }
    }

    @Test func aSourceThatItsFileHasTakenOverGetsNothing() async throws {
        let folder = try TemporaryFolder()
        let clip = folder.path("clip.flv")
        let maker = try BulkheadProgram.start(
            ["broadcast", "test", "--to", "file:\(clip)", "--duration", "2", "--fast"] + Self.small)
        #expect(await maker.wait(timeout: .seconds(60)) == 0)
        let key = folder.path("key")
        try Data(Self.secret.utf8).write(to: URL(fileURLWithPath: key))
        let attempts = Self.attempts + Self.connections
        // The target is both: a file with the key in it, and for two attempts the key itself.
        let files = try await outcomes(
            in: "bulkhead-source", of: attempts, arguments(clip, in: folder), target: key)
        expectRefused(files, attempts)
        #expect(try String(contentsOfFile: key, encoding: .utf8) == Self.secret)
        let words = try await outcomes(
            in: "bulkhead-source", of: ["environment", "own-environ"], arguments(clip, in: folder), target: Self.secret)
        expectRefused(words, ["environment", "own-environ"])
    }

    /// It has the network, and nothing else: no program of this user's that listens at a local socket, as the session bus does.
    @Test func aSourceThatItsServerHasTakenOverGetsTheNetwork() async throws {
        let folder = try TemporaryFolder()
        let port = try FreePort.take()
        let address = "tcp://127.0.0.1:\(port)"
        let camera = try RunningProcess(
            "ffmpeg",
            [
                "-hide_banner", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25", "-c:v",
                "libx264", "-preset", "ultrafast", "-f", "mpegts", address + "?listen=1",
            ])
        #expect(await eventually(within: .seconds(20)) { LocalPort.isListening(on: port) })
        let key = folder.path("key")
        try Data(Self.secret.utf8).write(to: URL(fileURLWithPath: key))
        let attempts = Self.attempts + ["local"]
        let outcomes = try await outcomes(
            in: "bulkhead-source", of: attempts + ["inet"], arguments(address, in: folder), target: key)
        expectRefused(outcomes, attempts)
        #expect(outcomes["inet"] == "GRANTED")
        await camera.end()
    }

    @Test func anEncoderThatIsTakenOverGetsNothing() async throws {
        let folder = try TemporaryFolder()
        let key = folder.path("key")
        try Data(Self.secret.utf8).write(to: URL(fileURLWithPath: key))
        let attempts = Self.attempts + Self.connections
        let outcomes = try await outcomes(
            in: "bulkhead-encoder", of: attempts, arguments("test", in: folder), target: key)
        expectRefused(outcomes, attempts)
    }

    private func arguments(_ input: String, in folder: TemporaryFolder) -> [String] {
        [
            "broadcast", input, "--to", "file:\(folder.path("out-\(UUID().uuidString).flv"))", "--duration", "5",
            "--json", "--control", "unix:\(folder.path("c.sock"))",
        ] + Self.small
    }
}
