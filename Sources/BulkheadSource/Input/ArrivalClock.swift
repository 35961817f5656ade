/// Gives the pictures of a live input without times those of their arrival, smoothed. Times are nanoseconds.
///
/// A loop follows the arrivals: the distance from picture to picture is learned slowly, what a single one jitters by
/// counts a tenth. Far from its place a picture is where it comes.
package struct ArrivalClock: Hashable, Sendable {
    private static let share = 0.1
    private static let learning = 0.01
    /// Half a second: a stall, and no jitter.
    private static let farthest = 5e8

    private var step: Double
    private var start: Int64?
    private var last = -1.0

    /// - Parameter step: what the header says of the distance between two pictures; 0 where it says nothing.
    package init(step: Int64) { self.step = step > 0 ? Double(step) : 4e7 }

    /// The time of the picture that comes at `now`, from 0 on; it rises.
    package mutating func stamp(at now: Int64) -> Int64 {
        guard let start else {
            self.start = now
            last = 0
            return 0
        }
        let arrival = Double(now.subtractingReportingOverflow(start).partialValue)
        let expected = last + step
        let error = arrival - expected
        if abs(error) > Self.farthest {
            last = max(last + 1e6, arrival)
        } else {
            step = min(max(step + error * Self.learning, 1e6), 2e9)
            last = max(last + 1e6, expected + error * Self.share)
        }
        return last < 9e18 ? Int64(last) : .max
    }
}
