import BulkheadSource
import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct M3UListTests {
    private func names(_ text: String) -> [[String]] { M3UList.lines(of: text, from: "/l").map(\.names) }

    @Test func commentsEmptyLinesAndMarksAreNoFiles() {
        let text = "\u{FEFF}#EXTM3U\r\n\r\n# a remark\r\na.mp4\r\n  b.mp4\r\n/srv/c.mp4\n"
        #expect(names(text).map(\.first) == ["/l/a.mp4", "/l/b.mp4", "/srv/c.mp4"])
        #expect(M3UList.lines(of: "\u{FEFF}a.mp4", from: "/l").first?.names.first == "/l/a.mp4")
    }

    @Test func titleBelongsToTheNextFile() {
        let text = """
            #EXTM3U
            #EXTINF:123,Artist - Title, live
            a.mp4
            b.mp4
            #EXTINF:-1 tvg-name="one, two" , Show
            c.mp4
            #EXTINF:5
            d.mp4
            """
        #expect(M3UList.lines(of: text, from: "/l").map(\.title) == ["Artist - Title, live", "", "Show", ""])
    }

    /// The name as it stands comes first: a file may be called so.
    @Test func namesMayBeEncoded() {
        #expect(names("my%20show%C3%A4.mp4") == [["/l/my%20show%C3%A4.mp4", "/l/my showä.mp4"]])
        #expect(names("100%.mp4") == [["/l/100%.mp4"]])
        #expect(names("a%00b.mp4") == [["/l/a%00b.mp4"]])
        #expect(names("file:///srv/a%20b.mp4") == [["/srv/a%20b.mp4", "/srv/a b.mp4"]])
        #expect(names("file://localhost/srv/a.mp4") == [["/srv/a.mp4"]])
        #expect(names("sub\\a.mp4") == [["/l/sub\\a.mp4", "/l/sub/a.mp4"]])
        #expect(names("a.mp4 ") == [["/l/a.mp4 ", "/l/a.mp4"]])
        #expect(names("http://host/a.mp4") == [["http://host/a.mp4"]])
    }

    @Test func latin1IsReadWhereThereIsNoSuchName() {
        let text = FileName.text(Array("#EXTINF:1,".utf8) + [0xC4] + Array("\n".utf8) + [0xE4] + Array(".mp4\n".utf8))
        let line = M3UList.lines(of: text, from: "/l").first
        #expect(line?.title == "Ä")
        #expect(line?.names == ["/l/" + FileName.text([0xE4]) + ".mp4", "/l/ä.mp4"])
    }
}
