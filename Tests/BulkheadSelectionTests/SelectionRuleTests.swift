import BulkheadSelection
import Testing

/// What each rule chooses, worked out by hand.
@Suite(.timeLimit(.minutes(1))) struct SelectionRuleTests {
    /// A candidate as a word: its health, then its round trip in ms and its weight, priority or absence.
    ///
    ///     W40   well for 40 s      U  unknown      F  failing      R  resting
    ///     W40:15 with a round trip of 15 ms        *3 weight 3     !2 priority 2     - not available
    struct Field {
        var candidates: [Candidate] = []
        var measurements: [Measurement] = []

        init(_ text: String) {
            for (index, word) in text.split(separator: " ").enumerated() {
                var rest = word[...]
                var number: Int { Int(rest.dropFirst().prefix { $0.isNumber }) ?? 0 }
                let health: Measurement.Health =
                    switch rest.first {
                    case "W": .well(for: .seconds(number))
                    case "F": .failing
                    case "R": .resting
                    default: .unknown
                    }
                rest = rest.dropFirst().drop { $0.isNumber }
                var candidate = Candidate(name: String(UnicodeScalar(UInt8(97 + index))))
                var measurement = Measurement(health)
                while let mark = rest.first {
                    switch mark {
                    case ":": measurement.roundTrip = .milliseconds(number)
                    case "*": candidate.weight = number
                    case "!": candidate.priority = number
                    default: measurement.isAvailable = false
                    }
                    rest = rest.dropFirst().drop { $0.isNumber }
                }
                candidates.append(candidate)
                measurements.append(measurement)
            }
        }

        func choose(_ rule: SelectionRule, _ history: SelectionHistory = SelectionHistory()) -> Choice? {
            rule.choose(among: candidates, measurements, history: history)
        }
    }

    @Test(arguments: [
        ("U U U", 0, "first by priority"),
        ("U!2 U!1 U!1", 1, "first by priority"),
        ("F W5 U", 1, "next by priority: a fails"),
        ("R F W5", 2, "the only one that is not known to fail"),
        ("F F W5 W9", 2, "next by priority: 2 before it can't be used now"),
        ("W90- W5 U", 1, "next by priority: a can't be taken now"),
        // None is well: those that fail go before those that rest, and these before nothing.
        ("R F", 1, "none is known to work, and it may be tried"),
        ("R R", 0, "first by priority"),
        ("U", 0, "the only one"),
    ])
    func priorityTakesTheFirstThatMayWork(field: String, index: Int, reason: String) {
        #expect(Field(field).choose(.priority) == Choice(index: index, reason: reason))
    }

    @Test(arguments: SelectionRule.allCases)
    func whereNoneIsAvailableNoneIsChosen(rule: SelectionRule) {
        #expect(Field("W9- U- F-").choose(rule) == nil)
        #expect(Field("").choose(rule) == nil)
    }

    @Test(arguments: [
        // At work is the one of the index; the better one has not been well for long enough, or has.
        ("W29 W99", 1, 1, "a has not been well for long enough"),
        ("W30 W99", 1, 0, "well for 30 s, and before b by priority"),
        ("U W99", 1, 1, "a has not been well for long enough"),
        ("W99- W1", 1, 1, "a has not been well for long enough"),
        ("W99 W99 W99", 2, 0, "well for 30 s, and before c by priority"),
        ("F W31 W99", 2, 1, "well for 30 s, and before c by priority"),
        ("F R W99", 2, 2, "none before it has been well for long enough"),
        ("W1 W99", 0, 0, "first by priority"),
        ("W99!1 W99!0", 0, 1, "well for 30 s, and before a by priority"),
        ("W99!1 W99!1", 0, 0, "first by priority"),
    ])
    func priorityReturnsToTheBetterOneAfterAWhile(field: String, current: Int, index: Int, reason: String) {
        #expect(
            Field(field).choose(.priority, SelectionHistory(current: current)) == Choice(index: index, reason: reason))
    }

    @Test(arguments: [
        ("U:30 U:10 U:20", 1, "the fastest of 3, with 10 ms"), ("W1:30 F:10 W1:20", 2, "the fastest of 2, with 20 ms"),
        ("U U", 0, "none has been measured yet"), ("U U:70", 1, "the fastest of 1, with 70 ms"),
    ])
    func latencyTakesTheFastest(field: String, index: Int, reason: String) {
        #expect(Field(field).choose(.latency) == Choice(index: index, reason: reason))
    }

    @Test(arguments: [
        // Faster by less than a third, or by less than 20 ms, is not worth a move.
        ("W99:100 W99:70", 0, 0), ("W99:100 W99:66", 0, 1), ("W99:30 W99:12", 0, 0), ("W99:100 W29:10", 0, 0),
        ("W99 W99:10", 0, 0), ("W99:100 F:10", 0, 0),
    ])
    func latencyMovesOnlyForMuch(field: String, current: Int, index: Int) {
        #expect(Field(field).choose(.latency, SelectionHistory(current: current))?.index == index)
    }

    @Test func weightsAreKeptOverMany() {
        let field = Field("U*3 U*1 U*2")
        var history = SelectionHistory()
        var order = ""
        for _ in 0..<12 {
            guard let choice = field.choose(.weighted, history) else { break }
            history.note(choice.index)
            order += field.candidates[choice.index].name
        }
        #expect(order.count { $0 == "a" } == 6 && order.count { $0 == "b" } == 2 && order.count { $0 == "c" } == 4)
        // Not in blocks: a comes again within three.
        #expect(!order.contains("aaaa"))
        #expect(Field("F*100 U*1 U*2").choose(.weighted)?.index == 2)
    }

    @Test(
        arguments: [
            ("U U U", nil, 0), ("U U U", 0, 1), ("U U U", 2, 0), ("U F U", 0, 2), ("F F U", 2, 2), ("U U- U", 0, 2),
        ] as [(String, Int?, Int)])
    func roundRobinGoesOn(field: String, last: Int?, index: Int) {
        #expect(Field(field).choose(.roundRobin, SelectionHistory(last: last))?.index == index)
    }

    @Test(arguments: [
        ("U U U", 2, 2), ("U U F", 2, 0), ("F U F", 2, 1), ("F F F", 2, 2),
    ])
    func stickyTakesTheOneBefore(field: String, last: Int, index: Int) {
        #expect(Field(field).choose(.sticky, SelectionHistory(last: last))?.index == index)
    }

    @Test(arguments: [SelectionRule.weighted, .roundRobin, .sticky])
    func otherRulesStay(rule: SelectionRule) {
        #expect(
            Field("W99:1 W99:99").choose(rule, SelectionHistory(current: 1)) == Choice(index: 1, reason: "it works"))
    }

    /// The same question has the same answer, and each answer is a candidate that may be chosen.
    @Test(arguments: SelectionRule.allCases) func everyAnswerIsAvailable(rule: SelectionRule) {
        let kinds = ["W1", "W99", "U", "F", "R", "W50-", "F-", "W99:7", "U:3*4"]
        for a in kinds {
            for b in kinds {
                for c in kinds {
                    let field = Field("\(a) \(b) \(c)")
                    for last in [nil, 0, 1, 2] {
                        let history = SelectionHistory(last: last, picks: [0: 3, 2: 1])
                        let choice = field.choose(rule, history)
                        #expect(choice == field.choose(rule, history))
                        #expect((choice == nil) == field.measurements.allSatisfy { !$0.isAvailable })
                        if let choice {
                            #expect(field.measurements[choice.index].isAvailable && !choice.reason.isEmpty)
                        }
                    }
                }
            }
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct CircuitBreakerTests {
    @Test func opensAfterThreeFailuresAndRestsLongerEachTime() {
        var breaker = CircuitBreaker()
        #expect(breaker.health(at: .zero) == .unknown)
        breaker.failed(at: .seconds(1))
        breaker.failed(at: .seconds(2))
        #expect(breaker.state(at: .seconds(2)) == .closed)
        #expect(breaker.health(at: .seconds(2)) == .failing)
        var now = Duration.seconds(3)
        for rest in [1, 2, 4, 8, 16, 30, 30] {
            breaker.failed(at: now)
            #expect(breaker.state(at: now) == .open(until: now + .seconds(rest)))
            #expect(breaker.health(at: now + .seconds(rest) - .milliseconds(1)) == .resting)
            now += .seconds(rest)
            #expect(breaker.state(at: now) == .halfOpen)
            #expect(breaker.health(at: now) == .failing)
        }
        breaker.succeeded(in: .milliseconds(20), at: now)
        #expect(breaker.state(at: now) == .closed)
        #expect(breaker.health(at: now + .seconds(5)) == .well(for: .seconds(5)))
    }

    @Test func wellnessCountsFromTheFirstSuccessAfterAFailure() {
        var breaker = CircuitBreaker()
        breaker.succeeded(in: nil, at: .seconds(10))
        breaker.succeeded(in: nil, at: .seconds(20))
        #expect(breaker.health(at: .seconds(25)) == .well(for: .seconds(15)))
        breaker.failed(at: .seconds(26))
        breaker.succeeded(in: nil, at: .seconds(27))
        #expect(breaker.health(at: .seconds(30)) == .well(for: .seconds(3)))
    }

    @Test func roundTripsAreSmoothed() {
        var breaker = CircuitBreaker()
        breaker.succeeded(in: .milliseconds(100), at: .zero)
        breaker.succeeded(in: .milliseconds(200), at: .zero)
        #expect(breaker.roundTrip == .milliseconds(125))
        breaker.failed(at: .zero)
        #expect(breaker.roundTrip == .milliseconds(125))
    }

    @Test func manyFailuresDoNotOverflow() {
        var breaker = CircuitBreaker()
        for _ in 0..<10_000 { breaker.failed(at: .zero) }
        #expect(breaker.state(at: .zero) == .open(until: .seconds(30)))
    }

    @Test func backoffGrowsToItsEndAndVaries() {
        let backoff = Backoff([.milliseconds(100), .seconds(1)], spread: 0.5)
        #expect(backoff.delay(after: 1, chance: 1) == .milliseconds(100))
        #expect(backoff.delay(after: 1, chance: 0) == .milliseconds(50))
        #expect(backoff.delay(after: 0, chance: 1) == .milliseconds(100))
        #expect(backoff.delay(after: 99, chance: 1) == .seconds(1))
        #expect(backoff.delay(after: 99, chance: 7) == .seconds(1))
    }
}
