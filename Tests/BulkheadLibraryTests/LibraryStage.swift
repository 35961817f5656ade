import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// Nodes, a centre and trackers as programs of one machine: each with its configuration, where it listens, and what runs of it.
final class LibraryStage {
    let folder: TemporaryFolder
    let nodes: [String]
    let trackers: [String]
    /// Where each part listens.
    private(set) var ports: [String: Int] = [:]
    private var commands: [String: [String]] = [:]
    private(set) var processes: [String: RunningProcess] = [:]

    /// What differs from a plain library.
    struct Options {
        /// Lines of a table of prefixes.
        var prefixes: String?
        /// Where players find a node, by its name.
        var publicAddresses: [String: String] = [:]
        /// PostgreSQL of parts, by their names.
        var databases: [String: String] = [:]
        /// The centre reads these nodes' PostgreSQL itself.
        var readsDatabases: [String: String] = [:]
        /// Trackers that read the central database, by their names.
        var trackerDatabases: [String: String] = [:]
        /// Further lines of a part's file.
        var lines: [String: String] = [:]
        /// Further words of a node in the files of centre and trackers, such as `live: …`.
        var nodeWords: [String: String] = [:]
        /// Further lines of every part's file.
        var commonLines = ""
        /// `https` for parts that serve it themselves.
        var scheme = "http"
        /// What curl is told besides, such as `--cacert`.
        var curlFlags: [String] = []
        var host = "127.0.0.1"
        /// Hosts by part, where they are not all on one.
        var hosts: [String: String] = [:]
    }

    init(_ nodes: [String] = ["berlin", "paris", "rome"], trackers: [String] = []) throws {
        folder = try TemporaryFolder()
        (self.nodes, self.trackers) = (nodes, trackers)
        for part in nodes + trackers + ["centre"] {
            ports[part] = try FreePort.take()
            try write("\(part).key", "key of \(part), which is long\n")
            chmod(folder.path("\(part).key"), 0o600)
        }
    }

    var parts: [String] { nodes + trackers + ["centre"] }
    private(set) var options = Options()

    /// Host and port.
    func place(_ part: String) -> String { "\(options.hosts[part] ?? options.host):\(ports[part] ?? 0)" }
    func address(_ part: String) -> String { "\(options.scheme)://\(place(part))" }

    /// A request to a part.
    func get(_ part: String, _ path: String) async throws -> HTTPReply {
        try await LibraryUnderTest.get(address(part) + path, options.curlFlags)
    }

    /// Writes the configurations.
    func configure(_ options: Options = Options()) throws {
        self.options = options
        func lines(_ part: String) -> String {
            (options.databases[part].map { "\ndatabase: \"\($0)\"" } ?? "")
                + (options.lines[part].map { "\n\($0)" } ?? "") + "\n\(options.commonLines)"
        }
        var entries = "\nnodes:"
        let tellers = ([address("centre")] + trackers.map { address($0) }).map { "\"\($0)\"" }.joined(separator: ", ")
        for name in nodes {
            try write(
                "\(name).yaml",
                """
                id: \(name)
                folder: \(name)
                listen: "\(place(name))"
                key-file: \(name).key
                centre: \(address("centre"))
                trackers: [\(tellers)]
                """ + lines(name))
            commands[name] = ["node", "--config", folder.path("\(name).yaml")]
            mkdir(folder.path(name), 0o755)
            entries += "\n  - {id: \(name), address: \"\(address(name))\", key-file: \(name).key"
            if let place = options.publicAddresses[name] { entries += ", public: \"\(place)\"" }
            if let words = options.nodeWords[name] { entries += ", \(words)" }
            entries += options.readsDatabases[name].map { ", database: \"\($0)\"}" } ?? "}"
        }
        if let prefixes = options.prefixes {
            try write("prefixes.txt", prefixes)
            entries += "\nprefixes: prefixes.txt"
        }
        var others = trackers.isEmpty ? "" : "\ntrackers:"
        for name in trackers {
            others += "\n  - {id: \(name), key-file: \(name).key, public: \"\(address(name))\"}"
            let feed =
                options.trackerDatabases[name].map { "database: \"\($0)\"" }
                ?? "centre: \(address("centre"))\nid: \(name)\nkey-file: \(name).key"
            try write(
                "\(name).yaml",
                "listen: \"\(place(name))\"\n\(feed)\(entries)\(lines(name))\n"
            )
            commands[name] = ["tracker", "--config", folder.path("\(name).yaml")]
        }
        try write(
            "centre.yaml", "folder: centre\nlisten: \"\(place("centre"))\"\(others)\(entries)\(lines("centre"))\n")
        commands["centre"] = ["centre", "--config", folder.path("centre.yaml")]
    }

    private func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: folder.url.appendingPathComponent(name))
    }

    /// - Parameter prefix: words in front of the program's, such as those that put it into a namespace.
    func start(
        _ part: String, failPoint: String? = nil, prefix: [String] = [], environment more: [String: String] = [:]
    ) throws {
        var environment = ["BULKHEAD_LIBRARY_PERIOD": part == "centre" ? "1" : "0.1"]
        environment["BULKHEAD_LIBRARY_FAILPOINT"] = failPoint
        environment.merge(more) { _, new in new }
        let words =
            prefix + ["env"] + environment.map { "\($0.key)=\($0.value)" } + [BulkheadProgram.path("bulkhead-library")]
            + (commands[part] ?? [])
        processes[part] = try RunningProcess(words[0], Array(words.dropFirst()))
    }

    func startAll() throws { for part in parts { try start(part) } }

    func kill(_ part: String) async {
        guard let process = processes.removeValue(forKey: part) else { return }
        if process.isRunning {
            Glibc.kill(process.pid, SIGKILL)
        }
        await process.wait()
    }

    func killAll() async { for part in parts { await kill(part) } }

    /// The tracker's answer for the only recording called `name`, when `count` nodes have it.
    func find(_ name: String, at part: String = "centre", nodes count: Int) async throws -> [String: Any] {
        var last = ""
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .seconds(30) {
            if let videos = try? await get("centre", "/api/videos?limit=200").list(),
                let id = videos.first(where: { $0["name"] as? String == name })?["id"] as? String,
                let reply = try? await get(part, "/find/\(id)")
            {
                last = reply.text
                if reply.status == 200, let found = try? reply.object(),
                    let candidates = found["candidates"] as? [[String: Any]], candidates.count == count
                {
                    return found
                }
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        let said = processes.map { "\($0.key): \($0.value.outputText) \($0.value.errorText)" }.joined(separator: "\n")
        try #require(Bool(false), "\(name) has not \(count) nodes at \(part): \(last)\n\(said)")
        return [:]
    }
}
