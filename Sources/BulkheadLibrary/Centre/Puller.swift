package import BulkheadLibraryProtocol

/// Reads what a node has unpublished, saves and commits it, and only then tells the node: two transactions, so that a kill at any
/// moment leads to reading again, and never to a flag without its row.
package struct Puller: Sendable {
    /// Why a reading ended early, as one lowercase phrase.
    package struct Failure: Error, Hashable, CustomStringConvertible {
        package let description: String
    }

    private let node: NodeID
    private let reader: any NodeReader
    private let store: any CentralStore

    package init(node: NodeID, reader: any NodeReader, store: any CentralStore) {
        self.node = node
        self.reader = reader
        self.store = store
    }

    /// Reads until nothing is left.
    /// - Returns: how many rows were saved.
    package func pull() async throws -> Int {
        // A new life of the node's database may begin while it is read.
        for _ in 0..<3 {
            if let count = try await pullOnce() { return count }
        }
        throw Failure(description: "its database begins anew again and again")
    }

    /// Nil where the reading has to begin again.
    private func pullOnce() async throws -> Int? {
        let known = try await Blocking.run { [store, node] in try store.nodes().first { $0.node == node } }
        var page = try await check(reader.page(after: 0, limit: NodePage.mostRows, isWhole: false), after: 0)
        let (epoch, changed) = (page.epoch, page.changed)
        let isWhole = known?.epoch != epoch
        if let known, !isWhole, changed < known.seen {
            // The counter went back: a backup was restored, and nobody has said so.
            try await reader.beginEpoch(insteadOf: epoch)
            return nil
        }
        if let known, !isWhole, changed > known.seen, try await lacksConfirmed(behind: known.seen, of: epoch) {
            // Of what it has lost, what was deleted meanwhile can't be told apart: all is read anew.
            try await reader.beginEpoch(insteadOf: epoch)
            return nil
        }
        if isWhole {
            page = try await check(reader.page(after: 0, limit: NodePage.mostRows, isWhole: true), after: 0)
        }
        var count = 0
        while true {
            guard page.epoch == epoch else { return nil }
            if !page.rows.isEmpty {
                FailPoint.rowRead.reach()
                try await Blocking.run { [store, page] in try store.take(page) }
                FailPoint.centreCommitted.reach()
                let news = page.rows.filter { !$0.isPublished }
                if !news.isEmpty {
                    try await reader.confirm(news.map { Receipt(id: $0.record.id, revision: $0.revision) })
                }
                FailPoint.publishedSet.reach()
                count += page.rows.count
            }
            guard page.hasMore, let last = page.rows.last?.revision else { break }
            page = try await check(reader.page(after: last, limit: NodePage.mostRows, isWhole: isWhole), after: last)
        }
        try await Blocking.run { [store, node] in
            try store.finish(node, epoch: epoch, changed: changed, isWhole: isWhole)
        }
        return count
    }

    /// Whether the node has been told that rows are saved which the central database has not: it was put back from a backup, or
    /// is a replica that was promoted without the last commits.
    /// - Parameter seen: the node's counter at the last reading that came to its end here.
    private func lacksConfirmed(behind seen: Int64, of epoch: Epoch) async throws -> Bool {
        var last = seen
        while true {
            let page = try await check(reader.page(after: last, limit: NodePage.mostRows, isWhole: true), after: last)
            guard page.epoch == epoch else { return false }
            let confirmed = page.rows.filter { $0.published > 0 }
            let isLost = try await Blocking.run { [store, node] in
                try confirmed.contains { row in
                    guard let known = try store.row(node, row.record.id), known.epoch == epoch else { return true }
                    return known.revision < row.published
                }
            }
            if isLost { return true }
            guard page.hasMore, let next = page.rows.last?.revision else { return false }
            last = next
        }
    }

    /// A node is another machine: it may say anything.
    private func check(_ page: NodePage, after revision: Int64) throws(Failure) -> NodePage {
        guard page.node == node else {
            throw Failure(description: "the node at its address is \(page.node): compare the configurations")
        }
        var last = revision
        for row in page.rows {
            guard row.revision > last, row.revision <= page.changed, (0...row.revision).contains(row.published) else {
                throw Failure(description: "the node says what can't be of revision \(row.revision)")
            }
            last = row.revision
        }
        guard page.rows.count <= NodePage.mostRows, page.changed < Int64.max / 2 else {
            throw Failure(description: "the node says more than was asked for")
        }
        return page
    }
}
