/// All SQL that SQLite is given. A number in a placeholder is that of its value.
enum SQLiteStatements {
    private static let form = Migrations.Statements(
        begin: ["CREATE TABLE IF NOT EXISTS form (number INTEGER NOT NULL)"], lock: [],
        read: "SELECT number FROM form", write: "INSERT OR REPLACE INTO form (rowid, number) VALUES (1, ?1)")

    private static let recordTable = """
        name TEXT NOT NULL, path TEXT NOT NULL, byte_count INTEGER NOT NULL, duration_ms INTEGER NOT NULL,
        width INTEGER NOT NULL, height INTEGER NOT NULL, codecs TEXT NOT NULL, state TEXT NOT NULL,
        started_ms INTEGER NOT NULL, has_poster INTEGER NOT NULL
        """
    private static let recordUpdate = """
        name = excluded.name, path = excluded.path, byte_count = excluded.byte_count,
        duration_ms = excluded.duration_ms, width = excluded.width, height = excluded.height,
        codecs = excluded.codecs, state = excluded.state, started_ms = excluded.started_ms,
        has_poster = excluded.has_poster
        """

    // MARK: - A node

    private static let nodeColumns = RecordColumns.names + ", revision, published, deleted"

    static let node = NodeStatements(
        migrations: Migrations(
            forms: [
                [
                    """
                    CREATE TABLE node (
                        one INTEGER PRIMARY KEY CHECK (one = 1), epoch TEXT NOT NULL, changed INTEGER NOT NULL,
                        signalled INTEGER NOT NULL CHECK (signalled <= changed))
                    """,
                    """
                    CREATE TABLE video (
                        id TEXT PRIMARY KEY, \(recordTable), revision INTEGER NOT NULL UNIQUE,
                        published INTEGER NOT NULL DEFAULT 0 CHECK (published <= revision), deleted INTEGER NOT NULL
                    ) WITHOUT ROWID
                    """,
                    "CREATE INDEX video_unpublished ON video (revision) WHERE published < revision",
                ]
            ], statements: form),
        beginState: "INSERT OR IGNORE INTO node VALUES (1, ?1, 0, 0)",
        readState: "SELECT epoch, changed, signalled FROM node",
        nextRevision: "UPDATE node SET changed = changed + 1 RETURNING changed",
        readRow: "SELECT \(nodeColumns) FROM video WHERE id = ?1",
        saveRow: """
            INSERT INTO video (\(RecordColumns.names), revision, deleted)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
            ON CONFLICT (id) DO UPDATE SET \(recordUpdate), revision = excluded.revision, deleted = excluded.deleted
            """,
        readUnpublished: """
            SELECT \(nodeColumns) FROM video WHERE published < revision AND revision > ?1 ORDER BY revision LIMIT ?2
            """,
        readAll: "SELECT \(nodeColumns) FROM video WHERE revision > ?1 ORDER BY revision LIMIT ?2",
        confirm: "UPDATE video SET published = ?1 WHERE id = ?2 AND published < ?3 AND revision >= ?4",
        noteSignalled: "UPDATE node SET signalled = ?1 WHERE signalled < ?2 AND changed >= ?3",
        beginEpoch: "UPDATE node SET epoch = ?1, changed = changed + 1, signalled = 0",
        purge: "DELETE FROM video WHERE deleted = 1 AND published >= revision")

    // MARK: - The centre

    private static let centralColumns = RecordColumns.names + ", node, revision, epoch, deleted, version"

    static let central = CentralStatements(
        migrations: Migrations(
            forms: [
                [
                    "CREATE TABLE centre (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL)",
                    """
                    CREATE TABLE node (
                        node TEXT PRIMARY KEY, epoch TEXT, wanted INTEGER NOT NULL, seen INTEGER NOT NULL
                    ) WITHOUT ROWID
                    """,
                    """
                    CREATE TABLE video (
                        id TEXT NOT NULL, \(recordTable), node TEXT NOT NULL, revision INTEGER NOT NULL,
                        epoch TEXT NOT NULL, deleted INTEGER NOT NULL, version INTEGER NOT NULL UNIQUE,
                        PRIMARY KEY (node, id)
                    ) WITHOUT ROWID
                    """,
                    "CREATE INDEX video_started ON video (started_ms DESC, id) WHERE deleted = 0",
                ]
            ], statements: form),
        beginState: "INSERT OR IGNORE INTO centre VALUES (1, 0)",
        nextVersion: "UPDATE centre SET version = version + 1 RETURNING version",
        readNodes: "SELECT node, epoch, wanted, seen FROM node ORDER BY node",
        readNode: "SELECT node, epoch, wanted, seen FROM node WHERE node = ?1",
        saveNode: """
            INSERT INTO node (node, epoch, wanted, seen) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (node) DO UPDATE
            SET epoch = excluded.epoch, wanted = excluded.wanted, seen = excluded.seen
            """,
        saveRow: """
            INSERT INTO video (\(centralColumns))
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
            ON CONFLICT (node, id) DO UPDATE
            SET \(recordUpdate), revision = excluded.revision, epoch = excluded.epoch, deleted = excluded.deleted,
                version = excluded.version
            WHERE video.epoch <> excluded.epoch OR video.revision < excluded.revision
            """,
        readRow: "SELECT \(centralColumns) FROM video WHERE node = ?1 AND id = ?2",
        readChanges: "SELECT \(centralColumns) FROM video WHERE version > ?1 ORDER BY version LIMIT ?2",
        readForgotten: "SELECT id FROM video WHERE node = ?1 AND epoch <> ?2 AND deleted = 0 LIMIT ?3",
        forget: "UPDATE video SET deleted = 1, version = ?1 WHERE node = ?2 AND id = ?3",
        search: "SELECT \(centralColumns) FROM video WHERE deleted = 0",
        searchWord: " AND name LIKE ? ESCAPE '!'",
        searchEnd: " ORDER BY started_ms DESC, id, node LIMIT ? OFFSET ?")
}
