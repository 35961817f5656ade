import BulkheadMedia
import BulkheadModel
import BulkheadSound
import Foundation
import Testing

@Suite(.timeLimit(.minutes(10))) struct LimiterTests {
    private static let ceiling: Float = 0.8912509

    private static func limited(_ sounds: [Float]..., gain: Decibels = 0, blocks: Int = 46) -> (Desk, [Float]) {
        var desk = Desk()
        for (index, sound) in sounds.enumerated() {
            desk.mix.add(InputID(index + 1), SoundMixTests.strip { $0.gain = gain }, fade: .zero)
            desk.sounds[InputID(index + 1)] = sound
        }
        let output = desk.run(blocks)
        return (desk, output)
    }

    /// Sounds that are hard to limit, above the ceiling by up to 60 dB.
    enum Hard: CaseIterable {
        case noise, bursts, square, betweenSamples, high, low, impulses, onsets, sum

        var sounds: [[Float]] {
            switch self {
            case .noise: return [Sounds.noise(4, seconds: 1, seed: 11)]
            case .bursts:
                var samples = Sounds.noise(30, seconds: 1, seed: 12)
                for index in samples.indices where index / 6000 % 3 != 0 { samples[index] *= 0.01 }
                return [samples]
            case .square: return [Sounds.tone(997, 3, seconds: 1).map { $0 < 0 ? -2 : 2 }]
            // A quarter of the rate, 45 degrees off: samples at 0.99 of peaks at 1.4.
            case .betweenSamples: return [Sounds.tone(12_000, 1.4, seconds: 1, phase: .pi / 4)]
            case .high: return [Sounds.tone(17_777, 2, seconds: 1)]
            case .low: return [Sounds.tone(40, 5, seconds: 1)]
            case .impulses:
                var samples = Sounds.silence(1)
                for index in stride(from: 4000, to: samples.count, by: 7001) { samples[index] = 100 }
                return [samples]
            case .onsets:
                var samples = Sounds.tone(3000, 8, seconds: 1)
                for index in samples.indices where index / 9001 % 2 == 0 { samples[index] = 0.001 }
                return [samples]
            case .sum:
                return (0..<4).map { Sounds.tone(200 + 331 * Double($0), 1, seconds: 1) }
                    + [Sounds.noise(1, seconds: 1, seed: 13)]
            }
        }
    }

    @Test(arguments: Hard.allCases)
    func truePeakStaysBelowTheCeiling(hard: Hard) async throws {
        var desk = Desk()
        for (index, sound) in hard.sounds.enumerated() {
            desk.mix.add(InputID(index + 1), fade: .zero)
            desk.sounds[InputID(index + 1)] = sound
        }
        let output = desk.run(46)
        let largest = output.lazy.map { abs($0) }.max() ?? 0
        #expect(largest <= Self.ceiling * 1.000001)
        #expect(largest > 0.3, "it is not turned down more than it must be")
        #expect(desk.mix.levels.truePeak <= -1)
        // ffmpeg's meter takes what is before the first sample for a mirror of what comes.
        let reference = try await FFmpegMeter(Sounds.silence(0.1) + Sounds.faded(output))
        #expect(reference.truePeak <= -1, "\(hard): \(reference.truePeak)")
        let loudest = output.indices.max { abs(output[$0]) < abs(output[$1]) } ?? 0
        let around = max(0, loudest / 2 - 300)..<loudest / 2 + 300
        // Between the values at four times the rate there is more of what lies close to half the rate.
        let isWhite = hard == .noise || hard == .bursts
        #expect(Sounds.truePeak(output, in: around) <= (isWhite ? 0 : -0.85), "\(hard)")
    }

    @Test func belowTheCeilingNothingChanges() {
        // True peak at −1.1 dB.
        let sound = Sounds.faded(Sounds.tone(997, 0.88, seconds: 1))
        let (desk, output) = Self.limited(sound)
        #expect(output == Array(sound[..<output.count]))
        #expect(desk.mix.status { _ in "" }.limitedDecibels == 0)
    }

    /// The way down ends at the peak, the way up is slow, and neither has a corner that is heard.
    @Test func gainIsSmooth() {
        var sound = Sounds.tone(1000, 0.4, seconds: 1)
        for index in 2 * 20_000..<2 * 20_048 { sound[index] *= 10 }
        let (_, output) = Self.limited(sound)
        func gain(_ pair: Int) -> Float { output[2 * pair] / sound[2 * pair] }
        // Before it can be seen, all is as it was; behind it the level is held, then comes back.
        #expect(output[..<(2 * 19_900)] == sound[..<(2 * 19_900)])
        #expect(abs(gain(20_012) - 0.2228) < 0.005)
        #expect(abs(gain(20_060) - gain(20_400)) < 0.001)
        let way = stride(from: 20_204, to: 47_000, by: 48).map(gain)
        #expect(zip(way, way.dropFirst()).allSatisfy { $0 <= $1 + 1e-6 })
        // A time constant of 150 ms behind 10 ms of hold.
        #expect(abs(gain(20_048 + 480 + 7200 - 16) - (1 - 0.777 * 0.3679)) < 0.01)
        // The peak itself is turned down as a whole; beside it nothing clicks.
        #expect(Sounds.highest(of: output, around: 30_000) < -80)
    }

    @Test func deepTonesKeepTheirShape() {
        let sound = Sounds.tone(50, 2, seconds: 1)
        let (_, output) = Self.limited(sound)
        // The third harmonic, once the limiter has found its level.
        let left = Array(Sounds.side(0, of: output)[23_040..<42_240])
        func level(_ hertz: Double) -> Double {
            var (re, im) = (0.0, 0.0)
            for (index, sample) in left.enumerated() {
                let angle = 2 * Double.pi * hertz * Double(index) / 48_000
                re += Double(sample) * cos(angle)
                im += Double(sample) * cos(angle - .pi / 2)
            }
            return Decibels(amplitude: 2 * (re * re + im * im).squareRoot() / Double(left.count)).value
        }
        #expect(abs(level(50) + 1) < 0.2)
        #expect(level(150) < -50)
    }

    @Test func limiterCanBeOff() {
        var settings = ProgramSoundSettings()
        settings.isLimited = false
        let sound = Sounds.noise(3, seconds: 0.5, seed: 14)
        var desk = Desk(mix: SoundMix(settings))
        desk.mix.add(1, fade: .zero)
        desk.sounds[1] = sound
        #expect(desk.run(20) == Array(sound[..<(20 * 2048)]))
    }

    @Test func statusTellsHowMuchIsTurnedDown() {
        let (desk, _) = Self.limited(Sounds.tone(1000, 1, seconds: 1), gain: 20)
        #expect(abs(desk.mix.status { _ in "" }.limitedDecibels - 21) < 0.1)
    }
}
