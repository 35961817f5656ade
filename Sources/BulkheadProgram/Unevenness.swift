import BulkheadEvents
import BulkheadSystem

/// What of a live input was not shown picture by picture, told at most once a minute.
struct Unevenness {
    private static let pause = Duration.seconds(60)

    /// Frames that showed the last picture again because theirs was too late, in all.
    var repeated = 0
    /// Pictures in no frame, in all.
    var leftOut = 0
    private var told = (repeated: 0, leftOut: 0)
    private var toldAt: MonotonicTime?

    /// What is to be told now; nil where that is nothing.
    mutating func tell(at now: MonotonicTime) -> TimelineHappening? {
        guard repeated > told.repeated || leftOut > told.leftOut else { return nil }
        if let toldAt, now.since(toldAt) < Self.pause.nanoseconds { return nil }
        toldAt = now
        defer { told = (repeated, leftOut) }
        return .uneven(repeated: repeated - told.repeated, leftOut: leftOut - told.leftOut)
    }
}
