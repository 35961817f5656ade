import BulkheadLibraryProtocol
import BulkheadLibraryStore
import BulkheadTestSupport
import Foundation
import Glibc
import Testing

private let kills = ProcessInfo.processInfo.environment["BULKHEAD_LIBRARY_KILLS"].flatMap { Int($0) } ?? 60

/// Three nodes and a centre as processes, which are killed at random and at each step of the protocol while recordings come,
/// are renamed and go.
///
/// `BULKHEAD_LIBRARY_KILLS=1000` kills so often.
@Suite(.serialized, .timeLimit(.minutes(3 + kills / 50))) struct KillTests {
    /// Each part, where it listens, and what runs of it.
    private final class Stage {
        let folder: TemporaryFolder
        let centreAddress: String
        private var commands: [String: [String]] = [:]
        private(set) var processes: [String: RunningProcess] = [:]
        static let nodes = ["berlin", "paris", "rome"]

        init() throws {
            folder = try TemporaryFolder()
            let centrePort = try LibraryUnderTest.freePort()
            centreAddress = "http://127.0.0.1:\(centrePort)"
            var nodes = ""
            for name in Self.nodes {
                let port = try LibraryUnderTest.freePort()
                try write("\(name).key", "key of \(name), which is long\n")
                chmod(folder.path("\(name).key"), 0o600)
                try write(
                    "\(name).yaml",
                    """
                    id: \(name)
                    folder: \(name)
                    listen: 127.0.0.1:\(port)
                    key-file: \(name).key
                    centre: \(centreAddress)
                    """)
                nodes += "\n  - {id: \(name), address: \"http://127.0.0.1:\(port)\", key-file: \(name).key}"
                commands[name] = ["node", "--config", folder.path("\(name).yaml")]
                mkdir(folder.path(name), 0o755)
            }
            try write("centre.yaml", "folder: centre\nlisten: 127.0.0.1:\(centrePort)\nnodes:\(nodes)\n")
            commands["centre"] = ["centre", "--config", folder.path("centre.yaml")]
        }

        private func write(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: folder.url.appendingPathComponent(name))
        }

        var parts: [String] { Self.nodes + ["centre"] }

        func start(_ part: String, failPoint: String? = nil) throws {
            var environment = ["BULKHEAD_LIBRARY_PERIOD": part == "centre" ? "1" : "0.1"]
            environment["BULKHEAD_LIBRARY_FAILPOINT"] = failPoint
            processes[part] = try LibraryUnderTest.start(commands[part] ?? [], environment)
        }

        func kill(_ part: String) async {
            guard let process = processes.removeValue(forKey: part) else { return }
            if process.isRunning { Glibc.kill(process.pid, SIGKILL) }
            await process.wait()
        }
    }

    /// What must hold at each moment, of databases that others write meanwhile.
    private struct History {
        private var revisions: [String: Int64] = [:]
        private(set) var looks = 0

        mutating func look(_ stage: Stage) throws {
            // The nodes first: what is confirmed there was saved before.
            var confirmed: [(NodeID, Epoch, NodeRow)] = []
            for name in Stage.nodes {
                let path = stage.folder.path("\(name)/.library/node.sqlite")
                guard let node = NodeID(name), access(path, R_OK) == 0,
                    let page = try? SQLiteStores.node(at: path).page(after: 0, limit: 10_000, isWhole: true)
                else { continue }
                #expect(page.counters.signalled <= page.counters.changed)
                #expect(page.rows.allSatisfy { $0.published <= $0.revision && $0.revision <= page.counters.changed })
                confirmed += page.rows.filter { $0.published > 0 }.map { (node, page.counters.epoch, $0) }
            }
            let path = stage.folder.path("centre/.library/centre.sqlite")
            guard access(path, R_OK) == 0, let centre = try? SQLiteStores.central(at: path),
                let rows = try? centre.changes(after: 0, limit: 100_000)
            else { return }
            looks += 1
            var known: [String: CentralRow] = [:]
            for row in rows {
                let key = "\(row.node) \(row.record.id)"
                #expect(known[key] == nil, "\(key) twice")
                known[key] = row
                let epochKey = "\(key) \(row.epoch)"
                #expect(revisions[epochKey].map { $0 <= row.revision } ?? true, "\(key) went back")
                revisions[epochKey] = row.revision
            }
            for (node, epoch, row) in confirmed {
                let central = known["\(node) \(row.record.id)"]
                #expect(
                    central.map { $0.epoch == epoch && $0.revision >= row.published } == true,
                    "\(node) \(row.record.id) is confirmed with \(row.published) and \(String(describing: central))")
            }
        }
    }

    @Test func nothingIsLostOrDoubledWhateverIsKilled() async throws {
        let stage = try Stage()
        var random = SeededGenerator(seed: .random(in: 0 ... .max))
        var history = History()
        var files: [String: [String]] = [:]
        var count = 0
        for part in stage.parts { try stage.start(part) }
        let made = try (0..<40).map { _ in try MadeRecording(seconds: 1) }
        let points = [
            "row-written", "signal-sent", "signalled-set", "row-read", "centre-committed", "published-set",
            "registered",
        ]
        for _ in 0..<kills {
            // What happens at the nodes.
            for name in Stage.nodes {
                let folder = stage.folder.path(name)
                switch Int.random(in: 0..<5, using: &random) {
                case 0, 1:
                    guard count < made.count else { break }
                    try made[count].write(to: folder, named: "r\(count).mp4")
                    files[name, default: []].append("r\(count)")
                    count += 1
                case 2:
                    guard let place = files[name]?.indices.randomElement(using: &random) else { break }
                    let old = files[name, default: []].remove(at: place)
                    let new = "\(old.prefix { $0 != "-" })-\(UInt16.random(in: 0 ... .max, using: &random))"
                    for end in [".mp4.index", ".mp4"] {
                        try #require(rename("\(folder)/\(old)\(end)", "\(folder)/\(new)\(end)") == 0)
                    }
                    files[name, default: []].append(new)
                case 3 where (files[name]?.count ?? 0) > 3:
                    let old = files[name, default: []].removeFirst()
                    unlink("\(folder)/\(old).mp4")
                    unlink("\(folder)/\(old).mp4.index")
                default: break
                }
            }
            let part = try #require(stage.parts.randomElement(using: &random))
            try? await Task.sleep(for: .milliseconds(Int.random(in: 0..<150, using: &random)))
            await stage.kill(part)
            try history.look(stage)
            let point = Bool.random(using: &random) ? points.randomElement(using: &random) : nil
            try stage.start(part, failPoint: point.map { "\($0):\(Int.random(in: 1...3, using: &random))" })
        }
        for part in stage.parts {
            await stage.kill(part)
            try stage.start(part)
        }
        let wanted = files.values.joined().sorted()
        let address = stage.centreAddress
        func names() async throws -> [String] {
            guard let reply = try? await LibraryUnderTest.get(address + "/api/videos?limit=200") else { return [] }
            return try reply.list().compactMap { $0["name"] as? String }.sorted()
        }
        let isComplete = try await eventually(within: .seconds(30)) { try await names() == wanted }
        let last = try await names()
        #expect(isComplete, "\(last) instead of \(wanted)")
        // The flags say so, too.
        for name in Stage.nodes {
            let store = try SQLiteStores.node(at: stage.folder.path("\(name)/.library/node.sqlite"))
            let isSettled = try await eventually(within: .seconds(20)) {
                let page = try store.page(after: 0, limit: 1000, isWhole: true)
                return page.counters.isSent && page.rows.allSatisfy(\.isPublished)
            }
            #expect(isSettled, "\(name)")
        }
        try history.look(stage)
        #expect(history.looks > kills / 2 && count > 5)
        for part in stage.parts { await stage.kill(part) }
    }

    /// The centre killed at each step in turn: between its commit and its confirmation, rows are read again and stored once.
    @Test(arguments: ["row-read", "centre-committed", "published-set"])
    func centreThatDiesAtAStepReadsAgain(point: String) async throws {
        let stage = try Stage()
        try stage.start("centre", failPoint: point)
        try stage.start("berlin")
        try MadeRecording(seconds: 1).write(to: stage.folder.path("berlin"), named: "a.mp4")
        let centre = try #require(stage.processes["centre"])
        #expect(await eventually(within: .seconds(20)) { !centre.isRunning })
        var history = History()
        try history.look(stage)
        let store = try SQLiteStores.node(at: stage.folder.path("berlin/.library/node.sqlite"))
        let row = try #require(try store.page(after: 0, limit: 9, isWhole: true).rows.first)
        #expect(row.isPublished == (point == "published-set"))
        try stage.start("centre")
        #expect(try await eventually(within: .seconds(20)) { try store.row(row.record.id)?.isPublished == true })
        let central = try SQLiteStores.central(at: stage.folder.path("centre/.library/centre.sqlite"))
        #expect(try central.changes(after: 0, limit: 9).map(\.record) == [row.record])
        try history.look(stage)
        for part in stage.parts { await stage.kill(part) }
    }
}
