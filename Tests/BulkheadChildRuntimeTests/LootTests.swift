import BulkheadChildRuntime
import Testing

/// What is read of the report of a child that was to look for loot.
@Suite(.timeLimit(.minutes(1))) struct LootTests {
    @Test(
        arguments: [
            ("loot: 17 attempts: nothing\n", []),
            (
                "a drill has armed this\nloot: 17 attempts: a program, the master's memory\nbye",
                ["a program", "the master's memory"]
            ),
        ] as [(String, [String])])
    func whatItGotIsRead(words: String, granted: [String]) { #expect(Loot.granted(in: words) == granted) }

    @Test(arguments: ["", "loot", "17 attempts: nothing", "loot: what"]) func noReportIsNone(words: String) {
        #expect(Loot.granted(in: words) == nil)
    }
}
