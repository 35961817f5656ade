package import BulkheadMedia
package import BulkheadWire

/// One source as the timeline sees it: its pictures and sound, and how its time lies on the timeline.
///
/// Timeline time is source time plus `offset`. A source that can wait (a file) is never skipped over: when it is late,
/// the offset grows and it goes on where it was. Where the pictures of a live source stand, ``Cadence`` says, and its
/// sound goes with them (``SoundPlace``).
package struct SourceFeed: Sendable {
    /// What the source has, and is used of it.
    package private(set) var description: SourceDescription
    package var pictures = PictureQueue()
    package var samples = SampleQueue()
    /// Nil until the first picture or sound goes on the timeline.
    package var offset: MediaTime? { cadence.map(\.offset) ?? ownOffset }
    /// Of a live source with pictures, in real time.
    package private(set) var cadence: Cadence?
    /// No more will come.
    package var hasEnded = false
    /// Ticks at which nothing new was there although the source owed it.
    package private(set) var lateTicks = 0
    /// With so many pictures waiting no more are asked for, however close they lie to each other.
    package var pictureLimit = Int.max
    /// The source waits for its input, and has nothing to give meanwhile.
    package private(set) var isSilent = false
    private var isResumed = false
    /// The source time that an earlier broadcast had come to, and that is to stand on the timeline first.
    private var continued: MediaTime?
    private var ownOffset: MediaTime?
    private var soundPlace = SoundPlace()
    /// How far the sound of a live source has run away from its picture, or where it has none from the clock, by its arrivals.
    private var soundDrift = ArrivalDrift()
    /// What that adds to where the sound stands.
    private var soundCorrection = MediaTime.zero
    /// The frames of the pictures of a live source that wait for theirs.
    private var frames: [FrameNumber] = []

    /// How much later than its arrival the sound of a live source without pictures is due, so that more may jitter.
    package static let liveMargin = MediaTime(milliseconds: 12)
    private static let shortLead = MediaTime(milliseconds: 50)
    private static let soundTail = MediaTime(milliseconds: 100)
    /// Of the sound that comes before the first picture has a place, so much is kept.
    private static let keptSound = MediaTime(milliseconds: 1000)

    /// - Parameter cadence: of the timeline, where it runs in real time.
    package init(_ description: SourceDescription, cadence: Cadence? = nil) {
        self.description = description
        self.cadence = description.isLive && description.hasVideo ? cadence : nil
    }

    /// Puts the source time `pts` at `time` of the timeline, once. A source with a cadence places itself.
    package mutating func anchor(_ pts: MediaTime, at time: MediaTime) {
        guard ownOffset == nil, cadence == nil else { return }
        ownOffset = time - pts
        forgetSoundDrift()
    }

    /// Forgets what is not used of the source.
    package mutating func restrict(to use: MediaUse, release: (SlotReference) -> Void) {
        if !use.pictures {
            pictures.startOver(release: release)
            if let current = pictures.current { release(current.slot) }
            pictures = PictureQueue()
            frames = []
            // The sound stays where it is.
            if let cadence {
                ownOffset = cadence.offset.map { $0 + soundCorrection }
                forgetSoundDrift()
            }
            cadence = nil
        }
        if !use.sound { samples = SampleQueue() }
        description = description.restricted(to: use)
    }

    // MARK: live pictures

    /// Takes a picture of a live source, which comes at `now` of the timeline.
    /// - Parameters:
    ///   - next: the frame that is given next; nil before the timeline has begun.
    ///   - release: is handed the pictures that will not be shown.
    /// - Returns: false where it does not come after the last one; its slot stays the caller's.
    package mutating func take(
        _ picture: Picture, at now: MediaTime, next: FrameNumber?, release: (SlotReference) -> Void
    ) -> Bool {
        guard pictures.push(picture) else { return false }
        isSilent = false
        guard let place = cadence?.place(picture.pts, at: now, next: next) else { return true }
        // What is judged of the sound's clock is what the picture's does not do.
        soundDrift.note(other: picture.pts, at: now)
        switch place {
        case .pending:
            frames = []
            pictures.keepNewest(release: release)
            samples.discard(before: (picture.pts - Self.keptSound).sampleIndex)
        case .frame(let frame):
            if frames.isEmpty { pictures.keepNewest(release: release) }
            frames.append(frame)
        case .leftOut: if let left = pictures.removeNewest() { release(left.slot) }
        }
        return true
    }

    /// Nothing more is there of the source at the moment: what comes next of a live one has just been captured.
    package mutating func noteCaughtUp() {
        cadence?.noteCaughtUp()
        isSilent = true
    }

    /// Gives the newest picture of a live source a place, where it waits for none that are newer.
    package mutating func settle(at now: MediaTime, next: FrameNumber) {
        if let frame = cadence?.settle(at: now, next: next) { frames.append(frame) }
    }

    /// A live picture is here, and with it all that can come for the frames before its own.
    package var hasLivePicture: Bool { !frames.isEmpty }

    /// What was `time` is `time + distance` from now on.
    package mutating func moveClock(by distance: MediaTime) {
        cadence?.moveClock(by: distance)
        forgetSoundDrift()
    }

    /// Makes the live picture of `frame` the current one, where it has one.
    package mutating func advance(to frame: FrameNumber, release: (SlotReference) -> Void) -> PictureQueue.Selection {
        var selection = PictureQueue.Selection.held
        while let first = frames.first, first <= frame {
            frames.removeFirst()
            selection = pictures.advance(release: release)
        }
        return selection
    }

    /// The source time that is to stand on the timeline first, when something has come. A source that can wait begins
    /// at 0, even where its sound or its picture begins later, but its first picture stands on a tick of `interval`:
    /// sound that comes a little before it is not worth a picture that is shown twice.
    package func firstTime(interval: MediaTime) -> MediaTime? {
        // One that waited and whose source is gone goes on behind its last picture, and not where its sound has come to.
        let picture = pictures.firstWaitingPTS ?? (isResumed && !hasEnded ? pictures.current?.pts : nil)
        let sound = samples.end > samples.start ? MediaTime(sampleIndex: samples.start) : nil
        guard let first = [picture, sound].compactMap({ $0 }).min() else { return nil }
        if description.isLive { return picture ?? first }
        // What a source sends of its sound may begin earlier, and its picture stand between two ticks.
        if let continued { return continued }
        if isResumed { return first }
        guard let picture, picture > .zero, interval > .zero else { return .zero }
        return picture <= Self.shortLead
            ? picture : MediaTime(nanoseconds: picture.nanoseconds % interval.nanoseconds)
    }

    /// Prepares for a process that goes on where the last one died. A live source begins its time anew.
    package mutating func reconnect(release: (SlotReference) -> Void) {
        guard description.isLive else {
            isResumed = true
            return
        }
        beginAnew(release: release)
    }

    /// Prepares for a process that reads the source from its beginning. The last picture stays until there is another one.
    package mutating func beginAnew(release: (SlotReference) -> Void) {
        hasEnded = false
        isResumed = false
        continued = nil
        pictures.startOver(release: release)
        samples = SampleQueue()
        soundPlace = SoundPlace()
        forgetSoundDrift()
        ownOffset = nil
        frames = []
        cadence?.restart()
    }

    /// Prepares for a process that goes on where an earlier broadcast was: what is wanted of its sound begins at `sample` of
    /// source time.
    package mutating func goOn(from sample: Int64) {
        guard !description.isLive, offset == nil, pictures.current == nil else { return }
        isResumed = true
        continued = MediaTime(sampleIndex: sample)
        samples = SampleQueue(startingAt: sample)
    }

    private mutating func forgetSoundDrift() {
        soundDrift = ArrivalDrift()
        soundCorrection = .zero
    }

    /// Lets the source wait where it is, as far as it can: a live one goes on.
    package mutating func pause() {
        guard !description.isLive else { return }
        isResumed = true
        if ownOffset != nil { continued = nil }
        ownOffset = nil
    }

    /// Passes over what has come of a live source whose sound is not heard.
    package mutating func passOverSound() {
        guard description.isLive else { return }
        samples.discard(before: samples.end - Self.keptSound.sampleIndex)
    }

    /// Whether no picture is here although one could be due: the source is late. One that has a still picture to show
    /// sends it again and again, ahead of time like any other.
    package var isMissingPicture: Bool {
        description.hasVideo && !description.isLive && !hasEnded && !stands && offset != nil && pictures.count == 0
            && !pictures.isEarly
    }

    /// The source time before which pictures are due at the tick of `time`, as ``FrameRate/leeway(interval:)`` says.
    package func limit(at time: MediaTime, interval: MediaTime) -> MediaTime {
        time + FrameRate.leeway(interval: interval) - (offset ?? .zero)
    }

    /// Whether all that the tick at `time` can need is here, so that it need not wait.
    package func isComplete(at time: MediaTime, interval: MediaTime) -> Bool {
        if hasEnded || stands { return true }
        guard let offset else { return false }
        let isFull = pictures.count >= pictureLimit
        if description.hasVideo, !isFull, !pictures.reaches(limit(at: time, interval: interval)) { return false }
        if description.hasAudio, samples.end < (time + interval - offset).sampleIndex { return false }
        return true
    }

    /// Moves a source that can wait later by `lateness`, after a tick for which it had nothing.
    package mutating func fallBehind(by lateness: MediaTime) {
        guard !description.isLive, let ownOffset else { return }
        lateTicks += 1
        self.ownOffset = ownOffset + lateness
    }

    /// Makes the newest picture that is due at the tick of `time` the current one. A source that can wait and has none to
    /// give falls behind.
    /// - Parameter release: is handed the pictures that are passed over and the one that is replaced.
    package mutating func advance(
        at time: MediaTime, interval: MediaTime, release: (SlotReference) -> Void
    ) -> PictureQueue.Selection {
        if isMissingPicture { fallBehind(by: interval) }
        return pictures.advance(to: limit(at: time, interval: interval), release: release)
    }

    // MARK: sound

    /// Takes sound of source time `start`, in samples, which comes at `now` of the timeline; nil where no clock counts.
    package mutating func take(sound: [Float], from start: Int64, at now: MediaTime?) {
        samples.push(sound, at: start)
        guard let now, description.isLive else { return }
        soundDrift.note(MediaTime(sampleIndex: samples.end), at: now)
        soundCorrection = soundDrift.distance(at: now)
    }

    /// The sound of a range of the timeline, in sample pairs; silence where some is missing, nil where all of it is.
    package mutating func takeSound(_ range: Range<Int64>) -> [Float]? {
        let wanted = sourceSamples(of: range)
        guard description.isLive else {
            return samples.take(wanted.count, from: wanted.lowerBound, isOver: hasEnded)
        }
        return soundPlace.take(from: &samples, wanted: wanted)
    }

    /// Whether all sample pairs of a range of the timeline are here, or will never come.
    package func hasSound(_ range: Range<Int64>) -> Bool {
        guard !hasEnded, offset != nil else { return hasEnded }
        let wanted = sourceSamples(of: range)
        guard description.isLive else { return samples.end >= wanted.upperBound }
        return samples.end >= soundPlace.span(wanted: wanted).upperBound
    }

    private func sourceSamples(of range: Range<Int64>) -> Range<Int64> {
        let start = range.lowerBound - ((offset ?? .zero) + soundCorrection).sampleIndex
        return start..<start + Int64(range.count)
    }

    /// It is one picture that lasts as long as it is wanted.
    package var isStill: Bool { description.duration == 0 }

    /// It is one picture, which is here, and no more need come of it.
    package var stands: Bool { isStill && !hasEnded && (pictures.current != nil || pictures.count > 0) }

    /// Whether everything that came has been on the timeline before the tick at `time`.
    package func isFinished(at time: MediaTime) -> Bool {
        guard hasEnded else { return false }
        guard let offset else { return pictures.count == 0 && samples.end == samples.start }
        guard pictures.count == 0 else { return false }
        let end = MediaTime(sampleIndex: samples.end) + offset
        // Files end their sound a block or two after their picture: no picture is shown twice for that.
        let tail = description.hasVideo ? Self.soundTail : .zero
        return !description.hasAudio || samples.end == samples.start || end <= time + tail
    }
}
