/// How many attempts have failed in a row, and so how long to wait before the next.
package struct Retries: Hashable, Sendable {
    private let backoff: Backoff
    package private(set) var failures = 0

    package init(_ backoff: Backoff) { self.backoff = backoff }

    /// Notes a failure.
    /// - Parameter chance: 0 to 1, drawn anew each time; 1 gives the full delay.
    /// - Returns: the wait before the next attempt.
    package mutating func next(chance: Double = 1) -> Duration {
        failures += 1
        return backoff.delay(after: failures, chance: chance)
    }

    /// An attempt has succeeded.
    package mutating func reset() { failures = 0 }
}
