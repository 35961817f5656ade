import BulkheadChain
import Testing

@Suite(.timeLimit(.minutes(1))) struct PluginDataTests {
    /// A library's file name becomes a folder's: it must not lead anywhere.
    @Test(
        arguments: [
            ("soft", "soft"), ("..", "--"), (".", "-"), ("", "plugin"), ("a/b", "a-b"), ("Größe 2", "gr--e-2"),
            ("shared", "shared"),
        ])
    func nameMeansNothingToTheFileSystem(name: String, folder: String) {
        #expect(PluginData.folderName(name) == folder)
    }

    @Test func longNameIsCut() { #expect(PluginData.folderName(String(repeating: "x", count: 500)).count == 64) }
}
