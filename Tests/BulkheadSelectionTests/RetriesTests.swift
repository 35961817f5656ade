import BulkheadSelection
import Testing

@Suite(.timeLimit(.minutes(1))) struct RetriesTests {
    @Test func failuresInARowWaitLongerAndLonger() {
        var retries = Retries(Backoff([.seconds(1), .seconds(2), .seconds(5)], spread: 0))
        #expect((0..<4).map { _ in retries.next() } == [1, 2, 5, 5].map { .seconds($0) })
        #expect(retries.failures == 4)
        retries.reset()
        #expect(retries.next() == .seconds(1))
    }

    @Test func chanceShortensAWaitByItsSpread() {
        var retries = Retries(Backoff([.seconds(10)], spread: 0.2))
        #expect([0, 0.5, 1].map { retries.next(chance: $0) } == [8, 9, 10].map { .seconds($0) })
    }
}
