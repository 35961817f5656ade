import BulkheadMedia
import BulkheadModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct SettingTests {
    private static func settings() throws -> BroadcastSettings {
        BroadcastSettings(
            inputs: [], destinations: [], canvas: try #require(Canvas("720p")), frameRate: try #require(FrameRate(30)))
    }

    /// For each setting two values that are none of the defaults, and words that are no value of it.
    static let words: [(name: String, values: [String], nonsense: [String])] = [
        ("size", ["854x480", "1920x1080"], ["", "641x360", "0x0", "big"]),
        ("fps", ["25", "30000/1001"], ["", "0", "241", "fast"]),
        ("copy", ["true", "false"], ["yes", ""]),
        ("deinterlace", ["off", "on"], ["", "yes"]),
        ("video-bitrate", ["20k", "200M"], ["19999", "201M", "-1", "nan"]),
        ("min-bitrate", ["20k", "500k"], ["0", "x"]),
        ("congestion", ["main", "none"], ["", "Main", "all"]),
        ("audio-bitrate", ["16k", "512k"], ["15k", "513k"]),
        ("layout", ["single", "grid", "picture-in-picture"], ["", "mosaic"]),
        ("loudness-target", ["-23.0", "-16.5", "off"], ["", "-3", "-41", "loud", "-inf", "nan"]),
        ("preset", ["ultrafast", "placebo"], ["", "very fast", "fast\n"]),
        ("tune", ["none", "film,grain"], ["", "a b"]),
        ("profile", ["baseline", "main"], ["", "high10"]),
        ("keyframe-interval", ["0.1", "60.0"], ["0", "61", "-1"]),
        ("bframes", ["0", "16"], ["17", "-1", ""]),
        ("buffer", ["0", "60000"], ["60001", "61s", "x"]),
        ("cbr", ["true", "false"], ["yes", ""]),
        ("encoder-threads", ["1", "128"], ["129", ""]),
        ("standby", ["off", "hot"], ["cold", ""]),
        ("plugin-isolation", ["each", "all"], ["some"]),
        ("picture-patience", ["0.0", "0.2", "5.0"], ["-1", "6"]),
        ("slate-after", ["0.1", "3600.0"], ["0", "2h"]),
        (
            "slate-text", ["", "Back at 8", "Gleich geht’s weiter\\nوقفة قصيرة"],
            [String(repeating: "x", count: 501), "a\tb"]
        ),
        ("slate-clock", ["true", "false"], ["yes", ""]),
        ("patience", ["0.0", "300.0"], ["-1", "9999h", "x"]),
        ("duration", ["0.001", "90.0"], ["0", "9999h"]),
        ("replay", ["1.0", "600.0"], ["0", "601", "x"]),
        ("record-tracks", ["true", "false"], ["yes", ""]),
        (
            "watch",
            [
                "black 5s, silence 10s", "frozen 10s", "clipping 2s", "off",
                "loudness off -23 by 2 for 10s, integrated off -23 by 1 for 60s", "size wrong 2s, keyframes > 4s",
                "bitrate < 1M for 10s, bitrate > 6M for 10s",
            ],
            ["", "black", "queue > 3s", "no-data 1s", "black 5s,"]
        ),
        ("fast", ["true", "false"], ["yes", ""]),
    ]

    @Test func everySettingIsTried() {
        #expect(Self.words.map(\.name).sorted() == Setting.all.map(\.name).sorted())
        #expect(Set(Setting.all.map(\.name)).count == Setting.all.count)
    }

    /// A value that is read is written in the same words, lies in its range, and changes nothing else.
    @Test(arguments: words) func valuesAreReadAndWritten(name: String, values: [String], nonsense: [String]) throws {
        let setting = try #require(Setting.named(name))
        for value in values {
            var settings = try Self.settings()
            try setting.read(value, into: &settings)
            #expect(setting.text(settings) == value)
            #expect(setting.isInRange(settings) && setting.accepts(value))
            for other in Setting.all where other.name != name {
                #expect(other.text(settings) == other.text(try Self.settings()), "\(other.name)")
            }
        }
        for text in nonsense {
            var settings = try Self.settings()
            let error = #expect(throws: BroadcastError.self) { try setting.read(text, into: &settings) }
            #expect(error?.kind == .usage && error?.advice == "it takes \(setting.takes)")
            #expect(settings == (try Self.settings()) && !setting.accepts(text))
        }
    }

    /// The default stands in the help of each setting that has one.
    @Test func helpNamesTheDefault() throws {
        let settings = try Self.settings()
        for setting in Setting.all where !setting.isSwitch {
            guard let value = setting.text(settings) else { continue }
            let isNamed =
                setting.help.contains(value) || setting.help.contains("default: \(value.prefix { $0 != "." })")
            #expect(isNamed, "\(setting.name): \(value)")
        }
    }

    @Test func whatAChangeDoesNotNameStays() throws {
        var old = try Self.settings()
        old.standby = .hot
        old.destinations = [DestinationSettings(url: "file:/a.flv")]
        let change = try SettingsChange(["preset": "fast"])
        var expected = old
        expected.preset = "fast"
        #expect(try change.applied(to: old) == expected)
    }

    @Test(arguments: [["fps": "25"], ["nonsense": "1"], ["preset": "a b"], ["profile": "baseline", "bframes": "2"]])
    func whatMakesNoSenseChangesNothing(words: [String: String]) {
        #expect(throws: BroadcastError.self) { try SettingsChange(words) }
    }

    /// B-frames that are set already don't go with the baseline profile either.
    @Test func valuesThatDontGoTogetherAreRefused() throws {
        var old = try Self.settings()
        old.bframes = 2
        let change = try SettingsChange(["profile": "baseline"])
        let error = #expect(throws: BroadcastError.self) { try change.applied(to: old) }
        #expect(error?.problem.contains("bframes is 2") == true)
        let level = #expect(throws: BroadcastError.self) { try SettingsChange(["size": "8192x8192"]).applied(to: old) }
        #expect(level?.kind == .usage)
    }
}
