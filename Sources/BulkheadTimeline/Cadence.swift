package import BulkheadMedia

/// Lays the pictures of a live input on the frames of the timeline: by their own timestamps, not by when they come.
///
/// Frames lie on a grid that the master's clock drives, and so do the timestamps that viewers get. A picture goes out in
/// the frame that its timestamp names, as soon as it is here. Where it is late its frame waits, for ``patience`` behind
/// its time on the clock: a viewer sees the jitter of arrival and nothing else.
///
///     earlier than `lead`            │ within the bounds      │ later than the patience
///     ───────────────────────────────┼────────────────────────┼────────────────────────────────────────────────
///     it is left out, or a frame     │ shown in its frame, on │ its frame has shown the last picture again; it
///     without a picture is; all that │ arrival                │ and all that follow come a frame later
///     follow come a frame earlier    │                        │
///
/// Within the bounds no arrival corrects anything. So an input whose clock runs like the master's is shown picture by
/// picture. Where its clock drifts (``ArrivalDrift``), its time moves on the timeline just as slowly, and its sound with it;
/// a picture that lies half a frame and a little more from its frame goes to the next one. That is once in
/// 1/(frame rate × drift) seconds, and always to the same side. What an input has kept before anyone asked is passed over
/// before its first picture is shown (``Place/pending``).
///
/// Times are of the timeline, on which the clock stands too; before the timeline has begun, of any clock that
/// ``moveClock(by:)`` is told the distance of.
package struct Cadence: Hashable, Sendable {
    /// What becomes of a picture.
    package enum Place: Hashable, Sendable {
        /// It waits, because newer ones may be here in a moment; of those that wait, only the newest will be shown.
        case pending
        /// It is shown in this frame, now. Frames before it that have not been given have no picture of their own.
        case frame(FrameNumber)
        /// It is in no frame.
        case leftOut
    }

    private struct Arrival: Hashable, Sendable {
        let pts: MediaTime
        var time: MediaTime
    }

    /// How long a frame waits for its picture behind its time, unless told otherwise.
    package static let defaultPatience = MediaTime(milliseconds: 100)
    /// So far ahead of its time a frame may go out, at least: behind a stall all that comes at once is shown.
    private static let shortestLead = MediaTime(milliseconds: 400)
    /// A picture that is later than this does not move those behind it: the input begins anew.
    private static let longestLateness = MediaTime(milliseconds: 500)
    /// After so long without a newer one, a picture is the newest that there is.
    private static let quietTime = MediaTime(milliseconds: 500)
    /// After so long of pictures that come faster than they are shown, the newest has to do.
    private static let longestBacklog = MediaTime(milliseconds: 1500)
    /// How far from the next frame, in frames, a picture may lie and still be shown in it. More than a half, so that
    /// timestamps in whole milliseconds do not fall to either side of a border in turns.
    private static let reach = 0.55
    /// The next picture may come so much earlier than the last ones say, in frames.
    private static let uncertainty = 0.2
    /// Of so many distances between pictures the shortest says when the next is due.
    private static let spacingCount = 8
    /// So fast the input's time is moved where it drifts, so that sound can follow without a change of pitch.
    private static let pace = 0.0008
    /// Frames beyond this are nobody's: a million years of them.
    private static let farthest = 1e15

    /// How long a frame waits for its picture behind its time.
    package let patience: MediaTime
    /// Pictures in no frame, of those that came since the first was shown.
    package private(set) var leftOut = 0
    /// Timeline time minus source time; nil as long as nothing has a place.
    package private(set) var offset: MediaTime?
    /// How the input's clock runs beside the timeline's.
    private var drift = ArrivalDrift()
    /// So much of the drift is in the offset, since when.
    private var followed = MediaTime.zero
    private var followedAt: MediaTime?
    private let frameRate: FrameRate
    private let interval: Double
    private let lead: MediaTime
    /// The source time that lies on a frame: of the first picture.
    private var gridStart: MediaTime?
    /// The frame that had a picture of its own last.
    private var lastFrame: FrameNumber = -1
    private var lastPTS: MediaTime?
    private var spacings: [MediaTime] = []
    /// The last three that came while none has a place, the newest behind.
    private var waiting: [Arrival] = []
    private var waitingSince: MediaTime?
    /// The input has been read up to what comes just now.
    private var isCaughtUp = false
    private var countsBacklog = false

    package init(_ frameRate: FrameRate, patience: MediaTime = Self.defaultPatience) {
        self.frameRate = frameRate
        self.patience = patience
        interval = 1e9 * Double(frameRate.denominator) / Double(frameRate.numerator)
        // Whichever picture of an input that jitters by the patience is shown first: the others are within the bounds.
        lead = max(Self.shortestLead, patience + frameRate.time(of: 2))
    }

    // MARK: pictures

    /// Gives the picture of source time `pts`, which comes at `now`, its place.
    /// - Parameter next: the frame that is given next; nil before the timeline has begun.
    package mutating func place(_ pts: MediaTime, at now: MediaTime, next: FrameNumber?) -> Place {
        noteSpacing(pts)
        follow(pts, at: now)
        guard offset != nil, let next else { return hold(pts, at: now, next: next) }
        var frame = frame(of: pts)
        guard frame > lastFrame else { return leaveOut() }
        let excess = excess(of: frame, at: now)
        if excess > 0 {
            // A frame without a picture is left out rather than a picture.
            let target = max(frame - excess, lastFrame)
            shift(by: target - frame)
            guard target > lastFrame else { return leaveOut() }
            frame = target
        }
        if frame < next {
            if now - frameRate.time(of: frame) > Self.longestLateness {
                startOver()
                countsBacklog = true
                return hold(pts, at: now, next: next)
            }
            shift(by: next - frame)
            frame = next
        }
        lastFrame = frame
        return .frame(frame)
    }

    /// Gives the newest picture that waits a place, where it is the newest that there is.
    /// - Returns: its frame; nil where none waits, or newer ones are to be expected.
    package mutating func settle(at now: MediaTime, next: FrameNumber) -> FrameNumber? {
        guard isReady(at: now), let newest = waiting.last else { return nil }
        return anchor(newest.pts, at: now, next: next)
    }

    /// Nothing more is there of the input: what comes next has just been captured.
    package mutating func noteCaughtUp() { if offset == nil { isCaughtUp = true } }

    /// Whether a picture waits that is the newest that there is.
    package func isReady(at now: MediaTime) -> Bool {
        guard offset == nil, let newest = waiting.last, let waitingSince else { return false }
        if isCaughtUp || now - newest.time >= Self.quietTime || now - waitingSince >= Self.longestBacklog {
            return true
        }
        // What is read from a backlog comes faster than it is shown, or there will never be anything newer.
        guard waiting.count == 3 else { return false }
        let (shown, elapsed) = (newest.pts - waiting[0].pts, newest.time - waiting[0].time)
        return Double(elapsed.nanoseconds) >= 0.9 * Double(shown.nanoseconds)
    }

    /// When the frame is to be given at the latest, whether its picture is here or not.
    package func due(_ frame: FrameNumber) -> MediaTime {
        isOwed(frame) ? frameRate.time(of: frame) + patience + lag(behind: frame) : frameRate.time(of: frame)
    }

    /// Whether a picture for the frame is to be expected.
    package func isOwed(_ frame: FrameNumber) -> Bool { offset != nil && frame >= nextExpected }

    // MARK: changes

    /// The input begins its time anew, with another process.
    package mutating func restart() {
        startOver()
        gridStart = nil
        lastPTS = nil
        spacings = []
        drift = ArrivalDrift()
        followed = .zero
        followedAt = nil
    }

    /// What was `time` is `time + distance` from now on.
    package mutating func moveClock(by distance: MediaTime) {
        for index in waiting.indices { waiting[index].time = waiting[index].time + distance }
        waitingSince = waitingSince.map { $0 + distance }
        drift = ArrivalDrift()
        followed = .zero
        followedAt = nil
    }

    private mutating func startOver() {
        offset = nil
        waiting = []
        waitingSince = nil
        isCaughtUp = false
        countsBacklog = false
    }

    // MARK: its first picture

    private mutating func hold(_ pts: MediaTime, at now: MediaTime, next: FrameNumber?) -> Place {
        if countsBacklog, !waiting.isEmpty { leftOut += 1 }
        if waiting.count == 3 { waiting.removeFirst() }
        waiting.append(Arrival(pts: pts, time: now))
        if waitingSince == nil { waitingSince = now }
        guard let next, isReady(at: now) else { return .pending }
        return .frame(anchor(pts, at: now, next: next))
    }

    /// Shows the picture in the first frame whose time is a quarter of an interval away: the next may be later.
    private mutating func anchor(_ pts: MediaTime, at now: MediaTime, next: FrameNumber) -> FrameNumber {
        let position = Double(now.nanoseconds) / interval + 0.25
        let frame = max(next, FrameNumber(clamped(position).rounded(.up)))
        let start = gridStart ?? pts
        let number = Int64(clamped(Double((pts - start).nanoseconds) / interval).rounded())
        startOver()
        offset = frameRate.time(of: frame) - frameRate.time(of: number) - start
        followed = drift.distance(at: now)
        lastFrame = frame
        return frame
    }

    // MARK: frames

    /// Notes when the picture comes, and moves the input's time a little towards where its drift has brought it.
    private mutating func follow(_ pts: MediaTime, at now: MediaTime) {
        drift.note(pts, at: now)
        defer { followedAt = now }
        guard let offset, let followedAt, now > followedAt else { return }
        let most = Double(min(now - followedAt, Self.longestLateness).nanoseconds) * Self.pace
        let distance = Double((drift.distance(at: now) - followed).nanoseconds)
        let step = MediaTime(nanoseconds: Int64(min(max(distance, -most), most)))
        followed = followed + step
        self.offset = offset + step
    }

    /// How far the picture that is expected next lies behind the frame, where it belongs to it.
    private func lag(behind frame: FrameNumber) -> MediaTime {
        guard let lastPTS, let spacing = spacings.min() else { return .zero }
        let lag = position(of: lastPTS + spacing) - Double(frame)
        return lag > 0 && lag <= Self.reach ? MediaTime(nanoseconds: Int64(lag * interval)) : .zero
    }

    private mutating func leaveOut() -> Place {
        leftOut += 1
        return .leftOut
    }

    /// The frame that the timestamp names, without regard to the clock.
    private func frame(of pts: MediaTime) -> FrameNumber {
        let position = position(of: pts)
        let next = lastFrame + 1
        return abs(position - Double(next)) <= Self.reach ? next : FrameNumber(position.rounded())
    }

    /// The earliest frame that the next picture can be meant for.
    private var nextExpected: FrameNumber {
        let next = lastFrame + 1
        guard let lastPTS, let spacing = spacings.min() else { return next }
        let position = position(of: lastPTS + spacing) - Self.uncertainty
        return position - Double(next) <= Self.reach ? next : FrameNumber(position.rounded(.down))
    }

    private func position(of pts: MediaTime) -> Double {
        clamped(Double((pts + (offset ?? .zero)).nanoseconds) / interval)
    }

    private func clamped(_ position: Double) -> Double { min(max(position, -Self.farthest), Self.farthest) }

    /// By how many frames the frame is too far ahead of `now`.
    private func excess(of frame: FrameNumber, at now: MediaTime) -> Int64 {
        let excess = frameRate.time(of: frame) - now - lead
        return excess > .zero ? Int64(clamped(Double(excess.nanoseconds) / interval).rounded(.up)) : 0
    }

    private mutating func shift(by frames: Int64) {
        guard let offset else { return }
        self.offset = offset + frameRate.time(of: frames)
    }

    private mutating func noteSpacing(_ pts: MediaTime) {
        if gridStart == nil { gridStart = pts }
        if let lastPTS, pts > lastPTS {
            if spacings.count == Self.spacingCount { spacings.removeFirst() }
            spacings.append(pts - lastPTS)
        }
        lastPTS = pts
    }
}
