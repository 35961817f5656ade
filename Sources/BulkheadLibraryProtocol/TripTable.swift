package import BulkheadSystem

/// The part of an address that stands for a network: 24 bits of version 4, 48 of version 6.
package struct PlayerNetwork: Hashable, Sendable, CustomStringConvertible {
    private let prefix: [UInt8]

    package init(_ address: NetworkAddress) { prefix = Array(address.bytes.prefix(address.bytes.count == 4 ? 3 : 6)) }

    /// `10.1.2.0/24`, `2001:db8:1::/48`.
    package var description: String {
        if prefix.count == 3 { return prefix.map { "\($0)." }.joined() + "0/24" }
        let words = stride(from: 0, to: 6, by: 2).map { String(Int(prefix[$0]) << 8 | Int(prefix[$0 + 1]), radix: 16) }
        return words.joined(separator: ":") + "::/48"
    }
}

/// How long nodes took to answer players of a network, as the players have measured it. It has no clock.
///
/// A report counts for the network that it came from and for no other: who lies spoils the choice of neighbours.
package struct TripTable: Sendable {
    /// What is known of a node from a network.
    package enum Trip: Hashable, Sendable {
        /// Smoothed. `atLeast` is the shortest of the last ``steadyCount``; nil where there were fewer.
        case measured(milliseconds: Double, atLeast: Double? = nil)
        /// A player has got nothing from there.
        case unreachable
    }

    /// What so many measurements in a row agree on was no moment's load.
    package static let steadyCount = 3
    /// A measurement is looked at for so long.
    package static let memory = Duration.seconds(600)
    /// A node that gave nothing is named last for so long: then somebody may try it again.
    package static let rest = Duration.seconds(30)
    /// More networks are not remembered.
    package static let mostNetworks = 50_000
    /// More reports of a network within ``window`` are not looked at.
    package static let mostReports = 200
    private static let window = Duration.seconds(10)
    /// What a new measurement counts beside those before.
    private static let weight = 0.3

    private struct Entry: Sendable {
        var milliseconds: Double?
        var last: [Double] = []
        var measured = MonotonicTime(nanoseconds: .min)
        var failed: MonotonicTime?
    }

    private struct Network: Sendable {
        var entries: [NodeID: Entry] = [:]
        var windowStart: MonotonicTime
        var reports = 0
        var last: MonotonicTime
    }

    private var networks: [PlayerNetwork: Network] = [:]

    package init() {}

    /// How many networks have reported.
    package var count: Int { networks.count }

    /// A player's try at `node`.
    /// - Parameter milliseconds: to the first byte; nil where nothing came.
    /// - Returns: false where it is not looked at.
    @discardableResult package mutating func note(
        _ node: NodeID, from network: PlayerNetwork, milliseconds: Double?, at now: MonotonicTime
    ) -> Bool {
        if networks[network] == nil, networks.count >= Self.mostNetworks {
            networks = networks.filter { now.since($0.value.last) < Self.memory.nanoseconds }
            guard networks.count < Self.mostNetworks else { return false }
        }
        var known = networks[network] ?? Network(windowStart: now, last: now)
        if now.since(known.windowStart) >= Self.window.nanoseconds { (known.windowStart, known.reports) = (now, 0) }
        guard known.reports < Self.mostReports else { return false }
        known.reports += 1
        known.last = now
        var entry = known.entries[node] ?? Entry()
        if let milliseconds {
            guard milliseconds.isFinite, milliseconds >= 0 else { return false }
            let value = min(10_000, max(0.1, milliseconds))
            let isFresh = now.since(entry.measured) < Self.memory.nanoseconds
            entry.milliseconds =
                entry.milliseconds.flatMap { old in
                    isFresh ? old + (value - old) * Self.weight : nil
                } ?? value
            entry.last = (isFresh ? entry.last : []).suffix(Self.steadyCount - 1) + [value]
            entry.measured = now
            entry.failed = nil
        } else {
            entry.failed = now
        }
        known.entries[node] = entry
        networks[network] = known
        return true
    }

    /// What is known of `node` from `network` now; nil for nothing.
    package func trip(to node: NodeID, from network: PlayerNetwork, at now: MonotonicTime) -> Trip? {
        guard let entry = networks[network]?.entries[node] else { return nil }
        if let failed = entry.failed, now.since(failed) < Self.rest.nanoseconds { return .unreachable }
        guard let milliseconds = entry.milliseconds, now.since(entry.measured) < Self.memory.nanoseconds else {
            return nil
        }
        let atLeast = entry.last.count < Self.steadyCount ? nil : entry.last.min()
        return .measured(milliseconds: milliseconds, atLeast: atLeast)
    }
}
