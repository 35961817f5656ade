import BulkheadLibrary
import BulkheadLibraryProtocol
import BulkheadLibraryStore
import BulkheadTestSupport
import Foundation
import Synchronization
import Testing

/// A centre that reads a node, with faults between any two steps.
@Suite(.timeLimit(.minutes(1))) struct PullerTests {
    /// A way to a node that breaks, that loses answers, and on which the node changes.
    private final class Way: NodeReader {
        struct Broken: Error {}

        let node: NodeID
        let store: any NodeStore
        /// Called before a page is read, after it, before a confirmation, and after it.
        let onStep: @Sendable (Int) throws -> Void

        init(_ node: NodeID, _ store: any NodeStore, onStep: @escaping @Sendable (Int) throws -> Void = { _ in }) {
            self.node = node
            self.store = store
            self.onStep = onStep
        }

        func page(after revision: Int64, limit: Int, isWhole: Bool) async throws -> NodePage {
            try onStep(0)
            let page = try store.page(after: revision, limit: min(limit, 3), isWhole: isWhole)
            try onStep(1)
            return NodePage(
                node: node, epoch: page.counters.epoch, changed: page.counters.changed, rows: page.rows,
                hasMore: page.rows.count == min(limit, 3))
        }

        func confirm(_ confirmations: [Receipt]) async throws {
            try onStep(2)
            try store.confirm(confirmations)
            try onStep(3)
        }

        func beginEpoch(insteadOf epoch: Epoch) async throws { _ = try store.beginEpoch(insteadOf: epoch) }
    }

    private let folder: TemporaryFolder
    private let node: NodeID
    private let store: any NodeStore
    private let centre: any CentralStore

    init() throws {
        folder = try TemporaryFolder()
        node = try #require(NodeID("berlin"))
        store = try SQLiteStores.node(at: folder.path("node.sqlite"))
        centre = try SQLiteStores.central(at: folder.path("centre.sqlite"))
    }

    private static func record(_ id: Int, bytes: Int64 = 1) throws -> VideoRecord {
        let (known, path) = (try #require(VideoID("v\(id)")), try #require(MediaPath("v\(id).mp4")))
        return try #require(
            VideoRecord(id: known, name: "v\(id)", path: path, byteCount: bytes, durationMilliseconds: 1))
    }

    private func expectAllPublished(_ count: Int) throws {
        let rows = try store.page(after: 0, limit: 1000, isWhole: true).rows
        #expect(rows.count == count && rows.allSatisfy(\.isPublished))
        for row in rows {
            let central = try #require(try centre.row(node, row.record.id))
            #expect(central.record == row.record && central.revision == row.revision)
            #expect(central.isDeleted == row.isDeleted)
        }
    }

    @Test func readingSavesAndThenConfirms() async throws {
        for id in 0..<10 { _ = try store.save(Self.record(id)) }
        _ = try store.delete(Self.record(4).id)
        let count = try await Puller(node: node, reader: Way(node, store), store: centre).pull()
        #expect(count == 10)
        try expectAllPublished(10)
        #expect(try await Puller(node: node, reader: Way(node, store), store: centre).pull() == 0)
    }

    /// Wherever the way breaks, nothing is confirmed that is not saved, and the next reading brings the rest, once.
    @Test(arguments: 0..<4, 0..<6) func wayThatBreaksLosesNothing(step: Int, times: Int) async throws {
        for id in 0..<10 { _ = try store.save(Self.record(id)) }
        let (left, centre, store, node) = (Counter(times), centre, store, node)
        let epoch = try store.counters().epoch
        let way = Way(node, store) { reached in
            for row in try store.page(after: 0, limit: 100, isWhole: true).rows where row.published > 0 {
                #expect(try centre.row(node, row.record.id).map { $0.revision >= row.published } == true)
            }
            if reached == step, left.next() < 0 { throw Way.Broken() }
        }
        _ = try? await Puller(node: node, reader: way, store: centre).pull()
        _ = try await Puller(node: node, reader: Way(node, store), store: centre).pull()
        try expectAllPublished(10)
        #expect(try centre.changes(after: 0, limit: 100).count == 10)
        // Nothing of this looks like a database that was put back.
        #expect(try store.counters().epoch == epoch)
    }

    /// A row that changes at each moment is published in the end, as it is in the end.
    @Test func rowThatChangesWhileItIsReadStaysUnpublished() async throws {
        _ = try store.save(Self.record(1))
        let (store, left) = (store, Counter(12))
        let way = Way(node, store) { _ in
            let number = left.next()
            if number >= 0 { _ = try store.save(Self.record(1, bytes: Int64(100 - number))) }
        }
        for _ in 0..<8 { _ = try await Puller(node: node, reader: way, store: centre).pull() }
        try expectAllPublished(1)
        #expect(try centre.row(node, Self.record(1).id)?.record.byteCount == 100)
    }

    /// A backup of a database that nobody speaks of is noticed by its counter.
    @Test func restoredBackupBeginsAnEpoch() async throws {
        for id in 0..<5 { _ = try store.save(Self.record(id)) }
        _ = try await Puller(node: node, reader: Way(node, store), store: centre).pull()
        // The same node as it was when it had two recordings: the epoch is the same, the counter is lower.
        let old = try store.counters().epoch
        let backup = Backup(epoch: old, rows: try store.page(after: 0, limit: 2, isWhole: true).rows)
        _ = try await Puller(node: node, reader: Way(node, backup), store: centre).pull()
        #expect(try centre.nodes().first?.epoch == backup.counters().epoch)
        #expect(backup.counters().epoch != old)
        let rows = try centre.changes(after: 0, limit: 100)
        #expect(rows.count == 5 && rows.count { !$0.isDeleted } == 2)
    }

    /// The node is another machine.
    /// A central database that was put back from a backup lacks what nodes take for published, and has what was deleted since.
    @Test func restoredCentreReadsAnew() async throws {
        for id in 0..<5 { _ = try store.save(Self.record(id)) }
        _ = try await Puller(node: node, reader: Way(node, store), store: centre).pull()
        let backup = folder.path("backup.sqlite")
        for end in ["", "-wal"] {
            try? FileManager.default.copyItem(atPath: folder.path("centre.sqlite\(end)"), toPath: backup + end)
        }
        _ = try store.delete(Self.record(1).id)
        for id in 5..<12 { _ = try store.save(Self.record(id)) }
        _ = try await Puller(node: node, reader: Way(node, store), store: centre).pull()
        try store.purge()
        let epoch = try store.counters().epoch
        let old = try SQLiteStores.central(at: backup)
        let count = try await Puller(node: node, reader: Way(node, store), store: old).pull()
        #expect(try store.counters().epoch != epoch && count == 11)
        let rows = try old.changes(after: 0, limit: 100)
        #expect(rows.count { !$0.isDeleted } == 11)
        #expect(try old.row(node, Self.record(1).id)?.isDeleted == true)
        // And then all is well again.
        let next = try store.counters().epoch
        _ = try store.save(Self.record(20))
        #expect(try await Puller(node: node, reader: Way(node, store), store: old).pull() == 1)
        #expect(try store.counters().epoch == next)
    }

    @Test func nodeThatSaysWhatCannotBeIsRefused() async throws {
        struct Liar: NodeReader {
            let answer: NodePage
            func page(after revision: Int64, limit: Int, isWhole: Bool) async throws -> NodePage { answer }
            func confirm(_ confirmations: [Receipt]) async throws {}
            func beginEpoch(insteadOf epoch: Epoch) async throws {}
        }
        let epoch = Epoch.random()
        func page(_ node: String, _ revisions: [Int64], changed: Int64, published: Int64 = 0) throws -> NodePage {
            NodePage(
                node: try #require(NodeID(node)), epoch: epoch, changed: changed,
                rows: try revisions.map {
                    NodeRow(record: try Self.record(1), revision: $0, published: published, isDeleted: false)
                }, hasMore: true)
        }
        for answer in [
            try page("paris", [1], changed: 1), try page("berlin", [2, 1], changed: 2),
            try page("berlin", [1, 1], changed: 2), try page("berlin", [5], changed: 2),
            try page("berlin", [1], changed: 2, published: 3), try page("berlin", [0], changed: 2),
            try page("berlin", [], changed: .max),
            // A page that never ends.
            try page("berlin", [1], changed: 1),
        ] {
            await #expect(throws: Puller.Failure.self) {
                try await Puller(node: node, reader: Liar(answer: answer), store: centre).pull()
            }
        }
    }
}

/// Counts down.
private final class Counter: Sendable {
    private let value: Mutex<Int>
    init(_ value: Int) { self.value = Mutex(value) }

    func next() -> Int {
        value.withLock { value in
            value -= 1
            return value
        }
    }
}

/// A node's database as a backup had it.
private final class Backup: NodeStore {
    private let ledger: Mutex<NodeLedger>

    init(epoch: Epoch, rows: [NodeRow]) {
        var ledger = NodeLedger(epoch: epoch)
        for row in rows { _ = ledger.save(row.record) }
        self.ledger = Mutex(ledger)
    }

    func counters() -> NodeCounters { ledger.withLock { $0.counters } }
    func save(_ record: VideoRecord) -> Bool { ledger.withLock { $0.save(record) } }
    func delete(_ id: VideoID) -> Bool { ledger.withLock { $0.delete(id) } }
    func row(_ id: VideoID) -> NodeRow? { ledger.withLock { $0.row(id) } }
    func confirm(_ confirmations: [Receipt]) { ledger.withLock { $0.confirm(confirmations) } }
    func noteSignalled(_ changed: Int64) { ledger.withLock { $0.noteSignalled(changed) } }
    func purge() { ledger.withLock { $0.purge() } }

    func page(after revision: Int64, limit: Int, isWhole: Bool) -> StorePage {
        ledger.withLock { ledger in
            StorePage(
                counters: ledger.counters, rows: ledger.rows(after: revision, limit: limit, isWhole: isWhole))
        }
    }

    func beginEpoch(insteadOf old: Epoch?) -> Epoch {
        ledger.withLock { ledger in
            if old == nil || old == ledger.counters.epoch { ledger.beginEpoch(.random()) }
            return ledger.counters.epoch
        }
    }
}
