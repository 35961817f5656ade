import BulkheadDanmaku
import Testing

@Suite(.timeLimit(.minutes(1))) struct CommentTextTests {
    @Test(arguments: [
        ("hello", "hello"), ("  a \n\n b\t", "a b"), ("", ""), ("\u{202E}evil\u{202C}", "evil"),
        ("a\u{2066}b\u{2069}c", "abc"), ("x\u{0}\u{7}y\u{200B}\u{FEFF}z", "xyz"), ("弹幕来了", "弹幕来了"),
        ("line\u{2028}line\u{2029}line", "line line line"), ("👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦"), ("❤️", "❤️"), ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
        ("مرحبا abc", "مرحبا abc"), ("\u{301}\u{302}a", "a"), ("\u{E000}\u{F8FF}", ""), ("Việt", "Việt"),
    ])
    func textIsMadeFitToBeShown(text: String, clean: String) {
        #expect(CommentText.clean(text) == clean)
    }

    @Test func aTowerOfMarksIsCut() {
        let tower = "Z" + String(repeating: "\u{0301}\u{0359}\u{036B}", count: 40) + "a"
        let clean = CommentText.clean(tower)
        #expect(clean.unicodeScalars.count == 5)
        #expect(clean.count == 2)
    }

    @Test func lengthIsBoundedAndSoIsWhatIsLookedAt() {
        #expect(CommentText.clean(String(repeating: "字", count: 5000)).count == CommentText.mostCharacters)
        let hostile = String(repeating: "\u{0301}", count: 500_000)
        let clock = ContinuousClock()
        let spent = clock.measure { #expect(CommentText.clean(hostile).isEmpty) }
        #expect(spent < .seconds(2))
    }

    @Test func cleanTextStaysAsItIs() {
        for text in ["hello", "👨‍👩‍👧‍👦 ok", "弹 幕", String(repeating: "ab ", count: 60)] {
            let once = CommentText.clean(text)
            #expect(CommentText.clean(once) == once)
        }
    }

    @Test(arguments: [
        ("", 0), ("abcde", 3), ("弹幕", 2), ("한국", 2), ("カナ", 2), ("👍", 1), ("👍🏽", 1.25), ("👨‍👩‍👧‍👦", 1.25), ("🇩🇪", 1.25),
        ("é", 0.6), ("！", 1), ("a弹", 1.6),
    ])
    func widthIsBoundedWithoutAFont(text: String, ems: Double) {
        #expect(abs(CommentText.ems(text) - ems) < 1e-9)
    }
}
