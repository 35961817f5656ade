/// Decides how sound is kept on its timestamps. Lengths are in samples at 48 kHz.
///
/// Sound whose clock runs off is made longer or shorter by as much all the time, once an error has lasted: what is left of the
/// error then is a fraction of a millisecond, and no change of pitch can be heard.
package struct SoundTimeline: Hashable, Sendable {
    /// What to do with the next samples so that sound keeps to its timestamps.
    package enum Correction: Hashable, Sendable {
        case none
        /// Silence has to come first.
        case silence(count: Int64)
        /// The first samples have to be left out.
        case drop(count: Int64)
        /// The next second is to be made longer (or, negative, shorter) by so many samples.
        case stretch(by: Int64)
    }

    /// From here on an error is corrected at once: a packet of sound is missing or came twice.
    package let hardLimit: Int64
    /// From here on an error that lasts is corrected: 3 ms. Timestamps in whole milliseconds stay far below it.
    static let softLimit: Double = 144
    /// From here on no clock that is off by 0.05 % is behind the error, and it is corrected faster: 10 ms.
    static let farLimit: Double = 480
    /// By so much a second is made longer or shorter at most: less than 0.1 %.
    static let usualStretch: Double = 38
    /// Where the error is far: 0.3 %.
    static let largestStretch: Double = 144
    private var average = 0.0
    private var isAligned = false
    private var isStretching = false
    /// How many samples the clock is off by in a second, as errors have taught.
    private var pace = 0.0
    private var stretchesUntil: Int64 = .min

    /// - Parameter hardLimit: more than what the input's timestamps are rounded or jitter by.
    package init(hardLimit: Int64) { self.hardLimit = hardLimit }

    /// The next sound starts a new pass or comes from another place: it's put exactly where it belongs.
    package mutating func restart() {
        isAligned = false
        average = 0
        stretchesUntil = .min
    }

    /// What to do with sound whose timestamp puts it at `expected`, while its place in the row would be `actual`.
    package mutating func correction(expected: Int64, actual: Int64) -> Correction {
        let (difference, overflows) = expected.subtractingReportingOverflow(actual)
        guard !overflows else { return .none }
        if !isAligned || difference.magnitude >= hardLimit.magnitude {
            isAligned = true
            average = 0
            stretchesUntil = .min
            if difference == 0 { return .none }
            return difference > 0 ? .silence(count: difference) : .drop(count: 0 - difference)
        }
        average += (Double(difference) - average) / 16
        // While a stretch is under way, its effect isn't known yet.
        guard actual >= stretchesUntil, isStretching || average.magnitude >= Self.softLimit else { return .none }
        return stretch(at: actual)
    }

    /// A share of the error and all of what the clock is off by, which each error corrects by a little.
    private mutating func stretch(at actual: Int64) -> Correction {
        isStretching = true
        let most = average.magnitude < Self.farLimit ? Self.usualStretch : Self.largestStretch
        pace = min(max(pace + average / 32, -Self.usualStretch), Self.usualStretch)
        let length = min(max(pace + average / 4, -most), most).rounded()
        stretchesUntil = actual.addingReportingOverflow(48_000).partialValue
        if length == 0, average.magnitude < 1, pace.magnitude < 1 { isStretching = false }
        return length == 0 ? .none : .stretch(by: Int64(length))
    }
}
