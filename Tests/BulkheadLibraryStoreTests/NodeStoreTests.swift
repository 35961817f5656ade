import BulkheadLibraryProtocol
import BulkheadTestSupport
import Foundation
import Synchronization
import Testing

/// A node's database does what `NodeLedger` says, in each engine.
@Suite(.timeLimit(.minutes(3))) struct NodeStoreTests {
    /// Random steps, after each of which database and value are the same.
    @Test(arguments: Engine.allCases) func storeIsTheLedger(engine: Engine) throws {
        let place = try Engine.Place(engine)
        var store = try place.node()
        var ledger = NodeLedger(epoch: try store.counters().epoch)
        var random = SeededGenerator(seed: 15)
        let ids = try (0..<6).map { try #require(VideoID("v\($0)")) }
        // Confirmations of what was read some steps ago, as a slow centre sends them.
        var read: [Receipt] = []
        for step in 0..<400 {
            let id = try #require(ids.randomElement(using: &random))
            switch Int.random(in: 0..<14, using: &random) {
            case 0...4:
                let record = try Sample.record("\(id)", bytes: .random(in: 0...2, using: &random))
                #expect(try store.save(record) == ledger.save(record), "step \(step)")
            case 5, 6: #expect(try store.delete(id) == ledger.delete(id), "step \(step)")
            case 7, 8:
                read = ledger.rows(after: 0, limit: 3, isWhole: false).map {
                    Receipt(id: $0.record.id, revision: $0.revision)
                }
            case 9, 10:
                let wrong = Receipt(id: id, revision: .random(in: 0...500, using: &random))
                try store.confirm(read + [wrong])
                ledger.confirm(read + [wrong])
            case 11:
                let changed = Int64.random(in: 0...(ledger.counters.changed + 2), using: &random)
                try store.noteSignalled(changed)
                ledger.noteSignalled(changed)
            case 12:
                try store.purge()
                ledger.purge()
            default:
                if step % 7 == 0 { ledger.beginEpoch(try store.beginEpoch(insteadOf: nil)) }
                // Whatever is in the database survives its owner.
                if step % 3 == 0 { store = try place.node() }
            }
            let after = Int64.random(in: 0...(ledger.counters.changed + 1), using: &random)
            let isWhole = Bool.random(using: &random)
            let page = try store.page(after: after, limit: 4, isWhole: isWhole)
            #expect(page.counters == ledger.counters, "step \(step)")
            #expect(page.rows == ledger.rows(after: after, limit: 4, isWhole: isWhole), "step \(step)")
            #expect(try store.row(id) == ledger.row(id), "step \(step)")
        }
        #expect(ledger.counters.changed > 50)
    }

    /// No revision is seen before a lower one: a reader that goes on behind the last one that it saw misses nothing.
    @Test(arguments: Engine.allCases) func writersAtOnceLeaveNoGap(engine: Engine) async throws {
        let place = try Engine.Place(engine)
        let store = try place.node()
        let (writers, each) = (4, 40)
        let finished = Finished()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<writers {
                group.addTask {
                    defer { finished.count.add(1, ordering: .sequentiallyConsistent) }
                    for number in 0..<each { _ = try store.save(Sample.record("w\(writer)-\(number)")) }
                }
            }
            group.addTask {
                var (last, seen) = (Int64(0), 0)
                while seen < writers * each {
                    let isOver = finished.count.load(ordering: .sequentiallyConsistent) == writers
                    let rows = try store.page(after: last, limit: 1000, isWhole: true).rows
                    // The next one is always exactly one more.
                    #expect(rows.map(\.revision) == rows.indices.map { last + Int64($0) + 1 })
                    (last, seen) = (rows.last?.revision ?? last, seen + rows.count)
                    if isOver, rows.isEmpty { break }
                    await Task.yield()
                }
                #expect(seen == writers * each)
            }
            try await group.waitForAll()
        }
    }

    @Test(arguments: Engine.allCases) func epochIsRenewedOnce(engine: Engine) throws {
        let store = try Engine.Place(engine).node()
        let old = try store.counters().epoch
        let new = try store.beginEpoch(insteadOf: old)
        #expect(new != old)
        // The same wish, sent twice.
        #expect(try store.beginEpoch(insteadOf: old) == new)
        #expect(try !store.counters().isSent)
    }

    @Test(arguments: Engine.allCases) func oddNamesComeBackAsTheyWere(engine: Engine) throws {
        let store = try Engine.Place(engine).node()
        for name in ["直播 🎬 录像", "a'b\"c;--", "%_!", "\u{10FEE9}t\u{301}", "' OR 1=1"] {
            let record = try Sample.record("x", name: name)
            _ = try store.save(record)
            #expect(try store.row(record.id)?.record == record)
        }
    }

    @Test func databaseOfAYoungerProgramIsRefused() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("x.sqlite")
        _ = try SQLiteStoresAgain.open(path)
        try SQLiteStoresAgain.run("UPDATE form SET number = 99", at: path)
        #expect(throws: StoreError.tooNew(version: 99)) { try SQLiteStoresAgain.open(path) }
    }
}

/// How many writers have come to their end.
private final class Finished: Sendable {
    let count = Atomic(0)
}
