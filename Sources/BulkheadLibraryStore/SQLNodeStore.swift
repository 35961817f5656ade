import BulkheadLibraryProtocol

/// The statements of a node's database. Placeholders are those of the engine, in the order of the comments.
struct NodeStatements: Sendable {
    let migrations: Migrations
    /// epoch: makes the one row of the node, where there is none.
    let beginState: String
    /// Gives epoch, changed, signalled.
    let readState: String
    /// Takes the node's row until the commit, so that revisions are seen in their order; gives the next revision.
    let nextRevision: String
    /// id: gives the record's columns, revision, published, deleted.
    let readRow: String
    /// The record's columns, revision, deleted: inserts, or replaces all but what is published.
    let saveRow: String
    /// revision, limit: rows that the centre has not confirmed.
    let readUnpublished: String
    /// revision, limit: all rows.
    let readAll: String
    /// revision, id, revision, revision: compares and sets.
    let confirm: String
    /// changed, changed, changed: compares and sets.
    let noteSignalled: String
    /// epoch
    let beginEpoch: String
    /// Tombstones that the centre has.
    let purge: String
}

/// A node's database in an engine of SQL.
struct SQLNodeStore<Engine: SQLEngine>: NodeStore {
    private let engine: Engine
    private let statements: NodeStatements

    /// Brings the database into its newest form.
    init(_ engine: Engine, _ statements: NodeStatements) throws(StoreError) {
        self.engine = engine
        self.statements = statements
        try storing {
            try statements.migrations.apply(to: engine)
            try engine.write { _ = try $0.run(statements.beginState, [.text(Epoch.random().description)]) }
        }
    }

    func counters() throws(StoreError) -> NodeCounters {
        try storing { try engine.read { try readCounters($0) } }
    }

    private func readCounters(_ session: any SQLSession) throws -> NodeCounters {
        guard let row = try session.run(statements.readState).first else {
            throw StoreError.senseless("the node's own row is missing")
        }
        var fields = SQLFields(row)
        guard let epoch = Epoch(try fields.text()) else { throw StoreError.senseless("the epoch can't be read") }
        return NodeCounters(epoch: epoch, changed: try fields.integer(), signalled: try fields.integer())
    }

    func save(_ record: VideoRecord) throws(StoreError) -> Bool {
        try storing {
            try engine.write { session in
                let revision = try nextRevision(session)
                if let row = try readRow(session, record.id), row.record == record, !row.isDeleted { throw Unchanged() }
                _ = try session.run(
                    statements.saveRow, RecordColumns.values(record) + [.integer(revision), .integer(0)])
                return true
            }
        } unchanged: {
            false
        }
    }

    func delete(_ id: VideoID) throws(StoreError) -> Bool {
        try storing {
            try engine.write { session in
                let revision = try nextRevision(session)
                guard let row = try readRow(session, id), !row.isDeleted else { throw Unchanged() }
                _ = try session.run(
                    statements.saveRow, RecordColumns.values(row.record) + [.integer(revision), .integer(1)])
                return true
            }
        } unchanged: {
            false
        }
    }

    private func nextRevision(_ session: any SQLSession) throws -> Int64 {
        guard let row = try session.run(statements.nextRevision).first else {
            throw StoreError.senseless("the node's own row is missing")
        }
        var fields = SQLFields(row)
        return try fields.integer()
    }

    func row(_ id: VideoID) throws(StoreError) -> NodeRow? { try storing { try engine.read { try readRow($0, id) } } }

    private func readRow(_ session: any SQLSession, _ id: VideoID) throws -> NodeRow? {
        try session.run(statements.readRow, [.text(id.description)]).first.map(Self.row)
    }

    private static func row(_ columns: [SQLValue]) throws -> NodeRow {
        var fields = SQLFields(columns)
        return NodeRow(
            record: try RecordColumns.read(&fields), revision: try fields.integer(), published: try fields.integer(),
            isDeleted: try fields.integer() != 0)
    }

    func page(after revision: Int64, limit: Int, isWhole: Bool) throws(StoreError) -> StorePage {
        try storing {
            try engine.read { session in
                let counters = try readCounters(session)
                let rows = try session.run(
                    isWhole ? statements.readAll : statements.readUnpublished,
                    [.integer(revision), .integer(Int64(limit))])
                return StorePage(counters: counters, rows: try rows.map(Self.row))
            }
        }
    }

    func confirm(_ confirmations: [Receipt]) throws(StoreError) {
        try storing {
            try engine.write { session in
                for confirmation in confirmations {
                    let revision = SQLValue.integer(confirmation.revision)
                    _ = try session.run(
                        statements.confirm, [revision, .text(confirmation.id.description), revision, revision])
                }
            }
        }
    }

    func noteSignalled(_ changed: Int64) throws(StoreError) {
        let value = SQLValue.integer(changed)
        try storing { try engine.write { _ = try $0.run(statements.noteSignalled, [value, value, value]) } }
    }

    func beginEpoch(insteadOf old: Epoch?) throws(StoreError) -> Epoch {
        try storing {
            try engine.write { session in
                let current = try readCounters(session).epoch
                guard old == nil || current == old else { return current }
                let epoch = Epoch.random()
                _ = try session.run(statements.beginEpoch, [.text(epoch.description)])
                return epoch
            }
        }
    }

    func purge() throws(StoreError) { try storing { try engine.write { _ = try $0.run(statements.purge) } } }
}

/// Ends a transaction that has nothing to change, and takes it back.
private struct Unchanged: Error {}

/// Runs `body`; whatever goes wrong is a ``StoreError``.
func storing<Result>(
    _ body: () throws -> Result, unchanged: (() -> Result)? = nil
) throws(StoreError) -> Result {
    do { return try body() } catch let error as StoreError { throw error } catch {
        if error is Unchanged, let unchanged { return unchanged() }
        throw .failed(String("\(error)".prefix(300)))
    }
}
