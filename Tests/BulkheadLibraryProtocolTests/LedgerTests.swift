import BulkheadLibraryProtocol
import BulkheadTestSupport
import Testing

/// The two flags, without a database.
@Suite(.timeLimit(.minutes(1))) struct LedgerTests {
    private func record(_ name: String, bytes: Int64 = 1) throws -> VideoRecord {
        let (id, path) = (try #require(VideoID(name)), try #require(MediaPath("\(name).mp4")))
        return try #require(
            VideoRecord(id: id, name: name, path: path, byteCount: bytes, durationMilliseconds: 1))
    }

    /// With a boolean, the row that is written between the sending and its note would be lost.
    @Test func whatIsWrittenWhileASignalIsOnItsWayIsUnsent() throws {
        var ledger = NodeLedger(epoch: .random())
        #expect(ledger.counters.isSent)
        #expect(try ledger.save(record("a")))
        #expect(!ledger.counters.isSent)
        let sent = ledger.counters.changed
        #expect(try ledger.save(record("b")))
        ledger.noteSignalled(sent)
        #expect(!ledger.counters.isSent)
        ledger.noteSignalled(ledger.counters.changed)
        #expect(ledger.counters.isSent)
        // An answer that comes late takes nothing back, and one from nowhere says nothing.
        ledger.noteSignalled(sent)
        ledger.noteSignalled(1000)
        #expect(ledger.counters.isSent && ledger.counters.signalled == 2)
    }

    @Test func whatChangesBetweenReadingAndConfirmingStaysUnpublished() throws {
        var ledger = NodeLedger(epoch: .random())
        #expect(try ledger.save(record("a")))
        let read = ledger.rows(after: 0, limit: 10, isWhole: false)
        #expect(read.count == 1)
        #expect(try ledger.save(record("a", bytes: 2)))
        ledger.confirm(read.map { Receipt(id: $0.record.id, revision: $0.revision) })
        let id = try #require(VideoID("a"))
        #expect(ledger.row(id)?.isPublished == false)
        #expect(ledger.rows(after: 0, limit: 10, isWhole: false).count == 1)
        ledger.confirm([Receipt(id: id, revision: 2)])
        #expect(ledger.row(id)?.isPublished == true)
        #expect(ledger.rows(after: 0, limit: 10, isWhole: false).isEmpty)
    }

    @Test func sameRecordIsNoChange() throws {
        var ledger = NodeLedger(epoch: .random())
        #expect(try ledger.save(record("a")))
        #expect(try !ledger.save(record("a")))
        #expect(ledger.counters.changed == 1)
    }

    @Test func tombstoneIsPublishedBeforeItIsForgotten() throws {
        var ledger = NodeLedger(epoch: .random())
        let id = try #require(VideoID("a"))
        #expect(try ledger.save(record("a")))
        #expect(ledger.delete(id) && !ledger.delete(id))
        ledger.purge()
        #expect(ledger.row(id)?.isDeleted == true)
        ledger.confirm([Receipt(id: id, revision: 2)])
        ledger.purge()
        #expect(ledger.row(id) == nil)
    }

    @Test func centreKeepsTheHigherRevisionOnly() throws {
        var centre = CentralLedger()
        let (node, epoch) = (try #require(NodeID("berlin")), Epoch.random())
        func page(_ revision: Int64, _ bytes: Int64) throws -> NodePage {
            NodePage(
                node: node, epoch: epoch, changed: 9,
                rows: [
                    NodeRow(record: try record("a", bytes: bytes), revision: revision, published: 0, isDeleted: false)
                ], hasMore: false)
        }
        centre.take(try page(5, 50))
        centre.take(try page(3, 30))
        centre.take(try page(5, 51))
        let id = try #require(VideoID("a"))
        #expect(centre.row(node, id)?.record.byteCount == 50)
        #expect(centre.row(node, id)?.version == 1)
    }

    /// A backup of yesterday counts from yesterday: its rows are newer all the same, and what it lacks is gone.
    @Test func newEpochReplacesTheOldOne() throws {
        var centre = CentralLedger()
        let (node, old, new) = (try #require(NodeID("berlin")), Epoch.random(), Epoch.random())
        func page(_ epoch: Epoch, _ names: [String]) throws -> NodePage {
            NodePage(
                node: node, epoch: epoch, changed: 2,
                rows: try names.enumerated().map {
                    NodeRow(record: try record($1), revision: Int64($0 + 1), published: 0, isDeleted: false)
                }, hasMore: false)
        }
        centre.take(try page(old, ["x", "a", "b"]))
        centre.finish(node, epoch: old, changed: 3, isWhole: true)
        centre.want(Signal(node: node, epoch: new, changed: 1))
        #expect(centre.nodes.first?.isWanted == true)
        centre.take(try page(new, ["a"]))
        #expect(centre.nodes.first?.epoch == old)
        centre.finish(node, epoch: new, changed: 2, isWhole: true)
        #expect(centre.nodes.first.map { !$0.isWanted && $0.epoch == new } == true)
        let (a, b) = (try #require(VideoID("a")), try #require(VideoID("b")))
        #expect(centre.row(node, a)?.isDeleted == false && centre.row(node, b)?.isDeleted == true)
    }
}
