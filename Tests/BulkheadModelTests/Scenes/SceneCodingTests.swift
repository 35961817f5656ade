import BulkheadMedia
import BulkheadModel
import Foundation
import Testing

/// Scenes and transitions as text and JSON.
@Suite(.timeLimit(.minutes(1))) struct SceneCodingTests {
    private func decoded<Value: Decodable>(_ type: Value.Type, _ json: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(json.utf8))
    }

    static let lengths: [(String, SceneLength?)] = [
        ("640", .pixels(640)), ("640px", .pixels(640)), ("-16", .pixels(-16)), ("50%", .perCent(50)),
        ("12.5%", .perCent(12.5)), ("-1.5%", .perCent(-1.5)), ("16384", .pixels(16384)), ("16385", nil),
        ("1000.1%", nil), ("", nil), ("%", nil), ("px", nil), ("1e2%", nil), ("+5", nil), ("+5%", nil), ("5 %", nil),
        ("nan%", nil), ("0x10", nil), ("1.5", nil),
    ]

    @Test(arguments: lengths) func lengthsAreRead(text: String, length: SceneLength?) {
        #expect(SceneLength(text) == length)
        if let length { #expect(SceneLength(length.description) == length) }
    }

    @Test func colorsAreRead() {
        #expect(SceneColor("#1e90ff") == SceneColor(red: 0x1E, green: 0x90, blue: 0xFF))
        #expect(SceneColor("#1E90FF")?.description == "#1e90ff")
        #expect(SceneColor(red: 0, green: 1, blue: 16).description == "#000110")
        for text in ["", "#", "1e90ff", "#1e90f", "#1e90fg", "#1e90fff"] { #expect(SceneColor(text) == nil) }
    }

    @Test func anItemNeedsOnlyItsInput() throws {
        #expect(try decoded(SceneItem.self, #"{"input":"cam"}"#) == SceneItem("cam"))
        let item = try decoded(
            SceneItem.self,
            """
            {"input":"guest","x":"70%","y":504,"width":"27.5%","height":"27.5%","crop":{"left":16},"fit":"cover",
             "opacity":0.5,"border":{"width":2,"color":"#ff0000"},"cornerRadius":"2%","visible":false}
            """)
        #expect(
            item
                == SceneItem(
                    "guest", x: .perCent(70), y: .pixels(504), width: .perCent(27.5), height: .perCent(27.5),
                    crop: SceneCrop(left: .pixels(16)), fit: .cover, opacity: 0.5,
                    border: SceneBorder(width: .pixels(2), color: SceneColor(red: 255, green: 0, blue: 0)),
                    cornerRadius: .perCent(2), isVisible: false))
        #expect(throws: DecodingError.self) { try decoded(SceneItem.self, #"{"input":"cam","x":"left"}"#) }
        #expect(throws: DecodingError.self) { try decoded(SceneItem.self, "{}") }
    }

    @Test func keysAreWrittenOut() throws {
        let scene = Scene("talk", [SceneItem("cam", border: SceneBorder(width: .perCent(1)))])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let text = String(decoding: try encoder.encode(scene), as: UTF8.self)
        #expect(
            text
                == ##"{"items":[{"border":{"color":"#ffffff","width":"1%"},"cornerRadius":0,"crop":{"bottom":0,"left":0,"##
                + ##""right":0,"top":0},"fit":"contain","height":"100%","input":"cam","opacity":1,"visible":true,"##
                + ##""width":"100%","x":0,"y":0}],"name":"talk"}"##)
        #expect(try decoded(Scene.self, text) == scene)
        for layout in SceneLayout.allCases {
            let scene = Scene(layout.rawValue, layout.items(for: ["a", "b", "c", "d", "e", "f", "g"]))
            let data = try JSONEncoder().encode(scene)
            #expect(try JSONDecoder().decode(Scene.self, from: data) == scene)
        }
        let fade = Transition(.fade, milliseconds: 500)
        #expect(try decoded(Transition.self, #"{"kind":"fade","milliseconds":500}"#) == fade)
    }

    static let problems: [(Scene, String)] = [
        (Scene(""), "is no name for a scene"), (Scene("a\nb"), "is no name for a scene"),
        (Scene(String(repeating: "x", count: 65)), "is no name for a scene"),
        (Scene("s", (0..<65).map { SceneItem("\($0)") }), "has 65 items; at most 64"),
        (Scene("s", [SceneItem("")]), "names no input"),
        (Scene("s", [SceneItem("a", x: .pixels(20_000))]), "the x of a is 20000, outside its range"),
        (Scene("s", [SceneItem("a", y: .perCent(.infinity))]), "outside its range"),
        (Scene("s", [SceneItem("a", width: .pixels(0))]), "the width of a is 0, and has to be more than 0"),
        (Scene("s", [SceneItem("a", height: .perCent(-5))]), "the height of a is -5%"),
        (Scene("s", [SceneItem("a", opacity: 1.5)]), "the opacity of a is 1.5, outside its range: 0 to 1"),
        (Scene("s", [SceneItem("a", opacity: .nan)]), "the opacity of a is nan"),
        (Scene("s", [SceneItem("a", cornerRadius: .pixels(-1))]), "the corner radius of a is -1"),
        (Scene("s", [SceneItem("a", border: SceneBorder(width: .pixels(-1)))]), "the border width of a is -1"),
        (Scene("s", [SceneItem("a", crop: SceneCrop(left: .pixels(-1)))]), "the crop left of a is -1"),
        (
            Scene("s", [SceneItem("a", crop: SceneCrop(top: .perCent(50), bottom: .perCent(50)))]),
            "top and bottom, leaves nothing"
        ),
    ]

    @Test(arguments: problems) func whatIsWrongIsSaid(scene: Scene, words: String) {
        let error = #expect(throws: BroadcastError.self) { try scene.check() }
        #expect(error?.problem.contains(words) == true, "\(error?.problem ?? "nothing")")
        #expect(error?.kind == .usage)
    }

    @Test func whatIsRightPasses() throws {
        try Scene("Gäste 🎥", [SceneItem("a", opacity: 0), SceneItem("b", x: .pixels(-16_384))]).check()
        try Transition(.wipe, milliseconds: 60_000).check()
        #expect(throws: BroadcastError.self) { try Transition(.wipe, milliseconds: 60_001).check() }
    }
}
