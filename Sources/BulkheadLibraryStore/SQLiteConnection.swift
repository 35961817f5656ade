import BulkheadLibraryProtocol
import CSQLite

/// One connection to a file of SQLite. One thread at a time uses it, and may wait.
final class SQLiteConnection {
    /// What SQLite said to a statement.
    struct Refusal: Error {
        let code: CInt
        let text: String
    }

    /// How long another process may hold the file, in milliseconds.
    private static let patience: CInt = 5000

    private let database: OpaquePointer
    private var prepared: [String: OpaquePointer] = [:]

    /// Opens the file at `path`, and makes it where there is none.
    init(_ path: String) throws(StoreError) {
        var database: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let code = sqlite3_open_v2(path, &database, flags, nil)
        guard code == SQLITE_OK, let database else {
            let text = database.map { String(cString: sqlite3_errmsg($0)) } ?? "there is no memory for it"
            sqlite3_close_v2(database)
            throw .unavailable("\(path): \(text)")
        }
        self.database = database
        sqlite3_extended_result_codes(database, 1)
        sqlite3_busy_timeout(database, Self.patience)
        do {
            _ = try run("PRAGMA journal_mode = WAL")
            // NORMAL would let a power cut take the last commits back: a flag must not outlive its row.
            _ = try run("PRAGMA synchronous = FULL")
            _ = try run("PRAGMA foreign_keys = ON")
        } catch { throw .unavailable("\(path): \((error as? Refusal)?.text ?? "\(error)")") }
    }

    deinit {
        for statement in prepared.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(database)
    }

    /// - Throws: ``Refusal``.
    func run(_ sql: String, _ values: [SQLValue] = []) throws -> [[SQLValue]] {
        let statement = try statement(sql)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (place, value) in values.enumerated() {
            let number = CInt(place + 1)
            let code =
                switch value {
                case .null: sqlite3_bind_null(statement, number)
                case .integer(let value): sqlite3_bind_int64(statement, number, value)
                // SQLITE_TRANSIENT, which Swift does not import: the text is copied.
                case .text(let text):
                    sqlite3_bind_text(
                        statement, number, text, CInt(clamping: text.utf8.count),
                        unsafeBitCast(-1, to: sqlite3_destructor_type.self))
                }
            guard code == SQLITE_OK else { throw refusal(code) }
        }
        var rows: [[SQLValue]] = []
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { return rows }
            guard code == SQLITE_ROW else { throw refusal(code) }
            rows.append((0..<sqlite3_column_count(statement)).map { Self.value(statement, $0) })
        }
    }

    private static func value(_ statement: OpaquePointer, _ column: CInt) -> SQLValue {
        switch sqlite3_column_type(statement, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, column))
        case SQLITE_TEXT:
            guard let text = sqlite3_column_text(statement, column) else { return .null }
            let count = Int(sqlite3_column_bytes(statement, column))
            return .text(String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self))
        default: return .null
        }
    }

    private func statement(_ sql: String) throws -> OpaquePointer {
        if let known = prepared[sql] { return known }
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard code == SQLITE_OK, let statement else { throw refusal(code) }
        prepared[sql] = statement
        return statement
    }

    private func refusal(_ code: CInt) -> Refusal {
        Refusal(code: code, text: String(cString: sqlite3_errmsg(database)))
    }
}
