/// Makes steady 64-bit milliseconds of 32-bit timestamps that wrap after 49.7 days.
package struct TimestampUnwrapper: Hashable, Sendable {
    private var last: Int64?

    /// An unwrapper that has seen no timestamp.
    package init() {}

    /// The time nearest to the last one that `timestamp` can stand for. The first is taken as it is.
    package mutating func milliseconds(of timestamp: UInt32) -> Int64 {
        guard let last else {
            self.last = Int64(timestamp)
            return Int64(timestamp)
        }
        let step = Int32(bitPattern: timestamp &- UInt32(truncatingIfNeeded: last))
        let (next, overflows) = last.addingReportingOverflow(Int64(step))
        self.last = overflows ? last : next
        return overflows ? last : next
    }
}
