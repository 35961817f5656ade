import BulkheadMedia

/// Makes samples fit to be mixed, filtered and encoded.
///
/// What is no number becomes silence, and what is too small to be heard, which costs filters much time. Several
/// channels that were folded to two may add up to more than full scale: they are turned down as far as they must be, at
/// once, and up again within some tenths of a second, so that the centre alone keeps its level.
struct SoundCleaner: Hashable, Sendable {
    /// Nobody hears what lies 200 dB below full scale.
    private static let smallest: Float = 1e-10
    /// What lies beyond this is no sound: 60 dB above full scale.
    private static let largest: Float = 1000
    /// In each sample, of what is missing to the full level: a time constant of a fifth of a second.
    private static let release: Float = 1 / 9600

    private var gain: Float = 1

    /// Cleans the interleaved samples from index `start` on.
    mutating func clean(_ samples: inout [Float], from start: Int, limits: Bool) {
        samples.withUnsafeMutableBufferPointer { samples in
            for index in start..<samples.count {
                let size = abs(samples[index])
                // False for what is no number.
                if !(size <= Self.largest) || size < Self.smallest { samples[index] = 0 }
            }
            guard limits else { return }
            for index in stride(from: start, to: samples.count - 1, by: AudioFormat.channelCount) {
                gain += (1 - gain) * Self.release
                let peak = max(abs(samples[index]), abs(samples[index + 1]))
                if peak * gain > 1 { gain = 1 / peak }
                samples[index] *= gain
                samples[index + 1] *= gain
            }
        }
    }
}
