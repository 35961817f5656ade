/// Judges the decoding timestamps of one track: RTMP's and FLV's 32 bits of milliseconds, which wrap.
package struct TimestampJudge: Sendable {
    /// What is wrong with a timestamp.
    package enum Fault: Hashable, Sendable {
        /// A timestamp earlier than the one before.
        case backwards(milliseconds: Int64)
        /// A timestamp equal to the one before.
        case repeated
        /// A timestamp later than the one before by more than three usual steps and 100 ms.
        case jump(milliseconds: Int64)
    }

    /// Timestamps so far.
    package private(set) var count = 0
    /// Timestamps earlier than the one before.
    package private(set) var backwards = 0
    /// Timestamps equal to the one before.
    package private(set) var repeated = 0
    /// Timestamps that leave out more than three usual steps and 100 ms.
    package private(set) var jumps = 0
    /// The longest jump in milliseconds.
    package private(set) var longestJumpMilliseconds: Int64 = 0
    /// From the first timestamp, without wraps.
    package private(set) var first: Int64?
    /// The last timestamp in milliseconds, without wraps.
    package private(set) var last: Int64 = 0
    /// From the first to the last timestamp, over all connections: what was between two of them is not in it.
    package private(set) var span: Int64 = 0
    /// The latest steps forward, to know what is usual.
    private var steps: [Int64] = []

    /// A judge that has seen no timestamp.
    package init() {}

    /// The median of the latest steps, in milliseconds; nil before there are any.
    package var usualStep: Int64? { steps.isEmpty ? nil : steps.sorted()[steps.count / 2] }

    /// Forgets where the timestamps stood: another connection or another publisher has its own.
    package mutating func beginAnew() { isAnew = true }
    private var isAnew = false

    /// Takes the next timestamp.
    /// - Returns: the time in milliseconds without wraps, and what is wrong with it.
    package mutating func take(_ timestamp: UInt32) -> (time: Int64, fault: Fault?) {
        count += 1
        guard first != nil, !isAnew else {
            isAnew = false
            if first == nil { first = Int64(timestamp) }
            last = Int64(timestamp)
            return (last, nil)
        }
        // The difference is right over a wrap too: 24 days either way.
        let step = Int64(Int32(bitPattern: timestamp &- UInt32(truncatingIfNeeded: last)))
        last += step
        span += step
        if step < 0 {
            backwards += 1
            return (last, .backwards(milliseconds: -step))
        }
        if step == 0 {
            repeated += 1
            return (last, .repeated)
        }
        let usual = usualStep
        steps.append(step)
        if steps.count > 31 { steps.removeFirst() }
        if let usual, step > 3 * usual, step > 100 {
            jumps += 1
            longestJumpMilliseconds = max(longestJumpMilliseconds, step)
            return (last, .jump(milliseconds: step))
        }
        return (last, nil)
    }
}
