import BulkheadControl
package import BulkheadMedia
import BulkheadModel
package import BulkheadProbe
import BulkheadSystem

/// The scenes that a drill shows one after the other, and where each input stands in them.
package struct DrillScenes: Hashable, Sendable {
    /// One of them.
    package struct Scene: Hashable, Sendable {
        /// As `scene take` takes it.
        package let name: String
        /// What is added for it before; nil for what there is by itself.
        let added: BulkheadModel.Scene?
        /// Where each input is seen, by its place from 0.
        package let places: [Int: PixelRectangle]
    }

    /// A change to a scene.
    package struct Change: Hashable, Sendable {
        /// On air for so long.
        package let seconds: Double
        /// Its place among ``scenes``.
        package let scene: Int
    }

    /// Changes begin so long after the start, and end so long before the end.
    private static let quiet = 1.5

    package let scenes: [Scene]
    /// In the order of their times.
    package let changes: [Change]
    /// How many inputs there are.
    package let inputCount: Int
    /// What gives the same changes again.
    package let seed: UInt64

    /// What the input with a number from 1 is called: one that has a name stays open whether it is shown or not.
    package static func name(ofInput number: Int) -> String { "drill-\(number)" }

    /// All inputs in a grid, in both orders, pairs of them side by side, and each alone: each picture is whole in its place.
    /// - Parameters:
    ///   - count: how often the scene changes.
    ///   - seconds: of the whole drill.
    package init(inputs: Int, count: Int, seed: UInt64, seconds: Double, on canvas: Canvas) {
        let words = (1...max(1, inputs)).map { Self.name(ofInput: $0) }
        func laidOut(_ name: String, _ layout: SceneLayout, _ places: [Int]) -> Scene {
            let scene = BulkheadModel.Scene(name, layout.items(for: places.map { words[$0] }))
            let layers = scene.composition(on: canvas) { _ in canvas.rectangle }.groups.flatMap(\.layers)
            let found = layers.compactMap { layer in
                words.firstIndex(of: layer.picture).map { ($0, layer.placement.target) }
            }
            return Scene(name: name, added: scene, places: Dictionary(found) { first, _ in first })
        }
        let all = Array(words.indices)
        var scenes = words.enumerated().map { index, word in
            Scene(name: word, added: nil, places: [index: canvas.rectangle])
        }
        if inputs > 1 {
            scenes += [laidOut("all", .grid, all), laidOut("turned", .grid, all.reversed())]
            scenes += all.dropLast().map { laidOut("pair-\($0 + 1)", .sideBySide, [$0, $0 + 1]) }
        }
        self.scenes = scenes
        inputCount = inputs
        self.seed = seed
        // Another row of numbers than those of faults.
        var generator = SplitMix64(seed: seed ^ 0x7363_656E_6573)
        let spacing = max(0, seconds - 2 * Self.quiet) / Double(max(1, count))
        var last = -1
        changes = (0..<count).map { number in
            var next = Int(generator.next() % UInt64(scenes.count))
            // The first shows all of them, and each is another one than before.
            if number == 0 { next = scenes.firstIndex { $0.places.count == inputs } ?? 0 }
            if next == last { next = (next + 1) % scenes.count }
            last = next
            let jitter = Double(generator.next() % 1000) / 1000
            return Change(seconds: Self.quiet + (Double(number) + jitter * 0.5) * spacing, scene: next)
        }
    }

    /// All places in which an input may be seen.
    package var parts: [PixelRectangle] {
        var parts: [PixelRectangle] = []
        for part in scenes.flatMap(\.places.values) where !parts.contains(part) { parts.append(part) }
        return parts.sorted { ($0.y, $0.x, $0.width) < ($1.y, $1.x, $1.width) }
    }

    /// Judges what was seen.
    /// - Parameters:
    ///   - shown: which scene was shown from which frame on, in the order of frames.
    ///   - rate: frames a second.
    /// - Returns: what became of each input's numbers, and how many frames never came.
    package func judge(
        _ looks: [PartsLook], shown: [(frame: FrameNumber, scene: Int)], rate: Double
    ) -> (inputs: [StreamReport.InputNumbers], missing: Int) {
        let parts = parts
        var judges = [InputJudge](repeating: InputJudge(framesPerSecond: rate), count: inputCount)
        var place = -1
        var (first, last, count) = (FrameNumber?.none, FrameNumber(0), 0)
        for look in looks {
            let frame = FrameNumber((Double(look.milliseconds) * rate / 1000).rounded())
            // What is sent again after a new connection was judged before.
            if first != nil, frame <= last { continue }
            (first, last, count) = (first ?? frame, frame, count + 1)
            while place + 1 < shown.count, shown[place + 1].frame <= frame { place += 1 }
            guard place >= 0 else { continue }
            let scene = scenes[shown[place].scene]
            for input in judges.indices {
                guard let rectangle = scene.places[input], let index = parts.firstIndex(of: rectangle) else {
                    judges[input].hide()
                    continue
                }
                judges[input].take(look.numbers.indices.contains(index) ? look.numbers[index] : nil, frame: frame)
            }
        }
        return (judges.map(\.report), first.map { Int(last - $0) + 1 - count } ?? 0)
    }
}

/// Shows the scenes of a drill, each at its time.
struct SceneChanger: Sendable {
    /// What came of the changes.
    struct Outcome: Sendable {
        /// Which scene was shown from which frame on.
        var shown: [(frame: FrameNumber, scene: Int)] = []
        /// Why a scene could not be shown; nil where all could.
        var failure: String?
    }

    let course: DrillCourse
    let scenes: DrillScenes
    private let poll: MasterPoll

    init(course: DrillCourse, scenes: DrillScenes) {
        self.course = course
        self.scenes = scenes
        poll = MasterPoll(path: course.folder.controlPath)
    }

    func run() async -> Outcome {
        var outcome = Outcome()
        for scene in scenes.scenes.compactMap(\.added) {
            if case .failed(let error)? = await poll.reply(to: .scene(.add(scene))) {
                outcome.failure = "the scene \(scene.name) can't be added: \(error.problem)"
            }
        }
        for change in scenes.changes {
            let rest = change.seconds - course.secondsOnAir
            if rest > 0 {
                do { try await Task.sleep(for: .milliseconds(Int64(rest * 1000))) } catch { break }
            }
            let name = scenes.scenes[change.scene].name
            switch await poll.reply(to: .scene(.take(name, .cut))) {
            case .changed(let frame)?: outcome.shown.append((frame, change.scene))
            case .failed(let error)?: outcome.failure = "the scene \(name) can't be shown: \(error.problem)"
            default: outcome.failure = "the scene \(name) can't be shown: the master does not answer"
            }
        }
        return outcome
    }
}
