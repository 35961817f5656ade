package import BulkheadMedia
package import BulkheadSystem

/// Where the timeline stands on the clock, and which frame is due when.
///
///     origin ──frame 0──frame 1── … ──nextFrame┄┄┄lastFrame
///
/// Times before ``begin(at:lastingSeconds:)`` mean nothing: no frame is due then.
package struct TimelineClock {
    /// After so long without a tick the machine was asleep: the timeline goes on from now instead of catching up.
    package static let longestLag = Duration.seconds(2)

    package let frameRate: FrameRate
    /// The frame that the timeline begins with.
    package let first: FrameNumber
    /// When frame 0 was due, or would have been, and the time of all others is counted from; nil before the start.
    package private(set) var origin: MonotonicTime?
    /// The frame of the next tick.
    package private(set) var nextFrame: FrameNumber
    /// The last frame of the broadcast; nil where it has no given end.
    package private(set) var lastFrame: FrameNumber?

    /// - Parameter first: the first frame; more than 0 where the timeline goes on from an earlier broadcast's.
    package init(_ frameRate: FrameRate, first: FrameNumber = 0) {
        self.frameRate = frameRate
        self.first = first
        nextFrame = first
    }

    package var interval: MediaTime { frameRate.interval }
    /// The time of the next frame on the timeline.
    package var nextTime: MediaTime { frameRate.time(of: nextFrame) }
    /// When the next frame is due; nil before the start.
    package var nextDue: MonotonicTime? { origin?.advanced(by: nextTime.nanoseconds) }
    /// Where the last frame ends; nil where there is no given end.
    package var end: MediaTime? { lastFrame.map { frameRate.time(of: $0 + 1) } }
    /// The last frame has been.
    package var isPastEnd: Bool { lastFrame.map { nextFrame > $0 } ?? false }

    /// Makes the first frame due at `now`.
    /// - Parameters:
    ///   - seconds: after which no frame begins any more; one frame always does. Nil for no end.
    ///   - counted: the frame that they are counted from.
    package mutating func begin(
        at now: MonotonicTime, lastingSeconds seconds: Double?, from counted: FrameNumber = 0
    ) {
        origin = now.advanced(by: -frameRate.time(of: first).nanoseconds)
        if let seconds { end(lastingSeconds: seconds, from: counted) }
        lastFrame = lastFrame.map { max($0, first) }
    }

    /// Lets the frame be the last that ends so long after the beginning of `first`.
    package mutating func end(lastingSeconds seconds: Double, from first: FrameNumber) {
        lastFrame = first.addingReportingOverflow(max(1, frameRate.frameCount(within: seconds)) - 1).partialValue
    }

    /// `now` as a time of the timeline; 0 before the start.
    package func position(at now: MonotonicTime) -> MediaTime {
        MediaTime(nanoseconds: origin.map { now.since($0) } ?? 0)
    }

    /// Goes to the next frame.
    /// - Returns: the one that is due with this tick.
    package mutating func advance() -> FrameNumber {
        defer { nextFrame += 1 }
        return nextFrame
    }

    /// Makes the next frame due now where the machine has slept.
    /// - Returns: for how long nothing ran; nil where that is no time to speak of.
    package mutating func skipSleep(at now: MonotonicTime) -> Duration? {
        guard let origin, let nextDue else { return nil }
        let lag = now.since(nextDue)
        guard lag > Self.longestLag.nanoseconds else { return nil }
        self.origin = origin.advanced(by: lag)
        return .nanoseconds(lag)
    }
}
