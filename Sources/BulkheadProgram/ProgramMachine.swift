package import BulkheadEvents
package import BulkheadMedia
package import BulkheadModel
package import BulkheadSystem
package import BulkheadTimeline
package import BulkheadWire

/// Decides what the timeline shows and sounds like, frame by frame: when it begins, when a tick is due, what stands in
/// the frame, what is left out, and when it ends. It owns no clock, no timer, no pool.
package struct ProgramMachine {
    package enum Event: Hashable {
        /// - isKept: it stays open where nothing of it is used.
        case inputExpected(InputID, isKept: Bool)
        case inputOpened(InputID, SourceDescription)
        case inputCaughtUp(InputID)
        case inputInterrupted(InputID)
        /// It is read from its beginning from now on.
        case inputBeganAnew(InputID)
        case inputEnded(InputID)
        case inputRemoved(InputID)
        /// The input that gives the picture from the next frame on, and the sound where it has some.
        case take(InputID)
        /// The timeline is to begin where the inputs are ready for it.
        case begin
        /// The time of the next tick has come.
        case timer
        case tick(FrameLoad)
        /// The program is to end, as asked for.
        case end
    }

    package enum Action: Hashable {
        /// The timeline has begun, and its first tick is due.
        case begin
        case give(FrameNumber, SlotReference)
        case giveSlate(FrameNumber)
        case giveSound(AudioLedger.Block)
        case release(SlotReference)
        case demand(InputID, MediaDemand)
        case use(InputID, MediaUse)
        case post(TimelineHappening)
        /// No tick follows.
        case end
    }

    private enum Phase { case waiting, running, over }

    private struct Line {
        /// Kept over the deaths of processes: the timeline does not know which one fills it. Nil until the first has
        /// opened the input.
        var feed: SourceFeed?
        /// A process has the input open.
        var isOpen = false
        /// It stays open where nothing of it is used.
        var isKept = false
    }

    package let settings: ProgramSettings
    package private(set) var clock: TimelineClock
    package private(set) var selection = Selection()
    /// Ticks for which the input had nothing new.
    package private(set) var framesRepeated = 0
    /// Pictures of live inputs that came while theirs were shown, and are in no frame.
    package private(set) var framesLeftOut = 0
    /// Ticks that were left out because the encoder could not keep up.
    package private(set) var framesSkipped = 0
    private var unevenness = Unevenness()
    private var phase = Phase.waiting
    private var lines: [InputID: Line] = [:]
    /// The keys of ``lines``, in order.
    private var inputs: [InputID] = []
    private var showing: Showing
    private var cutter = SoundCutter()
    private var overload = OverloadRule()
    private let lookAhead: LookAhead
    private let madeAt: MonotonicTime

    package init(_ settings: ProgramSettings, at now: MonotonicTime) {
        self.settings = settings
        clock = TimelineClock(settings.frameRate)
        showing = Showing(patience: settings.slateAfter, isFast: settings.isFast, at: now)
        lookAhead = LookAhead(settings.frameRate, isFast: settings.isFast)
        madeAt = now
    }

    package var isRunning: Bool { phase == .running }
    package var shown: ShownPicture { showing.shown }
    package var nextBlock: Int64 { cutter.nextBlock }
    /// How many slots the pool of one input needs where `limit` pictures may be on their way behind the program.
    package func slotCount(behind limit: Int) -> Int { limit + lookAhead.most + 16 }

    package mutating func handle(_ event: Event, at now: MonotonicTime) -> [Action] {
        switch event {
        case .inputExpected(let input, let isKept):
            lines[input, default: Line()].isKept = isKept
            inputs = lines.keys.sorted()
            return beginAnew(input)
        case .inputOpened(let input, let description): return opened(input, description)
        case .inputCaughtUp(let input):
            lines[input]?.feed?.noteCaughtUp()
            return []
        case .inputInterrupted(let input): return interrupted(input)
        case .inputBeganAnew(let input): return beginAnew(input)
        case .inputRemoved(let input): return removed(input)
        case .take(let input): return take(input, at: now)
        case .inputEnded(let input):
            lines[input]?.feed?.hasEnded = true
            lines[input]?.isOpen = false
            return []
        case .begin: return begin(at: now)
        case .timer:
            guard phase == .running, let lag = clock.skipSleep(at: now) else { return [] }
            return [.post(.lag(milliseconds: Int(lag.nanoseconds / 1_000_000)))]
        case .tick(let load): return tick(load, at: now)
        case .end: return end()
        }
    }

    // MARK: inputs

    private mutating func opened(_ input: InputID, _ description: SourceDescription) -> [Action] {
        guard lines[input] != nil else { return [] }
        if lines[input]?.feed == nil {
            let cadence = Cadence(settings.frameRate, patience: settings.patience)
            lines[input]?.feed = SourceFeed(description, cadence: settings.isFast ? nil : cadence)
            selection.offer(input, hasPicture: description.hasVideo, hasSound: description.hasAudio)
        }
        lines[input]?.feed?.pictureLimit = lookAhead.pictures(isLive: description.isLive)
        lines[input]?.isOpen = true
        return restrictUse(opening: input, description) + demands()
    }

    /// Tells inputs what of them is not used: those that have just lost to one that was named before them, and the one
    /// that has just been opened. An input of which nothing is used is forgotten.
    private mutating func restrictUse(opening opened: InputID, _ description: SourceDescription) -> [Action] {
        var actions: [Action] = []
        for input in inputs where lines[input]?.isKept == false {
            guard let known = lines[input]?.feed?.description else { continue }
            let use = MediaUse(pictures: input == selection.picture, sound: input == selection.sound)
            let restricted = known.restricted(to: use)
            // A new process knows nothing of what was said to the one before it.
            let isTold = input != opened || description.restricted(to: use) == description
            guard restricted != known || !isTold else { continue }
            actions.append(.use(input, use))
            lines[input]?.feed?.restrict(to: use) { actions.append(.release($0)) }
            guard use.isNothing else { continue }
            lines[input] = nil
        }
        inputs = lines.keys.sorted()
        return actions
    }

    private mutating func beginAnew(_ input: InputID) -> [Action] {
        var actions: [Action] = []
        lines[input]?.isOpen = false
        lines[input]?.feed?.beginAnew { actions.append(.release($0)) }
        return actions
    }

    /// Where the input's picture was shown the next one's follows, and so with the sound.
    private mutating func removed(_ input: InputID) -> [Action] {
        var actions: [Action] = []
        lines[input]?.feed?.restrict(to: MediaUse(pictures: false, sound: false)) { actions.append(.release($0)) }
        lines[input] = nil
        inputs = lines.keys.sorted()
        selection.remove(input)
        for other in inputs {
            guard let feed = lines[other]?.feed, !feed.hasEnded else { continue }
            selection.offer(other, hasPicture: feed.description.hasVideo, hasSound: feed.description.hasAudio)
        }
        return actions + demands()
    }

    /// Whether the picture of an input can be shown.
    package func canTake(_ input: InputID) -> Bool {
        guard let feed = lines[input]?.feed, feed.description.hasVideo else { return false }
        return !feed.hasEnded || feed.pictures.current != nil || feed.pictures.count > 0
    }

    private mutating func take(_ input: InputID, at now: MonotonicTime) -> [Action] {
        guard canTake(input), input != selection.picture else { return [] }
        let before = selection
        selection.take(input, hasSound: lines[input]?.feed?.description.hasAudio ?? false)
        // What was shown may be wanted again.
        for former in [before.picture, before.sound].compactMap({ $0 }) where !selection.uses(former) {
            lines[former]?.isKept = true
            lines[former]?.feed?.pause()
        }
        showing.advanced(at: now)
        return demands()
    }

    private mutating func interrupted(_ input: InputID) -> [Action] {
        var actions: [Action] = []
        lines[input]?.isOpen = false
        lines[input]?.feed?.reconnect { actions.append(.release($0)) }
        return actions
    }

    /// Adds a picture to those that wait.
    /// - Parameter release: is handed the pictures that will not be shown.
    /// - Returns: false where it does not come after the last one.
    package mutating func push(
        _ picture: Picture, of input: InputID, at now: MonotonicTime, release: (SlotReference) -> Void
    ) -> Bool {
        if let feed = lines[input]?.feed, !feed.description.hasVideo {
            release(picture.slot)
            return true
        }
        let (time, next) = (position(at: now), phase == .running ? clock.nextFrame : nil)
        let leftOut = lines[input]?.feed?.cadence?.leftOut ?? 0
        guard lines[input]?.feed?.take(picture, at: time, next: next, release: release) == true else {
            return false
        }
        if input == selection.picture { framesLeftOut += (lines[input]?.feed?.cadence?.leftOut ?? 0) - leftOut }
        return true
    }

    /// Adds sound to what waits.
    /// - Returns: the sample of the input's own time that is to come next.
    package mutating func push(sound samples: [Float], from start: Int64, of input: InputID) -> Int64 {
        guard let feed = lines[input]?.feed else { return 0 }
        guard feed.description.hasAudio else {
            return start.addingReportingOverflow(Int64(samples.count / AudioFormat.channelCount)).partialValue
        }
        lines[input]?.feed?.samples.push(samples, at: start)
        return lines[input]?.feed?.samples.end ?? 0
    }

    /// How far each input may be ahead.
    package func demands() -> [Action] {
        inputs.compactMap { input in
            guard let feed = lines[input]?.feed else { return nil }
            let isLive = feed.description.isLive
            return .demand(
                input,
                MediaDemand(
                    pictures: feed.description.hasVideo ? lookAhead.pictures(isLive: isLive) : 0,
                    waiting: feed.pictures.count,
                    step: lookAhead.step(isLive: isLive), soundEnd: feed.samples.start + LookAhead.soundSamples))
        }
    }

    private func allFeeds(_ condition: (SourceFeed) -> Bool) -> Bool {
        lines.values.allSatisfy { $0.feed.map(condition) ?? false }
    }

    // MARK: its course

    /// Begins when every input has something, or had long enough to find it.
    private mutating func begin(at now: MonotonicTime) -> [Action] {
        guard phase == .waiting else { return [] }
        let isPatient = settings.isFast || now.since(madeAt) < settings.slateAfter.nanoseconds
        guard !isPatient || allFeeds({ $0.canBegin(at: position(at: now)) }) else { return [] }
        phase = .running
        let hasLivePicture = selection.picture.flatMap { lines[$0]?.feed?.cadence } != nil
        // The live picture that is here is the first frame's, half an interval early, so that the next may jitter.
        let origin = hasLivePicture ? now.advanced(by: clock.interval.nanoseconds / 2) : now
        let distance = MediaTime(nanoseconds: madeAt.since(origin))
        clock.begin(at: origin, lastingSeconds: settings.durationSeconds)
        for input in inputs { lines[input]?.feed?.moveClock(by: distance) }
        settleFeeds(at: now)
        showing.advanced(at: now)
        return [.post(.onAir), .begin]
    }

    private mutating func end() -> [Action] {
        guard phase == .running else { return [] }
        phase = .over
        return [.end]
    }

    /// Whether the next tick is to come now. In real time the clock says so, and a live picture that is here; with
    /// `--fast` a tick comes as soon as the inputs have all that it can need and there is room behind the program.
    ///
    /// - Parameter load: looked at with `--fast` alone.
    package mutating func isDue(_ load: @autoclosure () -> FrameLoad, at now: MonotonicTime) -> Bool {
        guard phase == .running else { return false }
        guard settings.isFast else {
            settleFeeds(at: now)
            if let input = selection.picture, lines[input]?.feed?.hasLivePicture == true { return true }
            return nextDue.map { $0 <= now } ?? false
        }
        let load = load()
        guard load.frames < load.limit, load.hasRoom else { return false }
        anchorFeeds(at: now)
        let (time, interval) = (clock.nextTime, clock.interval)
        return inputs.allSatisfy { input in
            guard let feed = lines[input]?.feed else { return false }
            return !selection.uses(input) || feed.isComplete(at: time, interval: interval)
        }
    }

    /// When the next tick is to come at the latest; nil before the start. A frame whose live picture is late waits.
    package var nextDue: MonotonicTime? {
        guard let due = clock.nextDue, let input = selection.picture, let line = lines[input], line.isOpen,
            let feed = line.feed, !feed.hasEnded, let cadence = feed.cadence
        else { return clock.nextDue }
        return due.advanced(by: (cadence.due(clock.nextFrame) - clock.nextTime).nanoseconds)
    }

    /// `now` on the timeline; before it begins, since the machine was made.
    private func position(at now: MonotonicTime) -> MediaTime {
        clock.origin == nil ? MediaTime(nanoseconds: now.since(madeAt)) : clock.position(at: now)
    }

    private mutating func tick(_ load: FrameLoad, at now: MonotonicTime) -> [Action] {
        guard phase == .running else { return [] }
        anchorFeeds(at: now)
        settleFeeds(at: now)
        let time = clock.nextTime
        if clock.isPastEnd || isFinished(at: time) { return end() }
        let frame = clock.advance()
        let picture = advancePicture(frame, at: time, load, now)
        let sound = cutSound(to: time + clock.interval, now)
        // A live picture is in a hurry. Otherwise sound, which takes an encoder no time, goes first: both are answered in
        // one go.
        let isLive = selection.picture.flatMap { lines[$0]?.feed?.description.isLive } ?? false
        return (isLive ? picture + sound : sound + picture) + demands()
    }

    /// Whether all inputs are at their end. A still stands as long as the broadcast is to last.
    private func isFinished(at time: MediaTime) -> Bool {
        guard !lines.isEmpty, allFeeds({ $0.isFinished(at: time) }) else { return false }
        return clock.end == nil || !allFeeds(\.isStill)
    }

    private mutating func cutSound(to time: MediaTime, _ now: MonotonicTime) -> [Action] {
        // Taken out meanwhile, so that its samples are not copied.
        var feed: SourceFeed?
        if let input = selection.sound { swap(&feed, &lines[input, default: Line()].feed) }
        let blocks = cutter.cut(
            to: time, at: settings.isFast ? nil : position(at: now), end: clock.end, from: &feed)
        if let input = selection.sound { swap(&feed, &lines[input, default: Line()].feed) }
        return blocks.map { .giveSound($0) }
    }

    private mutating func anchorFeeds(at now: MonotonicTime) {
        for input in inputs where selection.uses(input) {
            guard let feed = lines[input]?.feed, feed.offset == nil, feed.cadence == nil,
                let start = feed.firstTime(interval: clock.interval)
            else { continue }
            let isLate = feed.description.isLive && clock.nextFrame > 0
            lines[input]?.feed?.anchor(
                start, at: isLate ? clock.position(at: now) + SourceFeed.liveMargin : clock.nextTime)
        }
    }

    private mutating func settleFeeds(at now: MonotonicTime) {
        let (time, next) = (position(at: now), clock.nextFrame)
        for input in inputs { lines[input]?.feed?.settle(at: time, next: next) }
    }

    // MARK: picture

    private mutating func advancePicture(
        _ frame: FrameNumber, at time: MediaTime, _ load: FrameLoad, _ now: MonotonicTime
    ) -> [Action] {
        var actions: [Action] = []
        let input = selection.picture
        if let input { advanceFeed(input, to: frame, at: time, now, &actions) }
        passOverUnused(frame, at: time, &actions)
        guard admits(load, &actions) else {
            framesSkipped += 1
            return actions
        }
        if let input, lines[input]?.feed?.cadence == nil { lines[input]?.feed?.pictures.takeFirstEarly() }
        unevenness.leftOut = framesLeftOut
        if let happening = unevenness.tell(at: now) { actions.append(.post(happening)) }
        let current = input.flatMap { lines[$0]?.feed?.pictures.current }
        if showing.choose(hasPicture: current != nil, isStarved: input.map(isStarved) ?? false, at: now) {
            actions.append(.post(.showing(picture: shown, isStandIn: shown == .slate && input != nil)))
        }
        if let current, shown != .slate {
            actions.append(.give(frame, current.slot))
        } else {
            actions.append(.giveSlate(frame))
        }
        return actions
    }

    /// Whether the encoder keeps up well enough to be given the next frame.
    private mutating func admits(_ load: FrameLoad, _ actions: inout [Action]) -> Bool {
        if settings.isFast { return load.frames < load.limit }
        let wasThinning = overload.isThinning
        let admits = overload.admits(backlog: load.frames - load.held, room: load.limit - load.held)
        if overload.isThinning, !wasThinning {
            actions.append(.post(.skipping(cause: load.isWorking ? .slowEncoder : .noEncoder)))
        } else if wasThinning, !overload.isThinning {
            actions.append(.post(.keepingUp(skipped: framesSkipped)))
        }
        return admits
    }

    private mutating func advanceFeed(
        _ input: InputID, to frame: FrameNumber, at time: MediaTime, _ now: MonotonicTime, _ actions: inout [Action]
    ) {
        var released: [SlotReference] = []
        let selection =
            lines[input]?.feed?.cadence == nil
            ? lines[input]?.feed?.advance(at: time, interval: clock.interval) { released.append($0) }
            : lines[input]?.feed?.advance(to: frame) { released.append($0) }
        for slot in released { actions.append(.release(slot)) }
        switch selection {
        case .advanced: showing.advanced(at: now)
        case .held:
            guard let feed = lines[input]?.feed, !feed.hasEnded else { break }
            framesRepeated += 1
            if feed.cadence?.isOwed(frame) == true { unevenness.repeated += 1 }
        case nil: break
        }
    }

    /// Lets go of pictures that are not shown: of live inputs, and of one whose sound is heard.
    private mutating func passOverUnused(
        _ frame: FrameNumber, at time: MediaTime, _ actions: inout [Action]
    ) {
        var released: [SlotReference] = []
        for input in inputs where input != selection.picture {
            if input == selection.sound, lines[input]?.feed?.cadence == nil {
                _ = lines[input]?.feed?.advance(at: time, interval: clock.interval) { released.append($0) }
            } else {
                _ = lines[input]?.feed?.advance(to: frame) { released.append($0) }
            }
            if input != selection.sound { lines[input]?.feed?.passOverSound() }
        }
        for slot in released { actions.append(.release(slot)) }
    }

    /// Whether the input is unable to say what comes next: a still picture by its own will is none.
    private func isStarved(_ input: InputID) -> Bool {
        guard let line = lines[input], let feed = line.feed, !feed.hasEnded else { return false }
        return !line.isOpen || (feed.description.isLive && (feed.cadence != nil || feed.pictures.count == 0))
            || (feed.isSilent && feed.pictures.count == 0)
    }
}

extension SourceFeed {
    /// The timeline need not wait for this input any more.
    fileprivate func canBegin(at now: MediaTime) -> Bool {
        if hasEnded { return true }
        if let cadence { return cadence.isReady(at: now) }
        if description.hasVideo, pictures.count == 0 { return false }
        return !description.hasAudio || description.isLive || samples.end > samples.start
    }
}
