/// One of several things that can do the same: a server, an input, a machine.
package struct Candidate: Hashable, Sendable {
    /// For people, in reasons.
    package var name: String
    /// The lower comes first; equals in the order in which they are named.
    package var priority: Int
    /// Its share beside the others' under ``SelectionRule/weighted``; 1 at least.
    package var weight: Int

    package init(name: String, priority: Int = 0, weight: Int = 1) {
        self.name = name
        self.priority = priority
        self.weight = max(1, weight)
    }
}

/// What is known of a candidate at one moment.
package struct Measurement: Hashable, Sendable {
    /// From best to worst.
    package enum Health: Hashable, Sendable {
        /// It has worked for so long without a failure between.
        case well(for: Duration)
        /// Nobody has tried it.
        case unknown
        /// It failed when it was last tried.
        case failing
        /// It failed so often that it is left in peace (an open circuit breaker): for when there is no other.
        case resting
    }

    package var health: Health
    /// Smoothed; nil when it was never measured.
    package var roundTrip: Duration?
    /// It may be chosen now: nobody else has taken it, and it is not too early to try it again.
    package var isAvailable: Bool

    package init(_ health: Health = .unknown, roundTrip: Duration? = nil, isAvailable: Bool = true) {
        self.health = health
        self.roundTrip = roundTrip
        self.isAvailable = isAvailable
    }

    var isWell: Bool { if case .well = health { true } else { false } }
}

/// What was chosen before.
package struct SelectionHistory: Hashable, Sendable {
    /// The one that is at work now; nil when none is.
    package var current: Int?
    /// The one that was chosen last, whatever became of it.
    package var last: Int?
    /// How often each was chosen.
    package var picks: [Int: Int] = [:]

    package init(current: Int? = nil, last: Int? = nil, picks: [Int: Int] = [:]) {
        self.current = current
        self.last = last
        self.picks = picks
    }

    /// Notes that the candidate at `index` was chosen.
    package mutating func note(_ index: Int) {
        last = index
        picks[index, default: 0] += 1
    }
}

/// What a rule says.
package struct Choice: Hashable, Sendable {
    package var index: Int
    /// One lowercase phrase for a person.
    package var reason: String

    package init(index: Int, reason: String) {
        self.index = index
        self.reason = reason
    }
}
