package import BulkheadMedia
package import BulkheadModel

/// What the program shows: the stage that was taken last, and what it came from as long as one is on its way into the other.
///
/// It knows no pictures: which input goes where in a frame is its answer. It is told of inputs that come, go and change
/// (``arrange(_:selected:on:)``), so that nothing is laid out twice.
package struct Staging: Sendable {
    /// What can be shown.
    package enum Stage: Hashable, Sendable {
        /// The input that was named first of those with a picture.
        case selected
        /// One input alone.
        case input(InputID)
        /// All inputs with a picture, in a layout that needs no numbers.
        case layout(SceneLayout)
        /// Inputs as a user has laid them out.
        case scene(Scene)
    }

    /// An input as a scene needs to know it.
    package struct Performer: Hashable, Sendable {
        package let id: InputID
        package let name: String
        /// Where in its picture the content lies; nil for an input without a picture.
        package let content: PixelRectangle?
        /// What lies behind it may be seen through it.
        package let isTransparent: Bool

        package init(id: InputID, name: String, content: PixelRectangle?, isTransparent: Bool = false) {
            self.id = id
            self.name = name
            self.content = content
            self.isTransparent = isTransparent
        }

        /// Whether a scene means it by `word`.
        fileprivate func isMeant(by word: String) -> Bool {
            name.lowercased() == word.lowercased() || "\(id)" == word || "source \(id)" == word.lowercased()
        }
    }

    /// A stage that is on its way in.
    private struct Entrance: Hashable {
        let former: Composition<InputID>
        let transition: Transition
        let start: FrameNumber
        let frameCount: Int
    }

    package private(set) var stage = Stage.selected
    private let frameRate: FrameRate
    private var canvas: Canvas?
    private var composition = Composition<InputID>([])
    private var entrance: Entrance?
    /// Inputs whose pictures are seen, as long as nothing changes.
    package private(set) var seen: Set<InputID> = []
    /// The one input that is the whole picture as it comes; nil where pictures are mixed, or there is none.
    package private(set) var unmixed: InputID?
    /// All inputs that the scene wants to be seen are gone.
    package private(set) var isDeserted = false

    package init(_ frameRate: FrameRate) { self.frameRate = frameRate }

    /// The input that stands for the program where nothing is mixed: the one at the back.
    package var main: InputID? { composition.groups.first?.layers.first?.picture }
    /// Inputs whose pictures are in what was taken last, wherever it comes from.
    package var staged: Set<InputID> { Set(composition.pictures) }
    /// Nothing is seen of any input.
    package var isEmpty: Bool { seen.isEmpty }
    /// There is no input that could be shown: viewers see the slate. A scene in which nothing is to be seen is black.
    package var showsNothing: Bool {
        if case .scene = stage { return isDeserted }
        return isEmpty
    }
    /// What is shown may take a mixer.
    package var mayMix: Bool {
        switch stage {
        case .selected, .input: entrance != nil
        case .layout(let layout): layout != .single
        case .scene: true
        }
    }

    /// Lays the stage out anew.
    /// - Parameter selected: what ``Stage/selected`` shows.
    package mutating func arrange(_ performers: [Performer], selected: InputID?, on canvas: Canvas) {
        self.canvas = canvas
        composition = Self.composition(stage, performers, selected: selected, on: canvas)
        isDeserted = Self.isDeserted(stage, performers)
        look()
    }

    /// Shows another stage from `frame` on, by a transition that begins with it.
    package mutating func take(
        _ stage: Stage, by transition: Transition, at frame: FrameNumber, _ performers: [Performer],
        selected: InputID?, on canvas: Canvas
    ) {
        let former = composition(of: frame)
        self.stage = stage
        arrange(performers, selected: selected, on: canvas)
        let count = transition.frameCount(at: frameRate)
        entrance =
            count > 0 ? Entrance(former: former, transition: transition, start: frame, frameCount: count) : nil
        look()
    }

    /// What shows the input goes on showing it.
    package mutating func renamed(_ former: String, to name: String) {
        guard case .scene(var scene) = stage else { return }
        scene.renameInput(former, to: name)
        stage = .scene(scene)
    }

    /// The picture has another size from now on: what was laid out in pixels keeps its share of it. What comes from the
    /// old size is over.
    package mutating func resized(from old: Canvas, to new: Canvas) {
        guard old != new else { return }
        entrance = nil
        guard case .scene(let scene) = stage else { return }
        stage = .scene(scene.resized(from: old, to: new))
    }

    /// Frame `frame` has been: a transition may be over.
    /// - Returns: whether it is from now on.
    package mutating func passed(_ frame: FrameNumber) -> Bool {
        guard let entrance, frame + 1 - entrance.start >= entrance.frameCount else { return false }
        self.entrance = nil
        look()
        return true
    }

    /// Which inputs go where in `frame`.
    package func composition(of frame: FrameNumber) -> Composition<InputID> {
        guard let entrance, let canvas else { return composition }
        return entrance.transition.composition(
            from: entrance.former, to: composition,
            progress: entrance.transition.progress(ofFrame: Int(frame - entrance.start), at: frameRate), on: canvas)
    }

    private mutating func look() {
        seen = Set(composition.pictures).union(entrance?.former.pictures ?? [])
        unmixed = entrance == nil ? canvas.flatMap { composition.unmixed(on: $0) } : nil
    }

    private static func isDeserted(_ stage: Stage, _ performers: [Performer]) -> Bool {
        guard case .scene(let scene) = stage else { return false }
        let wanted = scene.items.filter(\.isVisible)
        return !wanted.isEmpty && !wanted.contains { item in performers.contains { $0.isMeant(by: item.input) } }
    }

    private static func composition(
        _ stage: Stage, _ performers: [Performer], selected: InputID?, on canvas: Canvas
    ) -> Composition<InputID> {
        func alone(_ input: InputID?) -> Composition<InputID> {
            let whole = PictureLayer(source: canvas.rectangle, target: canvas.rectangle)
            let layers = input.map { [Composition<InputID>.Layer($0, whole)] } ?? []
            return Composition([.init(layers, clip: canvas.rectangle)])
        }
        func laidOut(_ scene: Scene) -> Composition<InputID> {
            func performer(_ word: String) -> Performer? { performers.first { $0.isMeant(by: word) } }
            return scene.composition(
                on: canvas, contents: { performer($0)?.content },
                isTransparent: { performer($0)?.isTransparent ?? false }
            ).with { performer($0)?.id }
        }
        switch stage {
        case .selected: return alone(selected)
        case .input(let input): return alone(performers.contains { $0.id == input } ? input : nil)
        case .layout(let layout):
            let shown = performers.filter { $0.content != nil }.map { "\($0.id)" }
            return laidOut(Scene(layout.rawValue, layout.items(for: shown)))
        case .scene(let scene): return laidOut(scene)
        }
    }
}
