import BulkheadMedia
import BulkheadModel
import BulkheadSound
import Glibc

/// Measures what the sound mix costs: CPU time for a second of sound, as a share of one core.
@main enum Main {
    private static let seconds = 120

    private enum Load: String, CaseIterable {
        /// Far below the ceiling, gain 0 dB.
        case quiet
        /// Close to the ceiling, so that peaks between samples are looked for.
        case loud
        /// With gain, pan, delay and ducking, and a sum that is limited all the time.
        case busy
    }

    static func main() {
        for load in Load.allCases {
            for count in [1, 2, 4, 8] {
                let share = cpuSeconds(load, stripCount: count) / Double(seconds)
                print(
                    "\(load.rawValue), \(count) strips: \(text(share * 100, 2)) % of a core,"
                        + " \(text(share * 1_000_000 / blocksPerSecond, 1)) µs/block")
            }
        }
    }

    private static let blocksPerSecond = Double(AudioFormat.sampleRate) / Double(AudioFormat.samplesPerBlock)

    private static func text(_ number: Double, _ places: Int) -> String { DecimalText.text(number, places: places) }

    private static func cpuSeconds(_ load: Load, stripCount: Int) -> Double {
        var mix = SoundMix()
        let inputs = (1...stripCount).map { InputID($0) }
        for input in inputs {
            var settings = StripSettings()
            if load == .busy {
                settings.gain = 3
                settings.pan = 0.3
                settings.delaySeconds = 0.1
                if input == 1 { settings.ducking = DuckingSettings(under: "2") }
            }
            mix.add(input, settings, duckedUnder: load == .busy && input == 1 ? 2 : nil)
        }
        let first = noise(load, pairs: mix.wanted.count, seed: 1, strips: stripCount)
        let blocks = (1...8).map { noise(load, pairs: AudioFormat.samplesPerBlock, seed: $0, strips: stripCount) }
        var block = [Float](repeating: 0, count: AudioFormat.floatsPerBlock)
        for input in inputs { mix.give(first, from: input) }
        mix.mix(into: &block)
        let start = cpuTime()
        for number in 0..<Int(Double(seconds) * blocksPerSecond) {
            for input in inputs { mix.give(blocks[(number + input.number) % blocks.count], from: input) }
            mix.mix(into: &block)
        }
        return cpuTime() - start
    }

    private static func noise(_ load: Load, pairs: Int, seed: Int, strips: Int) -> [Float] {
        let level: Float = load == .quiet ? 0.05 : load == .loud ? 0.5 : 0.9
        var state = UInt32(truncatingIfNeeded: seed &* 7919)
        return (0..<AudioFormat.channelCount * pairs).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return (Float(state) / Float(UInt32.max) * 2 - 1) * (load == .busy ? level : level / Float(strips))
        }
    }

    private static func cpuTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
