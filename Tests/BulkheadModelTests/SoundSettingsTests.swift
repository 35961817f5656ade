import BulkheadModel
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct DecibelsTests {
    static let written: [(String, Double)] = [
        ("0", 0), ("-6", -6), ("+3.5", 3.5), ("-6dB", -6), ("-6 dB", -6), ("-inf", -Double.infinity),
        ("-INF dB", -Double.infinity), (".5", 0.5),
    ]

    @Test(arguments: written)
    func whatPeopleWriteIsRead(text: String, value: Double) { #expect(Decibels(text)?.value == value) }

    @Test(arguments: ["", "-", "dB", "inf", "nan", "6dBFS", "0x10", "1e3", "--3", "1.2.3", "1 2"])
    func otherTextIsRefused(text: String) { #expect(Decibels(text) == nil) }

    @Test func amplitudesAreThoseOfTheTables() {
        #expect(Decibels(0).amplitude == 1)
        #expect(abs(Decibels(-6).amplitude - 0.501187) < 1e-6)
        #expect(Decibels.silence.amplitude == 0)
        #expect(abs(Decibels(amplitude: 0.1).value + 20) < 1e-12)
        #expect(abs(Decibels(power: 0.5).value + 3.0103) < 1e-4)
        #expect(Decibels(amplitude: 0) == .silence && Decibels(amplitude: -1) == .silence)
        #expect(Decibels(.nan) == .silence)
        #expect(Decibels.silence + 6 == .silence)
    }

    @Test func silenceHasAWordInJSON() throws {
        let text = String(decoding: try JSONEncoder().encode([Decibels.silence, -3]), as: UTF8.self)
        #expect(text == #"["-inf",-3]"#)
        #expect(try JSONDecoder().decode([Decibels].self, from: Data(text.utf8)) == [.silence, -3])
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([Decibels].self, from: Data(#"["loud"]"#.utf8)) }
    }
}

@Suite(.timeLimit(.minutes(1))) struct SoundSettingsTests {
    private static func decoded<Value: Decodable>(_ text: String) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    }

    @Test func whatIsNotSaidHasItsStandardValue() throws {
        #expect(try Self.decoded("{}") as StripSettings == StripSettings())
        #expect(try Self.decoded("{}") as ProgramSoundSettings == ProgramSoundSettings())
        #expect(try Self.decoded("{}") as LoudnessTarget == LoudnessTarget())
        #expect(try Self.decoded(#"{"under":"guest"}"#) as DuckingSettings == DuckingSettings(under: "guest"))
        let strip: StripSettings = try Self.decoded(
            #"{"gain":-6,"pan":0.5,"ducking":{"under":"guest","threshold":-30}}"#)
        #expect(strip.gain == -6 && strip.pan == 0.5 && strip.ducking?.threshold == -30 && !strip.isMuted)
    }

    @Test func settingsSurviveTheirJSON() throws {
        var strip = StripSettings()
        strip.gain = .silence
        strip.isSolo = true
        strip.isMono = true
        strip.delaySeconds = 0.25
        strip.ducking = DuckingSettings(under: "guest")
        strip.ducking?.depthDecibels = 20
        var program = ProgramSoundSettings()
        program.isLimited = false
        program.target = LoudnessTarget()
        program.target?.loudness = -16
        #expect(try JSONDecoder().decode(StripSettings.self, from: JSONEncoder().encode(strip)) == strip)
        #expect(try JSONDecoder().decode(ProgramSoundSettings.self, from: JSONEncoder().encode(program)) == program)
    }

    @Test func rangesAreChecked() {
        func fits(_ change: (inout StripSettings) -> Void) -> Bool {
            var settings = StripSettings()
            settings.ducking = DuckingSettings(under: "guest")
            change(&settings)
            return settings.isInRange
        }
        #expect(fits { _ in })
        #expect(fits { $0.gain = .silence } && fits { $0.gain = 24 } && !fits { $0.gain = 24.1 })
        #expect(fits { $0.pan = -1 } && !fits { $0.pan = 1.01 } && !fits { $0.pan = .nan })
        #expect(fits { $0.delaySeconds = 2 } && !fits { $0.delaySeconds = 2.1 } && !fits { $0.delaySeconds = -0.1 })
        #expect(!fits { $0.delaySeconds = .infinity })
        #expect(!fits { $0.ducking?.threshold = .silence } && !fits { $0.ducking?.depthDecibels = -1 })
        #expect(!fits { $0.ducking?.attackSeconds = 11 } && !fits { $0.ducking?.releaseSeconds = .nan })
        var program = ProgramSoundSettings()
        #expect(program.isInRange)
        program.ceiling = 1
        #expect(!program.isInRange)
        program.ceiling = -2
        program.target = LoudnessTarget()
        #expect(program.isInRange)
        program.target?.loudness = -5
        #expect(!program.isInRange)
    }

    @Test func statusesSurviveTheirJSON() throws {
        let strip = StripStatus(
            input: 3, name: "guest", settings: StripSettings(), levels: StripLevels(peak: -3), isHeard: true,
            duckedDecibels: 2)
        let status = ProgramSoundStatus(
            levels: ProgramLevels(now: StripLevels(rms: -20), integrated: -23, range: 4, truePeak: -1, seconds: 12),
            limitedDecibels: 1, leveledDecibels: -2, strips: [strip])
        #expect(try JSONDecoder().decode(ProgramSoundStatus.self, from: JSONEncoder().encode(status)) == status)
    }
}
