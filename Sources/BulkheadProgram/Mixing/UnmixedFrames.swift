package import BulkheadEvents
package import BulkheadSystem

/// Frames that showed the main input alone where a scene was to be seen, told at most once a minute.
package struct UnmixedFrames: Sendable {
    private static let pause = Duration.seconds(60)

    /// In all.
    package private(set) var count = 0
    private var told = 0
    private var toldAt: MonotonicTime?

    /// Counts from none.
    package init() {}

    /// Counts one more.
    /// - Returns: what is to be told now; nil where that is nothing.
    package mutating func note(at now: MonotonicTime) -> TimelineHappening? {
        count += 1
        if let toldAt, now.since(toldAt) < Self.pause.nanoseconds { return nil }
        toldAt = now
        defer { told = count }
        return .unmixed(frames: count - told)
    }
}
