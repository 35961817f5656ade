import BulkheadMedia

/// Sound that is heard later, by up to two seconds.
///
/// A new delay comes by a crossfade, as soon as the sound that it takes has been kept.
struct DelayLine: Sendable {
    /// Sample pairs that are kept, a power of two: 2 s, a block and a crossfade fit in.
    private static let capacity = 1 << 17
    private static let mask = capacity - 1
    /// The longest delay, in sample pairs.
    static let longest = 2 * AudioFormat.sampleRate

    private struct Crossing {
        let delay: Int
        var glide = Glide(over: SoundStep.changePairs)
    }

    private var ring = [Float](repeating: 0, count: capacity * AudioFormat.channelCount)
    /// Where the next pair is written.
    private var head = 0
    /// Sample pairs that may be gone back to.
    private var kept: Int
    /// In sample pairs.
    private var delay: Int
    /// In sample pairs, as it was asked for.
    private var wanted: Int
    private var crossing: Crossing?
    /// Fades in the first sound that is kept: behind silence it could begin with a click.
    private var start: Glide

    /// - Parameter isFresh: no sound has come yet, so that the delay is there at once, and silence comes before the sound.
    init(_ delay: Int, isFresh: Bool) {
        wanted = min(max(0, delay), Self.longest)
        self.delay = isFresh ? wanted : 0
        kept = isFresh ? Self.capacity : 0
        start = isFresh ? Glide(over: SoundStep.changePairs) : Glide()
    }

    /// Delays by so many sample pairs from now on.
    mutating func set(_ delay: Int) { wanted = min(max(0, delay), Self.longest) }

    /// Takes whole steps, at most ``SoundMix/longestPairs`` pairs, and gives as many. Both may lie at the same place.
    mutating func pass(_ samples: UnsafePointer<Float>, pairs: Int, into output: UnsafeMutablePointer<Float>) {
        for step in stride(from: 0, to: pairs, by: SoundStep.pairs) { write(samples + 2 * step, at: head + step) }
        for step in stride(from: 0, to: pairs, by: SoundStep.pairs) {
            if crossing == nil, delay != wanted, kept >= wanted + SoundStep.changePairs {
                crossing = Crossing(delay: wanted)
            }
            read(at: head + step, into: output + 2 * step)
        }
        head = (head + pairs) & Self.mask
        kept = min(Self.capacity, kept + pairs)
    }

    private mutating func write(_ samples: UnsafePointer<Float>, at place: Int) {
        let first = start.fraction
        start.advance(by: SoundStep.pairs)
        let slope = (start.fraction - first) / Float(SoundStep.pairs)
        ring.withUnsafeMutableBufferPointer { ring in
            for pair in 0..<SoundStep.pairs {
                let index = 2 * ((place + pair) & Self.mask)
                let share = first + slope * Float(pair)
                ring[index] = samples[2 * pair] * share
                ring[index + 1] = samples[2 * pair + 1] * share
            }
        }
    }

    private mutating func read(at place: Int, into output: UnsafeMutablePointer<Float>) {
        ring.withUnsafeBufferPointer { ring in
            for pair in 0..<SoundStep.pairs {
                let index = 2 * ((place + pair - delay) & Self.mask)
                output[2 * pair] = ring[index]
                output[2 * pair + 1] = ring[index + 1]
            }
        }
        guard var crossing else { return }
        let first = crossing.glide.fraction
        crossing.glide.advance(by: SoundStep.pairs)
        let slope = (crossing.glide.fraction - first) / Float(SoundStep.pairs)
        ring.withUnsafeBufferPointer { ring in
            for pair in 0..<SoundStep.pairs {
                let index = 2 * ((place + pair - crossing.delay) & Self.mask)
                let share = first + slope * Float(pair)
                output[2 * pair] += (ring[index] - output[2 * pair]) * share
                output[2 * pair + 1] += (ring[index + 1] - output[2 * pair + 1]) * share
            }
        }
        if crossing.glide.hasArrived { delay = crossing.delay }
        self.crossing = crossing.glide.hasArrived ? nil : crossing
    }
}
