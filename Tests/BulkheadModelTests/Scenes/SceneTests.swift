import BulkheadMedia
import BulkheadModel
import Testing

/// What a canvas shows of a scene, in pixels.
@Suite(.timeLimit(.minutes(1))) struct SceneTests {
    static let hd = "1280x720"

    private func canvas(_ text: String) throws -> Canvas { try #require(Canvas(text)) }

    private func layers(
        _ items: [SceneItem], on canvas: Canvas, content: PixelRectangle? = nil
    ) throws -> [Composition<String>.Layer] {
        let composition = Scene("s", items).composition(on: canvas) { _ in content ?? canvas.rectangle }
        #expect(composition.groups.count == 1)
        return try #require(composition.groups.first).layers
    }

    private static func rectangle(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> PixelRectangle {
        PixelRectangle(x: x, y: y, width: width, height: height)
    }

    /// An item, the content it has in its picture, and what comes of it. Worked out by hand.
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        var canvas = SceneTests.hd
        let item: SceneItem
        var content: PixelRectangle?
        let source: PixelRectangle
        let target: PixelRectangle
        var outline: PixelRectangle?

        var testDescription: String { name }
    }

    private static let half = SceneItem("a", x: .perCent(50), width: .perCent(50))
    private static func item(_ fit: SceneFit, _ x: Int, _ y: Int, _ width: Int, _ height: Int) -> SceneItem {
        SceneItem("a", x: .pixels(x), y: .pixels(y), width: .pixels(width), height: .pixels(height), fit: fit)
    }
    /// 4:3 in the middle of 1280x720.
    private static let academy = rectangle(160, 0, 960, 720)

    static let rows: [Row] = [
        Row(
            name: "a half contains the whole picture", item: half, source: rectangle(0, 0, 1280, 720),
            target: rectangle(640, 180, 640, 360)),
        Row(
            name: "4:3 is contained without its black", item: item(.contain, 0, 0, 640, 360), content: academy,
            source: academy, target: rectangle(80, 0, 480, 360)),
        Row(
            name: "4:3 covers 16:9: 960x540 of it, from row 90", item: item(.cover, 0, 0, 640, 360), content: academy,
            source: rectangle(160, 90, 960, 540), target: rectangle(0, 0, 640, 360)),
        Row(
            name: "16:9 covers a square: 720x720 of it", item: item(.cover, 0, 0, 360, 360),
            source: rectangle(280, 0, 720, 720), target: rectangle(0, 0, 360, 360)),
        Row(
            name: "a stretched picture fills", item: item(.stretch, 100, 50, 200, 600),
            source: rectangle(0, 0, 1280, 720), target: rectangle(100, 50, 200, 600)),
        Row(
            name: "odd edges go to even ones", item: item(.stretch, 101, 33, 203, 99),
            source: rectangle(0, 0, 1280, 720), target: rectangle(102, 34, 202, 98)),
        Row(
            name: "a crop in hundredths is of the content",
            item: SceneItem(
                "a", crop: SceneCrop(left: .perCent(25), right: .perCent(25)), fit: .stretch),
            content: academy, source: rectangle(400, 0, 480, 720), target: rectangle(0, 0, 1280, 720)),
        Row(
            name: "a crop in pixels",
            item: SceneItem("a", crop: SceneCrop(top: .pixels(100), bottom: .pixels(20)), fit: .stretch),
            source: rectangle(0, 100, 1280, 600), target: rectangle(0, 0, 1280, 720)),
        Row(
            name: "what is left of the canvas is cut off its picture", item: item(.stretch, -320, 0, 640, 360),
            source: rectangle(640, 0, 640, 720), target: rectangle(0, 0, 320, 360),
            outline: rectangle(-320, 0, 640, 360)),
        Row(
            name: "what is below and right as well", item: item(.contain, 960, 540, 640, 360),
            source: rectangle(0, 0, 640, 360), target: rectangle(960, 540, 320, 180),
            outline: rectangle(960, 540, 640, 360)),
        Row(
            name: "a third of a canvas of 854", canvas: "854x480",
            item: SceneItem("a", x: .perCent(100 / 3.0), width: .perCent(100 / 3.0), fit: .cover),
            source: rectangle(284, 0, 284, 480), target: rectangle(284, 0, 286, 480)),
        Row(
            name: "nearly the rectangle's shape is the rectangle", canvas: "854x480",
            item: item(.contain, 0, 0, 426, 240), source: rectangle(0, 0, 854, 480), target: rectangle(0, 0, 426, 240)),
    ]

    @Test(arguments: rows) func anItemIsPlaced(row: Row) throws {
        let layers = try layers([row.item], on: canvas(row.canvas), content: row.content)
        try #require(layers.count == 1)
        let placement = layers[0].placement
        #expect(placement.source == row.source)
        #expect(placement.target == row.target)
        #expect(placement.outline == row.outline ?? row.target)
        #expect(placement.isPlain)
    }

    static let nothing: [SceneItem] = [
        SceneItem("a", isVisible: false), SceneItem("a", opacity: 0), SceneItem("a", opacity: 0.001),
        SceneItem("a", x: .perCent(100)), SceneItem("a", y: .pixels(-720)),
        SceneItem("a", crop: SceneCrop(left: .pixels(1279))),
        SceneItem("a", crop: SceneCrop(top: .pixels(400), bottom: .pixels(400))),
        SceneItem("a", width: .pixels(0)), SceneItem("a", opacity: .nan),
    ]

    @Test(arguments: nothing) func whatIsNotSeenIsLeftOut(item: SceneItem) throws {
        #expect(try layers([item], on: canvas(Self.hd)).isEmpty)
    }

    @Test func whatLiesBehindAWholePictureIsLeftOut() throws {
        let items = [SceneItem("a"), SceneItem("b", fit: .stretch), Self.half]
        #expect(try layers(items, on: canvas(Self.hd)).map(\.picture) == ["b", "a"])
        let glass = [SceneItem("a"), SceneItem("b", fit: .stretch, opacity: 0.5)]
        #expect(try layers(glass, on: canvas(Self.hd)).map(\.picture) == ["a", "b"])
    }

    @Test func inputsWithoutPictureAreLeftOut() throws {
        let canvas = try canvas(Self.hd)
        let composition = Scene("s", [SceneItem("a"), SceneItem("b")]).composition(on: canvas) {
            $0 == "b" ? nil : canvas.rectangle
        }
        #expect(composition.pictures == ["a"])
    }

    @Test func looksAreInPixels() throws {
        let item = SceneItem(
            "a", width: .perCent(50), height: .perCent(50), opacity: 0.5,
            border: SceneBorder(width: .pixels(4), color: SceneColor(red: 0, green: 0, blue: 0)),
            cornerRadius: .perCent(5))
        let placement = try #require(try layers([item], on: canvas(Self.hd)).first).placement
        #expect(placement.opacity == 128)
        #expect(placement.cornerRadius == 36)
        #expect(placement.borderWidth == 4)
        #expect(placement.borderColor == .black)
        #expect(!placement.isPlain)
        var round = item
        round.cornerRadius = .perCent(1000)
        round.border?.width = .perCent(1000)
        let roundest = try #require(try layers([round], on: canvas(Self.hd)).first).placement
        #expect(roundest.cornerRadius == 180)
        #expect(roundest.borderWidth == 180)
    }

    // MARK: what needs no mixer

    @Test func onePictureThatIsTheCanvasIsNotMixed() throws {
        let canvas = try canvas(Self.hd)
        // Sources place a picture of 2.4:1 so.
        for content in [canvas.rectangle, Self.academy, Self.rectangle(0, 92, 1280, 534)] {
            let plain = Scene("s", [SceneItem("a")]).composition(on: canvas) { _ in content }
            #expect(plain.unmixed(on: canvas) == "a", "\(content)")
        }
        let covered = Scene("s", [SceneItem("a", fit: .cover)])
        #expect(covered.composition(on: canvas) { _ in canvas.rectangle }.unmixed(on: canvas) == "a")
        #expect(covered.composition(on: canvas) { _ in Self.academy }.unmixed(on: canvas) == nil)
        let mixed: [[SceneItem]] = [
            [], [Self.half], [SceneItem("a"), Self.half], [SceneItem("a", opacity: 0.9)],
            [SceneItem("a", cornerRadius: .pixels(8))],
            [SceneItem("a", crop: SceneCrop(left: .pixels(8)))],
            [SceneItem("b"), SceneItem("a", opacity: 0.5)],
        ]
        for items in mixed {
            let composition = Scene("s", items).composition(on: canvas) { _ in canvas.rectangle }
            #expect(composition.unmixed(on: canvas) == nil, "\(items)")
        }
    }

    // MARK: layouts

    static let canvases = ["1280x720", "854x480", "1366x768", "426x240", "720x1280", "18x16", "1922x1082"]

    /// Every pixel of a canvas that a grid of pictures which fill their cells covers is covered once.
    @Test(arguments: canvases, 1...16) func cellsMeetWithoutSeams(size: String, count: Int) throws {
        let canvas = try canvas(size)
        let names = (0..<count).map { "input \($0)" }
        for layout in [SceneLayout.grid, .sideBySide] {
            let items = layout.items(for: names).map { item in
                var item = item
                item.fit = .cover
                return item
            }
            let targets = try layers(items, on: canvas).map(\.placement.target)
            for (index, one) in targets.enumerated() {
                #expect(!targets[..<index].contains { Self.overlap($0, one) }, "\(layout)")
            }
            // More columns than a narrow canvas has pairs of pixels can't all be seen.
            guard canvas.width > 4 * count else { continue }
            // All rows but the last one are full, and nothing is covered twice.
            let last = targets.count == 1 || layout == .sideBySide ? canvas.height : targets.map(\.y).max() ?? 0
            let area = targets.filter { $0.y < last }.reduce(0) { $0 + $1.width * $1.height }
            #expect(area == canvas.width * last, "\(layout)")
        }
    }

    private static func overlap(_ one: PixelRectangle, _ other: PixelRectangle) -> Bool {
        one.x < other.x + other.width && other.x < one.x + one.width && one.y < other.y + other.height
            && other.y < one.y + one.height
    }

    /// No edge is odd, nothing is outside, whatever the layout.
    @Test(arguments: canvases, 1...16) func everyLayoutStaysInside(size: String, count: Int) throws {
        let canvas = try canvas(size)
        let names = (0..<count).map { "input \($0)" }
        for layout in SceneLayout.allCases {
            let scene = Scene("s", layout.items(for: names))
            try scene.check()
            #expect(scene.items.count == (layout == .single ? 1 : count))
            let content = PixelRectangle(x: 2, y: 0, width: canvas.width - 4, height: canvas.height)
            for layer in try layers(scene.items, on: canvas, content: content) {
                for (rectangle, limits) in [
                    (layer.placement.target, canvas.rectangle), (layer.placement.source, canvas.rectangle),
                ] {
                    let edges = [rectangle.x, rectangle.y, rectangle.width, rectangle.height]
                    #expect(edges.allSatisfy { $0 % 2 == 0 && $0 >= 0 })
                    #expect(rectangle.width > 0 && rectangle.x + rectangle.width <= limits.width)
                    #expect(rectangle.height > 0 && rectangle.y + rectangle.height <= limits.height)
                }
            }
        }
        #expect(SceneLayout.allCases.allSatisfy { $0.items(for: []).isEmpty })
    }

    struct Places: Sendable, CustomTestStringConvertible {
        let layout: SceneLayout
        let targets: [PixelRectangle]
        var testDescription: String { "\(layout) of \(targets.count)" }
    }

    static let places: [Places] = [
        Places(layout: .single, targets: [rectangle(0, 0, 1280, 720)]),
        Places(layout: .sideBySide, targets: [rectangle(0, 180, 640, 360), rectangle(640, 180, 640, 360)]),
        Places(
            layout: .grid,
            targets: [rectangle(0, 0, 640, 360), rectangle(640, 0, 640, 360), rectangle(320, 360, 640, 360)]),
        Places(
            layout: .grid,
            targets: [
                rectangle(0, 0, 640, 360), rectangle(640, 0, 640, 360), rectangle(0, 360, 640, 360),
                rectangle(640, 360, 640, 360),
            ]),
        Places(layout: .pictureInPicture, targets: [rectangle(0, 0, 1280, 720), rectangle(928, 522, 320, 180)]),
        Places(
            layout: .presenter,
            targets: [rectangle(0, 90, 960, 540), rectangle(960, 180, 320, 180), rectangle(960, 360, 320, 180)]),
    ]

    @Test(arguments: places) func layoutsPlaceInputsWhereOneExpectsThem(places: Places) throws {
        let names = places.targets.indices.map { "input \($0)" }
        let layers = try layers(places.layout.items(for: names), on: canvas(Self.hd))
        #expect(layers.map(\.placement.target) == places.targets)
        #expect(layers.map(\.picture) == names)
    }
}
