package import BulkheadModel
package import BulkheadSystem

/// The deaths of a broadcast: the newest ones, and those whose successors have not worked yet.
package struct DeathRecords: Sendable {
    /// Where a successor is expected.
    package enum Place: Hashable, Sendable {
        case name(String)
        case post(PostID, Duty)
    }

    /// So many are kept.
    package static let limit = 200

    /// The oldest first, at most ``limit``.
    package private(set) var all: [DeathRecord] = []
    private var open: [(post: Place, index: Int, since: MonotonicTime)] = []
    /// Of all there ever were.
    package private(set) var count = 0

    package init() {}

    /// Adds a death at `post` that was seen at `now`.
    package mutating func add(_ record: DeathRecord, of post: Place? = nil, at now: MonotonicTime) {
        count += 1
        all.append(record)
        open.append((post ?? .name("\(record.part)"), all.count - 1, now))
        guard all.count > Self.limit else { return }
        let excess = all.count - Self.limit
        all.removeFirst(excess)
        open = open.compactMap { $0.index >= excess ? ($0.post, $0.index - excess, $0.since) : nil }
    }

    /// Those whose successors have not worked yet.
    package var unrecovered: [DeathRecord] { open.map { all[$0.index] } }

    /// The post works again. Returns the records that are complete now.
    package mutating func close(_ post: Place, at now: MonotonicTime) -> [DeathRecord] {
        let closed = open.filter { $0.post == post }
        open.removeAll { $0.post == post }
        for entry in closed {
            all[entry.index].recoveredAfterMilliseconds = Double(now.since(entry.since)) / 1e6
        }
        return closed.map { all[$0.index] }
    }
}
