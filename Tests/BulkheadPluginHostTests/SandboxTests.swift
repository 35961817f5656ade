import BulkheadMedia
import BulkheadSystem
import BulkheadTestSupport
import BulkheadTimeline
import BulkheadWire
import Foundation
import Testing

/// What the kernel grants a sandbox here, as the host itself says it: `bulkhead-plugin-host --sandbox`.
enum Granted {
    static let measures: [String: String] = {
        let run = ProgramRun(
            productFolder + "/bulkhead-plugin-host", ["--sandbox"], environment: ProcessInfo.processInfo.environment)
        guard let text = try? run.run(keeping: .output(mostBytes: 1 << 16), within: .seconds(60)).text else {
            return [:]
        }
        let fields = text.split(separator: "\n").map { $0.split(separator: "\t") }.filter { $0.count == 3 }
        return Dictionary(fields.map { (String($0[1]), String($0[0])) }) { first, _ in first }
    }()

    static let calls = measures["system calls"] == "granted"
    static let files = measures["files"] == "granted"
    static let processors = measures["processors"] == "granted"
}

/// A plugin that asks for what it must not have is refused it, and the picture goes its way.
@Suite(.timeLimit(.minutes(2))) struct SandboxTests {
    private static let secret = "hunter2-is-the-stream-key"

    /// What seccomp or a limit refuses.
    static let calls = [
        "environment", "own-environ", "write-file", "empty-file", "rename-file", "change-mode", "change-owner",
        "change-times", "change-attribute", "temporary-file", "unnamed-file", "file-in-home", "folder-in-tmp",
        "hard-link", "symbolic-link", "fifo", "watch-files", "remove-file", "inet", "inet6", "local", "netlink", "pair",
        "fork", "raw-fork", "vfork", "clone", "clone3", "spawn", "exec", "exec-at", "kill-parent", "kill-all",
        "kill-group", "kill-target", "thread-kill", "group-thread-kill", "queue-signal", "open-process",
        "signal-by-pipe", "signal-by-ioctl", "trace-parent", "be-traced", "read-parent", "limit-parent", "slow-user",
        "pin-parent", "take-all-processors", "real-time", "nicer", "raise-limit", "outlive-parent", "leave-group",
        "mount", "user-namespace", "files-of-own", "change-root", "keys", "bpf", "io-uring", "userfaultfd", "perf",
        "memory-file", "shared-segment", "shared-memory", "shared-zeroes", "persona", "host-name", "become-root",
    ]
    /// What Landlock refuses.
    static let files = [
        "parent-environ", "parent-cmdline", "parent-maps", "parent-memory", "parent-memory-write", "parent-descriptors",
        "processes", "read-file", "by-own-root", "passwords", "around-self",
    ]
    /// Of both, what is granted without a sandbox on every machine: the plugin does try.
    static let possible = [
        "write-file", "change-mode", "temporary-file", "local", "pair", "fork", "spawn", "kill-parent",
        "signal-by-pipe",
        "limit-parent", "memory-file", "parent-cmdline", "parent-maps", "read-file", "passwords", "environment",
    ]

    /// Has one plugin for each of `attempts` try, in one host, and gives what came of it by name.
    private func outcomes(
        of attempts: [String], target: [String: String], isConfined: Bool, readable: [String] = [],
        dataFolder: String = ""
    ) throws -> [String: String] {
        let host = try PluginHostChild(
            confined: isConfined ? (["\(productFolder)/libHostile.so"] + readable, dataFolder) : nil,
            variables: isConfined
                ? ["BULKHEAD_STREAM_KEY=\(Self.secret)", "AWS_SECRET=\(Self.secret)"] : ["TZ=\(Self.secret)"])
        for (index, name) in attempts.enumerated() {
            let reply = try host.load(
                "Hostile", id: UInt32(index + 1), ["act": name, "target": target[name] ?? target[""] ?? ""])
            guard case .loaded = reply else { throw ChildTestFailure.unexpected(reply) }
        }
        #expect(try host.process(Picture(host.canvas)) == nil)
        var outcomes: [String: String] = [:]
        for case .log(_, _, let line) in host.log {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { outcomes[String(parts[0])] = String(parts[1].dropFirst()) }
        }
        // It still works.
        #expect(try host.process(Picture(host.canvas), frame: 6) == nil)
        return outcomes
    }

    /// A file with a secret in it, and a process that is to live.
    private func attempts(_ names: [String], isConfined: Bool) throws -> [String: String] {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let file = folder.path("key")
        try Data(Self.secret.utf8).write(to: URL(fileURLWithPath: file))
        let bystander = try RunningProcess("sleep", ["600"])
        defer { bystander.endOnThisThread() }
        let outcomes = try outcomes(
            of: names,
            target: [
                "": file, "kill-target": "\(bystander.pid)", "environment": Self.secret,
                "own-environ": Self.secret,
            ], isConfined: isConfined)
        #expect(bystander.isRunning)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["key"])
        #expect(try String(contentsOfFile: file, encoding: .utf8) == Self.secret)
        return outcomes
    }

    @Test(.enabled(if: Granted.calls, "this kernel has no seccomp"))
    func systemCallsAreRefused() throws {
        let outcomes = try attempts(Self.calls, isConfined: true)
        for name in Self.calls {
            #expect(outcomes[name]?.hasPrefix("refused: ") == true, "\(name): \(outcomes[name] ?? "no answer")")
        }
    }

    @Test(.enabled(if: Granted.files, "this kernel has no Landlock"))
    func filesAreRefused() throws {
        let outcomes = try attempts(Self.files, isConfined: true)
        for name in Self.files {
            #expect(outcomes[name]?.hasPrefix("refused: ") == true, "\(name): \(outcomes[name] ?? "no answer")")
        }
    }

    @Test func withoutTheSandboxTheyAreGranted() throws {
        let outcomes = try attempts(Self.possible, isConfined: false)
        for name in Self.possible { #expect(outcomes[name] == "granted", "\(name)") }
    }

    @Test(.enabled(if: Granted.files, "this kernel has no Landlock"))
    func givenFilesAreReadAndTheDataFolderIsWritten() throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        for name in ["given", "other"] { try Data("x".utf8).write(to: URL(fileURLWithPath: folder.path(name))) }
        func outcome(_ name: String, _ target: String) throws -> String? {
            try outcomes(
                of: [name], target: ["": folder.path(target)], isConfined: true, readable: [folder.path("given")],
                dataFolder: folder.path("data"))[name]
        }
        #expect(try outcome("read-file", "given") == "granted")
        #expect(try outcome("write-file", "given") == "refused: Permission denied")
        #expect(try outcome("read-file", "other") == "refused: Permission denied")
        #expect(try outcome("file-in-home", "data/new") == "granted")
        #expect(try outcome("symbolic-link", "data/new") == "refused: Operation not permitted")
        #expect(try outcome("temporary-file", "") == "refused: Permission denied")
    }

    @Test(.enabled(if: Granted.files, "this kernel has no Landlock"))
    func aPluginReadsItsOwnDataFolder() throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let library = folder.path("libmine.so")
        try FileManager.default.copyItem(atPath: "\(productFolder)/libHostile.so", toPath: library)
        for name in ["mine", "package_mine.resources", "yours"] {
            try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: false)
            try Data("x".utf8).write(to: URL(fileURLWithPath: folder.path(name) + "/data"))
        }
        let host = try PluginHostChild(confined: ([library], ""))
        for (index, name) in ["mine", "package_mine.resources", "yours"].enumerated() {
            let target = folder.path(name) + "/data"
            _ = try host.load(library, id: UInt32(index + 1), ["act": "read-file", "target": target])
        }
        _ = try host.process(Picture(host.canvas))
        let outcomes: [String] = ["granted", "granted", "refused: Permission denied"]
        #expect(
            host.log
                == outcomes.enumerated().map { .log(id: UInt32($0.offset + 1), .notice, "read-file: \($0.element)") })
    }

    /// An archive ships links: beside a library they open nothing but what they lie in, and a folder is granted only where
    /// one is meant.
    @Test(.enabled(if: Granted.files, "this kernel has no Landlock"))
    func aLinkBesideALibraryOpensNothing() throws {
        let folder = try TemporaryFolder()
        let home = try TemporaryFolder()
        defer { withExtendedLifetime((folder, home)) {} }
        let key = home.path("key")
        try Data("x".utf8).write(to: URL(fileURLWithPath: key))
        let library = folder.path("libmine.so")
        try FileManager.default.copyItem(atPath: "\(productFolder)/libHostile.so", toPath: library)
        for (name, target) in [
            ("mine", "/"), ("x_mine.resources", home.url.path), ("libdata.so", "/"), ("libkey.so", key),
        ] {
            try FileManager.default.createSymbolicLink(atPath: folder.path(name), withDestinationPath: target)
        }
        func outcome(_ readable: [String]) throws -> [PluginReply] {
            let host = try PluginHostChild(confined: ([library] + readable, ""))
            _ = try host.load(library, id: 1, ["act": "read-file", "target": key])
            _ = try host.process(Picture(host.canvas))
            return host.log
        }
        let refused = [PluginReply.log(id: 1, .notice, "read-file: refused: Permission denied")]
        #expect(try outcome([]) == refused)
        // A text that happens to be a folder's name gives nothing of it away.
        #expect(try outcome(["/", home.url.path]) == refused)
        #expect(try outcome([key]) == [PluginReply.log(id: 1, .notice, "read-file: granted")])
    }

    /// The plugins that ship, one in C and one in Swift, and the libraries that those need.
    @Test func harmlessPluginsWork() throws {
        let host = try PluginHostChild(
            confined: (["\(productFolder)/libBorder.so", "\(productFolder)/libInvert.so"], ""))
        let picture = Picture(host.canvas)
        _ = try host.load("Invert", id: 1)
        #expect(try host.process(picture) == picture.inverted)
        guard case .loaded = try host.load("Border", id: 2, ["width": "8", "color": "#00FF00"]) else {
            Issue.record("Border is not loaded")
            return
        }
        #expect(try host.process(picture, frame: 6) == picture.inverted.bordered(8, PluginProcessingTests.green))
        if Granted.calls, Granted.files, Granted.processors { #expect(host.confinement == "the sandbox is whole") }
    }
}
