import BulkheadMedia
import Testing

@Suite(.timeLimit(.minutes(1))) struct TrackChoiceTests {
    @Test(arguments: [
        ("auto", TrackChoice.automatic), ("none", .none), ("1", .number(1)), ("65535", .number(65_535)),
        ("fra", .language("fra")), ("EN", .language("en")), ("AUTO", .automatic),
    ])
    func words(word: String, choice: TrackChoice) {
        #expect(TrackChoice(word) == choice)
        #expect(TrackChoice("\(choice)") == choice)
    }

    @Test(arguments: ["", "0", "-1", "65536", "f", "french", "f-a", "é1", "1.5", " 1"]) func nonsense(word: String) {
        #expect(TrackChoice(word) == nil)
    }

    @Test func tracksGoByNumberAndLanguage() {
        let languages = ["eng", "", "FRA", "fra"]
        #expect(TrackChoice.number(4).place(among: languages) == 3)
        #expect(TrackChoice.number(5).place(among: languages) == nil)
        #expect(TrackChoice.language("fra").place(among: languages) == 2)
        #expect(TrackChoice.language("fr").place(among: languages) == 2)
        #expect(TrackChoice.language("deu").place(among: languages) == nil)
        #expect(TrackChoice.none.place(among: languages) == nil)
    }
}
