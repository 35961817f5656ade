package import BulkheadSystem

/// Ranks the nodes that have a video for one player.
///
/// Order: alive and with a place left; nearest by the table of prefixes; of those that are equally near, by load, with two
/// picked at random of which the less loaded one goes first, so that players with the same news don't all go to one node.
package struct PlayerChoice: Sendable {
    /// A node with its reason, `near: 10.1.0.0/16; load 12 %`.
    package struct Ranked: Hashable, Sendable {
        package let node: NodeID
        package let why: String

        package init(node: NodeID, why: String) {
            self.node = node
            self.why = why
        }
    }

    /// How many an answer names at most.
    package static let most = 3

    private struct Place {
        let node: NodeID
        /// Least first.
        let state: Int, nearness: Int
        let load: Double
        let why: String
    }

    private let prefixes: PrefixTable

    package init(prefixes: PrefixTable) { self.prefixes = prefixes }

    /// - Parameters:
    ///   - holders: nodes that have the video.
    ///   - address: the player's; nil where it isn't known.
    ///   - random: decides between equally near ones.
    /// - Returns: empty where none is alive.
    package func rank(
        _ holders: [NodeID], for address: NetworkAddress?, leases: LeaseTable, at now: MonotonicTime,
        random: inout some RandomNumberGenerator
    ) -> [Ranked] {
        let match = address.flatMap { prefixes.match($0) }
        var places: [Place] = []
        for node in holders {
            let state = leases.state(of: node, at: now)
            guard state == .ready || state == .suspect else { continue }
            let load = leases.load(of: node)
            let nearness = match?.nodes.firstIndex(of: node)
            var reasons: [String] = []
            if let match, let nearness {
                reasons.append(nearness == 0 ? "nearest to \(match.prefix)" : "near \(match.prefix)")
            }
            reasons.append("load \(Int((min(load, 99) * 100).rounded())) %")
            if load >= 1 { reasons.append("full") }
            if state == .suspect { reasons.append("a heartbeat is overdue") }
            // A full node is worse than a far one; a silent one is worse than both.
            places.append(
                Place(
                    node: node, state: (state == .suspect ? 2 : 0) + (load >= 1 ? 1 : 0),
                    nearness: nearness ?? Int.max, load: load, why: reasons.joined(separator: "; ")))
        }
        places.shuffle(using: &random)
        // Sorting keeps the order of equal ones: chance decides among them.
        let sorted = places.enumerated().sorted { left, right in
            (left.element.state, left.element.nearness, left.offset)
                < (right.element.state, right.element.nearness, right.offset)
        }.map(\.element)
        var ranked = sorted
        if ranked.count >= 2, ranked[0].state == ranked[1].state, ranked[0].nearness == ranked[1].nearness,
            ranked[1].load < ranked[0].load
        {
            ranked.swapAt(0, 1)
        }
        return ranked.prefix(Self.most).map { Ranked(node: $0.node, why: $0.why) }
    }
}
