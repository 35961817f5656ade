import BulkheadMedia
import BulkheadModel
import BulkheadProgram
import Testing

/// Which inputs go where, as stages are taken and inputs come and go.
@Suite(.timeLimit(.minutes(1))) struct StagingTests {
    private let canvas: Canvas
    private let rate: FrameRate

    init() throws {
        canvas = try #require(Canvas(width: 640, height: 360))
        rate = try #require(FrameRate(25))
    }

    private func performers(_ ids: [InputID], without mute: Set<InputID> = []) -> [Staging.Performer] {
        ids.map { .init(id: $0, name: "input \($0)", content: mute.contains($0) ? nil : canvas.rectangle) }
    }

    private func staging(_ stage: Staging.Stage, _ ids: [InputID], without mute: Set<InputID> = []) -> Staging {
        var staging = Staging(rate)
        staging.take(
            stage, by: .cut, at: 0, performers(ids, without: mute), selected: ids.first { !mute.contains($0) },
            on: canvas)
        return staging
    }

    private func targets(_ composition: Composition<InputID>) -> [[Int]] {
        composition.groups.flatMap(\.layers).map { layer in
            let target = layer.placement.target
            return [layer.picture.number, target.x, target.y, target.width, target.height]
        }
    }

    @Test func oneInputAloneIsNotMixed() {
        #expect(staging(.selected, [1, 2]).unmixed == 1)
        #expect(staging(.input(2), [1, 2]).unmixed == 2)
        #expect(staging(.layout(.grid), [1, 2], without: [2]).unmixed == 1)
        #expect(staging(.layout(.single), [1, 2]).unmixed == 1)
        let none = staging(.selected, [])
        #expect(none.unmixed == nil && none.isEmpty && none.main == nil)
    }

    @Test func layoutTakesInWhatComes() {
        var staging = staging(.layout(.sideBySide), [1, 2])
        #expect(staging.unmixed == nil && staging.seen == [1, 2] && staging.main == 1)
        #expect(targets(staging.composition(of: 5)) == [[1, 0, 90, 320, 180], [2, 320, 90, 320, 180]])
        staging.arrange(performers([1, 2, 3, 4]), selected: 1, on: canvas)
        #expect(staging.seen == [1, 2, 3, 4])
        staging.arrange(performers([4]), selected: 4, on: canvas)
        #expect(staging.unmixed == 4 && staging.main == 4)
    }

    @Test func scenesCallInputsByNameOrNumber() {
        let scene = Scene("talk", [SceneItem("INPUT 2"), SceneItem("1", x: .perCent(50)), SceneItem("nobody")])
        let staging = staging(.scene(scene), [1, 2])
        #expect(staging.composition(of: 0).pictures == [2, 1])
        #expect(staging.main == 2)
    }

    @Test func transitionTakesItsTimeAndEnds() {
        var staging = staging(.input(1), [1, 2])
        let fade = Transition(.fade, milliseconds: 200)
        staging.take(.input(2), by: fade, at: 10, performers([1, 2]), selected: 1, on: canvas)
        #expect(staging.unmixed == nil && staging.seen == [1, 2])
        var opacities: [[UInt8]] = []
        for frame in 10..<15 as Range<FrameNumber> {
            opacities.append(staging.composition(of: frame).groups.map(\.opacity))
            let isOver = staging.passed(frame)
            #expect(isOver == (frame == 14))
        }
        #expect(opacities == [[255, 43], [255, 85], [255, 128], [255, 170], [255, 213]])
        #expect(staging.unmixed == 2 && staging.seen == [2])
        let isOverAgain = staging.passed(15)
        #expect(!isOverAgain)
    }

    @Test func sceneGoesOnShowingWhatIsRenamed() {
        var staging = staging(
            .scene(Scene("talk", [SceneItem("input 1"), SceneItem("Input 2", x: .perCent(50))])), [1, 2])
        staging.renamed("input 2", to: "guest")
        let named = [1, 2].map {
            Staging.Performer(id: InputID($0), name: $0 == 1 ? "input 1" : "guest", content: canvas.rectangle)
        }
        staging.arrange(named, selected: 1, on: canvas)
        #expect(staging.composition(of: 0).pictures == [1, 2])
    }

    /// A scene without inputs is black by its user's will; without any input to show there is the slate.
    @Test func emptySceneIsBlack() {
        let black = staging(.scene(Scene("black", [])), [1])
        #expect(!black.showsNothing && black.mayMix && black.unmixed == nil)
        #expect(staging(.selected, []).showsNothing && staging(.layout(.single), []).showsNothing)
    }

    /// A scene that wants inputs to be seen, of which none is here any more, is no black of its user's will.
    @Test func sceneWhoseInputsAreAllGoneShowsNothing() {
        let scene = Scene("duo", [SceneItem("input 1"), SceneItem("input 2", x: .perCent(50))])
        #expect(staging(.scene(scene), [2, 3]).showsNothing == false)
        let deserted = staging(.scene(scene), [3])
        #expect(deserted.showsNothing && deserted.isDeserted)
        let hidden = Scene("hidden", [SceneItem("input 1", isVisible: false)])
        #expect(!staging(.scene(hidden), [3]).showsNothing)
    }

    /// What is shown goes on from what is seen, also where that is a mixture.
    @Test func stageIsTakenInTheMidstOfATransition() {
        var staging = staging(.input(1), [1, 2, 3])
        let fade = Transition(.fade, milliseconds: 400)
        staging.take(.input(2), by: fade, at: 0, performers([1, 2, 3]), selected: 1, on: canvas)
        staging.take(.input(3), by: fade, at: 5, performers([1, 2, 3]), selected: 1, on: canvas)
        #expect(staging.composition(of: 5).pictures == [1, 2, 3])
        #expect(staging.seen == [1, 2, 3])
        staging.take(.input(1), by: .cut, at: 6, performers([1, 2, 3]), selected: 1, on: canvas)
        #expect(staging.unmixed == 1 && staging.seen == [1])
    }
}

@Suite(.timeLimit(.minutes(1))) struct SceneBookTests {
    private static func book() throws -> SceneBook {
        try SceneBook([Scene("Talk", [SceneItem("camera"), SceneItem("guest")]), Scene("all", [])])
    }

    @Test func scenesGoByTheirNames() throws {
        var book = try Self.book()
        #expect(book["talk"]?.name == "Talk" && book["nothing"] == nil)
        let set = try book.set(Scene("TALK", [SceneItem("guest")]))
        #expect(set == Scene("Talk", [SceneItem("guest")]) && book.scenes.map(\.name) == ["Talk", "all"])
        book.prepare("all")
        book.show("Talk")
        #expect(book.statuses.map(\.isShown) == [true, false])
        #expect(book.statuses.map(\.isPrepared) == [false, true])
        book.show("all")
        #expect(book.prepared == nil)
        book.prepare("all")
        try book.remove("ALL")
        #expect(book.prepared == nil && book.scenes.count == 1)
    }

    @Test(arguments: ["talk", "grid", "Side-By-Side", "", "a\nb", "7", "Camera", "source 3", "Input 1"])
    func namesThatCanNotBe(name: String) throws {
        var book = try Self.book()
        let error = #expect(throws: BroadcastError.self) { try book.add(Scene(name, []), inputs: ["camera"]) }
        #expect(error?.kind == .usage)
        #expect(book.scenes.count == 2)
    }

    @Test func unknownScenesAreNamedWithThoseThereAre() throws {
        var book = try Self.book()
        for error in [
            #expect(throws: BroadcastError.self) { try book.set(Scene("x", [])) },
            #expect(throws: BroadcastError.self) { try book.remove("x") },
        ] {
            #expect(error?.code == .unknownScene && error?.advice == "there are: Talk, all")
        }
        #expect(book.unknown("x", inputs: ["camera"]).advice.hasSuffix("presenter, camera"))
    }

    @Test func itemsFollowARenamedInput() throws {
        var book = try Self.book()
        book.renamed("Guest", to: "visitor")
        #expect(book["talk"]?.items.map(\.input) == ["camera", "visitor"])
        book.show("visitor")
        book.prepare("camera")
        book.renamed("visitor", to: "guest 2")
        book.renamed("camera", to: "cam")
        #expect(book.shown == "guest 2" && book.prepared == "cam")
    }

    @Test func scenesGoByTheirPlacesInTheList() throws {
        var book = try Self.book()
        #expect(book["1"]?.name == "Talk" && book["2"]?.name == "all" && book["3"] == nil && book["0"] == nil)
        try book.set(Scene("2", [SceneItem("guest")]))
        #expect(book["all"] == Scene("all", [SceneItem("guest")]))
        try book.remove("1")
        #expect(book.scenes.map(\.name) == ["all"])
        #expect(!book.hasScene(named: "1") && book.hasScene(named: "ALL"))
    }

    /// As on a vision mixer: what was on air is prepared.
    @Test func takingWhatWasPreparedSwaps() throws {
        var book = try Self.book()
        book.prepare("all")
        book.swap(in: "all")
        #expect(book.shown == "all" && book.prepared == nil)
        book.prepare("Talk")
        book.swap(in: "Talk")
        #expect(book.shown == "Talk" && book.prepared == "all")
    }

    @Test func pixelsKeepTheirShareOfThePicture() throws {
        let (large, small) = (try #require(Canvas("1280x720")), try #require(Canvas("640x360")))
        var item = SceneItem("a", x: .pixels(101), y: .pixels(-40), width: .perCent(50), height: .pixels(3))
        item.border = SceneBorder(width: .pixels(1))
        item.crop.left = .pixels(20)
        item.cornerRadius = .pixels(12)
        var book = try SceneBook([Scene("s", [item])])
        book.resized(from: large, to: small)
        let half = try #require(book["s"]?.items.first)
        #expect(half.x == .pixels(51) && half.y == .pixels(-20))
        #expect(half.width == .perCent(50) && half.height == .pixels(2))
        #expect(half.border?.width == .pixels(1) && half.crop.left == .pixels(10) && half.cornerRadius == .pixels(6))
        book.resized(from: small, to: small)
        #expect(book["s"]?.items == [half])
    }
}
