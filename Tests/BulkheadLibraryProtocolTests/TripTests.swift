import BulkheadLibraryProtocol
import BulkheadSystem
import BulkheadTestSupport
import Testing

/// What players have measured, and what a tracker makes of it.
@Suite(.timeLimit(.minutes(1))) struct TripTests {
    private let epoch = Epoch.random()
    private func node(_ name: String) throws -> NodeID { try #require(NodeID(name)) }
    private func network(_ address: String) throws -> PlayerNetwork {
        PlayerNetwork(try #require(NetworkAddress(address)))
    }
    private func at(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(seconds * 1e9)) }

    @Test func networksAreSaidAsPrefixes() throws {
        #expect(try "\(network("10.1.2.77"))" == "10.1.2.0/24")
        #expect(try network("10.1.2.77") == network("::ffff:10.1.2.3"))
        #expect(try "\(network("2001:db8:1:2::9"))" == "2001:db8:1::/48")
        #expect(try network("2001:db8:1:2::9") != network("2001:db8:2:2::9"))
    }

    @Test func measurementsAreSmoothedAndForgotten() throws {
        var trips = TripTable()
        let (a, here) = (try node("a"), try network("10.1.2.3"))
        trips.note(a, from: here, milliseconds: 100, at: at(0))
        trips.note(a, from: here, milliseconds: 200, at: at(1))
        #expect(trips.trip(to: a, from: here, at: at(1)) == .measured(milliseconds: 130))
        trips.note(a, from: here, milliseconds: 130, at: at(1))
        #expect(trips.trip(to: a, from: here, at: at(1)) == .measured(milliseconds: 130, atLeast: 100))
        #expect(trips.trip(to: a, from: try network("10.1.3.3"), at: at(1)) == nil)
        #expect(trips.trip(to: a, from: here, at: at(602)) == nil)
        trips.note(a, from: here, milliseconds: 50, at: at(700))
        #expect(trips.trip(to: a, from: here, at: at(700)) == .measured(milliseconds: 50))
        for odd in [Double.nan, .infinity, -1] {
            let isTaken = trips.note(a, from: here, milliseconds: odd, at: at(701))
            #expect(!isTaken)
        }
    }

    /// A failure counts for half a minute, and until somebody has got something.
    @Test func nodeThatGaveNothingIsTriedAgain() throws {
        var trips = TripTable()
        let (a, here) = (try node("a"), try network("10.1.2.3"))
        trips.note(a, from: here, milliseconds: nil, at: at(0))
        #expect(trips.trip(to: a, from: here, at: at(29.9)) == .unreachable)
        #expect(trips.trip(to: a, from: here, at: at(30)) == nil)
        trips.note(a, from: here, milliseconds: nil, at: at(31))
        trips.note(a, from: here, milliseconds: 9, at: at(32))
        #expect(trips.trip(to: a, from: here, at: at(32)) == .measured(milliseconds: 9))
    }

    @Test func floodOfReportsIsBounded() throws {
        var trips = TripTable()
        let (a, here) = (try node("a"), try network("10.1.2.3"))
        let taken = (0..<1000).count { _ in trips.note(a, from: here, milliseconds: 9, at: at(1)) }
        #expect(taken == TripTable.mostReports)
        let isTakenLater = trips.note(a, from: here, milliseconds: 9, at: at(12))
        #expect(isTakenLater)
        for number in 0..<TripTable.mostNetworks + 5 {
            let address = "10.\(number >> 16 & 255).\(number >> 8 & 255).1"
            trips.note(a, from: try network(address), milliseconds: 9, at: at(20))
        }
        #expect(trips.count <= TripTable.mostNetworks)
    }

    private func rank(_ trips: TripTable, seed: UInt64, draining: Bool = false) throws -> [PlayerChoice.Ranked] {
        var leases = LeaseTable()
        for name in ["a", "b", "c"] {
            leases.hear(
                Heartbeat(
                    node: try node(name), epoch: epoch, sequence: 1, players: 10, mostPlayers: 100,
                    isDraining: draining),
                at: at(0))
        }
        var random = SeededGenerator(seed: seed)
        return PlayerChoice(prefixes: try PrefixTable("10.0.0.0/8 a")).rank(
            try ["a", "b", "c"].map { try node($0) }, for: NetworkAddress("10.1.2.9"), leases: leases, trips: trips,
            at: at(1), random: &random)
    }

    @Test(arguments: 1...20) func measuredWaysEnterTheRanking(seed: UInt64) throws {
        var trips = TripTable()
        let here = try network("10.1.2.3")
        #expect(try rank(trips, seed: seed).first?.node == node("a"))
        trips.note(try node("b"), from: here, milliseconds: 20, at: at(0))
        trips.note(try node("c"), from: here, milliseconds: 80, at: at(0))
        let near = try rank(trips, seed: seed)
        #expect(near.first?.node.description == "a" && near.count == 3)
        #expect(near.contains { $0.node.description == "b" && $0.why == "answers in 20 ms; load 10 %" })
        // The nearest by the table stays it at a moment's load, and where others are somewhat quicker.
        for milliseconds in [900.0, 900, 90, 900, 900] {
            trips.note(try node("a"), from: here, milliseconds: milliseconds, at: at(0))
            #expect(try rank(trips, seed: seed).first?.node == node("a"), "\(milliseconds)")
        }
        // Slow from there each time.
        trips.note(try node("a"), from: here, milliseconds: 400, at: at(0))
        #expect(try rank(trips, seed: seed).map(\.node.description) == ["b", "c", "a"])
        trips.note(try node("b"), from: here, milliseconds: nil, at: at(0.5))
        let last = try rank(trips, seed: seed)
        #expect(last.map(\.node.description) == ["c", "a", "b"])
        #expect(last[2].why.contains("gave nothing to 10.1.2.0/24 a moment ago"))
    }

    @Test func drainingNodesAreNamedWhereNobodyElseHasIt() throws {
        let ranked = try rank(TripTable(), seed: 1, draining: true)
        #expect(ranked.count == 3 && ranked[0].why == "it takes no others, and nobody else has it")
    }
}
