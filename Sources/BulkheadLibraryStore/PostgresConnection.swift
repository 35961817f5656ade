import BulkheadLibraryProtocol
import CPQ

/// One connection to PostgreSQL, by libpq. One thread at a time uses it, and may wait.
final class PostgresConnection {
    /// Of one statement, in milliseconds: a server that stands still must not hold a thread for ever.
    private static let statementTimeout = 30_000
    /// The error codes of PostgreSQL, appendix A: a transaction that may be tried again.
    static let retryable: Set<String> = ["40001", "40P01", "55P03"]

    /// What the server said to a statement.
    struct Refusal: Error {
        let code: String
        let text: String
    }

    /// Which of several hosts is meant: `target_session_attrs` of libpq 14.
    enum Purpose: String, Sendable {
        /// The one that takes writes.
        case writing = "read-write"
        /// A replica, and the primary where there is none.
        case reading = "prefer-standby"
    }

    private let connection: OpaquePointer
    private var prepared: [String: String] = [:]

    /// Connects to what `place` names: `postgresql://…` or `host=… dbname=…`. What it says wins over what is usual here.
    init(_ place: String, for purpose: Purpose) throws(StoreError) {
        let usual = [
            ("connect_timeout", "5"), ("application_name", "bulkhead-library"), ("client_encoding", "UTF8"),
            ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "15000"), ("target_session_attrs", purpose.rawValue), ("dbname", place),
        ]
        let connection = Self.withCStrings(usual.map(\.0)) { names in
            Self.withCStrings(usual.map(\.1)) { values in PQconnectdbParams(names, values, 1) }
        }
        guard let connection else { throw .unavailable("there is no memory for a connection") }
        guard PQstatus(connection) == CONNECTION_OK else {
            let text = Self.line(PQerrorMessage(connection))
            PQfinish(connection)
            throw .unavailable(text)
        }
        self.connection = connection
        do {
            _ = try run("SET statement_timeout = \(Self.statementTimeout)")
            _ = try run("SET lock_timeout = 10000")
            _ = try run("SET idle_in_transaction_session_timeout = 60000")
            // A flag must not outlive its row.
            _ = try run("SET synchronous_commit = on")
            _ = try run("SET client_min_messages = warning")
        } catch { throw .unavailable("\((error as? Refusal)?.text ?? "\(error)")") }
    }

    deinit { PQfinish(connection) }

    var isAlive: Bool { PQstatus(connection) == CONNECTION_OK }

    /// - Throws: ``Refusal``.
    func run(_ sql: String, _ values: [SQLValue] = []) throws -> [[SQLValue]] {
        let texts: [String?] = values.map { value in
            switch value {
            case .null: nil
            case .integer(let number): "\(number)"
            case .text(let text): text
            }
        }
        // Definitions are not prepared: they come once.
        guard !values.isEmpty else { return try read(PQexecParams(connection, sql, 0, nil, nil, nil, nil, 0)) }
        let name: String
        if let known = prepared[sql] {
            name = known
        } else {
            name = "s\(prepared.count)"
            _ = try read(PQprepare(connection, name, sql, 0, nil))
            prepared[sql] = name
        }
        let result = Self.withCStrings(texts) { pointers in
            PQexecPrepared(connection, name, CInt(values.count), pointers, nil, nil, 0)
        }
        return try read(result)
    }

    private func read(_ result: OpaquePointer?) throws -> [[SQLValue]] {
        guard let result else { throw Refusal(code: "08000", text: Self.line(PQerrorMessage(connection))) }
        defer { PQclear(result) }
        let status = PQresultStatus(result)
        guard status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK else {
            let code = PQresultErrorField(result, CInt(UInt8(ascii: "C"))).map { String(cString: $0) } ?? "08000"
            throw Refusal(code: code, text: Self.line(PQresultErrorMessage(result)))
        }
        let columns = PQnfields(result)
        return (0..<PQntuples(result)).map { row in
            (0..<columns).map { column in
                guard PQgetisnull(result, row, column) == 0, let value = PQgetvalue(result, row, column) else {
                    return .null
                }
                let text = String(cString: value)
                // int8, int2 and int4: pg_type.
                return [20, 21, 23].contains(PQftype(result, column))
                    ? Int64(text).map { .integer($0) } ?? .null : .text(text)
            }
        }
    }

    private static func line(_ text: UnsafePointer<CChar>?) -> String {
        let words = text.map { String(cString: $0) } ?? ""
        return String(words.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(300))
    }

    /// `texts` as an array of C strings with a null pointer behind it.
    private static func withCStrings<Result>(
        _ texts: [String?], _ body: ([UnsafePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = texts.map { $0.map { Array($0.utf8CString) } }
        func add(_ place: Int, _ pointers: [UnsafePointer<CChar>?]) -> Result {
            guard place < copies.count else { return body(pointers + [nil]) }
            guard let copy = copies[place] else { return add(place + 1, pointers + [nil]) }
            return copy.withUnsafeBufferPointer { add(place + 1, pointers + [$0.baseAddress]) }
        }
        return add(0, [])
    }
}
