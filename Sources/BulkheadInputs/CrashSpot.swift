package import BulkheadMedia
import BulkheadSelection
import BulkheadSystem

/// Decides when a file is gone on with past the place at which its reader died.
///
/// The first death at a place costs nothing: the next process goes on from the frame after the last one delivered. When
/// that one dies at about the same place, the place is to blame and a second of the file is left out; when that does
/// not help, two, four and so on.
package struct CrashSpot: Hashable, Sendable {
    /// A process that got farther than this has passed the place.
    package static let extent = MediaTime(milliseconds: 1000)

    private var last: MediaTime?
    /// What is left out takes the place of what is waited elsewhere.
    private var skips = Retries(.doubling(from: .seconds(1), upTo: .seconds(3600)))

    package init() {}

    /// Notes a death after the frame of source time `time` was delivered, and returns how much of the input to leave
    /// out.
    ///
    /// - Parameter wasKilled: by SIGKILL from outside, which says little about the place, unless nothing at all came
    ///   since the last death.
    package mutating func noteDeath(at time: MediaTime, wasKilled: Bool) -> MediaTime {
        let allowed = wasKilled ? MediaTime.zero : Self.extent
        defer { last = time }
        guard let last, time - last <= allowed else {
            skips.reset()
            return .zero
        }
        return MediaTime(nanoseconds: skips.next().nanoseconds)
    }
}
