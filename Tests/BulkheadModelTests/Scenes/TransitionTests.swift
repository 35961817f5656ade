import BulkheadMedia
import BulkheadModel
import Testing

/// What stands between two scenes.
@Suite(.timeLimit(.minutes(1))) struct TransitionTests {
    private let canvas: Canvas
    private let old: Composition<String>
    private let new: Composition<String>

    init() throws {
        let canvas = try #require(Canvas("1280x720"))
        self.canvas = canvas
        old = Scene("old", [SceneItem("a")]).composition(on: canvas) { _ in canvas.rectangle }
        new = Scene("new", [SceneItem("b"), SceneItem("c", width: .perCent(50))])
            .composition(on: canvas) { _ in canvas.rectangle }
    }

    private func at(_ progress: Double, _ kind: Transition.Kind) -> Composition<String> {
        Transition(kind, milliseconds: 500).composition(from: old, to: new, progress: progress, on: canvas)
    }

    @Test(arguments: Transition.Kind.allCases) func theEndsAreTheScenes(kind: Transition.Kind) {
        #expect(at(0, kind) == old)
        #expect(at(-1, kind) == old)
        #expect(at(1, kind) == new)
        #expect(at(2, kind) == new)
    }

    @Test func aCutIsDoneAtOnce() throws {
        #expect(at(0.001, .cut) == new)
        let rate = try #require(FrameRate(30))
        #expect(Transition.cut.frameCount(at: rate) == 0)
        #expect(Transition(.cut, milliseconds: 500).frameCount(at: rate) == 0)
        #expect(Transition.cut.progress(ofFrame: 0, at: rate) == 1)
    }

    /// The new scene fades as one picture, in steps without a jump.
    @Test func aFadeLaysTheNewSceneOverTheOldOne() {
        var last: UInt8 = 0
        for step in 1..<100 {
            let mixture = at(Double(step) / 100, .fade)
            #expect(mixture.groups.count == 2)
            #expect(mixture.groups[0] == old.groups[0])
            #expect(mixture.groups[1].layers == new.groups[0].layers)
            let opacity = mixture.groups[1].opacity
            #expect(opacity > last && opacity - last <= 3)
            last = opacity
        }
        #expect(at(0.5, .fade).groups[1].opacity == 128)
        #expect(at(0.001, .fade) == old)
    }

    @Test func aDipGoesThroughBlack() {
        let black = Composition<String>.Group([], opacity: 128, clip: canvas.rectangle)
        #expect(at(0.25, .dip).groups == old.groups + [black])
        #expect(at(0.75, .dip).groups == new.groups + [black])
        #expect(at(0.5, .dip).groups.last?.opacity == 255)
    }

    @Test func aWipeUncoversFromTheLeft() {
        let mixture = at(0.25, .wipe)
        #expect(mixture.groups[0] == old.groups[0])
        #expect(mixture.groups[1].clip == PixelRectangle(x: 0, y: 0, width: 320, height: 720))
        #expect(mixture.groups[1].opacity == 255)
        #expect(at(0.0001, .wipe) == old)
    }

    @Test func aFadeWithinAFadeStaysBounded() {
        var mixture = old
        for _ in 0..<10 {
            mixture = Transition(.fade, milliseconds: 500).composition(
                from: mixture, to: new, progress: 0.5, on: canvas)
        }
        #expect(mixture.groups.count == Composition<String>.mostGroups)
        #expect(mixture.groups.last?.opacity == 128)
    }

    @Test(arguments: [(30, 1, 15), (25, 1, 13), (30_000, 1001, 15), (60, 1, 30)])
    func framesAreCountedAtTheRate(numerator: UInt32, denominator: UInt32, count: Int) throws {
        let rate = try #require(FrameRate(numerator, denominator))
        let fade = Transition(.fade, milliseconds: 500)
        #expect(fade.frameCount(at: rate) == count)
        let steps = (0...count).map { fade.progress(ofFrame: $0, at: rate) }
        #expect(steps.first == 1 / Double(count + 1))
        #expect(steps.last == 1)
        #expect(zip(steps, steps.dropFirst()).allSatisfy { $0 < $1 && $1 - $0 < 1.01 / Double(count + 1) })
    }

    @Test func picturesAreReplaced() {
        let numbered = new.with { ["b": 7][$0] }
        #expect(numbered.pictures == [7])
        #expect(numbered.groups.map(\.clip) == new.groups.map(\.clip))
        #expect(new.pictures == ["b", "c"])
    }
}
