import BulkheadMedia
import BulkheadModel
import BulkheadSound
import Testing

/// No change of a mix is heard as a click.
@Suite(.timeLimit(.minutes(5))) struct ClickTests {
    /// What is done to the strip of a tone at block 20.
    enum Change: CaseIterable {
        case gain, mute, pan, mono, solo, delay, remove, ducking, manyGains

        func apply(_ number: Int, _ mix: inout SoundMix) {
            var settings = StripSettings()
            switch self {
            case .gain: settings.gain = -40
            case .mute: settings.isMuted = true
            case .pan: settings.pan = 1
            case .mono:
                settings.isMono = true
                settings.pan = 0.7
            case .solo:
                if number == 20 { mix.add(2, SoundMixTests.strip { $0.isSolo = true }) }
                return
            // Half a period later: the worst there is.
            case .delay: settings.delaySeconds = 0.0505
            case .remove:
                if number == 20 { mix.remove(1) }
                return
            case .ducking:
                settings.ducking = DuckingSettings(under: "2")
                settings.ducking?.attackSeconds = 0
                settings.ducking?.depthDecibels = 40
            case .manyGains:
                if (20..<40).contains(number) {
                    mix.set(SoundMixTests.strip { $0.gain = number % 2 == 0 ? -30 : 0 }, of: 1)
                }
                return
            }
            if number == 20 { mix.set(settings, of: 1, duckedUnder: self == .ducking ? 2 : nil) }
        }
    }

    private static let tone = Sounds.tone(1000, 0.5, seconds: 1.2)

    /// What a change at once sounds like.
    private static let hard: Double = {
        var samples = tone
        for index in 2 * (20 * 1024 + 108)..<samples.count { samples[index] *= 0.01 }
        return Sounds.highest(of: samples, around: 20 * 1024 + 108)
    }()

    @Test func changeAtOnceWouldBeHeard() { #expect(Self.hard > -75) }

    @Test(arguments: Change.allCases)
    func changeIsNotHeard(change: Change) {
        var desk = Desk()
        desk.mix.add(1, fade: .zero)
        desk.sounds[1] = Self.tone
        if change == .ducking {
            // Far below what is looked for.
            desk.mix.add(2, fade: .zero)
            desk.sounds[2] = Sounds.tone(100, 0.02, seconds: 1.2)
        }
        let output = desk.run(50) { change.apply($0, &$1) }
        for block in [20, 22, 24, 26, 28, 30] {
            let highest = Sounds.highest(of: output, around: block * 1024)
            // Ducking without any time for it takes 5 ms for 40 dB.
            #expect(highest < Self.hard - (change == .ducking ? 20 : 30), "\(change) at block \(block): \(highest) dB")
        }
    }

    /// A steady sound shows each step of the gain.
    @Test(arguments: [Change.gain, .mute, .pan, .solo, .remove, .manyGains])
    func gainTakesNoStepAboveItsSlope(change: Change) {
        var desk = Desk()
        desk.mix.add(1, fade: .zero)
        desk.sounds[1] = Sounds.steady(0.5, seconds: 1.2)
        let output = desk.run(50) { change.apply($0, &$1) }
        // The steepest place of the way from 0 to 1 within 480 pairs is one and a half times its mean.
        #expect(Sounds.largestStep(output) <= 0.5 * 1.5 / 480 * 1.01)
        #expect(Sounds.largestStep(output) > 0.0001)
    }

    /// A source that dies and comes back.
    @Test func gapHasSoftEnds() {
        let sound = Sounds.steady(0.5, seconds: 1.2)
        var desk = Desk()
        desk.mix.add(1, fade: .zero)
        desk.sounds[1] = sound
        var output = desk.run(10)
        desk.sounds[1] = nil
        output += desk.run(10)
        desk.sounds[1] = sound
        output += desk.run(10)
        #expect(Sounds.largestStep(output) <= 0.5 * 1.5 / 480 * 1.01)
        #expect(output[2 * (10 * 1024 + 95)] == 0.5 && output[2 * (11 * 1024)] == 0)
        #expect(output[2 * (20 * 1024 + 90)] == 0 && output[2 * (21 * 1024)] == 0.5)
    }
}
