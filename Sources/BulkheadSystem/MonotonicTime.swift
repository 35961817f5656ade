import Glibc

/// A moment on CLOCK_MONOTONIC, in nanoseconds: a clock step does not touch it.
package struct MonotonicTime: Hashable, Comparable, Sendable {
    /// Nanoseconds since an arbitrary moment at or after the machine's start.
    package let nanoseconds: Int64

    /// A moment by its count, as tests make one.
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The clock's moment; one system call without entering the kernel.
    package static var now: MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    // All four: those that the protocol derives from the first are called through its table.
    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }
    package static func <= (left: Self, right: Self) -> Bool { left.nanoseconds <= right.nanoseconds }
    package static func > (left: Self, right: Self) -> Bool { left.nanoseconds > right.nanoseconds }
    package static func >= (left: Self, right: Self) -> Bool { left.nanoseconds >= right.nanoseconds }

    /// Nanoseconds later; moments beyond the range stop at its end.
    package func advanced(by nanoseconds: Int64) -> MonotonicTime {
        let (sum, overflows) = self.nanoseconds.addingReportingOverflow(nanoseconds)
        return MonotonicTime(nanoseconds: overflows ? (nanoseconds > 0 ? .max : .min) : sum)
    }

    /// The moment `duration` later; one beyond the range stops at its end.
    package func advanced(by duration: Duration) -> MonotonicTime { advanced(by: duration.nanoseconds) }

    /// Nanoseconds from `earlier` to this moment; spans beyond the range stop at its end.
    package func since(_ earlier: MonotonicTime) -> Int64 {
        let (difference, overflows) = nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
        return overflows ? (earlier.nanoseconds < 0 ? .max : .min) : difference
    }
}

extension Duration {
    /// Whole nanoseconds; spans beyond 292 years stop at the end of the range.
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflows { return seconds > 0 ? .max : .min }
        let (sum, overflowsToo) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflowsToo ? (seconds > 0 ? .max : .min) : sum
    }
}
