import BulkheadEvents
import BulkheadMedia
package import BulkheadModel
package import BulkheadSystem
package import BulkheadTimeline
package import BulkheadWire

/// Decides what the timeline shows and sounds like, frame by frame: when it begins, when a tick is due, what stands in
/// the frame, what is left out, and when it ends. It owns no clock, no timer, no pool.
package struct ProgramMachine {
    enum Phase { case waiting, running, over }

    package let settings: ProgramSettings
    package private(set) var clock: TimelineClock
    package private(set) var selection = Selection()
    /// Ticks for which the input had nothing new.
    package private(set) var framesRepeated = 0
    /// Pictures of live inputs that came while theirs were shown, and are in no frame.
    package private(set) var framesLeftOut = 0
    /// Ticks that were left out because the encoder could not keep up.
    package var framesSkipped: Int { admission.skipped }
    private var unevenness = Unevenness()
    private(set) var phase = Phase.waiting
    private(set) var lines: InputLines
    private(set) var content: FrameContent
    private var canvas: Canvas
    private(set) var standIns = StandIns()
    /// What is heard, and how.
    package var desk: SoundDesk
    private var admission = Admission()
    private let lookAhead: LookAhead
    private let madeAt: MonotonicTime
    /// What was there from the start lasts as long as it is wanted: the program ends when it is told to.
    private var isEndless = false
    /// The input that would have gone on was removed: what is left does not end the program.
    private var isLeftOver = false
    /// The end depends on when a destination is sent a picture for the first time, which has not been.
    package private(set) var awaitsViewers: Bool

    package init(_ settings: ProgramSettings, at now: MonotonicTime) {
        self.settings = settings
        clock = TimelineClock(settings.frameRate, first: settings.firstFrame)
        desk = SoundDesk(startingAt: SoundDesk.block(behind: settings.frameRate.time(of: settings.firstFrame)))
        lookAhead = LookAhead(settings.frameRate, isFast: settings.isFast)
        lines = InputLines(lookAhead)
        content = FrameContent(settings, at: now)
        canvas = settings.canvas
        madeAt = now
        awaitsViewers = settings.durationAwaitsViewers && settings.durationSeconds != nil
    }

    /// There is more than one picture that could be shown.
    package var mayMix: Bool { content.staging.mayMix || performers.count { $0.content != nil } > 1 }
    /// How many slots the pool of one input needs where `limit` pictures may be on their way behind the program.
    package func slotCount(behind limit: Int) -> Int { limit + lookAhead.most + 16 }

    package mutating func handle(_ event: Event, at now: MonotonicTime) -> [Action] {
        switch event {
        case .inputExpected(let input, let name, let isKept):
            lines.expect(input, name: name, isKept: isKept || settings.keepsInputs, at: now)
            desk.arrived(input, name: name)
            return beginAnew(input)
        case .inputRenamed(let input, let name):
            if let former = lines[input]?.name { content.staging.renamed(former, to: name) }
            lines[input]?.name = name
            desk.renamed(input, to: name)
            arrange()
            return []
        case .inputOpened(let input, let description): return opened(input, description)
        case .inputGoesOn(let input, let sample):
            lines[input]?.feed?.goOn(from: sample)
            return demands()
        case .inputCaughtUp(let input):
            lines[input]?.feed?.noteCaughtUp()
            return []
        case .inputInterrupted(let input):
            var actions: [Action] = []
            lines.interrupt(input) { actions.append(.release($0)) }
            return actions
        case .inputBeganAnew(let input): return beginAnew(input)
        case .inputRemoved(let input): return removed(input)
        case .inputBacked(let input, let backups):
            standIns.add(backups, for: input)
            lines.idle = standIns.idle
            return []
        case .stand(let member, let input): return stand(member, for: input, at: now)
        case .inputEnded(let input):
            lines.end(input)
            return []
        case .take(let stage, let transition): return take(stage, transition, at: now)
        case .resized(let canvas):
            content.staging.resized(from: self.canvas, to: canvas)
            self.canvas = canvas
            arrange()
            return []
        case .begin: return begin(at: now)
        case .timer:
            guard phase == .running, let lag = clock.skipSleep(at: now) else { return [] }
            return [.post(.lag(milliseconds: Int(lag.nanoseconds / 1_000_000)))]
        case .tick(let load): return tick(load, at: now)
        case .seen(let time):
            guard awaitsViewers, let seconds = settings.durationSeconds else { return [] }
            awaitsViewers = false
            clock.end(lastingSeconds: seconds, from: max(0, settings.frameRate.frame(at: time)))
            return []
        case .end: return end()
        }
    }

    // MARK: inputs

    private mutating func opened(_ input: InputID, _ description: SourceDescription) -> [Action] {
        guard lines[input] != nil else { return [] }
        let cadence = settings.isFast ? nil : Cadence(settings.frameRate, patience: settings.patience)
        if lines.open(input, description, cadence) {
            isLeftOver = false
            if standIns.shown(for: input) == input {
                selection.offer(input, hasPicture: description.hasVideo, hasSound: description.hasAudio)
            }
            arrange()
            listen()
        }
        return restrictUse(opening: input, description) + demands()
    }

    /// Tells inputs what of them is not used: those that have just lost to one that was named before them, and the one
    /// that has just been opened. An input of which nothing is used is forgotten.
    private mutating func restrictUse(opening opened: InputID, _ description: SourceDescription) -> [Action] {
        var actions: [Action] = []
        for input in lines.inputs where lines[input]?.isKept == false {
            guard let known = lines[input]?.feed?.description else { continue }
            let use = MediaUse(pictures: input == selection.picture, sound: input == selection.sound)
            let restricted = known.restricted(to: use)
            // A new process knows nothing of what was said to the one before it.
            let isTold = input != opened || description.restricted(to: use) == description
            guard restricted != known || !isTold else { continue }
            actions.append(.use(input, use))
            lines[input]?.feed?.restrict(to: use) { actions.append(.release($0)) }
            if use.isNothing { lines.remove(input) { actions.append(.release($0)) } }
        }
        return actions
    }

    private mutating func beginAnew(_ input: InputID) -> [Action] {
        var actions: [Action] = []
        lines.beginAnew(input) { actions.append(.release($0)) }
        isLeftOver = false
        return actions
    }

    /// Where the input's picture was shown alone the next one's follows, and so with the sound.
    private mutating func removed(_ input: InputID) -> [Action] {
        var actions: [Action] = []
        desk.keepEnd(of: input, in: &lines)
        desk.forget(input)
        lines.remove(input) { actions.append(.release($0)) }
        isLeftOver = isLeftOver || (phase == .running && hasNoMore(at: clock.nextTime))
        selection.remove(input)
        standIns.remove(input)
        lines.idle = standIns.idle
        for other in lines.inputs where !lines.idle.contains(other) {
            guard let feed = lines[other]?.feed, !feed.hasEnded || feed.isStill else { continue }
            selection.offer(other, hasPicture: feed.description.hasVideo, hasSound: feed.description.hasAudio)
        }
        if content.staging.stage == .input(input) {
            content.staging.take(
                .selected, by: .cut, at: clock.nextFrame, performers, selected: selection.picture, on: canvas)
        }
        arrange()
        listen()
        return actions + demands()
    }

    // MARK: what is heard

    /// Hears what belongs to what is shown.
    /// - Parameter transition: what was taken comes in by it.
    private mutating func listen(_ transition: Transition = .cut) {
        desk.isStaged = content.staging.stage != .selected
        desk.hear(audible, fade: transition.kind == .cut ? .zero : .milliseconds(transition.milliseconds))
    }

    /// The inputs that are shown, and those without a picture that are kept. Where none that is shown has sound, that which
    /// was heard last goes on.
    private var audible: [InputID] {
        let main = [selection.sound].compactMap { $0 }
        guard content.staging.stage != .selected else { return main }
        let staged = content.staging.staged
        var isSilent = true
        let found = lines.inputs.filter { input in
            guard let line = lines[input], let description = line.feed?.description, description.hasAudio else {
                return false
            }
            guard description.hasVideo else { return line.isKept && !lines.idle.contains(input) }
            if staged.contains(input) { isSilent = false }
            return staged.contains(input)
        }
        return isSilent ? Set(found + main).sorted() : found
    }

    /// What is done with an input's sound, whether it is open yet or not. What it makes room for may come later.
    package mutating func prepare(_ strip: StripSettings, of input: InputID) {
        desk.set(strip, of: input, duckedUnder: nil)
        for other in lines.inputs { if let name = lines[other]?.name { desk.arrived(other, name: name) } }
    }

    // MARK: what is shown

    /// The inputs as scenes know them: by their own names, whatever stands for them.
    private var performers: [Staging.Performer] {
        lines.inputs.compactMap { name in
            guard !standIns.isBackup(name), let line = lines[name] else { return nil }
            let input = standIns.shown(for: name)
            let description = lines[input]?.feed?.description
            guard let description else {
                // One that is not here when the program begins has its place, for its card.
                return Staging.Performer(
                    id: input, name: line.name, content: phase == .running ? canvas.rectangle : nil)
            }
            return Staging.Performer(
                id: input, name: line.name, content: description.hasVideo ? description.content(on: canvas) : nil,
                isTransparent: description.picture?.hasAlpha ?? false)
        }
    }

    /// Lays out anew what is shown, after inputs have come, gone or changed.
    private mutating func arrange() {
        content.staging.arrange(performers, selected: selection.picture, on: canvas)
        if content.staging.stage != .selected { follow() }
    }

    /// The input at the back gives the picture where none can be mixed, and the sound where it has some.
    private mutating func follow() {
        guard let main = content.staging.main, main != selection.picture else { return }
        selection.take(main, hasSound: lines[main]?.feed?.description.hasAudio ?? false)
    }

    private mutating func take(
        _ stage: Staging.Stage, _ transition: Transition, at now: MonotonicTime
    ) -> [Action] {
        var stage = stage
        if case .input(let input) = stage {
            stage = .input(standIns.shown(for: input))
            if !canTake(standIns.shown(for: input)) { return [] }
        }
        let former = used
        content.staging.take(
            stage, by: transition, at: clock.nextFrame, performers, selected: selection.picture, on: canvas)
        follow()
        listen(transition)
        // A file waited; a live input that gives nothing has given nothing for as long as it has.
        for input in content.staging.seen where !former.contains(input) {
            if lines[input]?.feed?.description.isLive == false { lines[input]?.lastAdvance = now }
        }
        // What was shown may be wanted again.
        for input in former { lines[input]?.isKept = true }
        content.showing.advanced(at: now)
        pauseUnused(former)
        return demands()
    }

    /// Shows and hears `member` in the place of `input`, from the next frame on.
    private mutating func stand(_ member: InputID, for input: InputID, at now: MonotonicTime) -> [Action] {
        let (former, used) = (standIns.shown(for: input), used)
        guard member != former, let description = lines[member]?.feed?.description else { return [] }
        standIns.show(member, for: input)
        lines.idle = standIns.idle
        selection.replace(former, by: member, hasPicture: description.hasVideo, hasSound: description.hasAudio)
        selection.offer(member, hasPicture: description.hasVideo, hasSound: description.hasAudio)
        if content.staging.stage == .input(former) {
            content.staging.take(
                .input(member), by: .cut, at: clock.nextFrame, performers, selected: selection.picture, on: canvas)
        }
        arrange()
        listen()
        lines[member]?.lastAdvance = now
        content.showing.advanced(at: now)
        pauseUnused(used)
        return demands()
    }

    /// The inputs that are seen or heard.
    private var used: Set<InputID> { content.staging.seen.union(desk.heard) }

    private func isUsed(_ input: InputID) -> Bool { desk.heard.contains(input) || content.staging.seen.contains(input) }

    /// Lets those of `former` wait that are of no use any more.
    private mutating func pauseUnused(_ former: Set<InputID>) {
        for input in former where !isUsed(input) {
            guard lines[input]?.feed?.description.isLive == false else { continue }
            desk.keepEnd(of: input, in: &lines)
            lines[input]?.feed?.pause()
        }
    }

    // MARK: what inputs give

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
    package mutating func push(
        sound samples: [Float], from start: Int64, of input: InputID, at now: MonotonicTime
    ) -> Int64 {
        guard let feed = lines[input]?.feed else { return 0 }
        guard feed.description.hasAudio else {
            return start.addingReportingOverflow(Int64(samples.count / AudioFormat.channelCount)).partialValue
        }
        let time = settings.isFast ? nil : position(at: now)
        lines[input]?.feed?.take(sound: samples, from: start, at: time)
        return lines[input]?.feed?.samples.end ?? 0
    }

    /// How far each input may be ahead.
    package func demands() -> [Action] {
        lines.demands.map { .demand($0.0, $0.1) }
    }

    // MARK: its course

    /// Begins when every input has something, or had long enough to find it.
    private mutating func begin(at now: MonotonicTime) -> [Action] {
        guard phase == .waiting else { return [] }
        let isPatient = settings.isFast || now.since(madeAt) < settings.slateAfter.nanoseconds
        guard !isPatient || lines.allFeeds({ $0.canBegin(at: position(at: now)) }) else { return [] }
        phase = .running
        if !lines.allFeeds({ _ in true }) { arrange() }
        let hasLivePicture = selection.picture.flatMap { lines[$0]?.feed?.cadence } != nil
        // The live picture that is here is the first frame's, half an interval early, so that the next may jitter.
        let origin = hasLivePicture ? now.advanced(by: clock.interval.nanoseconds / 2) : now
        isEndless = !lines.isEmpty && lines.allFeeds(\.isStill)
        clock.begin(
            at: origin, lastingSeconds: awaitsViewers ? nil : settings.durationSeconds, from: -settings.framesBefore)
        let distance = clock.position(at: madeAt)
        lines.moveClocks(by: distance)
        settleFeeds(at: now)
        content.showing.advanced(at: now)
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
        return lines.inputs.allSatisfy { input in
            guard let feed = lines[input]?.feed else { return false }
            return !isUsed(input) || feed.isComplete(at: time, interval: interval)
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

    /// Whether all inputs are at their end. A still stands as long as the broadcast is to last, and what is drawn without an end
    /// as long as there is anything else; what was taken deliberately stays when something else ends.
    private func isFinished(at time: MediaTime) -> Bool {
        guard !isEndless, !isLeftOver, hasNoMore(at: time), !standsAlone else { return false }
        if lines.allFeeds(\.isStill), !lines.allFeeds({ !$0.stands }) { return false }
        return settings.durationSeconds == nil || !lines.allFeeds(\.isStill)
    }

    private func hasNoMore(at time: MediaTime) -> Bool {
        !lines.isEmpty && lines.allFeeds { $0.isFinished(at: time) || $0.stands }
    }

    /// A scene was taken that shows what lasts as long as it is wanted, and nothing else is seen or, without a picture, heard.
    private var standsAlone: Bool {
        guard content.staging.stage != .selected else { return false }
        let seen = content.staging.seen
        let heard = desk.heard.filter { lines[$0]?.feed?.description.hasVideo == false }
        return !seen.isEmpty && seen.union(heard).allSatisfy { lines[$0]?.feed?.stands == true }
    }

    private mutating func cutSound(to time: MediaTime, _ now: MonotonicTime) -> [Action] {
        desk.rest(at: now)
        let now = settings.isFast ? nil : position(at: now)
        let blocks = desk.cut(to: time, at: now, end: clock.end, from: &lines)
        return blocks.map { .giveSound($0) } + desk.takeTracks().map { .giveTracks($0) }
    }

    private mutating func anchorFeeds(at now: MonotonicTime) {
        let (seen, heard) = (content.staging.seen, desk.heard)
        lines.anchor({ heard.contains($0) || seen.contains($0) }, clock: clock, at: now)
    }

    private mutating func settleFeeds(at now: MonotonicTime) {
        lines.settle(at: position(at: now), next: clock.nextFrame)
    }

    // MARK: picture

    private mutating func advancePicture(
        _ frame: FrameNumber, at time: MediaTime, _ load: FrameLoad, _ now: MonotonicTime
    ) -> [Action] {
        var actions: [Action] = []
        for input in lines.inputs { advanceFeed(input, to: frame, at: time, now, &actions) }
        defer { if content.staging.passed(frame) { pauseUnused(Set(lines.inputs)) } }
        let (isAdmitted, news) = admission.admits(load, isFast: settings.isFast)
        if let news { actions.append(.post(news)) }
        guard isAdmitted else { return actions }
        for input in content.staging.seen where lines[input]?.feed?.cadence == nil {
            lines[input]?.feed?.pictures.takeFirstEarly()
        }
        unevenness.leftOut = framesLeftOut
        if let happening = unevenness.tell(at: now) { actions.append(.post(happening)) }
        return actions + content.actions(for: frame, lines, alone: selection.picture, on: canvas, at: now)
    }

    /// Brings an input to the frame: its picture is seen, it goes on unseen, or it waits.
    private mutating func advanceFeed(
        _ input: InputID, to frame: FrameNumber, at time: MediaTime, _ now: MonotonicTime, _ actions: inout [Action]
    ) {
        var released: [SlotReference] = []
        var selection: PictureQueue.Selection?
        if lines[input]?.feed?.cadence != nil || !isUsed(input) {
            selection = lines[input]?.feed?.advance(to: frame) { released.append($0) }
        } else {
            selection = lines[input]?.feed?.advance(at: time, interval: clock.interval) { released.append($0) }
        }
        for slot in released { actions.append(.release(slot)) }
        if !desk.heard.contains(input) { lines[input]?.feed?.passOverSound() }
        if selection == .advanced { lines[input]?.lastAdvance = now }
        guard input == self.selection.picture else { return }
        switch selection {
        case .advanced: content.showing.advanced(at: now)
        case .held:
            // A still is meant to stand.
            guard let feed = lines[input]?.feed, !feed.hasEnded, feed.description.picture?.isStill != true else {
                break
            }
            framesRepeated += 1
            if feed.cadence?.isOwed(frame) == true { unevenness.repeated += 1 }
        case nil: break
        }
    }
}
