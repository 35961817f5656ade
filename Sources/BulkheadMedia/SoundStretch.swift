/// Makes sound a little longer or shorter: each sample between those of the input is that of the band-limited sound.
///
/// At a place that is a whole sample the result is that sample, bit for bit: sound that is stretched for a while begins and
/// ends without a step.
package enum SoundStretch {
    /// So many samples before a place, and as many behind it, are needed for the sample there.
    package static let reach = 8

    private static let taps = 2 * reach
    private static let phases = 512
    /// Windowed sines of x over x, one row of `taps` for each phase, and one more for the next sample's phase 0.
    private static let kernels: [Float] = (0...phases).flatMap { phase -> [Float] in
        let fraction = Double(phase) / Double(phases)
        let row = (0..<taps).map { kernel(Double($0 - reach + 1) - fraction) }
        let sum = row.reduce(0, +)
        return row.map { Float($0 / sum) }
    }

    /// Kaiser's window with a beta of 8, as wide as the taps.
    private static func kernel(_ x: Double) -> Double {
        let place = x / Double(reach)
        guard abs(place) < 1 else { return 0 }
        guard x != 0 else { return 1 }
        // A whole sample's distance from any other one gives nothing.
        guard x != x.rounded() else { return 0 }
        let window = bessel(8 * (1 - place * place).squareRoot()) / bessel(8)
        return sine(x) / (Double.pi * x) * window
    }

    /// sin(πx), by its series: |x| is below `reach`.
    private static func sine(_ x: Double) -> Double {
        let turns = x - 2 * (x / 2).rounded()
        let angle = turns * Double.pi
        var (term, sum) = (angle, angle)
        for step in 1...16 {
            term *= -angle * angle / Double((2 * step) * (2 * step + 1))
            sum += term
        }
        return sum
    }

    /// The modified Bessel function of the first kind, of order 0.
    private static func bessel(_ x: Double) -> Double {
        var (term, sum) = (1.0, 1.0)
        for step in 1...40 {
            term *= (x / 2 / Double(step)) * (x / 2 / Double(step))
            sum += term
        }
        return sum
    }

    /// `count` sample pairs, the first of them `start` samples behind pair ``reach`` of `samples`, each `step` behind the one
    /// before it. What lies outside `samples` is silence.
    package static func stretch(_ samples: [Float], from start: Double, by step: Double, count: Int) -> [Float] {
        let channels = AudioFormat.channelCount
        let pairs = samples.count / channels
        return [Float](unsafeUninitializedCapacity: count * channels) { output, written in
            kernels.withUnsafeBufferPointer { kernels in
                samples.withUnsafeBufferPointer { samples in
                    for index in 0..<count {
                        let place = start + Double(index) * step
                        let whole = Int(place.rounded(.down))
                        let phase = (place - Double(whole)) * Double(phases)
                        let row = min(Int(phase), phases - 1)
                        let share = Float(phase - Double(row))
                        var sum = SIMD2<Float>()
                        for tap in max(0, -whole - 1)..<max(0, -whole - 1, min(taps, pairs - whole - 1)) {
                            let before = kernels[row * taps + tap]
                            let weight = before + (kernels[(row + 1) * taps + tap] - before) * share
                            let pair = (whole + tap + 1) * channels
                            sum += SIMD2(samples[pair], samples[pair + 1]) * weight
                        }
                        output[index * channels] = sum.x
                        output[index * channels + 1] = sum.y
                    }
                }
            }
            written = count * channels
        }
    }
}
