import BulkheadLibraryProtocol

/// The statements of the central database.
struct CentralStatements: Sendable {
    let migrations: Migrations
    /// Makes the one row of the centre, where there is none.
    let beginState: String
    /// Takes the centre's row until the commit; gives the next version.
    let nextVersion: String
    /// Gives node, epoch, wanted, seen.
    let readNodes: String
    /// node: the same of one.
    let readNode: String
    /// node, epoch, wanted, seen: inserts or replaces.
    let saveNode: String
    /// The record's columns, node, revision, epoch, deleted, version: inserts, or replaces what is older.
    let saveRow: String
    /// node, id: gives the record's columns, node, revision, epoch, deleted, version.
    let readRow: String
    /// version, limit
    let readChanges: String
    /// node, epoch, limit: rows of the node of other epochs that are no tombstones.
    let readForgotten: String
    /// version, node, id: makes a tombstone.
    let forget: String
    /// Rows that are no tombstones, with this condition for each word.
    let search: String, searchWord: String, searchEnd: String
}

/// The central database in an engine of SQL.
struct SQLCentralStore<Engine: SQLEngine>: CentralStore {
    private let engine: Engine
    private let statements: CentralStatements

    /// Brings the database into its newest form.
    init(_ engine: Engine, _ statements: CentralStatements) throws(StoreError) {
        self.engine = engine
        self.statements = statements
        try storing {
            try statements.migrations.apply(to: engine)
            try engine.write { _ = try $0.run(statements.beginState) }
        }
    }

    /// Takes the database as it is: a replica can't be written to.
    init(reading engine: Engine, _ statements: CentralStatements) {
        self.engine = engine
        self.statements = statements
    }

    func nodes() throws(StoreError) -> [KnownNode] {
        try storing { try engine.read { try $0.run(statements.readNodes).map(Self.node) } }
    }

    private static func node(_ columns: [SQLValue]) throws -> KnownNode {
        var fields = SQLFields(columns)
        let (name, epoch) = (try fields.text(), try fields.optionalText())
        guard let node = NodeID(name) else { throw StoreError.senseless("a node's name can't be read") }
        return KnownNode(
            node: node, epoch: epoch.flatMap { Epoch($0) }, wanted: try fields.integer(), seen: try fields.integer())
    }

    private func readNode(_ session: any SQLSession, _ node: NodeID) throws -> KnownNode? {
        try session.run(statements.readNode, [.text(node.description)]).first.map(Self.node)
    }

    private func save(_ session: any SQLSession, _ node: KnownNode) throws {
        _ = try session.run(
            statements.saveNode,
            [
                .text(node.node.description), node.epoch.map { .text($0.description) } ?? .null,
                .integer(node.wanted), .integer(node.seen),
            ])
    }

    /// Takes the centre's row, so that one transaction after the other looks at nodes and changes them.
    private func nextVersion(_ session: any SQLSession) throws -> Int64 {
        guard let row = try session.run(statements.nextVersion).first else {
            throw StoreError.senseless("the centre's own row is missing")
        }
        var fields = SQLFields(row)
        return try fields.integer()
    }

    func want(_ signal: Signal) throws(StoreError) {
        try storing {
            try engine.write { session in
                _ = try nextVersion(session)
                let old = try readNode(session, signal.node)
                let wanted = old?.epoch == signal.epoch ? max(old?.wanted ?? 0, signal.changed) : Int64.max
                try save(
                    session,
                    KnownNode(node: signal.node, epoch: old?.epoch, wanted: wanted, seen: old?.seen ?? 0))
            }
        }
    }

    func take(_ page: NodePage) throws(StoreError) {
        try storing {
            try engine.write { session in
                for row in page.rows {
                    let version = try nextVersion(session)
                    _ = try session.run(
                        statements.saveRow,
                        RecordColumns.values(row.record) + [
                            .text(page.node.description), .integer(row.revision), .text(page.epoch.description),
                            .integer(row.isDeleted ? 1 : 0), .integer(version),
                        ])
                }
            }
        }
    }

    func finish(_ node: NodeID, epoch: Epoch, changed: Int64, isWhole: Bool) throws(StoreError) {
        try storing {
            try engine.write { session in
                _ = try nextVersion(session)
                let old = try readNode(session, node)
                guard isWhole || old?.epoch == epoch else { return }
                if isWhole { try forget(session, node, all: epoch) }
                guard let old, old.epoch == epoch else {
                    return try save(session, KnownNode(node: node, epoch: epoch, wanted: changed, seen: changed))
                }
                try save(
                    session,
                    KnownNode(
                        node: node, epoch: epoch, wanted: old.wanted == .max ? changed : max(old.wanted, changed),
                        seen: max(old.seen, changed)))
            }
        }
    }

    /// Makes tombstones of the rows that are of other epochs than `epoch`.
    private func forget(_ session: any SQLSession, _ node: NodeID, all epoch: Epoch) throws {
        while true {
            let rows = try session.run(
                statements.readForgotten,
                [.text(node.description), .text(epoch.description), .integer(Int64(NodePage.mostRows))])
            guard !rows.isEmpty else { return }
            for row in rows {
                var fields = SQLFields(row)
                _ = try session.run(
                    statements.forget,
                    [.integer(try nextVersion(session)), .text(node.description), .text(try fields.text())])
            }
        }
    }

    func row(_ node: NodeID, _ id: VideoID) throws(StoreError) -> CentralRow? {
        try storing {
            try engine.read {
                try $0.run(statements.readRow, [.text(node.description), .text(id.description)]).first.map(Self.row)
            }
        }
    }

    private static func row(_ columns: [SQLValue]) throws -> CentralRow {
        var fields = SQLFields(columns)
        let record = try RecordColumns.read(&fields)
        guard let node = NodeID(try fields.text()) else { throw StoreError.senseless("a node's name can't be read") }
        let revision = try fields.integer()
        guard let epoch = Epoch(try fields.text()) else { throw StoreError.senseless("an epoch can't be read") }
        return CentralRow(
            node: node, record: record, revision: revision, epoch: epoch, isDeleted: try fields.integer() != 0,
            version: try fields.integer())
    }

    func changes(after version: Int64, limit: Int) throws(StoreError) -> [CentralRow] {
        try storing {
            try engine.read {
                try $0.run(statements.readChanges, [.integer(version), .integer(Int64(limit))]).map(Self.row)
            }
        }
    }

    func search(_ words: [String], offset: Int, limit: Int) throws(StoreError) -> [CentralRow] {
        // An escape of its own: PostgreSQL and SQLite have different ones.
        let patterns = words.map { word in
            "%" + word.flatMap { "%_!".contains($0) ? ["!", $0] : [$0] } + "%"
        }
        var sql = statements.search
        for _ in words { sql += statements.searchWord }
        sql += statements.searchEnd
        return try storing {
            try engine.read { session in
                try session.run(
                    sql, patterns.map { .text($0) } + [.integer(Int64(limit)), .integer(Int64(offset))]
                ).map(Self.row)
            }
        }
    }
}
