import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// What the program has of its inputs: which there are, what they have given that waits for its tick, and how far each may
/// be ahead.
struct InputLines: SoundFeeds {
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
            guard let feed, !feed.hasEnded, !feed.stands else { return false }
            return !isOpen || (feed.description.isLive && (feed.cadence != nil || feed.pictures.count == 0))
                || (feed.isSilent && feed.pictures.count == 0)
        }
    }

    private let lookAhead: LookAhead
    /// In the order in which they came.
    private(set) var inputs: [InputID] = []
    /// In the order of ``inputs``. They are few, and looked at for each frame: a line is read and changed where it lies, and
    /// nothing of it is copied, as a dictionary would.
    private var lines: [Line?] = []
    /// Backups that stand for no input: what is made of the inputs does not depend on them.
    var idle: Set<InputID> = []

    init(_ lookAhead: LookAhead) { self.lookAhead = lookAhead }

    /// Nil where there is no such input.
    subscript(input: InputID) -> Line? {
        _read {
            if let place = inputs.firstIndex(of: input) { yield lines[place] } else { yield nil }
        }
        _modify {
            if let place = inputs.firstIndex(of: input) {
                yield &lines[place]
            } else {
                var none: Line?
                yield &none
            }
        }
    }

    var isEmpty: Bool { inputs.isEmpty }

    /// Works on the feed of `input`, which is taken out meanwhile, so that its samples are not copied.
    mutating func withFeed<Result>(of input: InputID, _ body: (inout SourceFeed) -> Result) -> Result? {
        guard let place = inputs.firstIndex(of: input), var feed = lines[place]?.feed else { return nil }
        lines[place]?.feed = nil
        let result = body(&feed)
        lines[place]?.feed = feed
        return result
    }

    /// Whether `condition` holds for all but idle backups, each of which has been opened.
    func allFeeds(_ condition: (SourceFeed) -> Bool) -> Bool {
        zip(inputs, lines).allSatisfy { idle.contains($0) || $1?.feed.map(condition) ?? false }
    }

    // MARK: coming and going

    mutating func expect(_ input: InputID, name: String, isKept: Bool, at now: MonotonicTime) {
        if let place = inputs.firstIndex(of: input) {
            lines[place]?.isKept = isKept
        } else {
            let place = inputs.firstIndex { $0 > input } ?? inputs.count
            inputs.insert(input, at: place)
            lines.insert(Line(name: name, isKept: isKept, lastAdvance: now), at: place)
        }
    }

    mutating func remove(_ input: InputID, release: (SlotReference) -> Void) {
        guard let place = inputs.firstIndex(of: input) else { return }
        lines[place]?.feed?.restrict(to: MediaUse(pictures: false, sound: false), release: release)
        lines.remove(at: place)
        inputs.remove(at: place)
    }

    mutating func beginAnew(_ input: InputID, release: (SlotReference) -> Void) {
        self[input]?.isOpen = false
        self[input]?.feed?.beginAnew(release: release)
    }

    mutating func interrupt(_ input: InputID, release: (SlotReference) -> Void) {
        self[input]?.isOpen = false
        self[input]?.feed?.reconnect(release: release)
    }

    /// - Parameter cadence: of the timeline, where it runs in real time.
    /// - Returns: whether the input has been opened for the first time.
    mutating func open(_ input: InputID, _ description: SourceDescription, _ cadence: Cadence?) -> Bool {
        guard let place = inputs.firstIndex(of: input) else { return false }
        let isFirst = lines[place]?.feed == nil
        if isFirst { lines[place]?.feed = SourceFeed(description, cadence: cadence) }
        let limit = lookAhead.pictures(isLive: description.isLive)
        lines[place]?.feed?.pictureLimit = limit
        lines[place]?.isOpen = true
        return isFirst
    }

    mutating func end(_ input: InputID) {
        self[input]?.feed?.hasEnded = true
        self[input]?.isOpen = false
    }

    // MARK: how far they may be ahead

    /// How far each input that has been opened may be ahead.
    var demands: [(InputID, MediaDemand)] {
        var demands: [(InputID, MediaDemand)] = []
        demands.reserveCapacity(inputs.count)
        for (place, input) in inputs.enumerated() {
            guard let demand = lines[place]?.feed?.demand(lookAhead) else { continue }
            demands.append((input, demand))
        }
        return demands
    }

    // MARK: their place on the timeline

    /// Lays those of `used` that have none yet on the timeline.
    mutating func anchor(_ used: (InputID) -> Bool, clock: TimelineClock, at now: MonotonicTime) {
        for input in inputs where used(input) {
            self[input]?.feed?.anchor(clock, at: now)
        }
    }

    mutating func settle(at time: MediaTime, next: FrameNumber) {
        for place in lines.indices { lines[place]?.feed?.settle(at: time, next: next) }
    }

    mutating func moveClocks(by distance: MediaTime) {
        for place in lines.indices { lines[place]?.feed?.moveClock(by: distance) }
    }
}

extension SourceFeed {
    fileprivate func demand(_ lookAhead: LookAhead) -> MediaDemand {
        let isLive = description.isLive
        return MediaDemand(
            pictures: description.hasVideo ? lookAhead.pictures(isLive: isLive) : 0, waiting: pictures.count,
            step: lookAhead.step(isLive: isLive), soundEnd: samples.start + LookAhead.soundSamples)
    }

    /// Lays the feed on the timeline unless it lies there, or has given nothing yet.
    fileprivate mutating func anchor(_ clock: TimelineClock, at now: MonotonicTime) {
        guard offset == nil, cadence == nil, let start = firstTime(interval: clock.interval) else { return }
        let isLate = description.isLive && clock.nextFrame > clock.first
        anchor(start, at: isLate ? clock.position(at: now) + SourceFeed.liveMargin : clock.nextTime)
    }

    /// The timeline need not wait for this input any more.
    func canBegin(at now: MediaTime) -> Bool {
        if hasEnded { return true }
        if let cadence { return cadence.isReady(at: now) }
        if description.hasVideo, pictures.count == 0 { return false }
        return !description.hasAudio || description.isLive || samples.end > samples.start
    }
}
