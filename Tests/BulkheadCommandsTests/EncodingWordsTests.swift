import BulkheadCommands
import BulkheadMaster
import BulkheadMedia
import BulkheadModel
import Testing

/// What `bulkhead set` takes.
@Suite(.timeLimit(.minutes(1))) struct EncodingWordsTests {
    @Test func onlyWhatIsNamedIsChanged() throws {
        let change = try EncodingWords.change(["preset=fast"])
        var expected = SettingsChange()
        expected.preset = "fast"
        #expect(change == expected)
    }

    @Test func everyChangeableWordIsRead() throws {
        let change = try EncodingWords.change([
            "size=720p", "video-bitrate=3M", "audio-bitrate=96k", "preset=slow", "tune=film", "profile=main",
            "keyframe-interval=1.5", "bframes=3", "buffer=2s",
        ])
        #expect(change.canvas == Canvas(width: 1280, height: 720))
        #expect(change.videoBitsPerSecond == 3_000_000)
        #expect(change.audioBitsPerSecond == 96_000)
        #expect(change.preset == "slow")
        #expect(change.tune == "film")
        #expect(change.profile == "main")
        #expect(change.keyframeIntervalSeconds == 1.5)
        #expect(change.bframes == 3)
        #expect(change.bufferMilliseconds == 2000)
        #expect(EncodingWords.changeable.count == 11)
    }

    /// A tuning can be taken away: that is an empty text, which is another thing than no change.
    @Test func noTuneIsAChange() throws {
        #expect(try EncodingWords.change(["tune=none"]).tune == "")
        #expect(try EncodingWords.change(["bframes=0"]).bframes == 0)
    }

    @Test func theLastOfTwoCounts() throws {
        #expect(try EncodingWords.change(["preset=fast", "preset=slow"]).preset == "slow")
    }

    @Test(arguments: [
        [], [""], ["preset"], ["=fast"], ["preset fast"], ["fps=60"], ["to=rtmp://127.0.0.1/a/b"], ["Preset=fast"],
        ["--preset=fast"], ["size="], ["size=641x360"], ["video-bitrate=1"], ["video-bitrate=300M"], ["bframes=17"],
        ["bframes=-1"], ["keyframe-interval=0"], ["buffer=61s"], ["profile=high10"], ["preset=fast", "nonsense=1"],
        ["preset=a b"], ["preset=fast\n"], ["profile=baseline", "bframes=2"], ["audio-bitrate=1M"],
    ])
    func whatMakesNoSenseIsRefused(words: [String]) {
        let error = #expect(throws: BroadcastError.self) { try EncodingWords.change(words) }
        #expect(error?.kind == .usage)
        #expect(error?.problem.contains("\n") == false || words == ["preset=fast\n"])
    }
}
