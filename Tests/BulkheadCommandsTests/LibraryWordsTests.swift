import BulkheadCommands
import BulkheadModel
import Testing

/// `--record-library`.
@Suite(.timeLimit(.minutes(1))) struct LibraryWordsTests {
    @Test func libraryIsToldWhereRecordingsBeginAndEnd() throws {
        let targets = try LibraryWords.targets(
            ["http://127.0.0.1:8090/", "https://[::1]:9"], recordings: ["a.flv", "show.mp4"])
        #expect(targets.map(\.url) == ["http://127.0.0.1:8090/node/notices", "https://[::1]:9/node/notices"])
        let target = try #require(targets.first)
        #expect(target.wants("recording.closed", .notice) && target.wants("recording.opened", .notice))
        #expect(!target.wants("recording.trouble", .error) && !target.wants("link.lost", .error))
    }

    @Test(arguments: ["", "127.0.0.1:8090", "ftp://a", "http://", "http://a b", "http://a/?x", "http://a/#x"])
    func whatIsNoAddressIsRefused(word: String) {
        #expect(throws: BroadcastError.self) { try LibraryWords.targets([word], recordings: ["show.mp4"]) }
    }

    @Test func libraryWantsARecordingInMP4() {
        #expect(throws: BroadcastError.self) { try LibraryWords.targets(["http://a"], recordings: ["a.flv"]) }
        #expect(throws: BroadcastError.self) {
            try LibraryWords.targets(["http://a"], recordings: ["a.mp4"], beside: NoticeTarget.mostTargets)
        }
    }
}
