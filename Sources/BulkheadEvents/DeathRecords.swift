package import BulkheadSystem

/// The deaths of a broadcast: the newest ones, and those whose successors have not worked yet.
package struct DeathRecords: Sendable {
    /// So many are kept.
    package static let limit = 200

    /// The oldest first, at most ``limit``.
    package private(set) var all: [DeathRecord] = []
    private var open: [(part: String, index: Int, since: MonotonicTime)] = []
    /// Of all there ever were.
    package private(set) var count = 0

    package init() {}

    /// Adds a death that was seen at `now`.
    package mutating func add(_ record: DeathRecord, at now: MonotonicTime) {
        count += 1
        all.append(record)
        open.append((record.part, all.count - 1, now))
        guard all.count > Self.limit else { return }
        let excess = all.count - Self.limit
        all.removeFirst(excess)
        open = open.compactMap { $0.index >= excess ? ($0.part, $0.index - excess, $0.since) : nil }
    }

    /// Those whose successors have not worked yet.
    package var unrecovered: [DeathRecord] { open.map { all[$0.index] } }

    /// The part works again. Returns the records that are complete now.
    package mutating func close(_ part: String, at now: MonotonicTime) -> [DeathRecord] {
        let closed = open.filter { $0.part == part }
        open.removeAll { $0.part == part }
        for entry in closed {
            all[entry.index].recoveredAfterMilliseconds = Double(now.since(entry.since)) / 1e6
        }
        return closed.map { all[$0.index] }
    }
}
