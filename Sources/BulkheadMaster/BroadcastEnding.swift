package import BulkheadModel
package import BulkheadSystem

/// How far a broadcast has come.
package enum BroadcastState: Hashable, Sendable {
    case starting, onAir
    /// The last frame has been given; not all is encoded.
    case ending
    case ended
}

/// How a broadcast comes to its end: what has gone wrong, and how long the last frames may take.
package struct BroadcastEnding: Sendable {
    /// From the last tick until all is encoded.
    package static let patience = Duration.seconds(10)

    private var failure: BroadcastError?
    /// What went wrong at the very end, when everything else has been sent.
    private var lateFailure: BroadcastError?
    /// Since when the last frame has been given; nil while frames come.
    private var since: MonotonicTime?
    /// The encoders have been asked for what they hold.
    private var hasFlushed = false

    /// The end of a broadcast that has not come to it.
    package init() {}

    /// The last frame has been given.
    package mutating func begin(at now: MonotonicTime) { since = now }

    /// Whether the encoders are to be asked now for what they hold: once, when nothing waits before them any more.
    package mutating func flushes(isDrained: Bool) -> Bool {
        guard !hasFlushed, isDrained else { return false }
        hasFlushed = true
        return true
    }

    /// Whether `frames`, which no encoder makes safe, are given up now. That is a failure, but what was sent is whole.
    package mutating func givesUp(_ frames: Int, at now: MonotonicTime) -> Bool {
        guard let since, now.since(since) > Self.patience.nanoseconds else { return false }
        lateFailure = BroadcastError(
            .encoder, "the last \(frames) frames could not be encoded within \(Self.patience.inWords)")
        return true
    }

    /// The broadcast can't go on. What failed first is what is told.
    package mutating func fail(_ error: BroadcastError) { failure = failure ?? error }

    /// All that was sent may be sent to its end.
    package var isClean: Bool { failure == nil }

    /// What is told of the end; nil where all went well.
    package var error: BroadcastError? { failure ?? lateFailure }
}
