import BulkheadModel
import BulkheadSound
import BulkheadTestSupport
import Foundation
import Testing

@Suite(.timeLimit(.minutes(10))) struct LoudnessMeterTests {
    private static func parts(_ parts: (Double, decibels: Double)...) -> [Float] {
        parts.flatMap { Sounds.tone(1000, decibels: $0.decibels, seconds: $0.0) }
    }

    // MARK: the EBU's own sequences

    /// Integrated loudness: EBU Tech 3341, table 1, cases 1 to 5; the longer ones are played a fifth as long.
    static let integrated: [([Float], Double)] = [
        (parts((20, -23)), -23),
        (parts((20, -33)), -33),
        (parts((2, -36), (12, -23), (2, -36)), -23),
        (parts((2, -72), (2, -36), (12, -23), (2, -36), (2, -72)), -23),
        (parts((4, -26), (4.02, -20), (4, -26)), -23),
    ]

    @Test(arguments: 0..<5)
    func integratedLoudnessIsAsTheEBUSays(number: Int) {
        let (samples, loudness) = Self.integrated[number]
        var meter = LoudnessMeter()
        meter.add(samples)
        #expect(abs(meter.snapshot.integrated.value - loudness) <= 0.1)
    }

    /// Loudness range: EBU Tech 3342, table 1, cases 1 to 4.
    static let ranges: [([Float], Double)] = [
        (parts((20, -20), (20, -30)), 10),
        (parts((20, -20), (20, -15)), 5),
        (parts((20, -40), (20, -20)), 20),
        (parts((20, -50), (20, -35), (20, -20), (20, -35), (20, -50)), 15),
    ]

    @Test(arguments: 0..<4)
    func rangeIsAsTheEBUSays(number: Int) {
        let (samples, range) = Self.ranges[number]
        var meter = LoudnessMeter()
        meter.add(samples)
        #expect(abs(meter.snapshot.range - range) <= 1)
    }

    /// EBU Tech 3341, table 1, cases 9 and 12: what lies in the window is always as loud, wherever the window begins.
    @Test func windowsAreAsLongAsTheEBUSays() {
        var meter = LoudnessMeter()
        for _ in 0..<3 {
            for piece in [Self.parts((1.34, -20)), Self.parts((1.66, -30))] {
                meter.add(piece)
                let now = meter.snapshot
                if now.seconds >= 3 { #expect(abs(now.shortTerm.value + 23) <= 0.1) }
            }
        }
        meter = LoudnessMeter()
        for _ in 0..<8 {
            for piece in [Self.parts((0.18, -20)), Self.parts((0.22, -30))] {
                meter.add(piece)
                let now = meter.snapshot
                if now.seconds >= 1 { #expect(abs(now.now.momentary.value + 23) <= 0.1) }
            }
        }
    }

    /// True peaks of sines whose samples miss them: EBU Tech 3341, table 1, cases 15 to 19, with the bounds that stand there.
    static let truePeaks: [(divisor: Double, degrees: Double, amplitude: Double, decibels: Double)] = [
        (4, 0, 0.5, -6), (4, 45, 0.5, -6), (6, 60, 0.5, -6), (8, 67.5, 0.5, -6), (4, 45, 1.41, 3),
    ]

    @Test(arguments: truePeaks)
    func truePeakIsAsTheEBUSays(divisor: Double, degrees: Double, amplitude: Double, decibels: Double) {
        var meter = LoudnessMeter()
        meter.add(
            Sounds.faded(Sounds.tone(48_000 / divisor, amplitude, seconds: 0.5, phase: degrees * .pi / 180)))
        let difference = meter.snapshot.truePeak.value - decibels
        #expect(difference <= 0.2 && difference >= -0.4)
    }

    // MARK: ffmpeg's meter

    enum Signal: CaseIterable {
        case tone, oneSide, steps, noise, bursts, pauses, peaks, sweep, drama

        var samples: [Float] {
            switch self {
            case .tone: return Sounds.tone(1000, decibels: -23, seconds: 5)
            case .oneSide:
                return Sounds.tone(440, decibels: -12, seconds: 5).enumerated().map {
                    $0.offset % 2 == 0 ? $0.element : 0
                }
            case .steps: return parts((5, -30), (5, -20), (5, -40), (3, -20))
            case .noise: return Sounds.noise(0.25, seconds: 6, seed: 21)
            case .bursts:
                var samples = Sounds.noise(0.5, seconds: 12, seed: 22)
                for index in samples.indices where index / 31_000 % 3 == 0 { samples[index] *= 0.03 }
                return samples
            case .pauses:
                return parts((4, -18)) + Sounds.silence(3) + Sounds.noise(0.003, seconds: 3, seed: 23) + parts((2, -26))
            case .peaks: return Sounds.faded(Sounds.tone(12_000, 0.9, seconds: 5, phase: .pi / 4))
            case .sweep:
                return (0..<5).flatMap { Sounds.faded(Sounds.tone([40, 90, 500, 3000, 15_000][$0], 0.3, seconds: 1)) }
            // Loudness that goes up and down by 20 dB, at several speeds.
            case .drama:
                var samples = Sounds.noise(0.5, seconds: 36, seed: 24)
                for index in samples.indices {
                    let seconds = Double(index) / 96_000
                    samples[index] *= Float(pow(10, (sin(seconds / 1.7) + sin(seconds * 1.3) - 2) / 4))
                }
                return samples
            }
        }
    }

    @Test(arguments: Signal.allCases)
    func valuesAreThoseOfFFmpeg(signal: Signal) async throws {
        let samples = signal.samples
        let reference = try await FFmpegMeter(samples)
        var meter = LoudnessMeter()
        // Blocks that fit to nothing.
        let tenth = 9600
        for (index, momentary) in reference.momentary.enumerated() where (index + 1) * tenth <= samples.count {
            meter.add(Array(samples[index * tenth..<index * tenth + 2 * 999]))
            meter.add(Array(samples[index * tenth + 2 * 999..<(index + 1) * tenth]))
            let now = meter.snapshot
            // ffmpeg counts down to −120 where there is silence.
            if index >= 3, momentary > -100 {
                #expect(abs(now.now.momentary.value - momentary) <= 0.1, "momentary, \(signal), \(index)")
            }
            let shortTerm = reference.shortTerm[index]
            if index >= 29, shortTerm > -100 {
                #expect(abs(now.shortTerm.value - shortTerm) <= 0.1, "short-term, \(signal), \(index)")
            }
        }
        let levels = meter.snapshot
        #expect(abs(levels.integrated.value - reference.integrated) <= 0.1, "\(signal)")
        // ffmpeg rounds the places of the percentiles otherwise than EBU Tech 3342, which shows where values are few.
        if samples.count > 15 * 96_000 { #expect(abs(levels.range - reference.range) <= 0.1, "\(signal)") }
        #expect(abs(levels.truePeak.value - reference.truePeak) <= 0.2, "\(signal)")
    }

    // MARK: the rest

    @Test func peakAndRMSAreOfTheLast400Milliseconds() {
        var meter = LoudnessMeter()
        meter.add(Sounds.tone(1000, 1, seconds: 1) + Sounds.tone(1000, 0.1, seconds: 0.4))
        let levels = meter.snapshot
        #expect(abs(levels.now.peak.value + 20) < 0.01)
        #expect(abs(levels.now.rms.value + 23.0103) < 0.01)
        #expect(abs(levels.truePeak.value) < 0.3)
        #expect(levels.seconds == 1.4)
    }

    @Test func silenceHasNoLoudness() {
        var meter = LoudnessMeter()
        #expect(meter.snapshot == ProgramLevels())
        meter.add(Sounds.silence(5))
        #expect(meter.snapshot == ProgramLevels(seconds: 5))
    }

    @Test func measuringStartsOver() {
        var meter = LoudnessMeter()
        meter.add(Sounds.tone(decibels: -10, seconds: 4))
        meter.startOver()
        meter.add(Sounds.tone(decibels: -30, seconds: 8))
        let levels = meter.snapshot
        // The first blocks still hold sound of before.
        #expect(levels.integrated < -14)
        #expect(abs(levels.now.momentary.value + 30) < 0.1)
        #expect(abs(levels.truePeak.value + 30) < 0.3)
    }
}
