/// One access unit or AAC frame on its way into a fragment.
package struct Sample: Hashable, Sendable {
    /// The ``Track/id`` of its track.
    package let track: UInt32
    /// When it is decoded, in ticks of the track from the start of the file; not negative.
    package let dts: Int64
    /// `pts - dts`, in ticks of the track; may be negative.
    package let compositionOffset: Int32
    /// How long it is shown or heard, in ticks. Between samples of one fragment the distance of their DTS is written.
    package let duration: UInt32
    /// A decoder can start here: an IDR, and every AAC frame.
    package let isSync: Bool
    /// No other sample refers to this one.
    package let isDisposable: Bool
    /// An access unit with 4-byte lengths, or one raw AAC frame; less than 2 GiB.
    package let bytes: [UInt8]

    package init(
        track: UInt32, dts: Int64, compositionOffset: Int32 = 0, duration: UInt32, isSync: Bool = true,
        isDisposable: Bool = false, bytes: [UInt8]
    ) {
        self.track = track
        self.dts = dts
        self.compositionOffset = compositionOffset
        self.duration = duration
        self.isSync = isSync
        self.isDisposable = isDisposable
        self.bytes = bytes
    }

    /// The same sample with another duration.
    func lasting(_ duration: UInt32) -> Sample {
        Sample(
            track: track, dts: dts, compositionOffset: compositionOffset, duration: duration, isSync: isSync,
            isDisposable: isDisposable, bytes: bytes)
    }
}

/// A sample as it lies in a file.
package struct StoredSample: Hashable, Sendable {
    /// The ``Track/id`` of its track.
    package let track: UInt32
    /// In ticks of the track, from the start of the file.
    package let dts: Int64
    /// `pts - dts`, in ticks of the track.
    package let compositionOffset: Int32
    /// In ticks of the track.
    package let duration: UInt32
    /// A decoder can start here.
    package let isSync: Bool
    /// No other sample refers to this one.
    package let isDisposable: Bool
    /// Where its bytes are in the file.
    package let bytes: Range<UInt64>

    /// When it is presented, in ticks of the track from the start of the file.
    package var pts: Int64 {
        let (sum, overflows) = dts.addingReportingOverflow(Int64(compositionOffset))
        return overflows ? dts : sum
    }
}

/// A moment on the wall clock: nanoseconds since 1970-01-01 00:00 UTC.
package struct WallClock: Hashable, Comparable, Sendable {
    /// Negative before 1970.
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Seconds from 1900 to 1970, and from 1904.
    private static let ntpToUnix: Int64 = 2_208_988_800
    private static let macToUnix: Int64 = 2_082_844_800

    /// The 64 bits of an NTP timestamp (RFC 5905, 6), within the era that it lies in.
    var ntp: UInt64 {
        let second = nanoseconds.dividedDown(by: 1_000_000_000)
        let rest = UInt64(nanoseconds - second * 1_000_000_000)
        // Up: so that rounding down when read gives the same nanosecond.
        let fraction = ((rest << 32) + 999_999_999) / 1_000_000_000
        return UInt64(UInt32(truncatingIfNeeded: second + Self.ntpToUnix)) << 32 | fraction
    }

    /// Taken as a moment between 1970 and 2106: from 2036 on, NTP counts from 0 again.
    init(ntp: UInt64) {
        let seconds = Int64(ntp >> 32)
        let unix = seconds >= Self.ntpToUnix ? seconds - Self.ntpToUnix : seconds + (1 << 32) - Self.ntpToUnix
        nanoseconds = unix * 1_000_000_000 + Int64(((ntp & 0xFFFF_FFFF) * 1_000_000_000) >> 32)
    }

    /// Whole seconds since 1904, as MP4 counts them; 0, which stands for unknown, before.
    var secondsSince1904: UInt64 {
        UInt64(max(0, nanoseconds.dividedDown(by: 1_000_000_000) + Self.macToUnix))
    }
}

extension Int64 {
    fileprivate func dividedDown(by divisor: Int64) -> Int64 {
        let (quotient, rest) = quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? quotient - 1 : quotient
    }
}
