/// One kind of answers of two encoders that are given the same.
///
/// The n-th answer of the one is compared with the n-th of the other, whichever comes first. What the follower has
/// answered and the leader has not is ready to be used the moment the leader dies; what the leader was ahead with is
/// expected of the follower even then, and thrown away.
package struct Lockstep<Answer: Hashable & Sendable>: Sendable {
    package enum Outcome: Hashable, Sendable {
        /// It is the same as the other's, or waits for the other's.
        case agrees
        /// It is not what the other answered: one of them has computed wrongly.
        case differs
    }

    private var leading: [Answer] = []
    private var following: [Answer] = []

    package init() {}

    /// How many answers the follower owes: those of the leader without its own.
    package var lag: Int { leading.count }

    package mutating func lead(_ answer: Answer) -> Outcome {
        guard !following.isEmpty else {
            leading.append(answer)
            return .agrees
        }
        return following.removeFirst() == answer ? .agrees : .differs
    }

    package mutating func follow(_ answer: Answer) -> Outcome {
        guard !leading.isEmpty else {
            following.append(answer)
            return .agrees
        }
        return leading.removeFirst() == answer ? .agrees : .differs
    }

    /// The leader is gone: what the follower has answered beyond it, in order. Its later answers go through ``catchUp(_:)``.
    package mutating func promote() -> [Answer] {
        defer { following.removeAll() }
        return following
    }

    /// Takes an answer of a follower that was promoted while it lagged.
    /// - Returns: nil when it is new, else whether it agrees with what the dead leader had answered already.
    package mutating func catchUp(_ answer: Answer) -> Outcome? {
        guard !leading.isEmpty else { return nil }
        return leading.removeFirst() == answer ? .agrees : .differs
    }
}
