import BulkheadMedia
import BulkheadModel
import BulkheadTestSupport
import Testing

/// What `bulkhead set` takes: the settings of docs/settings.md that don't take effect at the start only.
@Suite(.timeLimit(.minutes(1))) struct SettingsChangeTests {
    private static func settings() throws -> BroadcastSettings {
        BroadcastSettings(
            inputs: [InputSettings(url: "test")], destinations: [DestinationSettings(url: "file:/a.flv")],
            canvas: try #require(Canvas("720p")), frameRate: try #require(FrameRate(30)))
    }

    static let changeable = [
        "layout", "size", "loudness-target", "video-bitrate", "min-bitrate", "congestion", "audio-bitrate", "preset",
        "tune", "profile",
        "keyframe-interval", "bframes", "buffer", "cbr", "watch",
    ]
    static let atStart = [
        "copy", "deinterlace", "slate-after", "slate-text", "slate-clock", "picture-patience", "fps", "encoder-threads",
        "standby",
        "plugin-isolation", "patience", "duration", "record-tracks",
        "replay", "fast",
    ]

    @Test func everySettingIsOneOrTheOther() {
        #expect(Setting.changeable.map(\.name) == Self.changeable)
        #expect(Setting.all.filter { $0.applies == .atStart }.map(\.name) == Self.atStart)
    }

    @Test(arguments: atStart) func settingsOfTheStartCanNotBeChanged(name: String) {
        let error = #expect(throws: BroadcastError.self) { try SettingsChange([name: "1"]) }
        #expect(error?.kind == .usage && error?.problem == "\"\(name)\" can't be changed on air")
        #expect(error?.advice.contains("video-bitrate") == true && error?.advice.contains(name + ",") == false)
    }

    static let rows: [(words: [String: String], change: @Sendable (inout BroadcastSettings) -> Void)] = [
        ([:], { _ in }),
        (["size": "640x360"], { if let canvas = Canvas(width: 640, height: 360) { $0.canvas = canvas } }),
        (["layout": "grid"], { $0.layout = .grid }),
        (["video-bitrate": "1500k"], { $0.videoBitsPerSecond = 1_500_000 }),
        (["min-bitrate": "500k"], { $0.minimumVideoBitsPerSecond = 500_000 }),
        (["congestion": "main"], { $0.congestion = .main }),
        (["audio-bitrate": "96k"], { $0.audioBitsPerSecond = 96_000 }),
        (["preset": "fast", "tune": "none"], { ($0.preset, $0.tune) = ("fast", "") }),
        (["profile": "baseline", "bframes": "0"], { ($0.profile, $0.bframes) = ("baseline", 0) }),
        (["keyframe-interval": "1s500ms"], { $0.keyframeIntervalSeconds = 1.5 }),
        (["buffer": "500"], { $0.bufferMilliseconds = 500 }), (["buffer": "2s"], { $0.bufferMilliseconds = 2000 }),
        (["buffer": "0"], { $0.bufferMilliseconds = 0 }),
    ]

    @Test(arguments: rows.indices) func wordsChangeWhatTheyName(row: Int) throws {
        let (words, change) = Self.rows[row]
        var expected = try Self.settings()
        change(&expected)
        #expect(try SettingsChange(words).applied(to: Self.settings()) == expected)
    }

    /// The settings that are refused are refused by the master too: a client of another version may send anything.
    @Test(arguments: [
        ["fps": "25"], ["preset": "very fast"], ["bframes": "17"], ["size": "1x1"],
        ["profile": "baseline", "bframes": "1"],
        ["Preset": "fast"], ["": ""], ["video-bitrate": "1"], ["min-bitrate": "fast"],
    ]) func wordsFromAnotherProcessAreCheckedWhenApplied(words: [String: String]) throws {
        let line = JSONLine.encode(words)
        let change = try JSONLine.decode(SettingsChange.self, from: line)
        #expect(change.words == words)
        let error = #expect(throws: BroadcastError.self) { try change.applied(to: Self.settings()) }
        #expect(error?.kind == .usage)
    }

    @Test(arguments: [["size": "8192x8192"], ["size": "8192x4354"]])
    func whatHasNoLevelIsRefusedOnAirToo(words: [String: String]) throws {
        let error = #expect(throws: BroadcastError.self) { try SettingsChange(words).applied(to: Self.settings()) }
        #expect(error?.code == .noLevel)
    }

    /// Two changes one after the other come to the same as both at once, where no word stands twice.
    @Test func changesAddUp() throws {
        var random = SeededGenerator(seed: 4)
        let words: [String: [String]] = [
            "size": ["640x360", "1920x1080"], "video-bitrate": ["1M", "6M"], "preset": ["fast", "slow"],
            "tune": ["film", "none"], "keyframe-interval": ["1", "4"], "bframes": ["0", "2"], "buffer": ["0", "2000"],
            "audio-bitrate": ["96k", "160k"], "congestion": ["main", "none"], "min-bitrate": ["100k", "200k"],
        ]
        for _ in 0..<100 {
            var (first, second): ([String: String], [String: String]) = ([:], [:])
            for (name, values) in words {
                let value = values[Int.random(in: values.indices, using: &random)]
                switch Int.random(in: 0..<3, using: &random) {
                case 0: first[name] = value
                case 1: second[name] = value
                default: break
                }
            }
            let old = try Self.settings()
            let both = try SettingsChange(first.merging(second) { _, new in new }).applied(to: old)
            let one = try SettingsChange(first).applied(to: old)
            #expect(try SettingsChange(second).applied(to: one) == both)
        }
    }
}
