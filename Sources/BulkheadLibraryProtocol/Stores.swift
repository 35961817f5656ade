/// Why a database did not do what was asked of it.
package enum StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It can't be opened or reached.
    case unavailable(String)
    /// It is that of a younger version of this program.
    case tooNew(version: Int64)
    /// It was opened, and refused.
    case failed(String)
    /// A row says what can't be.
    case senseless(String)

    package var description: String {
        switch self {
        case .unavailable(let why): "the database can't be reached: \(why)"
        case .tooNew(let version):
            "the database has the form \(version) of a younger bulkhead: use that one, or restore a backup"
        case .failed(let why): "the database refuses: \(why)"
        case .senseless(let what): "the database holds what can't be: \(what)"
        }
    }
}

/// What the centre reads of a node, by whichever way.
package protocol NodeReader: Sendable {
    /// One page of rows, in the order of their revisions.
    /// - Parameter isWhole: whether rows that the centre has confirmed are read, too.
    func page(after revision: Int64, limit: Int, isWhole: Bool) async throws -> NodePage

    /// Tells what the centre has for good.
    func confirm(_ confirmations: [Receipt]) async throws

    /// The centre has seen a higher counter in this epoch: the database was restored, and its next epoch begins.
    func beginEpoch(insteadOf epoch: Epoch) async throws
}

/// A node's database. Calls block; each is one transaction, durable when it returns. The rules are those of ``NodeLedger``.
package protocol NodeStore: Sendable {
    func counters() throws(StoreError) -> NodeCounters
    func save(_ record: VideoRecord) throws(StoreError) -> Bool
    func delete(_ id: VideoID) throws(StoreError) -> Bool
    func row(_ id: VideoID) throws(StoreError) -> NodeRow?
    func page(after revision: Int64, limit: Int, isWhole: Bool) throws(StoreError) -> StorePage
    func confirm(_ confirmations: [Receipt]) throws(StoreError)
    func noteSignalled(_ changed: Int64) throws(StoreError)
    /// - Parameter old: nothing happens where another epoch has begun meanwhile; nil for any.
    func beginEpoch(insteadOf old: Epoch?) throws(StoreError) -> Epoch
    func purge() throws(StoreError)
}

/// Rows and counters that were read at one moment.
package struct StorePage: Hashable, Sendable {
    package let counters: NodeCounters
    package let rows: [NodeRow]

    package init(counters: NodeCounters, rows: [NodeRow]) {
        self.counters = counters
        self.rows = rows
    }
}

/// The central database for whoever only reads: trackers and the page. It may be a replica that is a moment behind. Calls block.
package protocol CentralReader: Sendable {
    func changes(after version: Int64, limit: Int) throws(StoreError) -> [CentralRow]
    /// Rows that are no tombstones, the newest first.
    /// - Parameters:
    ///   - words: all of them stand in the name; empty for all rows.
    ///   - offset: rows that are passed over.
    func search(_ words: [String], offset: Int, limit: Int) throws(StoreError) -> [CentralRow]
}

/// The central database. Calls block; each is one transaction, durable when it returns. The rules are those of
/// ``CentralLedger``.
package protocol CentralStore: CentralReader {
    func nodes() throws(StoreError) -> [KnownNode]
    func want(_ signal: Signal) throws(StoreError)
    func take(_ page: NodePage) throws(StoreError)
    func finish(_ node: NodeID, epoch: Epoch, changed: Int64, isWhole: Bool) throws(StoreError)
    func row(_ node: NodeID, _ id: VideoID) throws(StoreError) -> CentralRow?
}
