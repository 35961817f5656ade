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
    /// The way that works first.
    package var preferred = Way.push
    package var policy = ReturnPolicy.stay
    /// When the push, and when the pull is abnormal.
    package var push: [SwitchCondition] = []
    package var pull: [SwitchCondition] = []
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

    /// The standard times, and no condition.
    package init() {}

    package func conditions(of way: Way) -> [SwitchCondition] { way == .push ? push : pull }
}

/// What a switch does by itself.
package enum SwitchMode: String, Codable, Hashable, Sendable, CaseIterable {
    /// It switches by its conditions.
    case auto
    /// It stays where it is.
    case hold
    /// A person has chosen this way; it stays there.
    case push, pull

    /// The way that a person has chosen.
    package var way: Way? {
        switch self {
        case .push: .push
        case .pull: .pull
        case .auto, .hold: nil
        }
    }
}

/// Why the stream goes to the other way.
package enum SwitchCause: Hashable, Sendable {
    /// The switch begins.
    case beginning
    /// The way at work was abnormal.
    case condition(SwitchCondition)
    /// The way at work did not start.
    case startFailed
    /// Its policy sends it back.
    case policy
    /// A person has asked for it.
    case hand

    /// The word for programs.
    package var word: String {
        switch self {
        case .beginning: "beginning"
        case .condition(let condition): "\(condition)"
        case .startFailed: "start-failed"
        case .policy: "policy"
        case .hand: "hand"
        }
    }
}

/// How long the parts of a switch took, in seconds.
package struct SwitchTimes: Codable, Hashable, Sendable {
    /// From the sign's first showing to the decision.
    package var detect: Double
    /// From there until the way that was left had stopped.
    package var stop: Double
    /// From there until the server took the other one.
    package var start: Double
    /// From there to its first IDR.
    package var firstIDR: Double

    package var total: Double { detect + stop + start + firstIDR }

    /// Four parts, one behind the other.
    package init(detect: Double, stop: Double, start: Double, firstIDR: Double) {
        self.detect = detect
        self.stop = stop
        self.start = start
        self.firstIDR = firstIDR
    }
}
