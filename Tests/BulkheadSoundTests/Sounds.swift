import BulkheadMedia
import BulkheadModel
import BulkheadSound
import BulkheadTestSupport
import Foundation
import Testing

/// Interleaved stereo sounds that are made of formulas.
enum Sounds {
    static let rate = Double(AudioFormat.sampleRate)

    /// The same on both sides: `amplitude` times a sine.
    static func tone(_ hertz: Double, _ amplitude: Double, seconds: Double, phase: Double = 0) -> [Float] {
        make(seconds) { amplitude * sin(2 * .pi * hertz * $0 + phase) }
    }

    /// A tone whose peaks are at `decibels` of full scale.
    static func tone(_ hertz: Double = 1000, decibels: Double, seconds: Double) -> [Float] {
        tone(hertz, pow(10, decibels / 20), seconds: seconds)
    }

    static func steady(_ value: Float, seconds: Double) -> [Float] { make(seconds) { _ in Double(value) } }

    /// White noise, another on each side, between −`amplitude` and `amplitude`.
    static func noise(_ amplitude: Float, seconds: Double, seed: UInt64) -> [Float] {
        var random = SeededGenerator(seed: seed)
        return (0..<2 * Int(seconds * rate)).map { _ in
            (Float(random.next() >> 40) / Float(1 << 23) - 1) * amplitude
        }
    }

    static func silence(_ seconds: Double) -> [Float] {
        [Float](repeating: 0, count: 2 * Int((seconds * rate).rounded()))
    }

    private static func make(_ seconds: Double, _ value: (Double) -> Double) -> [Float] {
        (0..<Int((seconds * rate).rounded())).flatMap { index in
            let sample = Float(value(Double(index) / rate))
            return [sample, sample]
        }
    }

    /// With both ends faded, so that a resampler that invents what was before finds silence.
    static func faded(_ samples: [Float], pairs: Int = 960) -> [Float] {
        var samples = samples
        let count = samples.count / 2
        for pair in 0..<min(pairs, count) {
            let factor = Float(0.5 - 0.5 * cos(.pi * Double(pair) / Double(pairs)))
            for side in 0..<2 {
                samples[2 * pair + side] *= factor
                samples[2 * (count - 1 - pair) + side] *= factor
            }
        }
        return samples
    }

    /// One side of it.
    static func side(_ side: Int, of samples: [Float]) -> [Float] {
        stride(from: side, to: samples.count, by: 2).map { samples[$0] }
    }

    /// The largest difference of neighbours on either side.
    static func largestStep(_ samples: [Float]) -> Float {
        var largest: Float = 0
        for index in stride(from: 2, to: samples.count, by: 1) {
            largest = max(largest, abs(samples[index] - samples[index - 2]))
        }
        return largest
    }

    /// The strongest of some frequencies from 6 to 20 kHz in the left side's 8192 samples around `centre`, in dBFS.
    static func highest(of samples: [Float], around centre: Int) -> Double {
        let count = 8192
        let left = side(0, of: samples)
        let first = max(0, min(left.count - count, centre - count / 2))
        let windowed = (0..<count).map { index in
            // Blackman-Harris: what lies beside a tone is 92 dB below it.
            let x = 2 * .pi * Double(index) / Double(count)
            let weight = 0.35875 - 0.48829 * cos(x) + 0.14128 * cos(2 * x) - 0.01168 * cos(3 * x)
            return Double(left[first + index]) * weight / 0.35875
        }
        return stride(from: 6000.0, through: 20_000, by: 700).map { hertz in
            let (step, coefficient) = (2 * .pi * hertz / rate, 2 * cos(2 * .pi * hertz / rate))
            var (last, before) = (0.0, 0.0)
            for sample in windowed { (last, before) = (sample + coefficient * last - before, last) }
            let power = last * last + before * before - 2 * cos(step) * last * before
            return 10 * log10(max(power, 1e-30) * 4 / Double(count * count))
        }.max() ?? 0
    }

    /// The largest value of a side at eight times the rate, by a sinc of 256 samples: no filter of the mix's own.
    static func truePeak(_ samples: [Float], in pairs: Range<Int>) -> Double {
        var largest = 0.0
        let kernels = (0..<8).map { phase in
            (-127...128).map { tap -> Double in
                let x = Double(tap) - Double(phase) / 8
                let window = 0.5 + 0.5 * cos(.pi * x / 129)
                return x == 0 ? 1 : sin(.pi * x) / (.pi * x) * window
            }
        }
        for side in 0..<2 {
            let mono = self.side(side, of: samples)
            for pair in pairs where pair >= 127 && pair + 128 < mono.count {
                for kernel in kernels {
                    var value = 0.0
                    for tap in 0..<256 { value += Double(mono[pair - 127 + tap]) * kernel[tap] }
                    largest = max(largest, abs(value))
                }
            }
        }
        return 20 * log10(largest)
    }
}

/// A mix with what its inputs bring.
struct Desk {
    var mix = SoundMix()
    var sounds: [InputID: [Float]] = [:]

    /// Makes so many blocks; `change` is called before each, with its number.
    mutating func run(_ blocks: Int, change: (Int, inout SoundMix) -> Void = { _, _ in }) -> [Float] {
        var output: [Float] = []
        var block: [Float] = []
        for number in 0..<blocks {
            change(number, &mix)
            let wanted = mix.wanted
            for (input, sound) in sounds {
                mix.give(
                    wanted.flatMap { pair -> [Float] in
                        let index = 2 * Int(pair)
                        return index + 1 < sound.count ? [sound[index], sound[index + 1]] : [0, 0]
                    }, from: input)
            }
            mix.mix(into: &block)
            output += block
        }
        return output
    }
}

/// What ffmpeg's meter says of samples.
struct FFmpegMeter {
    /// Every 100 ms, in LUFS.
    var momentary: [Double] = []
    var shortTerm: [Double] = []
    /// In LUFS, LU and dBTP.
    var integrated = 0.0
    var range = 0.0
    var truePeak = 0.0

    init(_ samples: [Float]) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("sound.f32")
        try samples.withUnsafeBytes { Data($0) }.write(to: URL(fileURLWithPath: path))
        let process = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-f", "f32le", "-ar", "48000", "-ac", "2", "-i", path, "-af",
                "ebur128=peak=true:metadata=1,ametadata=print:file=-", "-f", "null", "-",
            ])
        let status = await process.wait(timeout: .seconds(60))
        try #require(status == 0, "\(process.errorText)")
        for line in process.outputText.split(separator: "\n") {
            let parts = line.split(separator: "=")
            guard parts.count == 2, let value = Double(parts[1]) else { continue }
            switch parts[0] {
            case "lavfi.r128.M": momentary.append(value)
            case "lavfi.r128.S": shortTerm.append(value)
            case "lavfi.r128.I": integrated = value
            case "lavfi.r128.LRA": range = value
            case "lavfi.r128.true_peak": truePeak = 20 * log10(value)
            default: break
            }
        }
        try #require(momentary.count > 4)
    }
}
