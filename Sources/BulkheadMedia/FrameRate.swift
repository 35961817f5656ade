/// Frames in a second, as a fraction: 30/1, 30000/1001.
package struct FrameRate: Hashable, Sendable, CustomStringConvertible {
    /// Frames in ``denominator`` seconds.
    package let numerator: UInt32
    /// Seconds that ``numerator`` frames take.
    package let denominator: UInt32

    /// Nil outside 1...240 frames a second.
    package init?(_ numerator: UInt32, _ denominator: UInt32 = 1) {
        guard denominator > 0, numerator >= denominator, UInt64(numerator) <= 240 * UInt64(denominator) else {
            return nil
        }
        self.numerator = numerator
        self.denominator = denominator
    }

    /// Reads "30", "30000/1001", "29.97" and "59.94"; the last two stand for their exact NTSC rates.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 2, let numerator = UInt32(parts[0]), let denominator = UInt32(parts[1]) {
            self.init(numerator, denominator)
        } else if let whole = UInt32(text) {
            self.init(whole)
        } else if let value = Double(text), value.isFinite, value >= 1, value <= 240 {
            let ntsc = (value * 1.001).rounded()
            if value == value.rounded() {
                // "2.0" lies within the tolerance of 2000/1001.
                self.init(UInt32(value))
            } else if abs(ntsc / 1.001 - value) < 0.006 {
                self.init(UInt32(ntsc) * 1000, 1001)
            } else {
                self.init(UInt32((value * 1000).rounded()), 1000)
            }
        } else {
            return nil
        }
    }

    /// Frames a second, rounded to a `Double`: for people and for rates, not for times.
    package var framesPerSecond: Double { Double(numerator) / Double(denominator) }

    /// The time between two frames.
    package var interval: MediaTime { time(of: 1) }

    /// How long after a frame's time a picture may come and still be that frame: eleven twentieths of `interval`.
    ///
    /// A picture that misses the time by the rounding of its timestamp, either way, stays with its frame. Half an
    /// interval would serve that as well, but then every second picture of an input at twice the rate lies on the very
    /// boundary, and with timestamps in whole milliseconds falls to either side: the motion stutters.
    package static func leeway(interval: MediaTime) -> MediaTime {
        MediaTime(nanoseconds: interval.nanoseconds.scaled(by: 11, over: 20))
    }

    /// The presentation time of frame `number`, counted from the frame with number 0.
    package func time(of number: Int64) -> MediaTime { MediaTime(ticks: number, of: Timebase(denominator, numerator)) }

    /// The number of the last frame whose time is not after `time`.
    package func frame(at time: MediaTime) -> Int64 {
        let scaled = Int128(time.nanoseconds) * Int128(numerator)
        let unit = Int128(1_000_000_000) * Int128(denominator)
        // Frame times are rounded to nanoseconds: half a nanosecond must not cost a frame.
        let slack = Int128(numerator)
        let quotient = (scaled + slack) / unit
        return Int64(clamping: (scaled + slack) % unit < 0 ? quotient - 1 : quotient)
    }

    /// How many frames begin within `seconds`: 600 in 20 seconds at 30000/1001.
    package func frameCount(within seconds: Double) -> Int64 {
        // What a product of two rounded numbers is too large by is no frame.
        let count = (seconds * framesPerSecond - 1e-6).rounded(.up)
        return count.isFinite ? Int64(max(0, min(count, 9e15))) : 0
    }

    package var description: String { denominator == 1 ? "\(numerator)" : "\(numerator)/\(denominator)" }
}
