import BulkheadModel
import BulkheadSound
import Testing

@Suite(.timeLimit(.minutes(10))) struct LoudnessTargetTests {
    private static func desk(_ sound: [Float], _ change: (inout LoudnessTarget) -> Void = { _ in }) -> Desk {
        var settings = ProgramSoundSettings()
        var target = LoudnessTarget()
        target.decibelsPerSecond = 2
        change(&target)
        settings.target = target
        var desk = Desk(mix: SoundMix(settings))
        desk.mix.add(1, fade: .zero)
        desk.sounds[1] = sound
        return desk
    }

    @Test func loudnessIsBroughtToTheTargetSlowly() {
        var desk = Self.desk(Sounds.tone(decibels: -27, seconds: 5))
        let output = desk.run(220)
        #expect(abs(desk.mix.levels.now.momentary.value + 23) < 0.1)
        // 2 dB a second, from the first 400 ms on.
        let status = desk.mix.status { _ in "" }
        #expect(abs(status.leveledDecibels - 4) < 0.1)
        let level = Decibels(amplitude: Double(output[2 * 48_000..<2 * 50_000].max() ?? 0)).value
        #expect(level > -26.5 && level < -25)
        #expect(output[..<(2 * 18_000)] == Sounds.tone(decibels: -27, seconds: 5)[..<(2 * 18_000)])
    }

    @Test func boundsAreKept() {
        var quiet = Self.desk(Sounds.tone(decibels: -40, seconds: 6)) { $0.mostRaisedDecibels = 3 }
        _ = quiet.run(250)
        #expect(abs(quiet.mix.levels.now.momentary.value + 37) < 0.1)
        var loud = Self.desk(Sounds.tone(decibels: -5, seconds: 6)) { $0.mostLoweredDecibels = 4 }
        _ = loud.run(250)
        #expect(abs(loud.mix.levels.now.momentary.value + 9) < 0.1)
    }

    @Test func pausesChangeNothing() {
        let speech = Sounds.tone(decibels: -27, seconds: 4)
        var desk = Self.desk(speech + Sounds.tone(decibels: -60, seconds: 5) + speech)
        _ = desk.run(180)
        for _ in 0..<420 {
            _ = desk.run(1)
            #expect(abs(desk.mix.status { _ in "" }.leveledDecibels - 4) < 0.3)
        }
    }

    @Test func withoutTargetTheLoudnessGoesBack() {
        var desk = Self.desk(Sounds.tone(decibels: -27, seconds: 8))
        _ = desk.run(350) { number, mix in if number == 200 { mix.set(ProgramSoundSettings()) } }
        #expect(desk.mix.status { _ in "" }.leveledDecibels == 0)
        #expect(abs(desk.mix.levels.now.momentary.value + 27) < 0.1)
    }
}
