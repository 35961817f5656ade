import BulkheadCommands
import BulkheadModel
import Testing

/// The sound as people write and read it.
@Suite(.timeLimit(.minutes(1))) struct AudioWordsTests {
    @Test func wordsOfAMixingDesk() throws {
        var settings = StripSettings()
        for word in ["gain=-6", "mute=on", "solo=off", "pan=-0.3", "mono=yes", "delay=80ms"] {
            try AudioWords.change(&settings, word)
        }
        try AudioWords.change(&settings, "duck=mic,depth=9,threshold=-30,attack=20ms,hold=0,release=2s")
        #expect(settings.gain == -6 && settings.isMuted && !settings.isSolo && settings.isMono)
        #expect(settings.pan == -0.3 && settings.delaySeconds == 0.08)
        var ducking = DuckingSettings(under: "mic")
        (ducking.depthDecibels, ducking.threshold) = (9, -30)
        (ducking.attackSeconds, ducking.holdSeconds, ducking.releaseSeconds) = (0.02, 0, 2)
        #expect(settings.ducking == ducking)
        for word in ["gain=+3.5dB", "pan=center", "duck=off", "mute=off", "mono=off", "delay=0"] {
            try AudioWords.change(&settings, word)
        }
        var plain = StripSettings()
        plain.gain = 3.5
        #expect(settings == plain)
    }

    @Test func wordsWithoutValues() throws {
        var settings = StripSettings()
        for word in ["mute", "Solo", "mono"] { try AudioWords.change(&settings, word) }
        #expect(settings.isMuted && settings.isSolo && settings.isMono)
        for word in ["unmute", "unsolo", "stereo"] { try AudioWords.change(&settings, word) }
        #expect(settings == StripSettings())
    }

    @Test(arguments: [
        "gain", "gain=", "gain=25", "gain=loud", "mute=perhaps", "pan=2", "pan=nan", "delay=3s", "delay=-1", "duck=",
        "duck=mic,depth=91", "duck=mic,hold=1h", "duck=mic,colour=red", "duck=mic,depth", "volume=3", "=3", "gain=nan",
    ]) func wordsThatMeanNothing(word: String) {
        var settings = StripSettings()
        #expect(throws: BroadcastError.self) { try AudioWords.change(&settings, word) }
        #expect(settings == StripSettings())
    }

    @Test func wordsOfTheProgram() throws {
        var settings = ProgramSoundSettings()
        for word in ["ceiling=-2", "limiter=off", "loudness=-16LUFS"] { try AudioWords.change(&settings, word) }
        #expect(settings.ceiling == -2 && !settings.isLimited && settings.target?.loudness == -16)
        try AudioWords.change(&settings, "loudness=off")
        #expect(settings.target == nil)
        for word in ["ceiling=1", "loudness=-3", "limiter=-1", "gain=3"] {
            #expect(throws: BroadcastError.self) { try AudioWords.change(&settings, word) }
        }
    }

    private static var sound: ProgramSoundStatus {
        var music = StripSettings()
        music.gain = -6
        music.isMuted = true
        music.pan = -0.3
        music.delaySeconds = 0.08
        music.ducking = DuckingSettings(under: "mic")
        return ProgramSoundStatus(
            levels: ProgramLevels(
                now: StripLevels(peak: -9, rms: -15, momentary: -16.24), shortTerm: -17, integrated: -18, truePeak: -8.9
            ),
            strips: [
                StripStatus(
                    input: 1, name: "camera", settings: StripSettings(),
                    levels: StripLevels(peak: -9, rms: -15, momentary: -16), isHeard: true),
                StripStatus(
                    input: 2, name: "mu\u{1B}sic", settings: music, levels: StripLevels(), isHeard: false,
                    duckedDecibels: 12),
            ])
    }

    @Test func linesSayWhatIsDone() {
        #expect(
            AudioText.list(Self.sound) == [
                "camera   gain 0.0 dB; peak -9.0, RMS -15.0, M -16.0 LUFS",
                "mu sic   gain -6.0 dB, muted, pan 30 % left, delay 80 ms, 12 dB down under mic; silent",
                "program  limiter -1.0 dBTP; peak -9.0, RMS -15.0, M -16.2 LUFS, S -17.0, I -18.0 LUFS, true peak -8.9 dBTP",
            ])
    }

    @Test(arguments: [1, 20, 40, 80, 200]) func barsFitTheTerminal(width: Int) {
        let bars = AudioText.bars(Self.sound, width: width)
        #expect(bars.count == 3 && bars.allSatisfy { $0.count < max(2, width) })
        #expect(bars.allSatisfy { $0.unicodeScalars.allSatisfy { $0.value >= 0x20 } })
    }
}
