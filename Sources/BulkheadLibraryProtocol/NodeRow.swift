/// A row of a node's database: a record, and how far the centre knows it.
package struct NodeRow: Hashable, Sendable, Codable {
    package let record: VideoRecord
    /// The node's counter when the row was last changed: it grows with each change, and no two rows have the same.
    package let revision: Int64
    /// The last revision that the centre has confirmed.
    package let published: Int64
    /// A tombstone: the file is gone.
    package let isDeleted: Bool

    package init(record: VideoRecord, revision: Int64, published: Int64, isDeleted: Bool) {
        self.record = record
        self.revision = revision
        self.published = published
        self.isDeleted = isDeleted
    }

    /// The data flag, as people see it.
    package var isPublished: Bool { published >= revision }
}

/// The one row that a node has of itself.
package struct NodeCounters: Hashable, Sendable, Codable {
    package let epoch: Epoch
    /// How often anything was changed: the revision of the last change.
    package let changed: Int64
    /// The last of those that a signal has told the centre of.
    package let signalled: Int64

    package init(epoch: Epoch, changed: Int64, signalled: Int64) {
        self.epoch = epoch
        self.changed = changed
        self.signalled = signalled
    }

    /// The signal flag, as people see it.
    package var isSent: Bool { signalled >= changed }
}

/// What a node tells the centre: that there is news, and no more.
package struct Signal: Hashable, Sendable, Codable {
    package let node: NodeID
    package let epoch: Epoch
    /// The node's counter.
    package let changed: Int64

    package init(node: NodeID, epoch: Epoch, changed: Int64) {
        self.node = node
        self.epoch = epoch
        self.changed = changed
    }
}

/// What the centre reads of a node's database at once.
package struct NodePage: Hashable, Sendable, Codable {
    /// The most rows of one page.
    package static let mostRows = 500

    package let node: NodeID
    package let epoch: Epoch
    /// The node's counter when the page was read.
    package let changed: Int64
    /// In the order of their revisions.
    package let rows: [NodeRow]
    /// Whether there may be rows behind the last.
    package let hasMore: Bool

    package init(node: NodeID, epoch: Epoch, changed: Int64, rows: [NodeRow], hasMore: Bool) {
        self.node = node
        self.epoch = epoch
        self.changed = changed
        self.rows = rows
        self.hasMore = hasMore
    }
}

/// That the centre has a row for good, told after its commit.
package struct Receipt: Hashable, Sendable, Codable {
    package let id: VideoID
    package let revision: Int64

    package init(id: VideoID, revision: Int64) {
        self.id = id
        self.revision = revision
    }
}
