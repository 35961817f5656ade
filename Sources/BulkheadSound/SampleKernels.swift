/// The loops over samples, written so that they vectorise: over plain memory, without a branch or a sum in them.
///
/// Samples are interleaved: left, right.
enum SampleKernels {
    /// The largest amplitude that counts as sound: 60 dB above full scale.
    static let largest: Float = 1000

    /// The largest amplitude, and whether all are numbers up to ``largest``.
    ///
    /// The bits of a float without its sign grow with its size, what is no number lies above all, and the largest of
    /// integers may be looked for in any order.
    static func peak(_ samples: UnsafePointer<Float>, _ count: Int) -> (peak: Float, isClean: Bool) {
        var bits: Int32 = 0
        for index in 0..<count { bits = max(bits, Int32(bitPattern: samples[index].bitPattern & 0x7FFF_FFFF)) }
        return (Float(bitPattern: UInt32(bitPattern: bits)), bits <= Int32(bitPattern: largest.bitPattern))
    }

    /// Copies samples; those that are no sound become silence.
    static func copyCleaned(_ samples: UnsafePointer<Float>, _ count: Int, to output: UnsafeMutablePointer<Float>) {
        for index in 0..<count {
            let sample = samples[index]
            // False for what is no number.
            output[index] = abs(sample) <= largest ? sample : 0
        }
    }

    static func silence(_ output: UnsafeMutablePointer<Float>, _ count: Int) {
        output.update(repeating: 0, count: count)
    }

    /// Adds samples as they are.
    static func add(_ samples: UnsafePointer<Float>, _ count: Int, to sum: UnsafeMutablePointer<Float>) {
        for index in 0..<count { sum[index] += samples[index] }
    }

    /// Adds samples times a factor.
    static func add(
        _ samples: UnsafePointer<Float>, _ count: Int, times factor: Float, to sum: UnsafeMutablePointer<Float>
    ) {
        for index in 0..<count { sum[index] += samples[index] * factor }
    }

    /// Adds `pairs` sample pairs with a gain that stays.
    static func add(
        _ samples: UnsafePointer<Float>, pairs: Int, by gain: StripGain, to sum: UnsafeMutablePointer<Float>
    ) {
        let (leftOfLeft, rightOfRight) = (gain.direct.x, gain.direct.y)
        let (leftOfRight, rightOfLeft) = (gain.cross.x, gain.cross.y)
        for pair in 0..<pairs {
            let (left, right) = (samples[2 * pair], samples[2 * pair + 1])
            sum[2 * pair] += left * leftOfLeft + right * leftOfRight
            sum[2 * pair + 1] += right * rightOfRight + left * rightOfLeft
        }
    }

    /// Adds `pairs` sample pairs whose gain goes from `first` in a straight line to `last`, which the next pair would have.
    static func add(
        _ samples: UnsafePointer<Float>, pairs: Int, from first: StripGain, to last: StripGain,
        to sum: UnsafeMutablePointer<Float>
    ) {
        let share = 1 / Float(pairs)
        let (leftOfLeft, rightOfRight) = (first.direct.x, first.direct.y)
        let (leftOfRight, rightOfLeft) = (first.cross.x, first.cross.y)
        let (leftStep, rightStep) = ((last.direct.x - leftOfLeft) * share, (last.direct.y - rightOfRight) * share)
        let (crossLeftStep, crossRightStep) = (
            (last.cross.x - leftOfRight) * share, (last.cross.y - rightOfLeft) * share
        )
        for pair in 0..<pairs {
            let place = Float(pair)
            let (left, right) = (samples[2 * pair], samples[2 * pair + 1])
            sum[2 * pair] += left * (leftOfLeft + leftStep * place) + right * (leftOfRight + crossLeftStep * place)
            sum[2 * pair + 1] +=
                right * (rightOfRight + rightStep * place) + left * (rightOfLeft + crossRightStep * place)
        }
    }

    /// Multiplies `pairs` sample pairs with a gain that goes from `first` in a straight line to `last`.
    static func multiply(
        _ samples: UnsafePointer<Float>, pairs: Int, from first: Float, to last: Float,
        into output: UnsafeMutablePointer<Float>
    ) {
        let step = (last - first) / Float(pairs)
        for pair in 0..<pairs {
            let gain = first + step * Float(pair)
            output[2 * pair] = samples[2 * pair] * gain
            output[2 * pair + 1] = samples[2 * pair + 1] * gain
        }
    }
}
