import BulkheadLibraryProtocol
import BulkheadLibraryStore
import BulkheadTestSupport
import Glibc
import Testing

/// What must hold at each moment, of databases that others write meanwhile.
struct LibraryHistory {
    private var revisions: [String: Int64] = [:]
    private(set) var looks = 0
    /// The words of the two flags that were seen.
    private(set) var flags: Set<String> = []

    mutating func look(_ stage: LibraryStage) throws {
        // The nodes first: what is confirmed there was saved before.
        var confirmed: [(NodeID, Epoch, NodeRow)] = []
        for name in stage.nodes {
            guard let node = NodeID(name),
                let page = try? stage.nodeStore(name)?.page(after: 0, limit: 10_000, isWhole: true)
            else { continue }
            flags.insert(page.counters.isSent ? "sent" : "unsent")
            for row in page.rows { flags.insert(row.isPublished ? "published" : "not published") }
            #expect(page.counters.signalled <= page.counters.changed)
            #expect(page.rows.allSatisfy { $0.published <= $0.revision && $0.revision <= page.counters.changed })
            confirmed += page.rows.filter { $0.published > 0 }.map { (node, page.counters.epoch, $0) }
        }
        guard let rows = try? stage.centralStore()?.changes(after: 0, limit: 100_000) else { return }
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

extension LibraryStage {
    /// A node's database, whatever runs; nil where there is none yet.
    func nodeStore(_ name: String) -> (any NodeStore)? {
        if let place = options.databases[name] { return try? PostgresStores.node(place) }
        let path = folder.path("\(name)/.library/node.sqlite")
        return access(path, R_OK) == 0 ? try? SQLiteStores.node(at: path) : nil
    }

    /// The central database.
    func centralStore() -> (any CentralStore)? {
        if let place = options.databases["centre"] { return try? PostgresStores.central(place) }
        let path = folder.path("centre/.library/centre.sqlite")
        return access(path, R_OK) == 0 ? try? SQLiteStores.central(at: path) : nil
    }
}
