import BulkheadMedia
import BulkheadModel
import BulkheadSound
import BulkheadTestSupport
import BulkheadTimeline
import Testing

@Suite(.timeLimit(.minutes(5))) struct SoundMixTests {
    private static let pairs = AudioFormat.samplesPerBlock

    private static func desk(_ sounds: [Float]..., settings: [StripSettings] = []) -> Desk {
        var desk = Desk()
        for (index, sound) in sounds.enumerated() {
            let input = InputID(index + 1)
            desk.mix.add(input, index < settings.count ? settings[index] : StripSettings(), fade: .zero)
            desk.sounds[input] = sound
        }
        return desk
    }

    static func strip(_ change: (inout StripSettings) -> Void) -> StripSettings {
        var settings = StripSettings()
        change(&settings)
        return settings
    }

    // MARK: what passes

    @Test func oneStripPassesBitForBitAndInItsPlace() {
        var sound = Sounds.noise(0.38, seconds: 1, seed: 1)
        sound[100] = -0.0
        sound[5000] = -0.0
        sound[5001] = .leastNonzeroMagnitude
        var desk = Self.desk(sound)
        let output = desk.run(40)
        #expect(output.map(\.bitPattern) == sound[..<output.count].map(\.bitPattern))
        #expect(desk.mix.levels.truePeak < 0)
    }

    /// The shortest way, which is taken where nobody looks, gives what the whole way gives, whatever is asked for in between.
    @Test(arguments: 0..<20) func theShortestWayIsTheWholeWay(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let sound = Sounds.noise(0.9, seconds: 3, seed: UInt64(seed + 1))
        var settings = ProgramSoundSettings()
        settings.isLimited = false
        var mixes = [SoundMix(settings), SoundMix(settings)]
        for index in mixes.indices {
            mixes[index].isMetered = index == 0
            mixes[index].add(1, fade: .zero)
        }
        var blocks = [[Float](), [Float]()]
        for number in 0..<100 {
            let wanted = mixes[0].wanted
            #expect(wanted == mixes[1].wanted)
            var strip = StripSettings()
            let change = Int.random(in: 0..<12, using: &random)
            let gives = Int.random(in: 0..<15, using: &random) > 0
            var samples = Array(sound[Int(wanted.lowerBound) * 2..<Int(wanted.upperBound) * 2])
            if change == 9 { samples[500] = .nan }
            for index in mixes.indices {
                switch change {
                case 0:
                    strip.gain = -6
                    mixes[index].set(strip, of: 1)
                case 1, 2: mixes[index].set(StripSettings(), of: 1)
                case 3:
                    settings.isLimited = number % 3 == 0
                    mixes[index].set(settings)
                case 4:
                    strip.isMuted = true
                    mixes[index].set(strip, of: 1)
                case 5 where number % 2 == 0: mixes[index].add(2)
                case 5, 6: mixes[index].remove(2)
                case 7 where number > 60:
                    strip.delaySeconds = 0.01
                    mixes[index].set(strip, of: 1)
                default: break
                }
                if gives { mixes[index].give(samples, from: 1) }
                mixes[index].mix(into: &blocks[index])
            }
            #expect(blocks[0].map(\.bitPattern) == blocks[1].map(\.bitPattern), "block \(number)")
        }
    }

    @Test func eachSampleIsWantedOnce() {
        var mix = SoundMix(startingAt: 7)
        var block: [Float] = []
        #expect(SoundMix.lookAhead == 96)
        #expect(mix.wanted == 7168..<8288)
        mix.mix(into: &block)
        #expect(block == [Float](repeating: 0, count: AudioFormat.floatsPerBlock))
        #expect(mix.wanted == 8288..<9312)
        #expect(mix.nextBlock == 8)
    }

    /// One that begins in the middle takes over where the sound was passed by before.
    @Test func mixThatBeginsOnAirStandsInTheSamePlace() {
        let sound = Sounds.noise(0.3, seconds: 1, seed: 2)
        var desk = Desk(mix: SoundMix(startingAt: 10))
        desk.mix.add(1, fade: .zero)
        desk.sounds[1] = sound
        #expect(desk.run(10) == Array(sound[10 * 2048..<20 * 2048]))
    }

    @Test func soundsAddUp() {
        let (a, b) = (Sounds.noise(0.2, seconds: 0.5, seed: 3), Sounds.noise(0.2, seconds: 0.5, seed: 4))
        var desk = Self.desk(a, b, settings: [StripSettings(), Self.strip { $0.gain = -6 }])
        let output = desk.run(20)
        // 10^(−6/20)
        #expect(zip(output, zip(a, b)).allSatisfy { abs($0 - ($1.0 + $1.1 * 0.501187)) < 1e-6 })
    }

    /// The way it is in a broadcast: sources push what they have, the mix takes what it wants.
    @Test func queuesGiveWhatIsWanted() {
        let sounds = [Sounds.noise(0.2, seconds: 1, seed: 7), Sounds.noise(0.2, seconds: 1, seed: 8)]
        var mix = SoundMix()
        var queues = [SampleQueue(), SampleQueue()]
        for index in 0..<2 { mix.add(InputID(index + 1), fade: .zero) }
        var (output, block) = ([Float](), [Float]())
        for _ in 0..<40 {
            let wanted = mix.wanted
            for index in 0..<2 {
                while queues[index].end < wanted.upperBound {
                    let place = Int(queues[index].end)
                    let end = min(place + 1000, sounds[index].count / 2)
                    queues[index].push(Array(sounds[index][2 * place..<2 * end]), at: Int64(place))
                }
                let samples = queues[index].take(wanted.count, from: wanted.lowerBound) ?? []
                mix.give(samples, from: InputID(index + 1))
            }
            mix.mix(into: &block)
            output += block
        }
        #expect(output == zip(sounds[0], sounds[1]).prefix(output.count).map { $0 + $1 })
    }

    @Test func strangeSamplesAreSilence() {
        var sound = Sounds.steady(0.25, seconds: 0.2)
        for (index, value) in [Float.nan, .infinity, -.infinity, 1001, -.greatestFiniteMagnitude].enumerated() {
            sound[2000 + 10 * index] = value
        }
        var desk = Self.desk(sound)
        let output = desk.run(8)
        #expect(output[2000] == 0 && output[2010] == 0 && output[2020] == 0 && output[2030] == 0 && output[2040] == 0)
        #expect(output[2041...].allSatisfy { $0 == 0.25 })
        #expect(desk.mix.levels.now.momentary.value.isFinite == false || desk.mix.levels.now.momentary < 0)
    }

    @Test func inputThatBringsNothingIsSilent() {
        let sound = Sounds.noise(0.2, seconds: 0.5, seed: 5)
        var desk = Self.desk(sound, sound)
        desk.sounds[2] = nil
        #expect(desk.run(5) == Array(sound[..<(5 * 2048)]))
    }

    @Test func settingsThatCannotBeCountedWithAreLeftOut() {
        let sound = Sounds.noise(0.2, seconds: 0.5, seed: 6)
        var desk = Self.desk(sound, settings: [Self.strip { $0.pan = .nan }])
        let output = desk.run(20) { number, mix in
            if number == 5 { mix.set(Self.strip { $0.delaySeconds = .infinity }, of: 1) }
            var program = ProgramSoundSettings()
            program.ceiling = 7
            mix.set(program)
        }
        #expect(output == Array(sound[..<(20 * 2048)]))
        #expect(desk.mix.settings == ProgramSoundSettings())
    }

    // MARK: gain, mute, solo, pan

    /// What a steady 0.1 on both sides becomes. The numbers are those of the laws, worked out by hand.
    static let laws: [(StripSettings, left: Float, right: Float)] = [
        (strip { $0.gain = 6 }, 0.1995262, 0.1995262),
        (strip { $0.gain = .silence }, 0, 0),
        (strip { $0.isMuted = true }, 0, 0),
        (strip { $0.pan = -1 }, 0.1, 0),
        (strip { $0.pan = 1 }, 0, 0.1),
        // cos 45°
        (strip { $0.pan = 0.5 }, 0.07071068, 0.1),
        (strip { $0.isMono = true }, 0.1, 0.1),
        // √2, √2 cos 67.5° and √2 sin 67.5°
        (
            strip {
                $0.isMono = true
                $0.pan = -1
            }, 0.1414214, 0
        ),
        (
            strip {
                $0.isMono = true
                $0.pan = 0.5
            }, 0.0541196, 0.1306563
        ),
    ]

    @Test(arguments: laws)
    func gainAndPanFollowTheirLaws(settings: StripSettings, left: Float, right: Float) {
        var desk = Self.desk(Sounds.steady(0.1, seconds: 0.2), settings: [settings])
        let output = desk.run(4)
        #expect(Sounds.side(0, of: output).allSatisfy { abs($0 - left) < 1e-6 })
        #expect(Sounds.side(1, of: output).allSatisfy { abs($0 - right) < 1e-6 })
    }

    @Test func monoPutsOneSideOnBoth() {
        let sound = Sounds.steady(0.4, seconds: 0.2).enumerated().map { $0.offset % 2 == 0 ? $0.element : 0 }
        var desk = Self.desk(sound, settings: [Self.strip { $0.isMono = true }])
        #expect(desk.run(4).allSatisfy { abs($0 - 0.2) < 1e-6 })
    }

    @Test func soloSilencesTheOthersAsLongAsItLasts() {
        let sounds = [Sounds.steady(0.1, seconds: 1), Sounds.steady(0.2, seconds: 1)]
        var desk = Self.desk(sounds[0], sounds[1])
        let output = desk.run(30) { number, mix in
            if number == 10 { mix.set(Self.strip { $0.isSolo = true }, of: 2) }
            if number == 20 { mix.remove(2) }
        }
        #expect(abs(output[5 * 2048] - 0.3) < 1e-6)
        #expect(output[15 * 2048] == 0.2)
        #expect(output[25 * 2048] == 0.1)
        #expect(desk.mix.inputs == [1])
    }

    @Test func statusSaysWhatIsHeard() {
        let tone = Sounds.tone(decibels: -20, seconds: 1)
        let settings = Self.strip {
            $0.gain = 6
            $0.isMuted = true
        }
        var desk = Self.desk(tone, tone, settings: [StripSettings(), settings])
        _ = desk.run(45)
        let status = desk.mix.status { "input \($0)" }
        #expect(status.strips.map(\.name) == ["input 1", "input 2"])
        #expect(status.strips.map(\.isHeard) == [true, false])
        // A tone of 1 kHz is as loud as its level over both sides.
        #expect(abs(status.strips[0].levels.momentary.value + 20) < 0.05)
        #expect(abs(status.strips[0].levels.peak.value + 20) < 0.01)
        #expect(abs(status.strips[0].levels.rms.value + 23.01) < 0.01)
        #expect(abs(status.strips[1].levels.peak.value + 14) < 0.01)
        #expect(abs(status.levels.now.momentary.value + 20) < 0.05)
        #expect(status.limitedDecibels == 0)
    }

    // MARK: delay

    @Test(arguments: [1, 480, 5003, 96_000])
    func soundIsLaterByTheDelay(pairs: Int) {
        var sound = Sounds.silence(3)
        sound[2 * 3000] = 0.5
        let settings = Self.strip { $0.delaySeconds = Double(pairs) / 48_000 }
        var desk = Self.desk(sound, settings: [settings])
        let output = desk.run(4 + pairs / Self.pairs)
        #expect(output.firstIndex { $0 != 0 } == 2 * (3000 + pairs))
        #expect(output[2 * (3000 + pairs)] == 0.5)
    }

    @Test func delayChangesOnAir() {
        // A slope tells where each sample comes from.
        let sound = (0..<96_000).flatMap { [Float($0) / 200_000, Float($0) / 200_000] }
        var desk = Self.desk(sound)
        let output = desk.run(60) { number, mix in
            if number == 10 { mix.set(Self.strip { $0.delaySeconds = 0.1 }, of: 1) }
            if number == 30 { mix.set(Self.strip { $0.delaySeconds = 0.05 }, of: 1) }
            if number == 45 { mix.set(StripSettings(), of: 1) }
        }
        func source(_ pair: Int) -> Int { Int((output[2 * pair] * 200_000).rounded()) }
        #expect(source(9 * 1024) == 9 * 1024)
        #expect(source(25 * 1024) == 25 * 1024 - 4800)
        #expect(source(40 * 1024) == 40 * 1024 - 2400)
        #expect(source(55 * 1024) == 55 * 1024)
        // The largest jump is 4800 / 200 000 within 10 ms.
        #expect(Sounds.largestStep(output) < 0.024 * 1.5 / 480 + 1e-5)
    }

    // MARK: coming and going

    @Test func stripsFadeInAndOut() {
        var desk = Desk()
        desk.sounds[1] = Sounds.steady(0.5, seconds: 2)
        let output = desk.run(60) { number, mix in
            if number == 5 { mix.add(1, fade: .milliseconds(100)) }
            if number == 30 { mix.remove(1, fade: .milliseconds(200)) }
        }
        #expect(output[..<(5 * 2048)].allSatisfy { $0 == 0 })
        let begin = 5 * 1024 + SoundMix.lookAhead
        let left = Sounds.side(0, of: output)
        #expect(abs(left[begin + 2400] - 0.25) < 0.001)
        #expect(left[begin + 4800] == 0.5)
        let end = 30 * 1024 + SoundMix.lookAhead
        #expect(left[end - 1] == 0.5)
        #expect(abs(left[end + 4800] - 0.25) < 0.001)
        #expect(left[end + 9600] == 0)
        #expect(Sounds.largestStep(output) <= 0.5 * 1.5 / 4800 * 1.01)
        #expect(desk.mix.inputs.isEmpty)
    }

    @Test func stripThatComesBackGoesOnFromWhereItIs() {
        var desk = Self.desk(Sounds.steady(0.5, seconds: 1))
        let output = desk.run(30) { number, mix in
            if number == 10 { mix.remove(1, fade: .milliseconds(100)) }
            if number == 12 { mix.add(1, fade: .milliseconds(100)) }
        }
        #expect(Sounds.largestStep(output) <= 0.5 * 1.5 / 4800 * 1.01)
        #expect(output.min().map { $0 > 0.1 && $0 < 0.4 } == true)
        #expect(output.last == 0.5)
        #expect(desk.mix.inputs == [1])
    }

    // MARK: anything at any time

    /// Whatever is done, and whatever comes in, numbers below the ceiling go out.
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func anythingGoes(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var mix = SoundMix()
        var block: [Float] = []
        var end: Int64 = 0
        let loud = Sounds.noise(20, seconds: 0.03, seed: seed)
        for _ in 0..<250 {
            let input = InputID(Int.random(in: 1...6, using: &random))
            let key = InputID(Int.random(in: 1...6, using: &random))
            let fade = Duration.milliseconds(Int.random(in: 0...60, using: &random))
            var settings = StripSettings()
            settings.gain = Bool.random(using: &random) ? Decibels(.random(in: -40...24, using: &random)) : .silence
            settings.isMuted = Int.random(in: 0..<4, using: &random) == 0
            settings.isSolo = Int.random(in: 0..<8, using: &random) == 0
            settings.isMono = Bool.random(using: &random)
            settings.pan = .random(in: -1...1, using: &random)
            settings.delaySeconds = [0, 0.01, 0.2, 2].randomElement(using: &random) ?? 0
            if Bool.random(using: &random) { settings.ducking = DuckingSettings(under: "") }
            switch Int.random(in: 0..<8, using: &random) {
            case 0, 1: mix.add(input, settings, duckedUnder: key, fade: fade)
            case 2: mix.remove(input, fade: fade)
            case 3, 4: mix.set(settings, of: input, duckedUnder: key)
            case 5:
                var program = ProgramSoundSettings()
                if Bool.random(using: &random) { program.target = LoudnessTarget() }
                mix.set(program)
            default: break
            }
            let wanted = mix.wanted
            #expect(wanted.lowerBound == end)
            end = wanted.upperBound
            for input in mix.inputs where Int.random(in: 0..<5, using: &random) > 0 {
                var samples = Array(loud[..<(2 * wanted.count)])
                if Bool.random(using: &random) {
                    samples[.random(in: samples.indices, using: &random)] =
                        [.nan, .infinity, 1e30, -0.0][input.number % 4]
                }
                mix.give(samples, from: input)
            }
            mix.mix(into: &block)
            // False for what is no number.
            #expect(block.allSatisfy { abs($0) <= 0.8912510 })
        }
        let status = mix.status { "\($0)" }
        #expect(status.levels.truePeak <= -1)
        #expect(status.strips.count == mix.inputs.count)
    }
}
