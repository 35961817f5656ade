import BulkheadLibraryProtocol
import BulkheadLibraryStore
import CSQLite
import Testing

/// A database that another program has changed.
enum SQLiteStoresAgain {
    static func open(_ path: String) throws(StoreError) -> any NodeStore { try SQLiteStores.node(at: path) }

    static func run(_ sql: String, at path: String) throws {
        var database: OpaquePointer?
        try #require(sqlite3_open(path, &database) == SQLITE_OK)
        defer { sqlite3_close(database) }
        try #require(sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK)
    }
}
