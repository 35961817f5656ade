/// The rules of a node's database, as a value: what each engine does with its tables.
///
/// A boolean "published" would be lost to a change between the centre's reading and its confirmation, a boolean "sent" to one
/// between the signal and its answer. So both are numbers that are compared.
package struct NodeLedger: Hashable, Sendable {
    package private(set) var counters: NodeCounters
    private var rows: [VideoID: NodeRow] = [:]

    package init(epoch: Epoch) { counters = NodeCounters(epoch: epoch, changed: 0, signalled: 0) }

    /// - Returns: false where the row says all that already.
    package mutating func save(_ record: VideoRecord) -> Bool {
        if let row = rows[record.id], row.record == record, !row.isDeleted { return false }
        change(record, isDeleted: false)
        return true
    }

    /// - Returns: false where there is no such row, or it is a tombstone already.
    package mutating func delete(_ id: VideoID) -> Bool {
        guard let row = rows[id], !row.isDeleted else { return false }
        change(row.record, isDeleted: true)
        return true
    }

    private mutating func change(_ record: VideoRecord, isDeleted: Bool) {
        let next = counters.changed + 1
        counters = NodeCounters(epoch: counters.epoch, changed: next, signalled: counters.signalled)
        rows[record.id] = NodeRow(
            record: record, revision: next, published: rows[record.id]?.published ?? 0, isDeleted: isDeleted)
    }

    package func row(_ id: VideoID) -> NodeRow? { rows[id] }

    /// - Parameters:
    ///   - revision: of the last row of the page before.
    ///   - isWhole: whether rows are read that the centre has confirmed, too, as in a new epoch.
    package func rows(after revision: Int64, limit: Int, isWhole: Bool) -> [NodeRow] {
        Array(
            rows.values.filter { $0.revision > revision && (isWhole || !$0.isPublished) }
                .sorted { $0.revision < $1.revision }.prefix(limit))
    }

    /// Compare and set: a row that has changed meanwhile stays unpublished.
    package mutating func confirm(_ confirmations: [Receipt]) {
        for confirmation in confirmations {
            guard let row = rows[confirmation.id], row.published < confirmation.revision,
                confirmation.revision <= row.revision
            else { continue }
            rows[confirmation.id] = NodeRow(
                record: row.record, revision: row.revision, published: confirmation.revision, isDeleted: row.isDeleted)
        }
    }

    /// A signal with `changed` was taken by the centre.
    package mutating func noteSignalled(_ changed: Int64) {
        guard counters.signalled < changed, changed <= counters.changed else { return }
        counters = NodeCounters(epoch: counters.epoch, changed: counters.changed, signalled: changed)
    }

    /// The database was restored: the centre is to read everything anew.
    package mutating func beginEpoch(_ epoch: Epoch) {
        counters = NodeCounters(epoch: epoch, changed: counters.changed + 1, signalled: 0)
    }

    /// Forgets tombstones that the centre has.
    package mutating func purge() { rows = rows.filter { !($0.value.isDeleted && $0.value.isPublished) } }
}
