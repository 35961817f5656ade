import BulkheadLibraryProtocol

/// The forms of a database, one after the other. A form that was released is never changed: the next one follows it.
struct Migrations {
    /// Statements of form 1, form 2, …
    let forms: [[String]]
    let statements: Statements

    struct Statements {
        /// Makes the table of the form, where there is none.
        let begin: [String]
        /// Keeps others that do the same out until the transaction ends; empty where writing does.
        let lock: [String]
        /// Gives the form in force.
        let read: String
        /// Writes the form.
        let write: String
    }

    /// Brings the database into the newest form: all of it, or nothing.
    func apply(to engine: some SQLEngine) throws {
        try engine.write { session in
            for statement in statements.lock + statements.begin { _ = try session.run(statement) }
            var form: Int64 = 0
            if let row = try session.run(statements.read).first {
                var fields = SQLFields(row)
                form = try fields.integer()
            }
            guard form >= 0, form <= Int64(forms.count) else { throw StoreError.tooNew(version: form) }
            for statement in forms.dropFirst(Int(form)).joined() { _ = try session.run(statement) }
            _ = try session.run(statements.write, [.integer(Int64(forms.count))])
        }
    }
}
