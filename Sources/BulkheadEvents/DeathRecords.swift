package import BulkheadModel
package import BulkheadSystem

/// The deaths of a broadcast: the newest ones, and those whose successors have not worked yet.
package struct DeathRecords: Sendable {
    /// Where a successor is expected.
    package struct Place: Hashable, Sendable {
        package let post: PostID
        package let duty: Duty

        package init(_ post: PostID, _ duty: Duty) {
            self.post = post
            self.duty = duty
        }
    }

    /// So many are kept.
    package static let limit = 200

    /// The oldest first, at most ``limit``.
    package private(set) var all: [DeathRecord] = []
    private var open: [(place: Place, index: Int, since: MonotonicTime)] = []
    /// Of all there ever were.
    package private(set) var count = 0

    package init() {}

    /// Adds a death at `place` that was seen at `now`.
    package mutating func add(_ record: DeathRecord, at place: Place, _ now: MonotonicTime) {
        count += 1
        all.append(record)
        open.append((place, all.count - 1, now))
        guard all.count > Self.limit else { return }
        let excess = all.count - Self.limit
        all.removeFirst(excess)
        open = open.compactMap { $0.index >= excess ? ($0.place, $0.index - excess, $0.since) : nil }
    }

    /// Those whose successors have not worked yet.
    package var unrecovered: [DeathRecord] { open.map { all[$0.index] } }

    /// The place is filled again: its successor works. Returns the records that are complete now.
    package mutating func close(_ place: Place, _ now: MonotonicTime) -> [DeathRecord] {
        let closed = open.filter { $0.place == place }
        open.removeAll { $0.place == place }
        for entry in closed {
            all[entry.index].recoveredAfterMilliseconds = Double(now.since(entry.since)) / 1e6
        }
        return closed.map { all[$0.index] }
    }
}
