/// One of several things that can do the same: a server, an input, a machine.
package struct Candidate: Hashable, Sendable {
    /// For people, in reasons.
    package var name: String
    /// The lower comes first; equals in the order in which they are named.
    package var priority: Int
    /// How often this candidate is chosen under ``SelectionRule/weighted``, relative to the others; at least 1.
    package var weight: Int

    /// A candidate; a weight below 1 counts as 1.
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
        /// The candidate has worked for this long without a failure.
        case well(for: Duration)
        /// The candidate was never tried.
        case unknown
        /// The last attempt failed.
        case failing
        /// The candidate failed so often that it rests (an open circuit breaker): used only if there is no other.
        case resting
    }

    /// Whether the candidate works, and for how long it has.
    package var health: Health
    /// Smoothed; nil when it was never measured.
    package var roundTrip: Duration?
    /// The candidate may be chosen now: it is not in use elsewhere, and it is not too early to try it again.
    package var isAvailable: Bool

    /// What is known; nothing at all without arguments.
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

    /// A history; empty without arguments.
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
    /// The chosen candidate's index in the list that the rule was given.
    package var index: Int
    /// One lowercase phrase for a person.
    package var reason: String

    /// A choice with its reason.
    package init(index: Int, reason: String) {
        self.index = index
        self.reason = reason
    }
}
