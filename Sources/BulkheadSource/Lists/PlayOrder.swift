/// The order in which the files of a list are played, round after round.
///
/// A shuffled order follows from the seed, the round and the files' names alone: every process comes to the same one, and a file
/// that is added or goes leaves the others where they are. In each round every file comes once, and none comes twice in a row
/// where there are others.
package struct PlayOrder {
    /// One place of the order.
    package struct Spot: Hashable, Sendable {
        /// How often the list has been played to its end before.
        package var round: UInt32
        /// The place in the round, from 0.
        package var number: Int

        package init(round: UInt32 = 0, number: Int) {
            self.round = round
            self.number = number
        }
    }

    /// As the list has them; one may stand in it more than once.
    package private(set) var names: [String]
    private let seed: UInt32?
    private let loops: Bool
    private var memory = Memory()

    /// Orders that have been worked out: a list may have many thousand files.
    private final class Memory { var orders: [UInt32: [Int]] = [:] }

    /// - Parameters:
    ///   - seed: what the order is shuffled by; nil for that of the list.
    ///   - loops: another round follows each.
    package init(_ names: [String], seed: UInt32? = nil, loops: Bool = false) {
        self.names = names
        self.seed = seed
        self.loops = loops
    }

    /// The files of one round, as numbers into ``names``.
    package func order(ofRound round: UInt32) -> [Int] {
        if let known = memory.orders[round] { return known }
        let order = makeOrder(ofRound: round)
        if memory.orders.count >= 3 { memory.orders = [:] }
        memory.orders[round] = order
        return order
    }

    private func makeOrder(ofRound round: UInt32) -> [Int] {
        guard let seed else { return Array(names.indices) }
        // Two can only take turns.
        guard names.count > 2 else { return shuffled(seed, 0) }
        var order = shuffled(seed, round)
        // The last one of a round is never exchanged: it is that of the shuffled order.
        if round > 0, let last = shuffled(seed, round - 1).last, names[order[0]] == names[last] {
            let other = order.indices.dropFirst().dropLast().first { names[order[$0]] != names[last] } ?? 1
            order.swapAt(0, other)
        }
        return order
    }

    private func shuffled(_ seed: UInt32, _ round: UInt32) -> [Int] {
        var earlier: [String: UInt64] = [:]
        let keys = names.map { name in
            let copy = earlier[name, default: 0]
            earlier[name] = copy + 1
            return Self.key(name, copy, UInt64(seed) << 32 | UInt64(round))
        }
        return names.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
    }

    /// FNV-1a over the name, mixed as SplitMix64 does.
    private static func key(_ name: String, _ copy: UInt64, _ salt: UInt64) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        hash = hash &+ copy &* 0x9E37_79B9_7F4A_7C15
        for value in [salt, 0x9E37_79B9_7F4A_7C15] {
            hash = (hash ^ value) &* 0xBF58_476D_1CE4_E5B9
            hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
            hash ^= hash >> 31
        }
        return hash
    }

    /// Which of ``names`` is played at `spot`; nil where the list is too short.
    package func index(at spot: Spot) -> Int? {
        let order = order(ofRound: spot.round)
        return order.indices.contains(spot.number) ? order[spot.number] : nil
    }

    /// What comes behind `spot`; nil at the end.
    package func following(_ spot: Spot) -> Spot? {
        if spot.number + 1 < names.count { return Spot(round: spot.round, number: spot.number + 1) }
        guard loops, !names.isEmpty else { return nil }
        return Spot(round: spot.round &+ 1, number: 0)
    }

    /// Where `name` is played in the round of `spot`: of several places the nearest one. Nil where it is not in the list.
    package func spot(of name: String, near spot: Spot) -> Spot? {
        let order = order(ofRound: spot.round)
        let places = order.indices.filter { names[order[$0]] == name }
        return places.min { abs($0 - spot.number) < abs($1 - spot.number) }.map { Spot(round: spot.round, number: $0) }
    }

    /// The list has other files now.
    /// - Returns: the place of the one that is played, or where it has gone the place before what stands there now.
    package mutating func relist(_ names: [String], keeping name: String, at spot: Spot) -> Spot {
        self.names = names
        memory = Memory()
        return self.spot(of: name, near: spot) ?? Spot(round: spot.round, number: min(spot.number, names.count) - 1)
    }
}
