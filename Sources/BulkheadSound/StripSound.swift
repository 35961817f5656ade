import BulkheadMedia

/// One strip's sound of one block: what was given, cleaned and delayed.
///
/// A source that dies breaks off anywhere. Its last sample fades away then, and what comes after a gap is faded in.
struct StripSound: Sendable {
    private var given: [Float]?
    /// Sound that is not as it was given.
    private var own = [Float](repeating: 0, count: AudioFormat.channelCount * SoundMix.longestPairs)
    private var isOwn = false
    private var line: DelayLine?
    /// The last pair of what was given.
    private var last = SIMD2<Float>.zero
    /// Nothing was given for the last block.
    private var isInGap = false
    /// A block has been made.
    private(set) var hasBegun = false
    /// There is nothing to be heard in the block.
    private(set) var isSilent = true

    init() {}

    /// Delays by so many sample pairs from now on.
    mutating func delay(by pairs: Int) {
        if line != nil {
            line?.set(pairs)
        } else if pairs > 0 {
            line = DelayLine(pairs, isFresh: !hasBegun)
        }
    }

    /// Takes the sound of the next block.
    mutating func give(_ samples: [Float]) { given = samples }

    /// Takes what was given out as it is, where nothing has to be cleaned, delayed or faded in.
    mutating func takePlain() -> [Float]? {
        guard let given, line == nil, hasBegun, !isInGap, given.count >= 2,
            given.withUnsafeBufferPointer({ given in
                given.baseAddress.map { SampleKernels.peak($0, given.count).isClean } ?? false
            })
        else { return nil }
        last = [given[given.count - 2], given[given.count - 1]]
        (isOwn, isSilent) = (false, false)
        self.given = nil
        return given
    }

    /// Makes so many sample pairs of what was given; silence where that is nothing.
    mutating func prepare(pairs: Int) {
        isSilent = given == nil && last == .zero && line == nil
        if let given { clean(given, pairs) } else { fadeAway(pairs) }
        own.withUnsafeMutableBufferPointer { own in
            guard line != nil, let own = own.baseAddress else { return }
            if isOwn {
                line?.pass(own, pairs: pairs, into: own)
            } else {
                given?.withUnsafeBufferPointer { given in
                    if let given = given.baseAddress { line?.pass(given, pairs: pairs, into: own) }
                }
                isOwn = true
            }
        }
        hasBegun = true
    }

    /// Copies what can't stay as it was given.
    private mutating func clean(_ given: [Float], _ pairs: Int) {
        let count = AudioFormat.channelCount * pairs
        let begins = isInGap
        isInGap = false
        own.withUnsafeMutableBufferPointer { own in
            given.withUnsafeBufferPointer { given in
                guard let given = given.baseAddress, let own = own.baseAddress else { return }
                isOwn = begins || !SampleKernels.peak(given, count).isClean
                if isOwn { SampleKernels.copyCleaned(given, count, to: own) }
                if begins {
                    var glide = Glide(over: SoundStep.changePairs)
                    for pair in 0..<SoundStep.changePairs {
                        let share = glide.fraction
                        own[2 * pair] *= share
                        own[2 * pair + 1] *= share
                        glide.advance(by: 1)
                    }
                }
                let end = isOwn ? UnsafePointer(own) : given
                last = [end[count - 2], end[count - 1]]
            }
        }
    }

    /// Lets the last sample go to silence, where there is one.
    private mutating func fadeAway(_ pairs: Int) {
        own.withUnsafeMutableBufferPointer { own in
            guard let own = own.baseAddress else { return }
            SampleKernels.silence(own, AudioFormat.channelCount * pairs)
            guard last != .zero else { return }
            var glide = Glide(over: SoundStep.changePairs)
            for pair in 0..<SoundStep.changePairs {
                let share = 1 - glide.fraction
                own[2 * pair] = last.x * share
                own[2 * pair + 1] = last.y * share
                glide.advance(by: 1)
            }
        }
        last = .zero
        isOwn = true
        isInGap = true
    }

    /// Reads what ``prepare(pairs:)`` has made.
    func withSamples(_ body: (UnsafePointer<Float>) -> Void) {
        (isOwn ? own : given ?? own).withUnsafeBufferPointer { samples in
            if let base = samples.baseAddress { body(base) }
        }
    }

    /// Lets go of what was given.
    mutating func forget() { given = nil }
}
