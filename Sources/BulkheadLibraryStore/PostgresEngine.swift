package import BulkheadLibraryProtocol
import Dispatch
import Synchronization

/// PostgreSQL 15 and later, by a few connections. One that has broken is replaced by the next call.
final class PostgresEngine: SQLEngine {
    private static let mostConnections = 4
    private static let mostAttempts = 5

    private let place: String
    private let purpose: PostgresConnection.Purpose
    private let free = DispatchSemaphore(value: mostConnections)
    private let idle = Mutex<[Box]>([])

    /// Handed from one thread to the next by ``idle``, and used by one at a time.
    private final class Box: @unchecked Sendable {
        let connection: PostgresConnection
        init(_ connection: PostgresConnection) { self.connection = connection }
    }

    /// - Parameter place: `postgresql://…` or `host=… dbname=…`.
    init(_ place: String, for purpose: PostgresConnection.Purpose = .writing) {
        self.place = place
        self.purpose = purpose
    }

    func write<Result>(_ body: (any SQLSession) throws -> Result) throws -> Result {
        try transaction("BEGIN", body)
    }

    func read<Result>(_ body: (any SQLSession) throws -> Result) throws -> Result {
        try transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", body)
    }

    private func transaction<Result>(_ begin: String, _ body: (any SQLSession) throws -> Result) throws -> Result {
        free.wait()
        defer { free.signal() }
        var attempt = 1
        while true {
            let box = try take()
            do {
                let result = try Self.run(begin, on: box.connection, body)
                idle.withLock { $0.append(box) }
                return result
            } catch let refusal as PostgresConnection.Refusal {
                if box.connection.isAlive { idle.withLock { $0.append(box) } }
                guard PostgresConnection.retryable.contains(refusal.code), attempt < Self.mostAttempts else {
                    // Of a connection that broke, nobody knows whether the last commit was done: whoever asks again finds out.
                    throw box.connection.isAlive
                        ? StoreError.failed("\(refusal.text) (\(refusal.code))") : .unavailable(refusal.text)
                }
                attempt += 1
            } catch {
                if box.connection.isAlive { idle.withLock { $0.append(box) } }
                throw error
            }
        }
    }

    private func take() throws(StoreError) -> Box {
        while let box = idle.withLock({ $0.popLast() }) { if box.connection.isAlive { return box } }
        return Box(try PostgresConnection(place, for: purpose))
    }

    private static func run<Result>(
        _ begin: String, on connection: PostgresConnection, _ body: (any SQLSession) throws -> Result
    ) throws -> Result {
        _ = try connection.run(begin)
        do {
            let result = try body(Session(connection: connection))
            _ = try connection.run("COMMIT")
            return result
        } catch {
            // Where this fails, the connection is dead, and so is the transaction.
            _ = try? connection.run("ROLLBACK")
            throw error
        }
    }

    private struct Session: SQLSession {
        let connection: PostgresConnection

        func run(_ sql: String, _ values: [SQLValue]) throws -> [[SQLValue]] {
            try connection.run(Self.numbered(sql), values)
        }

        /// `$#` as `$1`, `$2`, …: where the number of conditions is not known before.
        private static func numbered(_ sql: String) -> String {
            guard sql.contains("$#") else { return sql }
            var (text, number) = ("", 0)
            for part in sql.split(separator: "$#", omittingEmptySubsequences: false) {
                text += number == 0 ? String(part) : "$\(number)\(part)"
                number += 1
            }
            return text
        }
    }
}

/// The databases of a library that are PostgreSQL's.
package enum PostgresStores {
    /// A node's database at `place`: `postgresql://…` or `host=… dbname=…`.
    package static func node(_ place: String) throws(StoreError) -> any NodeStore {
        try SQLNodeStore(PostgresEngine(place), PostgresStatements.node)
    }

    /// The central database.
    package static func central(_ place: String) throws(StoreError) -> any CentralStore {
        try SQLCentralStore(PostgresEngine(place), PostgresStatements.central)
    }

    /// The central database for trackers and pages: a replica, where one of the hosts is one, and the primary where none is.
    package static func centralReader(_ place: String) -> any CentralReader {
        SQLCentralStore(reading: PostgresEngine(place, for: .reading), PostgresStatements.central)
    }

    /// A node's database as a centre sees it, by a role that has been granted two views and a function.
    package static func reader(_ node: NodeID, at place: String) -> PostgresReader {
        PostgresReader(node: node, engine: PostgresEngine(place))
    }
}

/// Reads a node's database for the centre. Calls block.
package struct PostgresReader: Sendable {
    let node: NodeID
    let engine: PostgresEngine

    package func page(after revision: Int64, limit: Int, isWhole: Bool) throws(StoreError) -> NodePage {
        try storing {
            try engine.read { session in
                guard let state = try session.run(PostgresStatements.Reader.readState).first else {
                    throw StoreError.senseless("the node's own row is missing")
                }
                var fields = SQLFields(state)
                guard let epoch = Epoch(try fields.text()) else {
                    throw StoreError.senseless("the epoch can't be read")
                }
                let changed = try fields.integer()
                let rows = try session.run(
                    isWhole ? PostgresStatements.Reader.readAll : PostgresStatements.Reader.readUnpublished,
                    [.integer(revision), .integer(Int64(limit))]
                ).map { columns in
                    var fields = SQLFields(columns)
                    return NodeRow(
                        record: try RecordColumns.read(&fields), revision: try fields.integer(),
                        published: try fields.integer(), isDeleted: try fields.integer() != 0)
                }
                return NodePage(node: node, epoch: epoch, changed: changed, rows: rows, hasMore: rows.count == limit)
            }
        }
    }

    package func confirm(_ confirmations: [Receipt]) throws(StoreError) {
        try storing {
            try engine.write { session in
                for confirmation in confirmations {
                    _ = try session.run(
                        PostgresStatements.Reader.confirm,
                        [.text(confirmation.id.description), .integer(confirmation.revision)])
                }
            }
        }
    }
}
