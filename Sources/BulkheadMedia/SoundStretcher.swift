/// Makes a row of sound longer or shorter as it passes, without a step where that begins, changes or ends.
///
/// As long as nothing was asked for, what comes is what goes, at once. From the first request on a few samples are held back.
package struct SoundStretcher: Sendable {
    /// What has come and may be needed still: interleaved pairs, the first of which are those behind `place`.
    private var row: [Float] = []
    /// Where the next sample lies in `row`, in pairs.
    private var place = 0.0
    /// How far the next sample lies behind the one before it, in samples of what comes.
    private var step = 1.0
    /// So many more samples go out with that step.
    private var rest = 0

    /// One that passes everything as it is.
    package init() {}

    /// Sample pairs that have come and not gone.
    package var held: Int64 { isPassing ? 0 : Int64((Double(pairs) - place).rounded(.up)) }

    private var pairs: Int { row.count / AudioFormat.channelCount }
    private var isPassing: Bool { step == 1 && place == place.rounded(.down) }

    /// Makes what goes out within the next second longer by so many samples, or shorter where they are negative.
    package mutating func stretch(by count: Int64) {
        let second = Double(AudioFormat.sampleRate)
        // A tenth at most, whoever asks.
        step = 1 - min(max(Double(count) / second, -0.1), 0.1)
        rest = AudioFormat.sampleRate
    }

    /// Takes what comes, and returns what goes: interleaved pairs, both.
    package mutating func pass(_ samples: [Float]) -> [Float] {
        let channels = AudioFormat.channelCount
        row += samples
        var passed: [Float] = []
        let reach = SoundStretch.reach
        while true {
            if isPassing {
                // Pairs that were held back go first.
                let first = Int(place) * channels
                if first < row.count { passed += row[first...] }
                place = Double(pairs)
                break
            }
            let possible = Int(((Double(pairs - reach - 1) - place) / step).rounded(.down))
            let count = step == 1 ? possible : min(possible, rest)
            guard count > 0 else { break }
            // Before the first pair of all there is silence.
            let first = Int(place.rounded(.down)) - reach
            let needed = Int((place + Double(count) * step).rounded(.up)) + reach + 1
            var source = [Float](repeating: 0, count: max(0, -first) * channels)
            source += row[max(0, first) * channels..<min(needed, pairs) * channels]
            passed += SoundStretch.stretch(source, from: place - place.rounded(.down), by: step, count: count)
            place += Double(count) * step
            if step != 1 {
                rest -= count
                if rest == 0 { step = 1 }
            }
        }
        let past = Int(place.rounded(.down)) - reach
        if past > 0 {
            row.removeFirst(past * channels)
            place -= Double(past)
        }
        return passed
    }

    /// What is held back, with silence behind it. What comes next begins a row of its own.
    package mutating func end() -> [Float] {
        let count = Int(held)
        guard count > 0 else {
            self = SoundStretcher()
            return []
        }
        let silence = [Float](repeating: 0, count: 2 * (SoundStretch.reach + 2) * AudioFormat.channelCount)
        let passed = pass(silence)
        self = SoundStretcher()
        return Array(passed.prefix(count * AudioFormat.channelCount))
    }
}
