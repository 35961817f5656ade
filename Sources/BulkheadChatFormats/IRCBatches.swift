/// The batches of IRC that are open on one connection: IRCv3's batch, which may nest and interleave, and never end.
struct IRCBatches: Sendable {
    /// One that began outside of all others, with what came in it and in those within.
    struct Batch: Hashable {
        let kind: String
        /// Of the question that it answers; nil where it does not say.
        let label: String?
        var page = IRCHistory.Page()
    }

    /// How many may be open.
    private static let mostOpen = 64

    private var open: [String: Batch] = [:]
    /// Of those within others: the outermost one.
    private var roots: [String: String] = [:]

    /// Takes a BATCH line.
    /// - Returns: the batch that has ended, unless it is one within another.
    mutating func take(_ message: IRCMessage) -> Batch? {
        let name = message.parameter(0)
        let reference = String(name.dropFirst())
        if name.hasPrefix("+") {
            guard open.count + roots.count < Self.mostOpen else { return nil }
            if let outer = message.tags["batch"], let root = root(of: outer) {
                if open[reference] == nil { roots[reference] = root }
            } else {
                roots[reference] = nil
                open[reference] = Batch(kind: message.parameter(1), label: message.tags["label"])
            }
            return nil
        }
        guard name.hasPrefix("-"), roots.removeValue(forKey: reference) == nil else { return nil }
        roots = roots.filter { $0.value != reference }
        return open.removeValue(forKey: reference)
    }

    private func root(of reference: String) -> String? {
        open[reference] != nil ? reference : roots[reference]
    }

    /// Takes a line of any kind, which may be in a batch.
    /// - Returns: the kind of the outermost batch that it is in; nil where it is in none.
    mutating func note(_ message: IRCMessage, milliseconds: Int64?) -> String? {
        guard let reference = message.tags["batch"], let root = root(of: reference) else { return nil }
        open[root]?.page.note(message.tags["msgid"], milliseconds)
        return open[root]?.kind
    }
}
