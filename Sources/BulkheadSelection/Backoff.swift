/// How long to wait between attempts: a little at first, more and more, never more than a cap, and never quite alike, so
/// that many who failed at once do not come back at once.
package struct Backoff: Hashable, Sendable {
    private let delays: [Duration]
    /// The share of a delay that is left to chance.
    private let spread: Double

    /// - Parameters:
    ///   - delays: by the number of failures in a row; the last one stays. At least one.
    ///   - spread: 0 to 1.
    package init(_ delays: [Duration], spread: Double = 0.2) {
        precondition(!delays.isEmpty, "a backoff has a delay")
        self.delays = delays
        self.spread = spread
    }

    /// Delays in milliseconds, exactly as they are.
    package static func exact(milliseconds: [Int64]) -> Backoff {
        Backoff(milliseconds.map { .milliseconds($0) }, spread: 0)
    }

    /// Delays that double from `first` on, and stop at `last`, exactly as they are.
    package static func doubling(from first: Duration, upTo last: Duration) -> Backoff {
        precondition(first > .zero, "twice nothing is nothing")
        var delays: [Duration] = []
        var delay = first
        while delay < last {
            delays.append(delay)
            delay *= 2
        }
        return Backoff(delays + [last], spread: 0)
    }

    /// How many failures in a row have a delay of their own.
    package var count: Int { delays.count }

    /// - Parameters:
    ///   - failures: in a row, from 1.
    ///   - chance: 0 to 1, drawn anew each time; 1 gives the full delay.
    package func delay(after failures: Int, chance: Double = 1) -> Duration {
        let full = delays[min(max(1, failures), delays.count) - 1]
        return full * (1 - spread * (1 - min(1, max(0, chance))))
    }
}
