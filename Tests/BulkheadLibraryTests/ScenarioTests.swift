import BulkheadLibraryProtocol
import BulkheadLibraryStore
import BulkheadLibraryTestSupport
import BulkheadRecording
import BulkheadTestSupport
import Foundation
import Glibc
import Testing

private let environment = ProcessInfo.processInfo.environment
private let kills = environment["BULKHEAD_LIBRARY_SCENARIO"].flatMap { Int($0) } ?? 16
private let postgresKills = environment["BULKHEAD_LIBRARY_POSTGRES_KILLS"].flatMap { Int($0) } ?? 8

/// Three nodes, a centre and two trackers as processes: recordings begin and end at random while everything is killed at
/// random, and signals come twice and late. In the end each recording is findable once at both trackers.
///
/// `BULKHEAD_LIBRARY_SCENARIO=500` kills so often on SQLite, `BULKHEAD_LIBRARY_POSTGRES_KILLS=100` on PostgreSQL, whose server is
/// stopped at once now and then as well.
@Suite(.serialized, .timeLimit(.minutes(4 + (kills + postgresKills) / 30))) struct ScenarioTests {
    private enum Database: CaseIterable { case sqlite, postgres }

    /// A recording of the scenario, which grows until it ends.
    private struct Show {
        let node: String
        let name: String
        let id: RecordingID
        var isEnded = false

        var video: String { "\(id)-0" }

        func begin(in stage: LibraryStage) throws {
            try MadeRecording(seconds: 2, isFinished: false, id: id).write(
                to: stage.folder.path(node), named: "\(name).mp4")
        }

        mutating func end(in stage: LibraryStage) throws {
            isEnded = true
            try MadeRecording(seconds: 3, id: id).write(to: stage.folder.path(node), named: "\(name).mp4")
        }
    }

    @Test func everyRecordingIsFindableOnceOnSQLite() async throws { try await run(.sqlite, kills) }

    @Test func everyRecordingIsFindableOnceOnPostgreSQL() async throws { try await run(.postgres, postgresKills) }

    private func run(_ database: Database, _ rounds: Int) async throws {
        let stage = try LibraryStage(trackers: ["t1", "t2"])
        var options = LibraryStage.Options()
        var cluster: PostgresCluster?
        if database == .postgres {
            let made = try PostgresCluster()
            cluster = made
            for part in stage.nodes + ["centre"] { options.databases[part] = try made.makeDatabase() }
            // One node is read by the centre itself, the others through their servers; t2 reads the central database.
            options.readsDatabases["berlin"] = options.databases["berlin"]
            options.trackerDatabases["t2"] = options.databases["centre"]
        }
        defer { cluster?.stop() }
        try stage.configure(options)
        try stage.startAll()
        var random = SeededGenerator(seed: .random(in: 0 ... .max))
        var history = LibraryHistory()
        var shows: [Show] = []
        let points = [
            "row-written", "signal-sent", "signalled-set", "row-read", "centre-committed", "published-set",
            "registered",
        ]
        for round in 0..<rounds {
            if shows.count < 60 {
                let show = Show(
                    node: try #require(stage.nodes.randomElement(using: &random)), name: "show\(round)", id: .random())
                try show.begin(in: stage)
                shows.append(show)
            }
            if let place = shows.indices.filter({ !shows[$0].isEnded }).randomElement(using: &random),
                Bool.random(using: &random)
            {
                try shows[place].end(in: stage)
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 0..<250, using: &random)))
            let part = try #require(stage.parts.randomElement(using: &random))
            await stage.kill(part)
            if let cluster, round % 4 == 3 {
                cluster.crash()
                try cluster.start()
            }
            try history.look(stage)
            let point = Bool.random(using: &random) ? points.randomElement(using: &random) : nil
            try stage.start(part, failPoint: point.map { "\($0):\(Int.random(in: 1...3, using: &random))" })
            // Signals that come twice, and ones that others have overtaken: what they say is old, and nothing is lost by them.
            if let node = stage.nodes.randomElement(using: &random), let store = stage.nodeStore(node),
                let counters = try? store.counters()
            {
                for changed in [counters.changed, 0, counters.changed / 2, counters.changed] {
                    try? await send(
                        Signal(node: try #require(NodeID(node)), epoch: counters.epoch, changed: changed), stage)
                }
            }
        }
        for place in shows.indices where !shows[place].isEnded { try shows[place].end(in: stage) }
        await stage.killAll()
        try stage.startAll()
        try await expect(shows, stage)
        try history.look(stage)
        // A short run may miss one of them between two looks.
        #expect(rounds < 50 || history.flags == ["sent", "unsent", "published", "not published"], "\(history.flags)")
        #expect(history.looks > rounds / 2)
        await stage.killAll()
    }

    private func send(_ signal: Signal, _ stage: LibraryStage) async throws {
        let body = String(decoding: try JSONEncoder().encode(signal), as: UTF8.self)
        let header = PeerSignature.header(
            .node, signal.node, method: "POST", target: "/centre/signals", body: Array(body.utf8),
            seconds: Int64(time(nil)),
            key: Array("key of \(signal.node), which is long".utf8))
        _ = try await LibraryUnderTest.get(
            stage.address("centre") + "/centre/signals",
            ["-H", "Authorization: \(header)", "-H", "Content-Type: application/json", "-d", body])
    }

    /// Each recording once, finished, with its node, at the page and at all trackers.
    private func expect(_ shows: [Show], _ stage: LibraryStage) async throws {
        let wanted = shows.map(\.name).sorted()
        var last: [String] = []
        let isComplete = await eventually(within: .seconds(60)) {
            guard let list = try? await LibraryUnderTest.get(stage.address("centre") + "/api/videos?limit=200").list()
            else {
                return false
            }
            last = list.compactMap { $0["name"] as? String }.sorted()
            return last == wanted && list.allSatisfy { $0["state"] as? String == "finished" }
        }
        #expect(isComplete, "\(last) instead of \(wanted)")
        for tracker in stage.trackers + ["centre"] {
            for show in shows {
                var text = ""
                let isFound = await eventually(within: .seconds(30)) {
                    guard let reply = try? await LibraryUnderTest.get(stage.address(tracker) + "/find/\(show.video)")
                    else {
                        return false
                    }
                    text = reply.text
                    guard reply.status == 200, let found = try? reply.object(),
                        let candidates = found["candidates"] as? [[String: Any]]
                    else { return false }
                    return candidates.map { $0["node"] as? String } == [show.node]
                        && (found["video"] as? [String: Any])?["state"] as? String == "finished"
                }
                #expect(isFound, "\(show.name) at \(tracker): \(text)")
            }
        }
        for name in stage.nodes {
            let store = try #require(stage.nodeStore(name))
            let isSettled = await eventually(within: .seconds(30)) {
                guard let page = try? store.page(after: 0, limit: 1000, isWhole: true) else { return false }
                return page.counters.isSent && page.rows.allSatisfy(\.isPublished)
            }
            #expect(isSettled, "\(name)")
        }
    }

    /// The central database is put back as it was an hour ago, while node and tracker go on: both find out.
    @Test func centreThatWasPutBackFromABackupHasAllAgain() async throws {
        let stage = try LibraryStage(["berlin"], trackers: ["t1"])
        try stage.configure()
        try stage.startAll()
        try MadeRecording(seconds: 1).write(to: stage.folder.path("berlin"), named: "first.mp4")
        _ = try await stage.find("first", at: "t1", nodes: 1)
        await stage.kill("centre")
        let (own, backup) = (stage.folder.path("centre/.library"), stage.folder.path("backup"))
        try FileManager.default.copyItem(atPath: own, toPath: backup)
        try stage.start("centre")
        for name in ["second", "third"] {
            try MadeRecording(seconds: 1).write(to: stage.folder.path("berlin"), named: "\(name).mp4")
            _ = try await stage.find(name, at: "t1", nodes: 1)
        }
        await stage.kill("centre")
        try FileManager.default.removeItem(atPath: own)
        try FileManager.default.moveItem(atPath: backup, toPath: own)
        try stage.start("centre")
        let tracker = try #require(stage.processes["t1"])
        #expect(await eventually(within: .seconds(30)) { tracker.outputText.contains("has been read anew") })
        for name in ["first", "second", "third"] { _ = try await stage.find(name, at: "t1", nodes: 1) }
        await stage.killAll()
    }

    /// Both flags of one recording, as people see them, one step after the other.
    @Test func flagsChangeAsDescribed() async throws {
        let stage = try LibraryStage(["berlin"])
        try stage.configure()
        try stage.start("berlin")
        try MadeRecording(seconds: 1).write(to: stage.folder.path("berlin"), named: "show.mp4")
        func flags() async -> [String] {
            guard let status = try? await LibraryUnderTest.get(stage.address("berlin") + "/node/status").object() else {
                return []
            }
            let rows = status["rows"] as? [[String: Any]] ?? []
            return [status["signal"] as? String ?? ""] + rows.compactMap { $0["data"] as? String }
        }
        #expect(await eventually(within: .seconds(20)) { await flags() == ["unsent", "not published"] })
        // The centre takes the signal, saves, and dies before it says so.
        try stage.start("centre", failPoint: "centre-committed")
        let centre = try #require(stage.processes["centre"])
        #expect(await eventually(within: .seconds(20)) { !centre.isRunning })
        #expect(await eventually(within: .seconds(20)) { await flags().last == "not published" })
        try stage.start("centre")
        #expect(await eventually(within: .seconds(20)) { await flags() == ["sent", "published"] })
        await stage.killAll()
    }
}
