import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline

/// Decides which picture stands in each frame: one input's as it comes, several of a scene with cards for those that give none, or
/// the slate.
struct FrameContent {
    typealias Action = ProgramMachine.Action
    typealias Drawn = ProgramMachine.Drawn

    /// What is shown, and which inputs go where.
    var staging: Staging
    /// Whether an input that is shown alone gives its picture, its last one, or none.
    var showing: Showing
    /// Inputs of the scene in whose place a card stands.
    private(set) var missing: Set<InputID> = []
    /// How long an input of a scene may give nothing before a card stands in its place.
    private let patience: Duration
    /// So long an input of which no picture has come yet is left out: most come within a few frames.
    private static let grace = Duration.milliseconds(300)

    init(_ settings: ProgramSettings, at now: MonotonicTime) {
        staging = Staging(settings.frameRate)
        showing = Showing(patience: settings.slateAfter, isFast: settings.isFast, at: now)
        patience = settings.slateAfter
    }

    /// What is to be given for a frame, and what is to be told of it.
    /// - Parameter alone: the input that is shown where nothing is mixed; nil for the slate.
    mutating func actions(
        for frame: FrameNumber, _ lines: InputLines, alone: InputID?, on canvas: Canvas, at now: MonotonicTime
    ) -> [Action] {
        if staging.unmixed == nil, !staging.showsNothing { return mix(frame, lines, on: canvas, now) }
        missing = []
        // Another input than those of the scene was not asked for.
        return show(staging.isDeserted ? nil : alone, frame, lines, now)
    }

    /// One input's picture as it comes, or the slate.
    private mutating func show(
        _ input: InputID?, _ frame: FrameNumber, _ lines: InputLines, _ now: MonotonicTime
    ) -> [Action] {
        let current = input.flatMap { lines[$0]?.feed?.pictures.current }
        let isStarved = input.flatMap { lines[$0]?.isStarved } ?? false
        return choose(hasPicture: current != nil, isStarved: isStarved, input: input, now) + [
            current.flatMap { showing.shown == .slate ? nil : .give(frame, $0.slot) } ?? .giveSlate(frame)
        ]
    }

    /// Several pictures; that of an input which gives nothing yet, or nothing any more, is a card.
    private mutating func mix(
        _ frame: FrameNumber, _ lines: InputLines, on canvas: Canvas, _ now: MonotonicTime
    ) -> [Action] {
        func drawn(_ input: InputID) -> Drawn? {
            guard let line = lines[input] else { return nil }
            let silence = now.since(line.lastAdvance)
            guard let current = line.feed?.pictures.current else {
                return line.feed?.hasEnded != true && silence > Self.grace.nanoseconds ? .card(input) : nil
            }
            return line.isStarved && silence > patience.nanoseconds ? .card(input) : .slot(current.slot)
        }
        let wanted = staging.composition(of: frame)
        let composition = wanted.with(drawn)
        var told = tellMissing(Set(wanted.pictures.filter { drawn($0)?.isCard == true }), lines)
        // What is black by its user's will is no lack of pictures.
        let isEmpty = !wanted.pictures.isEmpty && composition.pictures.allSatisfy(\.isCard)
        told += choose(hasPicture: !isEmpty, isStarved: false, input: staging.main, now)
        if isEmpty { return told + [.giveSlate(frame)] }
        if case .slot(let slot)? = composition.unmixed(on: canvas) { return told + [.give(frame, slot)] }
        return told + [.mix(frame, composition, instead: staging.main.flatMap(drawn) ?? .slate)]
    }

    /// Says which inputs a card stands in for from now on, and which are seen again.
    private mutating func tellMissing(_ now: Set<InputID>, _ lines: InputLines) -> [Action] {
        guard now != missing else { return [] }
        let (lost, found) = (now.subtracting(missing).sorted(), missing.subtracting(now).sorted())
        missing = now
        // One that is not shown any more is not back.
        let seen = found.filter { staging.seen.contains($0) && lines[$0] != nil }
        return lost.map { .tell($0, .missing) } + seen.map { .tell($0, .back) }
    }

    /// - Returns: what is to be told of it.
    private mutating func choose(
        hasPicture: Bool, isStarved: Bool, input: InputID?, _ now: MonotonicTime
    ) -> [Action] {
        guard showing.choose(hasPicture: hasPicture, isStarved: isStarved, at: now) else { return [] }
        return [.post(.showing(picture: showing.shown, isStandIn: showing.shown == .slate && input != nil))]
    }
}
