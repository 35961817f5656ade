package import BulkheadMedia
package import BulkheadWire

/// One source as the timeline sees it: its pictures and sound, and how its time lies on the timeline.
///
/// Timeline time is source time plus `offset`. A source that can wait (a file) is never skipped over: when it is late,
/// the offset grows and it goes on where it was. A live source is late for good: the offset grows by the lateness, and
/// shrinks again when for half a minute nothing came late by less than a tenth of a second. In its first seconds it
/// shrinks at once, until pictures come just before they are due.
package struct SourceFeed: Sendable {
    package let description: SourceDescription
    package var pictures = PictureQueue()
    package var samples = SampleQueue()
    /// Nil until the first picture or sound goes on the timeline.
    package private(set) var offset: MediaTime?
    /// No more will come.
    package var hasEnded = false
    /// Ticks at which nothing new was there although the source owed it.
    package private(set) var lateTicks = 0
    /// With so many pictures waiting no more are asked for, however close they lie to each other.
    package var pictureLimit = Int.max
    private var anchoredAt = MediaTime.zero
    private var isResumed = false
    private var slackWindow: (least: MediaTime, since: MediaTime)?

    /// How much later than its arrival a live picture is due at the latest, so that the next may jitter.
    package static let liveMargin = MediaTime(milliseconds: 12)
    private static let slackWindowLength = MediaTime(milliseconds: 30_000)
    private static let shortLead = MediaTime(milliseconds: 50)
    private static let soundTail = MediaTime(milliseconds: 100)
    private static let settlingTime = MediaTime(milliseconds: 5000)
    private static let settlingWindowLength = MediaTime(milliseconds: 400)
    private static let wantedSlack = MediaTime(milliseconds: 40)
    private static let excessSlack = MediaTime(milliseconds: 140)

    package init(_ description: SourceDescription) { self.description = description }

    /// Puts the source time `pts` at `time` of the timeline, once.
    package mutating func anchor(_ pts: MediaTime, at time: MediaTime) {
        guard offset == nil else { return }
        offset = time - pts
        anchoredAt = time
    }

    /// The source time that is to stand on the timeline first, when something has come. A source that can wait begins
    /// at 0, even where its sound or its picture begins later, but its first picture stands on a tick of `interval`:
    /// sound that comes a little before it is not worth a picture that is shown twice.
    package func firstTime(interval: MediaTime) -> MediaTime? {
        let picture = pictures.firstWaitingPTS
        let sound = samples.end > samples.start ? MediaTime(sampleIndex: samples.start) : nil
        guard let first = [picture, sound].compactMap({ $0 }).min() else { return nil }
        if description.isLive { return picture ?? first }
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
        pictures.startOver(release: release)
        samples = SampleQueue()
        offset = nil
        slackWindow = nil
    }

    /// Whether no picture is here although one could be due: the source is late. One that has a still picture to show
    /// sends it again and again, ahead of time like any other.
    package var isMissingPicture: Bool {
        description.hasVideo && !description.isLive && !hasEnded && offset != nil && pictures.count == 0
            && !pictures.isEarly
    }

    /// Notes when a live picture arrived, to keep the offset as small as the source's jitter allows.
    package mutating func noteArrival(_ pts: MediaTime, at now: MediaTime, interval: MediaTime) {
        guard description.isLive, let offset else { return }
        let slack = pts + offset - now
        if slack < MediaTime(nanoseconds: -interval.nanoseconds / 2) {
            lateTicks += 1
            self.offset = offset - slack + Self.liveMargin
            slackWindow = nil
            return
        }
        // A server gives what it has kept at once, and a device what came while it was being opened: the first seconds
        // tell how far ahead of the present that lies.
        let isSettling = now - anchoredAt < Self.settlingTime
        let length = isSettling ? Self.settlingWindowLength : Self.slackWindowLength
        let least = min(slackWindow?.least ?? slack, slack)
        guard let since = slackWindow?.since, now - since >= length else {
            slackWindow = (least, slackWindow?.since ?? now)
            return
        }
        let wanted = isSettling ? Self.liveMargin : Self.wantedSlack
        let limit = isSettling ? MediaTime(nanoseconds: interval.nanoseconds / 2) : Self.excessSlack
        // What is taken away was never needed in the whole window; the next window begins with what is left.
        let excess = least > limit ? least - wanted : .zero
        self.offset = offset - excess
        slackWindow = (slack - excess, now)
    }

    /// The source time before which pictures are due at the tick of `time`, as ``FrameRate/leeway(interval:)`` says.
    package func limit(at time: MediaTime, interval: MediaTime) -> MediaTime {
        time + FrameRate.leeway(interval: interval) - (offset ?? .zero)
    }

    /// Whether the picture that a live source has for the tick at `time` is here, so that nothing better can come for it.
    package func hasLivePicture(for time: MediaTime, interval: MediaTime) -> Bool {
        description.isLive && offset != nil && pictures.reaches(limit(at: time, interval: interval) - interval)
    }

    /// Whether all that the tick at `time` can need is here, so that it need not wait.
    package func isComplete(at time: MediaTime, interval: MediaTime) -> Bool {
        if hasEnded { return true }
        guard let offset else { return false }
        let isFull = pictures.count >= pictureLimit
        if description.hasVideo, !isFull, !pictures.reaches(limit(at: time, interval: interval)) { return false }
        if description.hasAudio, samples.end < (time + interval - offset).sampleIndex { return false }
        return true
    }

    /// Moves a source that can wait later by `lateness`, after a tick for which it had nothing.
    package mutating func fallBehind(by lateness: MediaTime) {
        guard !description.isLive, let offset else { return }
        lateTicks += 1
        self.offset = offset + lateness
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

    /// The sound of block `number` of the timeline; silence where there is none.
    package mutating func takeBlock(_ number: Int64) -> [Float] {
        samples.take(AudioFormat.samplesPerBlock, from: sourceSample(ofBlock: number))
    }

    /// Whether all samples of block `number` are here, or will never come.
    package func hasBlock(_ number: Int64) -> Bool {
        hasEnded || offset != nil && samples.end >= sourceSample(ofBlock: number + 1)
    }

    private func sourceSample(ofBlock number: Int64) -> Int64 {
        number * Int64(AudioFormat.samplesPerBlock) - (offset ?? .zero).sampleIndex
    }

    /// Whether everything that came has been on the timeline before the tick at `time`.
    package func isFinished(at time: MediaTime) -> Bool {
        guard hasEnded else { return false }
        guard let offset else { return true }
        guard pictures.count == 0 else { return false }
        let end = MediaTime(sampleIndex: samples.end) + offset
        // Files end their sound a block or two after their picture: no picture is shown twice for that.
        let tail = description.hasVideo ? Self.soundTail : .zero
        return !description.hasAudio || samples.end == samples.start || end <= time + tail
    }
}
