/// A moment or a span on the broadcast's timeline, in nanoseconds. Comparing and subtracting never trap: results that
/// do not fit stop at the ends of the range, which lie 292 years away.
package struct MediaTime: Hashable, Comparable, Sendable {
    /// Nanoseconds since the timeline's start; negative before it.
    package let nanoseconds: Int64

    /// The start of the timeline.
    package static let zero = MediaTime(nanoseconds: 0)

    /// A time or span of `nanoseconds`.
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// A time or span of `milliseconds`; one beyond the range stops at its end.
    package init(milliseconds: Int64) { self.init(ticks: milliseconds, of: Timebase(1, 1000)) }

    /// The time of `ticks` ticks of `timebase`, rounded to the nearest nanosecond.
    package init(ticks: Int64, of timebase: Timebase) {
        self.init(
            nanoseconds: ticks.scaled(by: 1_000_000_000 * Int64(timebase.numerator), over: Int64(timebase.denominator)))
    }

    /// The time at which `sampleIndex` is heard at 48 kHz.
    package init(sampleIndex: Int64) {
        self.init(ticks: sampleIndex, of: Timebase(1, UInt32(AudioFormat.sampleRate)))
    }

    /// Whole milliseconds, rounded to the nearest: what FLV and RTMP carry.
    package var milliseconds: Int64 { nanoseconds.scaled(by: 1, over: 1_000_000) }

    /// The index of the 48 kHz sample nearest to this time.
    package var sampleIndex: Int64 { nanoseconds.scaled(by: Int64(AudioFormat.sampleRate), over: 1_000_000_000) }

    /// In seconds, rounded to a `Double`: for people, not for counting.
    package var seconds: Double { Double(nanoseconds) / 1e9 }

    // All four: those that the protocol derives from the first are called through its table.
    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }
    package static func <= (left: Self, right: Self) -> Bool { left.nanoseconds <= right.nanoseconds }
    package static func > (left: Self, right: Self) -> Bool { left.nanoseconds > right.nanoseconds }
    package static func >= (left: Self, right: Self) -> Bool { left.nanoseconds >= right.nanoseconds }

    /// The sum; one beyond the range stops at its end.
    package static func + (left: Self, right: Self) -> Self {
        let (sum, overflows) = left.nanoseconds.addingReportingOverflow(right.nanoseconds)
        return Self(nanoseconds: overflows ? (right.nanoseconds > 0 ? .max : .min) : sum)
    }

    /// The difference; one beyond the range stops at its end.
    package static func - (left: Self, right: Self) -> Self {
        let (difference, overflows) = left.nanoseconds.subtractingReportingOverflow(right.nanoseconds)
        return Self(nanoseconds: overflows ? (right.nanoseconds < 0 ? .max : .min) : difference)
    }
}

/// The seconds of one tick, as a fraction.
package struct Timebase: Hashable, Sendable {
    /// Seconds that ``denominator`` ticks take; at least 1.
    package let numerator: UInt32
    /// Ticks in ``numerator`` seconds; at least 1.
    package let denominator: UInt32

    /// A zero in either place would make no timebase: it is taken as one.
    package init(_ numerator: UInt32, _ denominator: UInt32) {
        self.numerator = max(1, numerator)
        self.denominator = max(1, denominator)
    }
}

extension Int64 {
    /// `self * factor / divisor`, rounded to the nearest (halves away from zero), through a 128-bit product; a result
    /// that does not fit stops at the end of the range.
    package func scaled(by factor: Int64, over divisor: Int64) -> Int64 {
        precondition(divisor > 0, "a scale's divisor is positive")
        // Most products fit into 64 bits, which cost a tenth.
        let (short, isLong) = multipliedReportingOverflow(by: factor)
        let (sum, isLonger) = short.addingReportingOverflow(short >= 0 ? divisor / 2 : -(divisor / 2))
        if !isLong, !isLonger { return sum / divisor }
        let product = Int128(self) * Int128(factor)
        let half = Int128(divisor / 2)
        let quotient = (product >= 0 ? product + half : product - half) / Int128(divisor)
        return Int64(clamping: quotient)
    }
}
