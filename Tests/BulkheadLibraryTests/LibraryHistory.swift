import BulkheadLibraryProtocol
import BulkheadLibraryStore
import BulkheadTestSupport
import Glibc
import Testing

/// What must hold at each moment, of databases that others write meanwhile.
struct LibraryHistory {
    private var revisions: [String: Int64] = [:]
    private(set) var looks = 0

    mutating func look(_ stage: LibraryStage) throws {
        // The nodes first: what is confirmed there was saved before.
        var confirmed: [(NodeID, Epoch, NodeRow)] = []
        for name in stage.nodes {
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
