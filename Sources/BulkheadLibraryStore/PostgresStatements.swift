/// All SQL that PostgreSQL is given.
enum PostgresStatements {
    /// Two that start at once wait for each other: the number is this program's own.
    private static let lock = "SELECT pg_advisory_xact_lock(7146215030)"

    private static func form(_ schema: String) -> Migrations.Statements {
        Migrations.Statements(
            begin: [
                "CREATE SCHEMA IF NOT EXISTS \(schema)",
                """
                CREATE TABLE IF NOT EXISTS \(schema).form (
                    one smallint PRIMARY KEY CHECK (one = 1), number bigint NOT NULL)
                """,
            ], lock: [lock], read: "SELECT number FROM \(schema).form",
            write: """
                INSERT INTO \(schema).form VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET number = excluded.number
                """)
    }

    private static let recordTable = """
        name text NOT NULL, path text NOT NULL, byte_count bigint NOT NULL, duration_ms bigint NOT NULL,
        width bigint NOT NULL, height bigint NOT NULL, codecs text NOT NULL, state text NOT NULL,
        started_ms bigint NOT NULL, has_poster bigint NOT NULL
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
                    CREATE TABLE bulkhead_node.node (
                        one smallint PRIMARY KEY CHECK (one = 1), epoch text NOT NULL, changed bigint NOT NULL,
                        signalled bigint NOT NULL CHECK (signalled <= changed))
                    """,
                    """
                    CREATE TABLE bulkhead_node.video (
                        id text PRIMARY KEY, \(recordTable), revision bigint NOT NULL UNIQUE,
                        published bigint NOT NULL DEFAULT 0 CHECK (published <= revision), deleted bigint NOT NULL)
                    """,
                    """
                    CREATE INDEX video_unpublished ON bulkhead_node.video (revision) WHERE published < revision
                    """,
                    // What a centre may see and do, by a role of its own that has been granted nothing else.
                    "CREATE VIEW bulkhead_node.centre_state AS SELECT epoch, changed, signalled FROM bulkhead_node.node",
                    """
                    CREATE VIEW bulkhead_node.centre_video AS SELECT \(nodeColumns) FROM bulkhead_node.video
                    """,
                    """
                    CREATE FUNCTION bulkhead_node.centre_confirm(row_id text, confirmed bigint) RETURNS void
                    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
                        UPDATE bulkhead_node.video SET published = confirmed
                        WHERE id = row_id AND published < confirmed AND revision >= confirmed
                    $$
                    """,
                    "REVOKE ALL ON FUNCTION bulkhead_node.centre_confirm(text, bigint) FROM PUBLIC",
                ]
            ], statements: form("bulkhead_node")),
        beginState: "INSERT INTO bulkhead_node.node VALUES (1, $1, 0, 0) ON CONFLICT DO NOTHING",
        readState: "SELECT epoch, changed, signalled FROM bulkhead_node.node",
        // The row is locked to the commit, so that no revision is seen before a lower one.
        nextRevision: "UPDATE bulkhead_node.node SET changed = changed + 1 RETURNING changed",
        readRow: "SELECT \(nodeColumns) FROM bulkhead_node.video WHERE id = $1",
        saveRow: """
            INSERT INTO bulkhead_node.video (\(RecordColumns.names), revision, deleted)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
            ON CONFLICT (id) DO UPDATE SET \(recordUpdate), revision = excluded.revision, deleted = excluded.deleted
            """,
        readUnpublished: """
            SELECT \(nodeColumns) FROM bulkhead_node.video
            WHERE published < revision AND revision > $1 ORDER BY revision LIMIT $2
            """,
        readAll: "SELECT \(nodeColumns) FROM bulkhead_node.video WHERE revision > $1 ORDER BY revision LIMIT $2",
        confirm: """
            UPDATE bulkhead_node.video SET published = $1 WHERE id = $2 AND published < $3 AND revision >= $4
            """,
        noteSignalled: "UPDATE bulkhead_node.node SET signalled = $1 WHERE signalled < $2 AND changed >= $3",
        beginEpoch: "UPDATE bulkhead_node.node SET epoch = $1, changed = changed + 1, signalled = 0",
        purge: "DELETE FROM bulkhead_node.video WHERE deleted = 1 AND published >= revision")

    /// What a centre says to a node's database, by a role that sees two views and may call one function.
    enum Reader {
        static let readState = "SELECT epoch, changed, signalled FROM bulkhead_node.centre_state"
        static let readUnpublished = """
            SELECT \(nodeColumns) FROM bulkhead_node.centre_video
            WHERE published < revision AND revision > $1 ORDER BY revision LIMIT $2
            """
        static let readAll = """
            SELECT \(nodeColumns) FROM bulkhead_node.centre_video WHERE revision > $1 ORDER BY revision LIMIT $2
            """
        static let confirm = "SELECT bulkhead_node.centre_confirm($1, $2)"
    }

    // MARK: - The centre

    private static let centralColumns = RecordColumns.names + ", node, revision, epoch, deleted, version"

    static let central = CentralStatements(
        migrations: Migrations(
            forms: [
                [
                    """
                    CREATE TABLE bulkhead_centre.centre (
                        one smallint PRIMARY KEY CHECK (one = 1), version bigint NOT NULL)
                    """,
                    """
                    CREATE TABLE bulkhead_centre.node (
                        node text PRIMARY KEY, epoch text, wanted bigint NOT NULL, seen bigint NOT NULL)
                    """,
                    """
                    CREATE TABLE bulkhead_centre.video (
                        id text NOT NULL, \(recordTable), node text NOT NULL, revision bigint NOT NULL,
                        epoch text NOT NULL, deleted bigint NOT NULL, version bigint NOT NULL UNIQUE,
                        PRIMARY KEY (node, id))
                    """,
                    """
                    CREATE INDEX video_started ON bulkhead_centre.video (started_ms DESC, id) WHERE deleted = 0
                    """,
                ]
            ], statements: form("bulkhead_centre")),
        beginState: "INSERT INTO bulkhead_centre.centre VALUES (1, 0) ON CONFLICT DO NOTHING",
        nextVersion: "UPDATE bulkhead_centre.centre SET version = version + 1 RETURNING version",
        readNodes: "SELECT node, epoch, wanted, seen FROM bulkhead_centre.node ORDER BY node",
        readNode: "SELECT node, epoch, wanted, seen FROM bulkhead_centre.node WHERE node = $1",
        saveNode: """
            INSERT INTO bulkhead_centre.node (node, epoch, wanted, seen) VALUES ($1, $2, $3, $4)
            ON CONFLICT (node) DO UPDATE
            SET epoch = excluded.epoch, wanted = excluded.wanted, seen = excluded.seen
            """,
        saveRow: """
            INSERT INTO bulkhead_centre.video (\(centralColumns))
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
            ON CONFLICT (node, id) DO UPDATE
            SET \(recordUpdate), revision = excluded.revision, epoch = excluded.epoch, deleted = excluded.deleted,
                version = excluded.version
            WHERE video.epoch <> excluded.epoch OR video.revision < excluded.revision
            """,
        readRow: "SELECT \(centralColumns) FROM bulkhead_centre.video WHERE node = $1 AND id = $2",
        readChanges: "SELECT \(centralColumns) FROM bulkhead_centre.video WHERE version > $1 ORDER BY version LIMIT $2",
        readForgotten: """
            SELECT id FROM bulkhead_centre.video WHERE node = $1 AND epoch <> $2 AND deleted = 0 LIMIT $3
            """,
        forget: "UPDATE bulkhead_centre.video SET deleted = 1, version = $1 WHERE node = $2 AND id = $3",
        search: "SELECT \(centralColumns) FROM bulkhead_centre.video WHERE deleted = 0",
        searchWord: " AND name ILIKE $# ESCAPE '!'",
        searchEnd: " ORDER BY started_ms DESC, id, node LIMIT $# OFFSET $#")
}
