package import BulkheadSystem

/// What a node says of itself every few seconds.
package struct Heartbeat: Hashable, Sendable, Codable {
    package let node: NodeID
    package let epoch: Epoch
    /// Grows with each: one that was overtaken is ignored.
    package let sequence: Int64
    /// Players that it serves.
    package let players: Int
    /// The most that it would serve.
    package let mostPlayers: Int
    /// Whether it serves those that it has and takes no others.
    package let isDraining: Bool

    package init(
        node: NodeID, epoch: Epoch, sequence: Int64, players: Int, mostPlayers: Int, isDraining: Bool = false
    ) {
        self.node = node
        self.epoch = epoch
        self.sequence = sequence
        self.players = players
        self.mostPlayers = mostPlayers
        self.isDraining = isDraining
    }
}

/// Which nodes are there, by their heartbeats and the tracker's own clock, which is never set. It has no clock.
package struct LeaseTable: Sendable {
    /// How a node is to players.
    package enum State: String, Codable, Hashable, Sendable {
        case ready
        /// It takes no others.
        case draining
        /// A heartbeat is overdue: it is named last.
        case suspect
        /// Its lease is over, or it has never been heard of.
        case gone
    }

    /// Between two heartbeats.
    package static let period = Duration.seconds(2)
    /// Without a heartbeat.
    package static let lease = Duration.seconds(6)
    private static let mostRetired = 64

    private struct Entry: Sendable {
        var heartbeat: Heartbeat
        var heard: MonotonicTime
        /// Epochs that another has followed: while that one is heard, what they say comes too late, or from a second node of the
        /// same name.
        var retired: Set<Epoch> = []
        var ignored = 0
        /// Players that were sent there since the last heartbeat, which the node's own count can't have yet.
        var sent = 0
    }

    private var entries: [NodeID: Entry] = [:]

    package init() {}

    /// - Returns: false where it is ignored.
    @discardableResult package mutating func hear(_ heartbeat: Heartbeat, at now: MonotonicTime) -> Bool {
        guard heartbeat.players >= 0, heartbeat.mostPlayers > 0 else { return false }
        guard var entry = entries[heartbeat.node] else {
            entries[heartbeat.node] = Entry(heartbeat: heartbeat, heard: now)
            return true
        }
        let isSame = entry.heartbeat.epoch == heartbeat.epoch
        // A node that starts again counts from its start; what was overtaken is a moment old.
        let isHeard = now.since(entry.heard) < Self.lease.nanoseconds
        let isOvertaken = isSame && heartbeat.sequence <= entry.heartbeat.sequence
        guard !isHeard || !entry.retired.contains(heartbeat.epoch) && !isOvertaken else {
            entry.ignored += 1
            entries[heartbeat.node] = entry
            return false
        }
        if !isSame {
            // The second node of the name has been ended, or a backup of an older life was put back.
            if entry.retired.remove(heartbeat.epoch) != nil { entry.ignored = 0 }
            if entry.retired.count >= Self.mostRetired { entry.retired.removeAll() }
            entry.retired.insert(entry.heartbeat.epoch)
        }
        entry.heartbeat = heartbeat
        entry.heard = now
        entry.sent = 0
        entries[heartbeat.node] = entry
        return true
    }

    /// Asked for each answer: a lease ends at its moment, whether somebody has looked or not.
    package func state(of node: NodeID, at now: MonotonicTime) -> State {
        guard let entry = entries[node] else { return .gone }
        let silence = now.since(entry.heard)
        if silence >= Self.lease.nanoseconds { return .gone }
        if silence >= Self.period.nanoseconds * 2 { return .suspect }
        return entry.heartbeat.isDraining ? .draining : .ready
    }

    /// Players for each place of a node, those that have just been sent there included; 1 is full.
    package func load(of node: NodeID) -> Double {
        guard let entry = entries[node] else { return 1 }
        return Double(entry.heartbeat.players + entry.sent) / Double(entry.heartbeat.mostPlayers)
    }

    /// A player was sent there.
    package mutating func noteSent(_ node: NodeID) { entries[node]?.sent += 1 }

    /// Heartbeats that were ignored: a number that grows means two nodes of one name.
    package func ignored(of node: NodeID) -> Int { entries[node]?.ignored ?? 0 }
}
