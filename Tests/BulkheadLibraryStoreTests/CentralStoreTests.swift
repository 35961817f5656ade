import BulkheadLibraryProtocol
import BulkheadLibraryStore
import BulkheadLibraryTestSupport
import BulkheadTestSupport
import Foundation
import Testing

/// The central database does what `CentralLedger` says, in each engine.
@Suite(.timeLimit(.minutes(3))) struct CentralStoreTests {
    private struct Plain: Hashable {
        let node: NodeID
        let record: VideoRecord
        let revision: Int64
        let epoch: Epoch
        let isDeleted: Bool

        init(_ row: CentralRow) {
            (node, record, revision) = (row.node, row.record, row.revision)
            (epoch, isDeleted) = (row.epoch, row.isDeleted)
        }
    }

    @Test(arguments: Engine.allCases) func storeIsTheLedger(engine: Engine) throws {
        let place = try Engine.Place(engine)
        var store = try place.central()
        var ledger = CentralLedger()
        var random = SeededGenerator(seed: 16)
        let nodes = try ["a", "b"].map { try #require(NodeID($0)) }
        let epochs = (0..<3).map { _ in Epoch.random() }
        for step in 0..<300 {
            let node = try #require(nodes.randomElement(using: &random))
            let epoch = try #require(epochs.randomElement(using: &random))
            let changed = Int64.random(in: 1...20, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0...1:
                let signal = Signal(node: node, epoch: epoch, changed: changed)
                try store.want(signal)
                ledger.want(signal)
            case 2...6:
                let rows = try (0..<Int.random(in: 0...3, using: &random)).map { _ in
                    NodeRow(
                        record: try Sample.record(
                            "v\(Int.random(in: 0..<4, using: &random))", bytes: .random(in: 0...9, using: &random)),
                        revision: .random(in: 1...20, using: &random), published: 0,
                        isDeleted: Int.random(in: 0..<4, using: &random) == 0)
                }
                let page = NodePage(node: node, epoch: epoch, changed: 20, rows: rows, hasMore: false)
                try store.take(page)
                ledger.take(page)
            case 7, 8:
                let isWhole = Bool.random(using: &random)
                try store.finish(node, epoch: epoch, changed: changed, isWhole: isWhole)
                ledger.finish(node, epoch: epoch, changed: changed, isWhole: isWhole)
            default: store = try place.central()
            }
            #expect(try store.nodes() == ledger.nodes, "step \(step)")
            // An engine may pass over numbers, and may not change the order, but that what is forgotten at once has none.
            let rows = try store.changes(after: 0, limit: 100)
            #expect(Set(rows.map(Plain.init)) == Set(ledger.changes(after: 0, limit: 100).map(Plain.init)), "\(step)")
            #expect(zip(rows, rows.dropFirst()).allSatisfy { $0.version < $1.version })
        }
    }

    @Test(arguments: Engine.allCases) func searchFindsAllWords(engine: Engine) throws {
        let store = try Engine.Place(engine).central()
        let (node, epoch) = (try #require(NodeID("a")), Epoch.random())
        let names = ["Evening Show", "evening news", "100 %", "直播 录像", "under_score", "gone show"]
        let rows = try names.enumerated().map { place, name in
            NodeRow(
                record: try Sample.record("v\(place)", name: name, started: Int64(place)), revision: Int64(place + 1),
                published: 0, isDeleted: name.hasPrefix("gone"))
        }
        try store.take(NodePage(node: node, epoch: epoch, changed: 9, rows: rows, hasMore: false))
        func find(_ words: String...) throws -> [String] {
            try store.search(words, offset: 0, limit: 10).map(\.record.name)
        }
        #expect(try find() == ["under_score", "直播 录像", "100 %", "evening news", "Evening Show"])
        #expect(try find("EVENING") == ["evening news", "Evening Show"])
        #expect(try find("evening", "show") == ["Evening Show"])
        // Letters that patterns give a meaning stand for themselves.
        #expect(try find("%") == ["100 %"] && find("_") == ["under_score"] && find("!") == [])
        #expect(try find("录像") == ["直播 录像"])
        #expect(try store.search([], offset: 1, limit: 2).map(\.record.name) == ["直播 录像", "100 %"])
    }

    /// The centre's role sees two views and calls one function, and nothing else.
    @Test func centreReadsPostgresByARoleWithoutRights() throws {
        let cluster = try PostgresCluster.shared.get()
        let place = try cluster.makeDatabase()
        let store = try PostgresStores.node(place)
        let (node, record) = (try #require(NodeID("a")), try Sample.record("x"))
        #expect(try store.save(record))
        let role = "reader\(UInt32.random(in: 0...UInt32.max))"
        try cluster.run(
            """
            CREATE ROLE \(role) LOGIN; GRANT USAGE ON SCHEMA bulkhead_node TO \(role);
            GRANT SELECT ON bulkhead_node.centre_state, bulkhead_node.centre_video TO \(role);
            GRANT EXECUTE ON FUNCTION bulkhead_node.centre_confirm(text, bigint) TO \(role)
            """, in: place)
        let theirs = place.replacingOccurrences(of: "user=test", with: "user=\(role)")
        let reader = PostgresStores.reader(node, at: theirs)
        let page = try reader.page(after: 0, limit: 10, isWhole: false)
        #expect(page.rows.map(\.record) == [record] && page.changed == 1)
        try reader.confirm([Receipt(id: record.id, revision: 1)])
        #expect(try store.row(record.id)?.isPublished == true)
        #expect(throws: (any Error).self) { try cluster.run("SELECT * FROM bulkhead_node.video", in: theirs) }
        #expect(throws: (any Error).self) {
            try cluster.run("UPDATE bulkhead_node.node SET signalled = 0", in: theirs)
        }
    }

    /// A server that dies, and comes back: the next call does what was asked, and what was committed is there.
    @Test func postgresThatWasStoppedAtOnceIsFoundAgain() throws {
        let cluster = try PostgresCluster()
        defer { cluster.stop() }
        let store = try PostgresStores.node(try cluster.makeDatabase())
        #expect(try store.save(Sample.record("a")))
        cluster.crash()
        #expect(throws: StoreError.self) { try store.save(Sample.record("b")) }
        try cluster.start()
        let isBack = eventuallyOnThisThread { (try? store.save(Sample.record("b"))) != nil }
        #expect(isBack)
        #expect(try store.page(after: 0, limit: 9, isWhole: true).rows.map(\.record.name) == ["a", "b"])
    }
}
