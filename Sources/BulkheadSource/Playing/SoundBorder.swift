import BulkheadMedia

/// What becomes of sound where one file of a list ends and the next begins: the one fades out and the other in, over 10 ms. The
/// two overlap where the first goes on for so long; where it ends before, it fades out by its end.
///
/// The fades are straight lines: what is the same on both sides, as of an album without gaps, then stays as it is. Lengths are
/// in samples at 48 kHz; sound is interleaved stereo.
package struct SoundBorder: Hashable, Sendable {
    /// 10 ms.
    package static let length = AudioFormat.sampleRate / 100
    /// By how much sound may go on behind the last picture and be left out.
    package static let mostOverhang = Int64(AudioFormat.sampleRate / 10)

    /// The sound of a file has ended, and what follows it is not known yet.
    package var isOpen = false
    /// The end of the file before, faded out, and where it begins.
    private var tail: [Float] = []
    private var tailStart: Int64 = 0
    /// The next sound is the first of a file.
    private var awaitsFirst = false
    /// Where it begins.
    private var first: Int64?

    package init() {}

    /// Fades out the end of `samples`, of what lies from `start` on.
    package static func fadeOut(_ samples: inout [Float], from start: Int) {
        let channels = AudioFormat.channelCount
        let count = min((samples.count - start) / channels, length)
        guard count > 0 else { return }
        for index in 0..<count {
            let gain = 1 - (Float(index) + 0.5) / Float(count)
            let place = samples.count - (count - index) * channels
            for channel in 0..<channels { samples[place + channel] *= gain }
        }
    }

    /// Ends a file: `surplus` samples at the end of `samples`, of which those from `start` on can be changed, lie behind the
    /// border at sample `place`, and are taken off.
    package mutating func close(_ samples: inout [Float], from start: Int, surplus: Int, at place: Int64) {
        let channels = AudioFormat.channelCount
        let overlap = min(surplus, Self.length)
        if surplus > overlap { samples.removeLast((surplus - overlap) * channels) }
        // Silence behind the sound's end has been faded to before.
        if isOpen || surplus > 0 { Self.fadeOut(&samples, from: start) }
        tail = Array(samples.suffix(overlap * channels))
        samples.removeLast(overlap * channels)
        tailStart = place
        isOpen = false
        awaitsFirst = true
        first = nil
    }

    /// Fades in what lies in `samples` from `start` on, as far as it is the beginning of a file; it stands at sample `place`.
    package mutating func fadeIn(_ samples: inout [Float], from start: Int, at place: Int64) {
        guard samples.count > start else { return }
        if awaitsFirst {
            awaitsFirst = false
            first = place
        }
        guard let first else { return }
        let channels = AudioFormat.channelCount
        for index in 0..<(samples.count - start) / channels {
            let passed = place + Int64(index) - first
            guard passed < Self.length else {
                self.first = nil
                return
            }
            let gain = (Float(passed) + 0.5) / Float(Self.length)
            for channel in 0..<channels { samples[start + index * channels + channel] *= gain }
        }
    }

    /// Adds the end of the file before to what lies in `samples` from `start` on, which stands at sample `place`.
    package mutating func add(to samples: inout [Float], from start: Int, at place: Int64) {
        guard !tail.isEmpty else { return }
        let channels = AudioFormat.channelCount
        let end = place + Int64((samples.count - start) / channels)
        let tailEnd = tailStart + Int64(tail.count / channels)
        for sample in max(place, tailStart)..<max(place, tailStart, min(end, tailEnd)) {
            let target = start + Int(sample - place) * channels
            let source = Int(sample - tailStart) * channels
            for channel in 0..<channels { samples[target + channel] += tail[source + channel] }
        }
        if end >= tailEnd { tail = [] }
    }
}
