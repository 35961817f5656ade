package import BulkheadSelection
package import BulkheadSystem

/// When a child that died is started again: at once when it had done some work; else at once after the first deaths, then
/// with growing delays while deaths crowd in ten seconds. It never gives up: whether to go on without the child is the
/// broadcast's decision.
package struct RestartPolicy: Sendable {
    /// The delays of a post, by the number of deaths in the window.
    package static let backoff = Backoff.exact(milliseconds: [0, 0, 0, 0, 0, 100, 250, 500, 1000, 2000])
    package static let window = Duration.seconds(10)
    /// More deaths than these are not counted.
    package static let mostDeaths = 10

    private let backoff: Backoff
    private var deaths: [MonotonicTime] = []

    package init(_ backoff: Backoff = RestartPolicy.backoff) { self.backoff = backoff }

    /// Notes a death at `now` and returns how long to wait before the next start.
    ///
    /// - Parameter hadWorked: the child had done what it is for, if only once: its successor makes progress.
    package mutating func delay(afterDeathAt now: MonotonicTime, hadWorked: Bool) -> Duration {
        if hadWorked {
            deaths.removeAll()
            return .zero
        }
        deaths.removeAll { now.since($0) > Self.window.nanoseconds }
        deaths.append(now)
        if deaths.count > Self.mostDeaths { deaths.removeFirst(deaths.count - Self.mostDeaths) }
        return backoff.delay(after: deaths.count)
    }

    /// Deaths in the window that ended with the last one, at most ``mostDeaths``.
    package var recentDeaths: Int { deaths.count }
}
