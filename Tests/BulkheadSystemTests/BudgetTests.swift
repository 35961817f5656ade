import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct BudgetTests {
    private static func at(_ milliseconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: 7_000_000_000_000 + milliseconds * 1_000_000)
    }

    @Test func burstComesAtOnceAndTheRestOverTime() {
        var budget = Budget(10, each: .seconds(2))
        var taken = 0
        while budget.take(at: Self.at(0)) { taken += 1 }
        #expect(taken == 10)
        let early = budget.take(at: Self.at(199))
        #expect(!early)
        let first = budget.take(at: Self.at(200))
        let second = budget.take(at: Self.at(200))
        #expect(first && !second)
        // A long silence saves up one burst, and no more.
        var later = 0
        while budget.take(at: Self.at(1_000_000)) { later += 1 }
        #expect(later == 10)
    }

    @Test func refusedAmountIsNotTakenOff() {
        var budget = Budget(10)
        let tooMuch = budget.take(11, at: Self.at(0))
        let all = budget.take(10, at: Self.at(0))
        let more = budget.take(at: Self.at(1_000_000))
        #expect(!tooMuch && all && !more)
    }

    /// A clock that seems to go back adds nothing.
    @Test func timeThatGoesBackAddsNothing() {
        var budget = Budget(1, each: .seconds(1))
        let first = budget.take(at: Self.at(1000))
        let back = budget.take(at: Self.at(0))
        let again = budget.take(at: Self.at(500))
        #expect(first && !back && !again)
    }
}
