import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// What the program has of its inputs: which there are, what they have given that waits for its tick, and how far each may
/// be ahead.
struct InputLines {
    struct Line {
        /// What people call the input.
        var name: String
        /// Kept over the deaths of processes: the timeline does not know which one fills it. Nil until the first has
        /// opened the input.
        var feed: SourceFeed?
        /// A process has the input open.
        var isOpen = false
        /// It stays open where nothing of it is used.
        var isKept: Bool
        /// When it last gave a new picture, or began to be looked at.
        var lastAdvance: MonotonicTime

        /// Whether it is unable to say what comes next: a still picture by its own will is none.
        var isStarved: Bool {
            guard let feed, !feed.hasEnded else { return false }
            return !isOpen || (feed.description.isLive && (feed.cadence != nil || feed.pictures.count == 0))
                || (feed.isSilent && feed.pictures.count == 0)
        }
    }

    private let lookAhead: LookAhead
    private var lines: [InputID: Line] = [:]
    /// In the order in which they came.
    private(set) var inputs: [InputID] = []

    init(_ lookAhead: LookAhead) { self.lookAhead = lookAhead }

    subscript(input: InputID) -> Line? {
        get { lines[input] }
        _modify { yield &lines[input] }
    }

    var isEmpty: Bool { inputs.isEmpty }

    /// Works on the feed of `input`, which is taken out meanwhile, so that its samples are not copied; nil where there is
    /// none.
    mutating func withFeed<Result>(of input: InputID?, _ body: (inout SourceFeed?) -> Result) -> Result {
        var feed: SourceFeed?
        guard let input else { return body(&feed) }
        if lines[input] != nil { swap(&feed, &lines[input, default: Self.nobody].feed) }
        let result = body(&feed)
        if lines[input] != nil { swap(&feed, &lines[input, default: Self.nobody].feed) }
        return result
    }

    private static let nobody = Line(name: "", isKept: false, lastAdvance: MonotonicTime(nanoseconds: 0))

    /// Whether `condition` holds for all, each of which has been opened.
    func allFeeds(_ condition: (SourceFeed) -> Bool) -> Bool {
        lines.values.allSatisfy { $0.feed.map(condition) ?? false }
    }

    // MARK: coming and going

    mutating func expect(_ input: InputID, name: String, isKept: Bool, at now: MonotonicTime) {
        if lines[input] == nil {
            lines[input] = Line(name: name, isKept: isKept, lastAdvance: now)
            inputs = lines.keys.sorted()
        } else {
            lines[input]?.isKept = isKept
        }
    }

    mutating func remove(_ input: InputID, release: (SlotReference) -> Void) {
        lines[input]?.feed?.restrict(to: MediaUse(pictures: false, sound: false), release: release)
        lines[input] = nil
        inputs = lines.keys.sorted()
    }

    mutating func beginAnew(_ input: InputID, release: (SlotReference) -> Void) {
        lines[input]?.isOpen = false
        lines[input]?.feed?.beginAnew(release: release)
    }

    mutating func interrupt(_ input: InputID, release: (SlotReference) -> Void) {
        lines[input]?.isOpen = false
        lines[input]?.feed?.reconnect(release: release)
    }

    /// - Parameter cadence: of the timeline, where it runs in real time.
    /// - Returns: whether the input has been opened for the first time.
    mutating func open(_ input: InputID, _ description: SourceDescription, _ cadence: Cadence?) -> Bool {
        guard lines[input] != nil else { return false }
        let isFirst = lines[input]?.feed == nil
        if isFirst { lines[input]?.feed = SourceFeed(description, cadence: cadence) }
        lines[input]?.feed?.pictureLimit = lookAhead.pictures(isLive: description.isLive)
        lines[input]?.isOpen = true
        return isFirst
    }

    mutating func end(_ input: InputID) {
        lines[input]?.feed?.hasEnded = true
        lines[input]?.isOpen = false
    }

    // MARK: how far they may be ahead

    /// How far each input that has been opened may be ahead.
    var demands: [(InputID, MediaDemand)] {
        inputs.compactMap { input in
            guard let feed = lines[input]?.feed else { return nil }
            let isLive = feed.description.isLive
            return (
                input,
                MediaDemand(
                    pictures: feed.description.hasVideo ? lookAhead.pictures(isLive: isLive) : 0,
                    waiting: feed.pictures.count,
                    step: lookAhead.step(isLive: isLive), soundEnd: feed.samples.start + LookAhead.soundSamples)
            )
        }
    }

    // MARK: their place on the timeline

    /// Lays those of `used` that have none yet on the timeline.
    mutating func anchor(_ used: (InputID) -> Bool, clock: TimelineClock, at now: MonotonicTime) {
        for input in inputs where used(input) {
            guard let feed = lines[input]?.feed, feed.offset == nil, feed.cadence == nil,
                let start = feed.firstTime(interval: clock.interval)
            else { continue }
            let isLate = feed.description.isLive && clock.nextFrame > 0
            lines[input]?.feed?.anchor(
                start, at: isLate ? clock.position(at: now) + SourceFeed.liveMargin : clock.nextTime)
        }
    }

    mutating func settle(at time: MediaTime, next: FrameNumber) {
        for input in inputs { lines[input]?.feed?.settle(at: time, next: next) }
    }

    mutating func moveClocks(by distance: MediaTime) {
        for input in inputs { lines[input]?.feed?.moveClock(by: distance) }
    }
}
