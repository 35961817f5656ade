/// Two encoders that are given the same, and must answer the same: pictures and sound apart, since how they lie between
/// one another is a matter of threads and not of what was encoded.
package struct TwinLockstep<Answer: Hashable & Sendable>: Sendable {
    private var pictures = Lockstep<Answer>()
    private var sound = Lockstep<Answer>()

    package init() {}

    /// How many answers the follower owes, of that kind of which it owes more.
    package var lag: Int { max(pictures.lag, sound.lag) }

    package mutating func lead(_ answer: Answer, isSound: Bool) -> Lockstep<Answer>.Outcome {
        isSound ? sound.lead(answer) : pictures.lead(answer)
    }

    package mutating func follow(_ answer: Answer, isSound: Bool) -> Lockstep<Answer>.Outcome {
        isSound ? sound.follow(answer) : pictures.follow(answer)
    }

    /// What the follower has answered beyond the leader, which is gone.
    package mutating func promote() -> [Answer] { pictures.promote() + sound.promote() }

    /// As ``Lockstep/catchUp(_:)``.
    package mutating func catchUp(_ answer: Answer, isSound: Bool) -> Lockstep<Answer>.Outcome? {
        isSound ? sound.catchUp(answer) : pictures.catchUp(answer)
    }
}
