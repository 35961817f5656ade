package import BulkheadLibraryProtocol
import Dispatch

/// SQLite: one file, which this process has to itself but for readers.
final class SQLiteEngine: SQLEngine {
    /// Handed from one thread to the next by the lock, and used by one at a time.
    private struct Box: @unchecked Sendable { let connection: SQLiteConnection }

    private let box: Box
    private let turn = DispatchSemaphore(value: 1)

    /// Opens the database at `path`, and makes it where there is none.
    init(_ path: String) throws(StoreError) { box = Box(connection: try SQLiteConnection(path)) }

    func write<Result>(_ body: (any SQLSession) throws -> Result) throws -> Result {
        // The lock of writers from the beginning: one that is taken later may come too late.
        try transaction("BEGIN IMMEDIATE", body)
    }

    func read<Result>(_ body: (any SQLSession) throws -> Result) throws -> Result { try transaction("BEGIN", body) }

    private func transaction<Result>(_ begin: String, _ body: (any SQLSession) throws -> Result) throws -> Result {
        turn.wait()
        defer { turn.signal() }
        let connection = box.connection
        do {
            _ = try connection.run(begin)
            do {
                let result = try body(Session(connection: connection))
                _ = try connection.run("COMMIT")
                return result
            } catch {
                // Where the transaction is over already, there is nothing to take back.
                _ = try? connection.run("ROLLBACK")
                throw error
            }
        } catch let refusal as SQLiteConnection.Refusal { throw StoreError.failed(refusal.text) }
    }

    private struct Session: SQLSession {
        let connection: SQLiteConnection

        func run(_ sql: String, _ values: [SQLValue]) throws -> [[SQLValue]] { try connection.run(sql, values) }
    }
}

/// The databases of a library that are files.
package enum SQLiteStores {
    /// A node's database at `path`.
    package static func node(at path: String) throws(StoreError) -> any NodeStore {
        try SQLNodeStore(try SQLiteEngine(path), SQLiteStatements.node)
    }

    /// The central database at `path`.
    package static func central(at path: String) throws(StoreError) -> any CentralStore {
        try SQLCentralStore(try SQLiteEngine(path), SQLiteStatements.central)
    }
}
