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
    @Test func nothingIsLostOrDoubledWhateverIsKilled() async throws {
        let stage = try LibraryStage()
        try stage.configure()
        var random = SeededGenerator(seed: .random(in: 0 ... .max))
        var history = LibraryHistory()
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
            for name in stage.nodes {
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
        let address = stage.address("centre")
        func names() async throws -> [String] {
            guard let reply = try? await LibraryUnderTest.get(address + "/api/videos?limit=200") else { return [] }
            return try reply.list().compactMap { $0["name"] as? String }.sorted()
        }
        let isComplete = try await eventually(within: .seconds(30)) { try await names() == wanted }
        let last = try await names()
        #expect(isComplete, "\(last) instead of \(wanted)")
        // The flags say so, too.
        for name in stage.nodes {
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
        let stage = try LibraryStage()
        try stage.configure()
        try stage.start("centre", failPoint: point)
        try stage.start("berlin")
        try MadeRecording(seconds: 1).write(to: stage.folder.path("berlin"), named: "a.mp4")
        let centre = try #require(stage.processes["centre"])
        #expect(await eventually(within: .seconds(20)) { !centre.isRunning })
        var history = LibraryHistory()
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
