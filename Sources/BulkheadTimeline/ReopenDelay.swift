/// How long to wait before an input that went away is opened again: at first shortly, then longer and longer, until it
/// has given something.
package struct ReopenDelay: Hashable, Sendable {
    /// In milliseconds.
    package static let delays: [Int64] = [250, 500, 1000, 2000, 4000, 8000, 10_000]
    private var attempts = 0

    package init() {}

    /// The wait before the next attempt.
    package mutating func next() -> Duration {
        attempts += 1
        return .milliseconds(Self.delays[min(attempts, Self.delays.count) - 1])
    }

    /// The input has given something.
    package mutating func reset() { attempts = 0 }
}
