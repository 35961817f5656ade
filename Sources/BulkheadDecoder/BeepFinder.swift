/// Finds where tones begin in mono sound: the first loud sample after a fifth of a second of quiet.
package struct BeepFinder: Sendable {
    /// Louder than coding noise around the test source's beep, whose peaks are 0.25.
    package static let loudness: Float = 0.08
    /// How long it must be quiet before a tone counts as a new one.
    package static let quietNanoseconds: Int64 = 200_000_000

    /// The time of the last loud sample; nil before the first sound.
    private var lastLoud: Int64?

    /// A finder that has heard nothing.
    package init() {}

    /// Takes samples whose first is heard at `pts`, in nanoseconds.
    /// - Returns: the times at which tones begin.
    package mutating func take(_ samples: some Collection<Float>, at pts: Int64, sampleRate: Int) -> [Int64] {
        guard sampleRate > 0 else { return [] }
        var starts: [Int64] = []
        // What plays when the listening begins has begun earlier.
        var last = lastLoud ?? pts
        for (index, sample) in samples.enumerated() where abs(sample) > Self.loudness {
            let time = pts &+ Int64(index) * 1_000_000_000 / Int64(sampleRate)
            if time &- last > Self.quietNanoseconds || time < last { starts.append(time) }
            last = time
        }
        lastLoud = last
        return starts
    }
}
