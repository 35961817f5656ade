import BulkheadLibraryProtocol

/// A value of a column.
enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case text(String)
}

/// A transaction that is open.
protocol SQLSession {
    /// Runs one statement, with `values` for its placeholders in order.
    /// - Throws: ``StoreError``.
    func run(_ sql: String, _ values: [SQLValue]) throws -> [[SQLValue]]
}

extension SQLSession {
    func run(_ sql: String) throws -> [[SQLValue]] { try run(sql, []) }
}

/// A database that runs transactions, one after the other; calls block.
protocol SQLEngine: Sendable {
    /// A transaction that writes: durable when this returns, or nothing of it is there.
    /// - Parameter body: may be called again where the database asks for that.
    func write<Result>(_ body: (any SQLSession) throws -> Result) throws -> Result
    /// All that is read here is of one moment.
    func read<Result>(_ body: (any SQLSession) throws -> Result) throws -> Result
}

/// The columns of a statement's answer, read from the left.
struct SQLFields {
    private var rest: ArraySlice<SQLValue>

    init(_ row: [SQLValue]) { rest = row[...] }

    mutating func integer() throws(StoreError) -> Int64 {
        guard case .integer(let value)? = rest.popFirst() else { throw .senseless("a number is missing") }
        return value
    }

    mutating func text() throws(StoreError) -> String {
        guard case .text(let value)? = rest.popFirst() else { throw .senseless("a text is missing") }
        return value
    }

    mutating func optionalText() throws(StoreError) -> String? {
        switch rest.popFirst() {
        case .text(let value)?: value
        case .null?: nil
        default: throw .senseless("a text is missing")
        }
    }
}
