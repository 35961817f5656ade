import BulkheadCommands
import Testing

@Suite(.timeLimit(.minutes(1))) struct CommandWordsTests {
    @Test(arguments: [
        ("braodcast test --to file:a.flv", "there is no command \"braodcast\"; did you mean \"bulkhead broadcast\"?"),
        ("stauts", "there is no command \"stauts\"; did you mean \"bulkhead status\"?"),
        ("link pasue 1", "there is no command \"pasue\"; did you mean \"bulkhead link pause\"?"),
        ("plugin lst", "there is no command \"lst\"; did you mean \"bulkhead plugin list\"?"),
        ("frobnicate", "there is no command \"frobnicate\"; bulkhead help lists them"),
    ])
    func typingErrorsAreNamed(line: String, message: String) {
        #expect(CommandWords.unknown(in: line.split(separator: " ").map(String.init)) == message)
    }

    @Test(arguments: [
        "", "--help", "--version", "help", "help broadcast", "broadcast braodcast", "link", "link --json",
        "status --attach x",
    ])
    func whatNamesACommandIsNone(line: String) {
        #expect(CommandWords.unknown(in: line.split(separator: " ").map(String.init)) == nil)
    }

    /// It may hold a stream key.
    @Test func addressIsNotRepeated() {
        #expect(CommandWords.unknown(in: ["rtmp://a/live/key"]) == nil)
    }
}
