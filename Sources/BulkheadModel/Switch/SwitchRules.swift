/// Where a stream goes once the way that was left could work again.
package enum ReturnPolicy: String, Codable, Hashable, Sendable, CaseIterable {
    /// It stays where it is.
    case stay
    /// It goes back to the preferred way.
    case `return`
    /// It goes to the way that was abnormal less often in the last ten minutes, and to the preferred one where both are
    /// equal.
    case best
}

/// By what a switch decides. Times are in milliseconds.
package struct SwitchRules: Codable, Hashable, Sendable {
    /// The ways that there are, two at least; where several could take over, the first of those that have failed least does.
    package var ways: [Way] = [.push, .pull]
    /// The way that works first.
    package var preferred = Way.push
    package var policy = ReturnPolicy.stay
    /// When each way is abnormal.
    package var conditions: [Way: [SwitchCondition]] = [:]
    /// How often a system reports.
    package var periodMilliseconds = 1000
    /// How long a way that was left has to be ready before the stream returns to it.
    package var clearMilliseconds = 5000
    /// How long a way works before the stream leaves it again. Each automatic switch doubles it, up to
    /// ``longestDwellMilliseconds``; ten minutes without one end that.
    package var dwellMilliseconds = 10_000
    package var longestDwellMilliseconds = 300_000
    /// How long a way may take to stop.
    package var stopMilliseconds = 3000
    /// How long a way may take until its first IDR has reached the server.
    package var startMilliseconds = 10_000
    /// For how long rates and queues of a way that has just begun say nothing.
    package var settleMilliseconds = 3000
    /// How long an IDR is waited for where a way is left that works.
    package var keyframeMilliseconds = 5000
    /// A way that is not at work is ready only where it meets none of its conditions: its reports say as much as if it were.
    package var idleAreWatched = false
    /// What a way that starts is waited for to bring, in a word.
    package var awaited = "IDR"

    /// The standard times, and no condition.
    package init() {}

    package func conditions(of way: Way) -> [SwitchCondition] { conditions[way] ?? [] }

    /// When the push is abnormal.
    package var push: [SwitchCondition] {
        get { conditions(of: .push) }
        set { conditions[.push] = newValue }
    }

    /// When the pull is abnormal.
    package var pull: [SwitchCondition] {
        get { conditions(of: .pull) }
        set { conditions[.pull] = newValue }
    }
}
