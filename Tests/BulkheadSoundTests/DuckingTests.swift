import BulkheadModel
import BulkheadSound
import Testing

@Suite(.timeLimit(.minutes(5))) struct DuckingTests {
    /// Music as a steady 0.5, and a voice that speaks from 0.5 s to 1 s.
    private static func desk(_ voice: StripSettings = StripSettings(), level: Double = -20) -> Desk {
        var desk = Desk()
        var music = StripSettings()
        music.ducking = DuckingSettings(under: "voice")
        music.ducking?.attackSeconds = 0.1
        music.ducking?.holdSeconds = 0.2
        music.ducking?.releaseSeconds = 0.4
        desk.mix.add(1, music, duckedUnder: 2, fade: .zero)
        desk.mix.add(2, voice, fade: .zero)
        desk.sounds[1] = Sounds.steady(0.5, seconds: 2.5)
        desk.sounds[2] =
            Sounds.silence(0.5) + Sounds.tone(400, decibels: level, seconds: 0.5) + Sounds.silence(1.5)
        return desk
    }

    /// The gain of the music at a time, in dB: over a whole period of the voice it is 0 in the mean.
    private static func gain(_ output: [Float], _ seconds: Double) -> Double {
        let first = Int(seconds * 48_000)
        let mean = (first..<first + 120).reduce(0) { $0 + Double(output[2 * $1]) } / 120
        return Decibels(amplitude: mean / 0.5).value
    }

    @Test func musicMakesRoomAndComesBack() {
        var desk = Self.desk()
        let output = desk.run(110)
        #expect(Self.gain(output, 0.45) == 0)
        #expect(abs(Self.gain(output, 0.55) + 6) < 0.25)
        #expect(abs(Self.gain(output, 0.65) + 12) < 0.01)
        #expect(abs(Self.gain(output, 1.15) + 12) < 0.01)
        // 0.2 s of hold behind the end, then 12 dB in 0.4 s.
        #expect(abs(Self.gain(output, 1.4) + 6) < 0.25)
        #expect(Self.gain(output, 1.65) == 0)
    }

    @Test func quietVoiceDucksNothing() {
        var desk = Self.desk(level: -41)
        let output = desk.run(80)
        #expect(abs(Self.gain(output, 0.8)) < 0.01)
        var louder = Self.desk(level: -39)
        #expect(abs(Self.gain(louder.run(80), 0.8) + 12) < 0.01)
    }

    @Test func onlyWhatIsHeardDucks() {
        for settings in [SoundMixTests.strip { $0.isMuted = true }, SoundMixTests.strip { $0.gain = -30 }] {
            var desk = Self.desk(settings)
            let output = desk.run(80)
            #expect(abs(Self.gain(output, 0.8)) < 0.01)
        }
    }

    @Test func voiceThatLeavesLetsGo() {
        var desk = Self.desk()
        desk.sounds[2] = Sounds.tone(400, decibels: -20, seconds: 2.5)
        let output = desk.run(110) { number, mix in if number == 47 { mix.remove(2) } }
        #expect(abs(Self.gain(output, 0.9) + 12) < 0.01)
        #expect(Self.gain(output, 1.8) == 0)
        let status = desk.mix.status { _ in "" }
        #expect(status.strips.map(\.duckedDecibels) == [0])
    }

    @Test func duckingThatIsTakenAwayLetsGo() {
        var desk = Self.desk()
        desk.sounds[2] = Sounds.tone(400, decibels: -20, seconds: 2.5)
        let output = desk.run(110) { number, mix in if number == 47 { mix.set(StripSettings(), of: 1) } }
        #expect(abs(Self.gain(output, 0.9) + 12) < 0.01)
        #expect(abs(Self.gain(output, 1.7)) < 0.01)
    }
}
