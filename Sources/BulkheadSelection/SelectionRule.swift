/// How one of several candidates is chosen. A rule is a pure function: the same candidates, measurements and history give
/// the same choice, and the same reason in words.
package enum SelectionRule: String, Codable, Hashable, Sendable, CaseIterable {
    /// The first in order of priority; back to a better one when that has been well for a while.
    case priority
    /// The one that answers fastest; over to a clearly faster one when that has been well for a while.
    case latency
    /// Each as often as its weight says.
    case weighted
    /// One after the other.
    case roundRobin = "round-robin"
    /// The one at work, as long as it works; else the next in order of priority.
    case sticky

    /// When a rule leaves a candidate that works.
    package struct Policy: Hashable, Sendable {
        /// A better candidate must have been well for so long before the one at work is left for it.
        package var returnAfter = Duration.seconds(30)
        /// A faster one must be faster by this, and by a third.
        package var clearlyFaster = Duration.milliseconds(20)

        /// Thirty seconds, and 20 ms.
        package init() {}
    }

    /// Chooses one of `candidates`, of which `measurements` has one each.
    ///
    /// With `history.current`, which works, it says whether to stay or to go over; else which to try. Candidates that are
    /// well or untried go before those that fail, and those before resting ones, under every rule.
    /// - Returns: nil when none may be chosen now.
    package func choose(
        among candidates: [Candidate], _ measurements: [Measurement], history: SelectionHistory,
        policy: Policy = Policy()
    ) -> Choice? {
        let field = Field(candidates: candidates, measurements: measurements, history: history, policy: policy)
        if let current = history.current, candidates.indices.contains(current) {
            return better(than: current, field) ?? Choice(index: current, reason: stayingReason(current, field))
        }
        let usable = field.usable
        guard let only = usable.first else { return nil }
        if usable.count == 1 { return Choice(index: only, reason: field.soleReason(only)) }
        return first(of: usable, field)
    }

    // MARK: nothing works yet

    private func first(of usable: [Int], _ field: Field) -> Choice? {
        switch self {
        case .priority: field.byPriority(usable).map { Choice(index: $0, reason: field.priorityReason($0)) }
        case .sticky: stickyFirst(usable, field)
        case .latency: fastest(usable, field)
        case .weighted: leastServed(usable, field)
        case .roundRobin: next(usable, field)
        }
    }

    private func stickyFirst(_ usable: [Int], _ field: Field) -> Choice? {
        if let last = field.history.last, usable.contains(last) {
            return Choice(index: last, reason: "the one before, which is usable again")
        }
        return field.byPriority(usable).map { Choice(index: $0, reason: field.priorityReason($0)) }
    }

    private func fastest(_ usable: [Int], _ field: Field) -> Choice? {
        let measured = usable.compactMap { index in field.roundTrip(index).map { (index, $0) } }
        guard let (index, time) = measured.min(by: { $0.1 < $1.1 }) else {
            return field.byPriority(usable).map { Choice(index: $0, reason: "none has been measured yet") }
        }
        return Choice(index: index, reason: "the fastest of \(measured.count), with \(time.inMilliseconds)")
    }

    private func leastServed(_ usable: [Int], _ field: Field) -> Choice? {
        // Compares picks / weight without dividing; the heavier first where all are equal.
        let index = usable.min { left, right in
            let (a, b) = (field.picks(left) * field.weight(right), field.picks(right) * field.weight(left))
            return a == b ? field.weight(left) > field.weight(right) : a < b
        }
        return index.map {
            let total = usable.reduce(0) { $0 + field.weight($1) }
            return Choice(index: $0, reason: "its turn by weight, \(field.weight($0)) of \(total)")
        }
    }

    private func next(_ usable: [Int], _ field: Field) -> Choice? {
        guard let last = field.history.last else {
            return usable.first.map { Choice(index: $0, reason: "the first in the round") }
        }
        return (usable.first { $0 > last } ?? usable.first)
            .map { Choice(index: $0, reason: "next in the round after \(field.name(last))") }
    }

    // MARK: one works

    /// The candidate that `current` should be left for, if there is one.
    private func better(than current: Int, _ field: Field) -> Choice? {
        let proven = field.candidates.indices.filter { index in
            guard index != current, field.measurements.indices.contains(index), field.measurements[index].isAvailable,
                case .well(let span) = field.measurements[index].health
            else { return false }
            return span >= field.policy.returnAfter
        }
        switch self {
        case .weighted, .roundRobin, .sticky: return nil
        case .priority:
            guard let best = field.byPriority(proven), field.comesBefore(best, current) else { return nil }
            return Choice(
                index: best,
                reason: "well for \(field.policy.returnAfter.inSeconds), and before \(field.name(current)) by priority")
        case .latency:
            guard let now = field.roundTrip(current) else { return nil }
            let measured = proven.compactMap { index in field.roundTrip(index).map { (index, $0) } }
            guard let (index, time) = measured.min(by: { $0.1 < $1.1 }), now - time >= field.policy.clearlyFaster,
                time * 3 <= now * 2
            else { return nil }
            return Choice(
                index: index, reason: "\(time.inMilliseconds) against \(now.inMilliseconds) of \(field.name(current))")
        }
    }

    private func stayingReason(_ current: Int, _ field: Field) -> String {
        guard self == .priority else { return "it works" }
        let before = field.candidates.indices.filter { field.comesBefore($0, current) }
        guard let first = before.first else { return "first by priority" }
        return before.count == 1
            ? "\(field.name(first)) has not been well for long enough" : "none before it has been well for long enough"
    }
}

/// The candidates with all that is known of them.
private struct Field {
    let candidates: [Candidate]
    let measurements: [Measurement]
    let history: SelectionHistory
    let policy: SelectionRule.Policy

    /// The candidates of the best health that is present.
    var usable: [Int] {
        let available = candidates.indices.filter { measurements.indices.contains($0) && measurements[$0].isAvailable }
        let kinds: [(Measurement.Health) -> Bool] = [
            {
                switch $0 {
                case .well, .unknown: true
                case .failing, .resting: false
                }
            }, { $0 == .failing },
        ]
        for kind in kinds {
            let some = available.filter { kind(measurements[$0].health) }
            if !some.isEmpty { return some }
        }
        return Array(available)
    }

    func name(_ index: Int) -> String { candidates.indices.contains(index) ? candidates[index].name : "another" }
    func weight(_ index: Int) -> Int { candidates[index].weight }
    func picks(_ index: Int) -> Int { history.picks[index] ?? 0 }
    func roundTrip(_ index: Int) -> Duration? {
        measurements.indices.contains(index) ? measurements[index].roundTrip : nil
    }

    func comesBefore(_ left: Int, _ right: Int) -> Bool {
        (candidates[left].priority, left) < (candidates[right].priority, right)
    }

    func byPriority(_ indices: [Int]) -> Int? { indices.min(by: comesBefore) }

    func priorityReason(_ index: Int) -> String {
        let skipped = candidates.indices.filter { comesBefore($0, index) }
        guard let first = skipped.first else { return "first by priority" }
        return skipped.count == 1
            ? "next by priority: \(name(first)) \(trouble(first))"
            : "next by priority: \(skipped.count) before it can't be used now"
    }

    func soleReason(_ index: Int) -> String {
        if candidates.count == 1 { return "the only one" }
        if measurements.indices.allSatisfy({ $0 == index || !measurements[$0].isAvailable }) {
            return "the only one that can be taken now"
        }
        switch measurements[index].health {
        case .well, .unknown: return "the only one that is not known to fail"
        case .failing: return "none is known to work, and it may be tried"
        case .resting: return "none is known to work, and it has rested the others' time"
        }
    }

    private func trouble(_ index: Int) -> String {
        guard measurements.indices.contains(index) else { return "is unknown" }
        guard measurements[index].isAvailable else { return "can't be taken now" }
        switch measurements[index].health {
        case .well, .unknown: return "is not chosen"
        case .failing: return "fails"
        case .resting: return "has failed again and again"
        }
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
    fileprivate var inMilliseconds: String { "\(milliseconds) ms" }
    fileprivate var inSeconds: String { milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms" }
}
