import BulkheadSelection
import BulkheadTestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct BackoffTests {
    /// docs/links.md: a server that fails is asked after 1, 2, 4, 8, 15 s.
    @Test func doublingStopsAtItsEnd() {
        let backoff = Backoff.doubling(from: .seconds(1), upTo: .seconds(15))
        #expect((1...7).map { backoff.delay(after: $0) } == [1, 2, 4, 8, 15, 15, 15].map { .seconds($0) })
        #expect(backoff.count == 5)
        #expect(Backoff.doubling(from: .seconds(2), upTo: .seconds(2)).count == 1)
        #expect(Backoff.doubling(from: .seconds(3), upTo: .seconds(2)).delay(after: 1) == .seconds(2))
        #expect(Backoff.doubling(from: .seconds(1), upTo: .seconds(4)).count == 3)
    }

    @Test func exactDelaysLeaveNothingToChance() {
        let backoff = Backoff.exact(milliseconds: [0, 250, 1000])
        for chance in [0, 0.5, 1] {
            #expect(backoff.delay(after: 1, chance: chance) == .zero)
            #expect(backoff.delay(after: 2, chance: chance) == .milliseconds(250))
        }
        #expect(backoff.delay(after: .max) == .seconds(1) && backoff.delay(after: .min) == .zero)
    }

    /// A deviation of a fifth: never longer than said, never shorter than four fifths of it.
    @Test(arguments: [0.0, 0.2, 0.5, 1]) func delaysStayWithinTheirSpread(spread: Double) {
        let backoff = Backoff([.milliseconds(250), .milliseconds(900)], spread: spread)
        var last = Duration.zero
        for step in 0...100 {
            let delay = backoff.delay(after: 2, chance: Double(step) / 100)
            let full = Duration.milliseconds(900)
            #expect(delay <= full && delay >= full * (1 - spread) - .microseconds(1))
            #expect(delay >= last)
            last = delay
        }
        #expect(backoff.delay(after: 1, chance: -3) == backoff.delay(after: 1, chance: 0))
    }

    @Test func retriesCountFromOneAgainAfterASuccess() {
        var retries = Retries(.exact(milliseconds: [10, 20, 40]))
        let first = (0..<4).map { _ in retries.next() }
        #expect(first == [10, 20, 40, 40].map { .milliseconds($0) } && retries.failures == 4)
        retries.reset()
        #expect(retries.failures == 0)
        let again = retries.next()
        #expect(again == .milliseconds(10))
    }
}

/// A breaker under any row of successes and failures, against what docs/links.md says of it.
@Suite(.timeLimit(.minutes(1))) struct CircuitBreakerModelTests {
    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64]) func restsGrowWithFailuresInARow(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var breaker = CircuitBreaker()
        var now = Duration.zero
        var failures = 0
        var wellSince: Duration?
        var restsUntil = Duration.zero
        for _ in 0..<2000 {
            now += .milliseconds(Int64.random(in: 0..<4000, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                if failures > 0 || wellSince == nil { wellSince = now }
                failures = 0
                restsUntil = .zero
                breaker.succeeded(in: .milliseconds(20), at: now)
            case 1:
                failures = 0
                wellSince = nil
                restsUntil = .zero
                breaker.reset()
            default:
                failures += 1
                wellSince = nil
                if failures >= 3 {
                    let seconds = min(30, 1 << min(failures - 3, 10))
                    restsUntil = now + .seconds(seconds)
                }
                breaker.failed(at: now)
            }
            #expect(breaker.failures == failures)
            for later in [now, now + .milliseconds(999), now + .seconds(30)] {
                let rests = later < restsUntil
                #expect((breaker.health(at: later) == .resting) == rests)
                if rests {
                    #expect(breaker.state(at: later) == .open(until: restsUntil))
                } else if failures > 0 {
                    #expect(breaker.health(at: later) == .failing)
                    #expect(breaker.state(at: later) == (failures >= 3 ? .halfOpen : .closed))
                } else if let wellSince {
                    #expect(breaker.health(at: later) == .well(for: later - wellSince))
                } else {
                    #expect(breaker.health(at: later) == .unknown)
                }
            }
        }
    }

    /// A clock that seems to go back must not make a candidate well for a negative time.
    @Test func wellnessIsNeverNegative() {
        var breaker = CircuitBreaker()
        breaker.succeeded(in: nil, at: .seconds(10))
        #expect(breaker.health(at: .seconds(5)) == .well(for: .zero))
    }

    @Test func candidatesWeighOneAtLeast() {
        #expect(Candidate(name: "a", weight: 0).weight == 1 && Candidate(name: "a", weight: -5).weight == 1)
        #expect(Candidate(name: "a", weight: 7).weight == 7)
    }

    /// Each as often as its weight says: docs/links.md.
    @Test(arguments: [[1, 1], [3, 1], [5, 2, 1], [10, 1, 1, 1], [7, 7, 3]])
    func weightsAreKeptInEveryRound(weights: [Int]) {
        let candidates = weights.enumerated().map { Candidate(name: "\($0.offset)", weight: $0.element) }
        let measurements = weights.map { _ in Measurement() }
        var history = SelectionHistory()
        let total = weights.reduce(0, +)
        for round in 1...5 {
            for _ in 0..<total {
                guard let choice = SelectionRule.weighted.choose(among: candidates, measurements, history: history)
                else {
                    Issue.record("nothing was chosen")
                    return
                }
                history.note(choice.index)
            }
            for (index, weight) in weights.enumerated() { #expect(history.picks[index] == weight * round) }
        }
    }

    /// Under every rule, what works or is untried comes before what fails, and that before what rests.
    @Test(arguments: SelectionRule.allCases) func healthGoesBeforeEverything(rule: SelectionRule) {
        let healths: [(Measurement.Health, Int)] = [
            (.well(for: .seconds(1)), 0), (.unknown, 0), (.failing, 1), (.resting, 2),
        ]
        for (first, firstRank) in healths {
            for (second, secondRank) in healths where firstRank != secondRank {
                let candidates = [Candidate(name: "a", priority: 5, weight: 1), Candidate(name: "b", weight: 1000)]
                let measurements = [
                    Measurement(first, roundTrip: .milliseconds(90)), Measurement(second, roundTrip: .milliseconds(1)),
                ]
                for last in [nil, 0, 1] {
                    let choice = rule.choose(
                        among: candidates, measurements, history: SelectionHistory(last: last, picks: [0: 9]))
                    #expect(choice?.index == (firstRank < secondRank ? 0 : 1), "\(rule) \(first) \(second)")
                }
            }
        }
    }
}
