import BulkheadSource
import Testing

@Suite(.timeLimit(.minutes(1))) struct PlayOrderTests {
    private static let names = (1...12).map { "/srv/show \($0).mp4" }

    private func played(_ order: PlayOrder, rounds: UInt32) -> [[String]] {
        (0..<rounds).map { round in order.order(ofRound: round).map { order.names[$0] } }
    }

    @Test func withoutASeedTheOrderIsTheLists() {
        let order = PlayOrder(Self.names, loops: true)
        #expect(played(order, rounds: 2) == [Self.names, Self.names])
        #expect(order.following(.init(round: 3, number: 11)) == .init(round: 4, number: 0))
        #expect(PlayOrder(Self.names).following(.init(number: 11)) == nil)
        #expect(PlayOrder([], loops: true).following(.init(number: 0)) == nil)
    }

    @Test(arguments: [UInt32(0), 1, 7, 4711, .max])
    func everyFileComesOnceInARoundAndNoneTwiceInARow(seed: UInt32) {
        for count in [1, 2, 3, 5, 12] {
            let rounds = played(
                PlayOrder(Array(Self.names.prefix(count)), seed: seed, loops: true), rounds: 40)
            for round in rounds { #expect(Set(round) == Set(Self.names.prefix(count)) && round.count == count) }
            let all = rounds.joined().map { $0 }
            if count > 1 { #expect(!zip(all, all.dropFirst()).contains { $0 == $1 }, "\(count) files") }
        }
        let rounds = played(PlayOrder(Self.names, seed: seed, loops: true), rounds: 10)
        #expect(Set(rounds).count == 10, "each round has an order of its own")
    }

    @Test func orderFollowsFromTheSeedAlone() {
        let one = PlayOrder(Self.names, seed: 5, loops: true)
        #expect(played(one, rounds: 5) == played(PlayOrder(Self.names, seed: 5, loops: true), rounds: 5))
        #expect(played(one, rounds: 5) != played(PlayOrder(Self.names, seed: 6, loops: true), rounds: 5))
    }

    /// A name that stands in the list twice is played twice in each round, wherever there is room not in a row.
    @Test func fileThatIsListedTwiceIsPlayedTwice() {
        let order = PlayOrder(["a", "b", "a", "c"], seed: 3, loops: true)
        for round in played(order, rounds: 20) { #expect(round.sorted() == ["a", "a", "b", "c"]) }
    }

    /// The others stay in their order where a file comes or goes.
    @Test(arguments: [UInt32?.none, 9]) func listMayChange(seed: UInt32?) throws {
        var order = PlayOrder(Self.names, seed: seed)
        let current = try #require(order.index(at: .init(number: 4)).map { order.names[$0] })
        let next = try #require(order.index(at: .init(number: 5)).map { order.names[$0] })
        let more = ["/srv/a new one.mp4"] + Self.names
        var spot = order.relist(more, keeping: current, at: .init(number: 4))
        #expect(order.index(at: spot).map { order.names[$0] } == current)
        // The one that is played goes.
        spot = order.relist(more.filter { $0 != current }, keeping: current, at: spot)
        let following = try #require(order.following(spot))
        if seed == nil { #expect(order.index(at: following).map { order.names[$0] } == next) }
        // All go.
        spot = order.relist([], keeping: current, at: spot)
        #expect(order.following(spot) == nil)
    }
}
