package import BulkheadSystem

/// Ranks the nodes that have a video for one player.
///
/// Order: alive and with a place left; reached by others of the player's network, and not slowly; nearest by the table of
/// prefixes; of those that are equally near, two are picked at random, and the one with less load and the shorter way goes first,
/// so that players with the same news don't all go to one node.
package struct PlayerChoice: Sendable {
    /// A node with its reason, `nearest to 10.1.0.0/16; answers in 12 ms; load 12 %`.
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
    /// A node that takes longer each time, and four times as long as the quickest, is not near, whatever a table says. Fewer
    /// measurements than ``TripTable/steadyCount`` turn no table over: somebody has measured a moment's load.
    static let slowMilliseconds = 250.0

    private struct Place {
        let node: NodeID
        /// Least first.
        let state: Int, way: Int, nearness: Int
        let load: Double
        let milliseconds: Double?
        let why: String

        /// Whether nothing but load and way are between them.
        func isEqual(_ other: Place) -> Bool {
            (state, way, nearness) == (other.state, other.way, other.nearness)
        }
    }

    private let prefixes: PrefixTable

    package init(prefixes: PrefixTable) { self.prefixes = prefixes }

    /// - Parameters:
    ///   - holders: nodes that have the video.
    ///   - address: the player's; nil where it isn't known.
    ///   - trips: how long nodes took to answer others of its network.
    ///   - random: decides between equally near ones.
    /// - Returns: empty where none is alive. Nodes that take no others are named where there is nobody else.
    package func rank(
        _ holders: [NodeID], for address: NetworkAddress?, leases: LeaseTable, trips: TripTable = TripTable(),
        at now: MonotonicTime, random: inout some RandomNumberGenerator
    ) -> [Ranked] {
        let match = address.flatMap { prefixes.match($0) }
        let network = address.map { PlayerNetwork($0) }
        let ways = network.map { network in holders.map { trips.trip(to: $0, from: network, at: now) } }
        let quickest = ways?.compactMap { if case .measured(let milliseconds, _)? = $0 { milliseconds } else { nil } }
            .min()
        var places: [Place] = []
        var draining: [Ranked] = []
        for (index, node) in holders.enumerated() {
            let state = leases.state(of: node, at: now)
            if state == .draining {
                draining.append(Ranked(node: node, why: "it takes no others, and nobody else has it"))
            }
            guard state == .ready || state == .suspect else { continue }
            let load = leases.load(of: node)
            let nearness = match?.nodes.firstIndex(of: node)
            var reasons: [String] = []
            if let match, let nearness {
                reasons.append(nearness == 0 ? "nearest to \(match.prefix)" : "near \(match.prefix)")
            }
            var (way, milliseconds): (Int, Double?) = (0, nil)
            switch ways?[index] {
            case .unreachable?:
                way = 2
                reasons.append("gave nothing to \(network.map { "\($0)" } ?? "") a moment ago")
            case .measured(let time, let atLeast)?:
                milliseconds = time
                if let atLeast, atLeast >= Self.slowMilliseconds, atLeast >= 4 * (quickest ?? time) { way = 1 }
                reasons.append(
                    "answers in \(time < 10 ? "\((time * 10).rounded() / 10)" : "\(Int(time.rounded()))") ms")
            case nil: break
            }
            reasons.append("load \(Int((min(load, 99) * 100).rounded())) %")
            if load >= 1 { reasons.append("full") }
            if state == .suspect { reasons.append("a heartbeat is overdue") }
            // A full node is worse than a far one; a silent one is worse than both.
            places.append(
                Place(
                    node: node, state: (state == .suspect ? 2 : 0) + (load >= 1 ? 1 : 0), way: way,
                    nearness: nearness ?? Int.max, load: load, milliseconds: milliseconds,
                    why: reasons.joined(separator: "; ")))
        }
        if places.isEmpty { return Array(draining.prefix(Self.most)) }
        places.shuffle(using: &random)
        // Sorting keeps the order of equal ones: chance decides among them.
        var ranked = places.enumerated().sorted { left, right in
            (left.element.state, left.element.way, left.element.nearness, left.offset)
                < (right.element.state, right.element.way, right.element.nearness, right.offset)
        }.map(\.element)
        if ranked.count >= 2, ranked[0].isEqual(ranked[1]), cost(ranked[1], quickest) < cost(ranked[0], quickest) {
            ranked.swapAt(0, 1)
        }
        return ranked.prefix(Self.most).map { Ranked(node: $0.node, why: $0.why) }
    }

    /// Load and way together. What has not been measured is taken for as quick as the quickest: somebody has to try it.
    private func cost(_ place: Place, _ quickest: Double?) -> Double {
        // An idle node is not infinitely better than one with a single player.
        (place.load + 0.05) * (place.milliseconds ?? quickest ?? 1)
    }
}
