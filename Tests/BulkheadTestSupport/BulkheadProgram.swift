import Foundation
import Glibc

/// The programs under test, beside the test bundle in the build folder.
package enum BulkheadProgram {
    /// `.build/debug` or `.build/release`.
    package static let folder: String = {
        // The test runner's own path holds the bundle's on Linux: …/debug/bulkheadPackageTests.xctest
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? ProcessInfo.processInfo.arguments[0]
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().path
    }()

    package static func path(_ program: String) -> String { folder + "/" + program }

    /// What programs under test take for `XDG_RUNTIME_DIR`, so that no test meets a broadcast of the user's: a folder of
    /// this process's, removed at its end.
    package static let runtimeFolder: String = {
        var name = Array("/tmp/bulkhead-tests-XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil else { return "/nonexistent" }
        atexit { try? FileManager.default.removeItem(atPath: BulkheadProgram.runtimeFolder) }
        return String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }()

    /// Starts `bulkhead` with `arguments`.
    package static func start(_ arguments: [String], environment: [String: String] = [:]) throws -> RunningProcess {
        let own = [
            "XDG_RUNTIME_DIR": runtimeFolder, "XDG_STATE_HOME": runtimeFolder + "/state",
            "XDG_CACHE_HOME": runtimeFolder + "/cache",
        ]
        let variables = own.merging(environment) { _, given in given }.map { "\($0.key)=\($0.value)" }
        return try RunningProcess("env", variables + [path("bulkhead")] + arguments)
    }
}

/// The processes that another one has started, as /proc tells.
package enum ProcessTable {
    /// The children of `parent` whose program is called `name`.
    package static func children(of parent: Int32, named name: String) -> [Int32] {
        all.filter { $0.parent == parent && $0.program == name }.map(\.pid)
    }

    package static func exists(_ pid: Int32) -> Bool {
        // A zombie waits for its parent only: it does nothing any more.
        guard let state = entry(pid)?.state else { return false }
        return state != "Z" && state != "X"
    }

    private struct Entry {
        let pid: Int32
        let parent: Int32
        let state: Substring
        let program: String
    }

    private static var all: [Entry] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.compactMap { entry($0) }
    }

    private static func entry(_ pid: Int32) -> Entry? {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let command = try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8),
            let end = stat.lastIndex(of: ")")
        else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 1, let parent = Int32(fields[1]) else { return nil }
        let path = command.split(separator: "\0").first ?? ""
        return Entry(
            pid: pid, parent: parent, state: fields[0], program: path.split(separator: "/").last.map(String.init) ?? "")
    }
}
