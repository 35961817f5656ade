/// What a row of attempts has told of one candidate: whether it is well, since when, and whether it should be left in
/// peace for a while.
///
/// Closed: it is tried whenever there is a reason. After ``Policy/failureLimit`` failures in a row it opens: the
/// candidate rests, after each further failure twice as long. When the rest is over one attempt is made (half open): a
/// success closes it.
///
/// Moments are spans since any fixed one; there is no clock in it.
package struct CircuitBreaker: Hashable, Sendable {
    /// When a breaker opens, and for how long.
    package struct Policy: Hashable, Sendable {
        /// Failures in a row that open the breaker.
        package var failureLimit = 3
        /// The rest after the failure that opened the breaker; each further failure doubles it.
        package var firstRest = Duration.seconds(1)
        /// The rest that doubling stops at.
        package var longestRest = Duration.seconds(30)

        /// Three failures, then a rest of one second that grows to thirty.
        package init() {}
    }

    /// What the breaker lets through.
    package enum State: Hashable, Sendable {
        case closed
        case open(until: Duration)
        case halfOpen
    }

    private let policy: Policy
    /// In a row.
    package private(set) var failures = 0
    private var wellSince: Duration?
    private var restsUntil: Duration?
    /// Smoothed over the last few attempts.
    package private(set) var roundTrip: Duration?

    /// A closed breaker that has seen no attempt.
    package init(policy: Policy = Policy()) { self.policy = policy }

    /// Whether the candidate may be tried at `now`; a rest that is over leaves the breaker half open.
    package func state(at now: Duration) -> State {
        guard let restsUntil else { return .closed }
        return now < restsUntil ? .open(until: restsUntil) : .halfOpen
    }

    /// The candidate's health at `now`, as the rules of selection see it.
    package func health(at now: Duration) -> Measurement.Health {
        if case .open = state(at: now) { return .resting }
        if failures > 0 { return .failing }
        guard let wellSince else { return .unknown }
        return .well(for: max(.zero, now - wellSince))
    }

    /// An attempt has worked.
    /// - Parameter time: how long the answer took, where it was measured.
    package mutating func succeeded(in time: Duration?, at now: Duration) {
        if failures > 0 || wellSince == nil { wellSince = now }
        failures = 0
        restsUntil = nil
        guard let time else { return }
        // A quarter of the new one: one slow answer is no trend.
        roundTrip = roundTrip.map { ($0 * 3 + time) / 4 } ?? time
    }

    /// An attempt has failed.
    package mutating func failed(at now: Duration) {
        failures += 1
        wellSince = nil
        guard failures >= policy.failureLimit else { return }
        let doublings = min(failures - policy.failureLimit, 16)
        restsUntil = now + min(policy.longestRest, policy.firstRest * (1 << doublings))
    }

    /// Forgets the failures: a caller knows better.
    package mutating func reset() {
        failures = 0
        restsUntil = nil
        wellSince = nil
    }
}
