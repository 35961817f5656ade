import BulkheadCommands
import BulkheadMaster
import BulkheadMedia
import BulkheadModel
import Testing

/// What `bulkhead set` takes.
@Suite(.timeLimit(.minutes(2))) struct SettingWordsTests {
    private static func settings() throws -> BroadcastSettings {
        BroadcastSettings(
            inputs: [], destinations: [], canvas: try #require(Canvas("720p")), frameRate: try #require(FrameRate(30)))
    }

    @Test func onlyWhatIsNamedIsChanged() throws {
        var expected = try Self.settings()
        expected.preset = "fast"
        #expect(try SettingWords.change(["preset=fast"]).applied(to: Self.settings()) == expected)
    }

    @Test func everyChangeableWordIsRead() throws {
        let words = [
            "layout=grid", "size=854x480", "loudness-target=-16LUFS", "video-bitrate=3M", "min-bitrate=300k",
            "congestion=main",
            "audio-bitrate=96k",
            "preset=slow", "tune=film", "profile=main", "keyframe-interval=1.5", "bframes=3", "buffer=2s",
            "cbr=true", "watch=black 5s",
        ]
        let changed = try SettingWords.change(words).applied(to: Self.settings())
        #expect(changed.layout == .grid)
        #expect(changed.canvas == Canvas(width: 854, height: 480))
        #expect(changed.loudnessTarget == -16)
        #expect(changed.videoBitsPerSecond == 3_000_000)
        #expect(changed.minimumVideoBitsPerSecond == 300_000)
        #expect(changed.congestion == .main)
        #expect(changed.audioBitsPerSecond == 96_000)
        #expect(changed.preset == "slow")
        #expect(changed.tune == "film")
        #expect(changed.profile == "main")
        #expect(changed.keyframeIntervalSeconds == 1.5)
        #expect(changed.bframes == 3)
        #expect(changed.bufferMilliseconds == 2000)
        #expect(changed.isConstantRate == true)
        #expect(Setting.changeable.map(\.name) == words.map { String($0.prefix { $0 != "=" }) })
    }

    /// A tuning can be taken away: that is an empty text, which is another thing than no change.
    @Test func noTuneIsAChange() throws {
        #expect(try SettingWords.change(["tune=none"]).applied(to: Self.settings()).tune == "")
        #expect(try SettingWords.change(["bframes=0"]).applied(to: Self.settings()).bframes == 0)
    }

    @Test func theLastOfTwoCounts() throws {
        #expect(try SettingWords.change(["preset=fast", "preset=slow"]).words == ["preset": "slow"])
    }

    @Test(arguments: [
        [], [""], ["preset"], ["=fast"], ["preset fast"], ["fps=60"], ["to=rtmp://127.0.0.1/a/b"], ["Preset=fast"],
        ["--preset=fast"], ["size="], ["size=641x360"], ["video-bitrate=1"], ["video-bitrate=300M"], ["bframes=17"],
        ["bframes=-1"], ["keyframe-interval=0"], ["buffer=61s"], ["profile=high10"], ["preset=fast", "nonsense=1"],
        ["preset=a b"], ["preset=fast\n"], ["profile=baseline", "bframes=2"], ["audio-bitrate=1M"],
    ])
    func whatMakesNoSenseIsRefused(words: [String]) {
        let error = #expect(throws: BroadcastError.self) { try SettingWords.change(words) }
        #expect(error?.kind == .usage)
        #expect(error?.problem.contains("\n") == false || words == ["preset=fast\n"])
    }
}
