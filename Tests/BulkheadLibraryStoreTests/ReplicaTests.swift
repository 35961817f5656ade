import BulkheadLibraryProtocol
import BulkheadLibraryStore
import BulkheadLibraryTestSupport
import BulkheadTestSupport
import Foundation
import Synchronization
import Testing

/// A primary and a streaming replica: readers go to the replica, and when the primary is killed, the promoted replica has all
/// that was confirmed, once.
@Suite(.serialized, .timeLimit(.minutes(4))) struct ReplicaTests {
    /// What was confirmed, by video: its revision.
    private final class Confirmed: Sendable {
        let revisions = Mutex<[String: Int64]>([:])
        let isOver = Mutex(false)
    }

    @Test func promotedReplicaHasWhatWasConfirmedOnce() async throws {
        let primary = try PostgresCluster()
        defer { primary.stop() }
        let place = try primary.makeDatabase()
        let name = try #require(place.firstMatch(of: #/dbname=(\w+)/#)?.1)
        // Its tables are there before the replica is.
        _ = try PostgresStores.central(place)
        let replica = try PostgresCluster(replicaOf: primary)
        defer { replica.stop() }
        try primary.waitForReplica()
        let both = "host=\(primary.folder),\(replica.folder) user=test dbname=\(name)"
        let store = try PostgresStores.central(both)
        let reader = PostgresStores.centralReader(both)
        let (node, epoch) = (try #require(NodeID("a")), Epoch.random())
        let confirmed = Confirmed()
        // A centre that saves: what was not confirmed is read from the node and saved again.
        let writing = Thread.detach {
            var revision: Int64 = 0
            while !confirmed.isOver.withLock({ $0 }) {
                revision += 1
                let id = "v\(revision % 40)"
                guard let record = try? Sample.record(id, bytes: revision) else { return }
                let row = NodeRow(record: record, revision: revision, published: 0, isDeleted: false)
                let page = NodePage(node: node, epoch: epoch, changed: revision, rows: [row], hasMore: false)
                while !confirmed.isOver.withLock({ $0 }) {
                    do throws(StoreError) {
                        try store.take(page)
                        confirmed.revisions.withLock { $0[id] = revision }
                        break
                    } catch { _ = poll(nil, 0, 20) }
                }
            }
        }
        func count() -> Int { confirmed.revisions.withLock { $0.values.max().map { Int($0) } ?? 0 } }
        #expect(await eventually(within: .seconds(30)) { count() > 60 })
        #expect(try await eventually(within: .seconds(20)) { try reader.changes(after: 0, limit: 100).count == 40 })
        primary.killAtOnce()
        let before = confirmed.revisions.withLock { $0 }
        try replica.promote()
        let isBack = await eventually(within: .seconds(60)) { count() > (before.values.max() ?? 0) + 60 }
        #expect(isBack, "nothing is saved after the promotion")
        confirmed.isOver.withLock { $0 = true }
        await writing.wait()
        let rows = try reader.changes(after: 0, limit: 1000)
        #expect(rows.count == 40 && Set(rows.map(\.record.id)).count == 40 && Set(rows.map(\.version)).count == 40)
        for row in rows {
            let known = confirmed.revisions.withLock { $0[row.record.id.description] } ?? .max
            #expect(row.revision >= known && row.record.byteCount == row.revision, "\(row.record.id)")
        }
        #expect(
            try store.row(node, try #require(VideoID("v1")))?.revision
                == rows.first { "\($0.record.id)" == "v1" }?.revision)
    }

    /// A replica takes no writes, and whoever reads is content with a primary where there is no other.
    @Test func readersTakeWhatThereIsAndWritersDoNot() throws {
        let primary = try PostgresCluster()
        defer { primary.stop() }
        let place = try primary.makeDatabase()
        let store = try PostgresStores.central(place)
        #expect(try PostgresStores.centralReader(place).search([], offset: 0, limit: 9).isEmpty)
        let replica = try PostgresCluster(replicaOf: primary)
        defer { replica.stop() }
        let there = place.replacingOccurrences(of: primary.folder, with: replica.folder)
        #expect(throws: StoreError.self) { try PostgresStores.central(there) }
        let (node, epoch) = (try #require(NodeID("a")), Epoch.random())
        let row = NodeRow(record: try Sample.record("x"), revision: 1, published: 0, isDeleted: false)
        try store.take(NodePage(node: node, epoch: epoch, changed: 1, rows: [row], hasMore: false))
        let reader = PostgresStores.centralReader(there)
        let isThere = eventuallyOnThisThread(within: .seconds(20)) {
            (try? reader.changes(after: 0, limit: 9))?.map(\.record) == [row.record]
        }
        #expect(isThere)
    }
}

extension Thread {
    /// A thread that can be waited for.
    fileprivate final class Handle: Sendable {
        private let end = AsyncStream<Void>.makeStream()
        func finish() { end.continuation.finish() }
        func wait() async { for await _ in end.stream {} }
    }

    fileprivate static func detach(_ body: @escaping @Sendable () -> Void) -> Handle {
        let handle = Handle()
        detachNewThread {
            body()
            handle.finish()
        }
        return handle
    }
}
