package import BulkheadSystem

/// How long nothing has come of the stream: the clock of the whole broadcast.
///
/// It knows nothing of what single encoders owe, and is not lengthened by what encoders before have let it down with.
package struct Standstill: Sendable {
    /// A stream that has been without an encoder for so long shows the slate instead.
    package static let longest = Duration.milliseconds(1200)
    /// Up to this silence one more encoder is tried before the slate.
    package static let lastTry = Duration.milliseconds(1300)
    /// A stream that has an encoder, and nothing of which has become safe for so long, loses this encoder, whatever it
    /// says; longer where frames are far apart, or where it holds many.
    package static let longestSilence = Duration.milliseconds(1500)

    /// Since when the current run has had no encoder that is open; nil while it has one.
    private var encoderlessSince: MonotonicTime?
    private var lastCommit = MonotonicTime(nanoseconds: 0)

    /// A stream that has not begun.
    package init() {}

    /// The stream has begun, or a frame has become safe.
    package mutating func progressed(at now: MonotonicTime) { lastCommit = now }

    /// There is no encoder that is open: since now, or since before.
    package mutating func lacksEncoder(at now: MonotonicTime) { encoderlessSince = encoderlessSince ?? now }

    package mutating func hasEncoder() { encoderlessSince = nil }

    /// It is too late to try one more encoder before the slate.
    package func isPastLastTry(at now: MonotonicTime) -> Bool { now.since(lastCommit) > Self.lastTry.nanoseconds }

    /// There has been no encoder for too long; on air, also when nothing has become safe for too long.
    package func callsForSlate(isOnAir: Bool, at now: MonotonicTime) -> Bool {
        guard let encoderlessSince else { return false }
        return now.since(encoderlessSince) > Self.longest.nanoseconds
            || (isOnAir && now.since(lastCommit) > Self.longestSilence.nanoseconds)
    }

    /// How long frames that have waited since `waitingSince` have waited in vain; without any, zero.
    package func silence(since waitingSince: MonotonicTime?, at now: MonotonicTime) -> Duration {
        .nanoseconds(now.since(max(lastCommit, waitingSince ?? now)))
    }
}
