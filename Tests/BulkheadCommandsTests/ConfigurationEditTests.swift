import BulkheadCommands
import BulkheadModel
import Testing

/// What `set --keep` makes of a file.
@Suite(.timeLimit(.minutes(1))) struct ConfigurationEditTests {
    private static func edit(_ text: String, _ values: [String: String]) throws -> String {
        try ConfigurationEdit.text(text, setting: values, named: "show.yaml")
    }

    @Test(
        arguments: [
            ("input: test\nvideo-bitrate: 2M\nto: file:/a.flv\n", "input: test\nvideo-bitrate: 4M\nto: file:/a.flv\n"),
            ("video-bitrate: 2M # for the village\n", "video-bitrate: 4M # for the village\n"),
            ("video-bitrate: '2M'   # x\n\n# end\n", "video-bitrate: 4M   # x\n\n# end\n"),
            ("\"video-bitrate\" :  \"2M\"\n", "\"video-bitrate\" :  4M\n"),
            ("# only a comment\n", "# only a comment\nvideo-bitrate: 4M\n"),
            ("input: test", "input: test\nvideo-bitrate: 4M\n"),
            ("", "video-bitrate: 4M\n"),
            ("input: test\n...\n", "input: test\nvideo-bitrate: 4M\n...\n"),
            ("---\ninput: test\n", "---\ninput: test\nvideo-bitrate: 4M\n"),
            ("video-bitrate: 2M\r\ninput: test\r\n", "video-bitrate: 4M\r\ninput: test\r\n"),
            ("slate-text: Grüße\nvideo-bitrate: 2M\n", "slate-text: Grüße\nvideo-bitrate: 4M\n"),
            ("video-bitrate: 4M\n", "video-bitrate: 4M\n"),
        ] as [(String, String)])
    func onlyTheValueIsChanged(text: String, expected: String) throws {
        #expect(try Self.edit(text, ["video-bitrate": "4M"]) == expected)
    }

    @Test func severalValuesAreChangedAtOnce() throws {
        let text = "tune: zerolatency\npreset: veryfast\n"
        #expect(
            try Self.edit(text, ["tune": "none", "preset": "fast", "cbr": "true", "watch": "black 5s, silence 10s"])
                == "tune: none\npreset: fast\ncbr: true\nwatch: 'black 5s, silence 10s'\n")
        #expect(try Self.edit("watch: off\n", ["loudness-target": "off"]) == "watch: off\nloudness-target: 'off'\n")
    }

    /// What would have to be guessed is left to who wrote it.
    @Test(arguments: [
        "video-bitrate: >\n  2M\n", "{input: test, video-bitrate: 2M}\n",
        "video-bitrate: &rate 2M\nmin-bitrate: *rate\n",
        "video-bitrate: \"2\\\n  M\"\n", "input: [", "nonsense: 1\n",
    ]) func otherFormsAreRefused(text: String) {
        #expect(throws: BroadcastError.self) {
            let changed = try Self.edit(text, ["video-bitrate": "4M"])
            Issue.record("\(changed)")
        }
    }

    @Test func refusalNamesTheLine() {
        let error = #expect(throws: BroadcastError.self) {
            try Self.edit("input: test\nvideo-bitrate: >\n  2M\n", ["video-bitrate": "4M"])
        }
        #expect(error?.problem.hasPrefix("show.yaml, line 2: ") == true)
    }
}
