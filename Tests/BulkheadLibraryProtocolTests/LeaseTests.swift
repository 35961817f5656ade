import BulkheadLibraryProtocol
import BulkheadSystem
import BulkheadTestSupport
import Testing

/// Who is alive, and who is named to a player.
@Suite(.timeLimit(.minutes(1))) struct LeaseTests {
    private let epoch = Epoch.random()

    private func node(_ name: String) throws -> NodeID { try #require(NodeID(name)) }

    private func beat(
        _ name: String, _ sequence: Int64, _ epoch: Epoch? = nil, players: Int = 0, isDraining: Bool = false
    ) throws -> Heartbeat {
        Heartbeat(
            node: try node(name), epoch: epoch ?? self.epoch, sequence: sequence, players: players, mostPlayers: 100,
            isDraining: isDraining)
    }

    private func at(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(seconds * 1e9)) }

    /// A lease ends at its moment, not when somebody sweeps.
    @Test func silenceMakesANodeSuspectAndThenGone() throws {
        var leases = LeaseTable()
        let a = try node("a")
        #expect(leases.state(of: a, at: at(0)) == .gone)
        leases.hear(try beat("a", 1), at: at(0))
        #expect(leases.state(of: a, at: at(3.9)) == .ready)
        #expect(leases.state(of: a, at: at(4)) == .suspect)
        #expect(leases.state(of: a, at: at(5.999)) == .suspect)
        #expect(leases.state(of: a, at: at(6)) == .gone)
        leases.hear(try beat("a", 2, isDraining: true), at: at(7))
        #expect(leases.state(of: a, at: at(7)) == .draining)
    }

    @Test func overtakenHeartbeatsAreIgnored() throws {
        var leases = LeaseTable()
        #expect(leases.hear(try beat("a", 5), at: at(0)))
        #expect(!leases.hear(try beat("a", 4, isDraining: true), at: at(1)))
        #expect(leases.state(of: try node("a"), at: at(1)) == .ready)
        // A node that was started again counts from 1, and is heard when its old lease is over.
        #expect(leases.hear(try beat("a", 1), at: at(6)))
    }

    /// Two machines that call themselves the same: the one that came last is heard, and the other one is not.
    @Test func secondNodeOfANameFencesTheFirst() throws {
        var leases = LeaseTable()
        let other = Epoch.random()
        #expect(leases.hear(try beat("a", 9), at: at(0)))
        #expect(leases.hear(try beat("a", 1, other), at: at(1)))
        #expect(!leases.hear(try beat("a", 10), at: at(2)))
        #expect(leases.hear(try beat("a", 2, other), at: at(3)))
        #expect(leases.ignored(of: try node("a")) == 1)
        // The second one was a mistake, and has been ended: the first one is heard again.
        #expect(!leases.hear(try beat("a", 11), at: at(8.9)))
        #expect(leases.hear(try beat("a", 12), at: at(9)))
        #expect(leases.state(of: try node("a"), at: at(9)) == .ready)
        #expect(leases.ignored(of: try node("a")) == 0)
        #expect(!leases.hear(try beat("a", 3, other), at: at(10)))
    }

    private func rank(
        _ names: [String], _ address: String?, _ leases: LeaseTable, at seconds: Double = 1, seed: UInt64 = 1
    ) throws -> [PlayerChoice.Ranked] {
        let table = try PrefixTable("10.1.0.0/16 a b\n10.2.0.0/16 c")
        var random = SeededGenerator(seed: seed)
        return PlayerChoice(prefixes: table).rank(
            try names.map { try node($0) }, for: address.flatMap { NetworkAddress($0) }, leases: leases,
            at: at(seconds), random: &random)
    }

    @Test(arguments: 1...20) func nearestLivingNodeGoesFirst(seed: UInt64) throws {
        var leases = LeaseTable()
        for name in ["a", "b", "c", "d"] { leases.hear(try beat(name, 1), at: at(0)) }
        let near = try rank(["d", "c", "b", "a"], "10.1.9.9", leases, seed: seed)
        #expect(near.prefix(2).map(\.node.description) == ["a", "b"] && near.count == 3)
        #expect(near.first?.why.contains("nearest to 10.1.0.0/16") == true)
        // Full is worse than far.
        leases.hear(try beat("a", 2, players: 100), at: at(0.5))
        #expect(try rank(["a", "b"], "10.1.9.9", leases, seed: seed).map(\.node.description) == ["b", "a"])
        // Dead and draining ones are never named.
        leases.hear(try beat("b", 2, isDraining: true), at: at(0.5))
        leases.hear(try beat("c", 2), at: at(5))
        #expect(try rank(["a", "b", "c", "d"], "10.1.9.9", leases, at: 7, seed: seed).map(\.node.description) == ["c"])
        #expect(try rank(["a"], "10.1.9.9", leases, at: 20, seed: seed).isEmpty)
    }

    /// With one report for all, players must not all go to the same node.
    @Test func playersSpreadOverEqualNodes() throws {
        var leases = LeaseTable()
        for name in ["c", "d", "e", "f"] { leases.hear(try beat(name, 1), at: at(0)) }
        var random = SeededGenerator(seed: 7)
        var counts: [NodeID: Int] = [:]
        for _ in 0..<200 {
            let ranked = PlayerChoice(prefixes: PrefixTable()).rank(
                try ["c", "d", "e", "f"].map { try node($0) }, for: nil, leases: leases, at: at(1), random: &random)
            let first = try #require(ranked.first?.node)
            counts[first, default: 0] += 1
            leases.noteSent(first)
        }
        #expect(counts.count == 4 && counts.values.allSatisfy { (35...65).contains($0) }, "\(counts)")
    }
}
