/// Takes jumps out of an input's timestamps, for all its streams alike, in the order in which packets stand in it.
///
/// A jump is a packet that lies far behind its own stream's last one, or far after the end of all that came before.
/// From it on every timestamp is moved so that the packet follows on what came before. A gap in one stream that another
/// stream fills is no jump. Times are nanoseconds.
package struct TimestampRepair: Sendable {
    /// How far a packet may stand behind its stream's last one.
    static let backwardLimit: Int64 = 500_000_000
    /// How long nothing may come from any stream.
    package let forwardLimit: Int64
    /// What is added to the timestamps at the moment.
    package private(set) var offset: Int64 = 0
    private var lastTimes: [Int: Int64] = [:]
    private var end: Int64?

    package init(forwardLimit: Int64) { self.forwardLimit = forwardLimit }

    /// What to add to the timestamps of the next packet, whose decoding time is `time`. `elapsed` is how long the
    /// packet was waited for: a live input may well have a gap of that length.
    package mutating func offset(
        stream: Int, time: Int64, duration: Int64, elapsed: Int64 = 0
    ) -> Int64 {
        var moved = Self.sum(time, offset)
        if let end {
            let wentBack = lastTimes[stream].map { moved < Self.sum($0, -Self.backwardLimit) } ?? false
            if wentBack || moved > Self.sum(end, Self.sum(forwardLimit, max(0, elapsed))) {
                offset = Self.sum(end, time == .min ? .max : -time)
                moved = Self.sum(time, offset)
                lastTimes = [:]
            }
        }
        lastTimes[stream] = moved
        // A duration that no packet has says nothing.
        let length = (0...10_000_000_000).contains(duration) ? duration : 0
        end = max(end ?? .min, Self.sum(moved, length))
        return offset
    }

    private static func sum(_ left: Int64, _ right: Int64) -> Int64 {
        let (sum, overflows) = left.addingReportingOverflow(right)
        return overflows ? (right > 0 ? .max : .min) : sum
    }
}
