/// A row of the central database: one video at one node.
package struct CentralRow: Hashable, Sendable, Codable {
    package let node: NodeID
    package let record: VideoRecord
    /// The node's.
    package let revision: Int64
    /// The node's when the row was read.
    package let epoch: Epoch
    package let isDeleted: Bool
    /// The central database's counter when the row was last changed, by which trackers read what is new.
    package let version: Int64

    package init(
        node: NodeID, record: VideoRecord, revision: Int64, epoch: Epoch, isDeleted: Bool, version: Int64
    ) {
        self.node = node
        self.record = record
        self.revision = revision
        self.epoch = epoch
        self.isDeleted = isDeleted
        self.version = version
    }
}

/// What the central database knows of a node.
package struct KnownNode: Hashable, Sendable, Codable {
    package let node: NodeID
    /// Of its rows; nil before all of them have been read once.
    package let epoch: Epoch?
    /// The highest counter that a signal has told.
    package let wanted: Int64
    /// The counter of the last reading that came to its end.
    package let seen: Int64

    package init(node: NodeID, epoch: Epoch?, wanted: Int64, seen: Int64) {
        self.node = node
        self.epoch = epoch
        self.wanted = wanted
        self.seen = seen
    }

    /// Whether a signal asks for a reading.
    package var isWanted: Bool { wanted > seen || epoch == nil }
}

/// The rules of the central database, as a value.
package struct CentralLedger: Hashable, Sendable {
    private struct Key: Hashable, Sendable {
        let node: NodeID
        let id: VideoID
    }

    private var rows: [Key: CentralRow] = [:]
    private var known: [NodeID: KnownNode] = [:]
    private var version: Int64 = 0

    package init() {}

    package var nodes: [KnownNode] {
        known.values.sorted { $0.node.description < $1.node.description }
    }

    package func row(_ node: NodeID, _ id: VideoID) -> CentralRow? { rows[Key(node: node, id: id)] }

    /// Rows that were changed behind `version`, in order.
    package func changes(after version: Int64, limit: Int) -> [CentralRow] {
        Array(rows.values.filter { $0.version > version }.sorted { $0.version < $1.version }.prefix(limit))
    }

    /// A signal: many become one reading.
    package mutating func want(_ signal: Signal) {
        let old = known[signal.node]
        // Numbers of another epoch say nothing beside ours: one reading finds out.
        let wanted = old?.epoch == signal.epoch ? max(old?.wanted ?? 0, signal.changed) : Int64.max
        known[signal.node] = KnownNode(
            node: signal.node, epoch: old?.epoch, wanted: wanted, seen: old?.seen ?? 0)
    }

    /// Saves what was read. Of one epoch a higher revision wins, of another one the newer epoch.
    package mutating func take(_ page: NodePage) {
        for row in page.rows {
            let key = Key(node: page.node, id: row.record.id)
            if let old = rows[key], old.epoch == page.epoch, old.revision >= row.revision { continue }
            version += 1
            rows[key] = CentralRow(
                node: page.node, record: row.record, revision: row.revision, epoch: page.epoch,
                isDeleted: row.isDeleted, version: version)
        }
    }

    /// A reading came to its end.
    /// - Parameters:
    ///   - changed: the node's counter at the reading's start.
    ///   - isWhole: whether all rows were read: those of older epochs are gone, then.
    package mutating func finish(_ node: NodeID, epoch: Epoch, changed: Int64, isWhole: Bool) {
        let old = known[node]
        guard isWhole || old?.epoch == epoch else { return }
        if isWhole {
            for (key, row) in rows where key.node == node && row.epoch != epoch && !row.isDeleted {
                version += 1
                rows[key] = CentralRow(
                    node: node, record: row.record, revision: row.revision, epoch: row.epoch, isDeleted: true,
                    version: version)
            }
        }
        guard let old, old.epoch == epoch else {
            known[node] = KnownNode(node: node, epoch: epoch, wanted: changed, seen: changed)
            return
        }
        known[node] = KnownNode(
            node: node, epoch: epoch, wanted: old.wanted == .max ? changed : max(old.wanted, changed),
            seen: max(old.seen, changed))
    }
}
