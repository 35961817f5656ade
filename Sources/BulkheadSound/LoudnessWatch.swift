import BulkheadModel

/// Measures how loud sound has been lately, for who watches it for months: short-term loudness, and that of the last ten minutes with
/// the gates of a program (EBU Tech 3341, ITU-R BS.1770-4).
///
/// ``LoudnessMeter`` measures a whole program, and is the slower to answer the longer that is.
package struct LoudnessWatch: Sendable {
    /// Blocks of 400 ms, each 100 ms later than the last.
    private static let blockCount = 6000
    /// What is quieter does not count, in LUFS.
    private static let gate = -70.0
    /// What is so much quieter than the rest does not count, in LU.
    private static let relativeGate = 10.0

    private var meter = LevelMeter()
    /// The weighted powers of the last blocks that pass the absolute gate; 0 for those that don't. A ring.
    private var blocks: [Double] = []
    private var next = 0

    /// A watch that has heard nothing.
    package init() {}

    /// Adds interleaved stereo samples.
    package mutating func add(_ samples: [Float]) {
        samples.withUnsafeBufferPointer { samples in
            guard let base = samples.baseAddress else { return }
            let all = samples.count / 2
            var start = 0
            while start < all {
                let pairs = min(all - start, LevelMeter.piecePairs)
                if meter.add(base + 2 * start, pairs: pairs) { keepBlock() }
                start += pairs
            }
        }
    }

    private mutating func keepBlock() {
        guard meter.pieceCount >= LevelMeter.momentaryCount else { return }
        let power = meter.power(of: LevelMeter.momentaryCount)
        let counted = Loudness.of(power: power).value >= Self.gate ? power : 0
        if blocks.count < Self.blockCount { return blocks.append(counted) }
        blocks[next] = counted
        next = (next + 1) % Self.blockCount
    }

    /// Of the last 3 s, in LUFS; nil for silence, and before there are so many.
    package var shortTerm: Double? {
        let loudness = Loudness.of(power: meter.power(of: LevelMeter.shortTermCount)).value
        return loudness >= Self.gate ? loudness : nil
    }

    /// Of the last ten minutes, or of as much as there is, with both gates, in LUFS; nil for silence.
    package var integrated: Double? {
        guard let mean = mean(above: 0) else { return nil }
        let threshold = Loudness.power(Loudness.of(power: mean).value - Self.relativeGate)
        return self.mean(above: threshold).map { Loudness.of(power: $0).value }
    }

    private func mean(above threshold: Double) -> Double? {
        var (sum, count) = (0.0, 0)
        for power in blocks where power > threshold { (sum, count) = (sum + power, count + 1) }
        return count == 0 ? nil : sum / Double(count)
    }
}
