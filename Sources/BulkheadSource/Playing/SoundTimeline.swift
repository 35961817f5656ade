/// Decides how sound is kept on its timestamps. Lengths are in samples at 48 kHz.
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
    /// From here on an error that lasts is corrected so slowly that it can't be heard: 3 ms.
    static let softLimit: Double = 144
    private var average = 0.0
    private var isAligned = false
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
        // While a stretch is under way, its effect isn't known yet.
        guard actual >= stretchesUntil else { return .none }
        average += (Double(difference) - average) / 16
        guard average.magnitude >= Self.softLimit else { return .none }
        let length = Int64(average.rounded())
        average = 0
        stretchesUntil = actual.addingReportingOverflow(48_000).partialValue
        return .stretch(by: length)
    }
}
