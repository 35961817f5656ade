package import BulkheadMedia
import BulkheadModel
import BulkheadSound
import BulkheadSwitch
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// What one input gives, as a switch judges it.
struct InputMeter: Sendable {
    /// How often a picture is looked at, at most.
    static let look = Duration.milliseconds(250)
    /// Over how long pictures are counted.
    private static let window = Duration.seconds(1)
    /// One that has given sound, and gives none for so long, is silent.
    private static let soundPause = Duration.milliseconds(500)

    private var judge = ContentJudge()
    /// Of the sound, by the input's own time: a file gives it ahead, and a second of it at once.
    private var soundJudge = ContentJudge()
    /// Nil where no condition asks for it.
    private var loudness: LoudnessWatch?
    private var soundEnd = MonotonicTime(nanoseconds: 0)
    /// When pictures came in the last second, the oldest first.
    private var arrivals: [MonotonicTime] = []
    private var lastPicture: MonotonicTime?
    private var lastSound: MonotonicTime?
    private var lookedAt: MonotonicTime?
    /// Processes that have ended over it.
    private var interruptions = 0
    /// How what is live comes, by the process that has it open; nil before it has said so.
    var arrival: InputArrival?
    /// Since when it has been waited for: what has never come is as old as that.
    private var since: MonotonicTime

    /// - Parameter hearsLoudness: a condition asks for it.
    init(hearsLoudness: Bool = false, at now: MonotonicTime) {
        since = now
        loudness = hearsLoudness ? LoudnessWatch() : nil
    }

    /// Whether the next picture is to be looked at.
    func wantsSample(at now: MonotonicTime) -> Bool {
        lookedAt.map { now.since($0) >= Self.look.nanoseconds } ?? true
    }

    /// - Parameter sample: nil where it was not looked at.
    mutating func tookPicture(_ sample: [UInt8]?, at now: MonotonicTime) {
        lastPicture = now
        arrivals.append(now)
        // A backlog comes all at once.
        if arrivals.count > 512 { arrivals.removeFirst(256) }
        guard let sample else { return }
        lookedAt = now
        judge.take(luma: sample, at: now)
    }

    /// - Parameter start: of the input's own time, in sample pairs.
    mutating func tookSound(_ samples: [Float], from start: Int64, at now: MonotonicTime) {
        lastSound = now
        let time = MonotonicTime(nanoseconds: MediaTime(sampleIndex: start).nanoseconds)
        // Its time begins anew.
        if time < soundEnd { soundJudge.forget() }
        let count = Int64(samples.count / AudioFormat.channelCount)
        soundEnd = time.advanced(by: MediaTime(sampleIndex: count).nanoseconds)
        soundJudge.take(sound: samples, at: time)
        loudness?.add(samples)
    }

    /// The process that read it has ended. What it counted ends with it.
    mutating func interrupted() {
        interruptions += 1
        arrival = nil
    }

    /// What it gives is looked at from now on: what was before is of no interest.
    mutating func begin(at now: MonotonicTime) {
        since = now
        arrivals = []
        judge.forget()
        soundJudge.forget()
        if loudness != nil { loudness = LoudnessWatch() }
        soundEnd = MonotonicTime(nanoseconds: 0)
        (lastPicture, lastSound, lookedAt) = (nil, nil, nil)
    }

    /// Something of it is here, and of a live one something that has come since it was begun.
    func hasCome(_ state: InputState) -> Bool {
        guard state.hasSomething, state.isOpen || !state.isLive else { return false }
        return !state.isLive || state.stands || (state.hasPicture ? lastPicture : lastSound) != nil
    }

    /// - Parameters:
    ///   - state: what the program knows of it.
    ///   - rate: pictures a second of the timeline.
    mutating func report(_ state: InputState, rate: Double, isAtWork: Bool, isMain: Bool, at now: MonotonicTime)
        -> WayReport
    {
        // An input that has come to its end is no fault. A backup that has is of no use any more.
        let isOver = isMain && state.hasEnded
        var report = WayReport(isOnAir: state.isOpen || isOver)
        report.failures = interruptions
        if state.isOpen {
            report.bitsPerSecond = (arrival?.bitsPerSecond).map(Double.init)
            report.drops = arrival?.drops
            report.keyframeSeconds = arrival?.keyframeSeconds
            report.canvas = state.canvas
        }
        // A file that waits gives nothing because nothing is asked of it, and what stands need not be given again.
        let isIdle = !isAtWork && !state.isLive
        if !isAtWork { report.isReady = state.isOpen && state.hasSomething && !state.hasEnded }
        guard !isIdle, !state.stands, !isOver else { return report }
        arrivals.removeAll { now.since($0) > Self.window.nanoseconds }
        let newest = state.hasPicture ? lastPicture : lastSound
        report.secondsSinceLastFrame = Double(max(0, now.since(newest ?? since))) / 1e9
        if state.hasPicture {
            report.framesPerSecond = Double(arrivals.count)
            report.expectedFramesPerSecond = min(rate, state.framesPerSecond ?? rate)
            report.blackSeconds = judge.black(at: now)
            report.frozenSeconds = judge.frozen(at: now)
        }
        report.silentSeconds = soundJudge.silent(at: soundEnd)
        report.clippedSeconds = soundJudge.clipped(at: soundEnd)
        report.shortTermLoudness = loudness?.shortTerm
        report.integratedLoudness = loudness?.integrated
        // What is live and gives no sound any more is silent, too.
        if state.isLive, state.hasSound, let lastSound, now.since(lastSound) > Self.soundPause.nanoseconds {
            report.silentSeconds = (report.silentSeconds ?? 0) + Double(now.since(lastSound)) / 1e9
            report.clippedSeconds = 0
            (report.shortTermLoudness, report.integratedLoudness) = (nil, nil)
        }
        return report
    }
}

/// What the program knows of one input, for a switch.
package struct InputState: Hashable, Sendable {
    /// A process has it open.
    package var isOpen = false
    package var isLive = false
    package var hasPicture = true
    package var hasSound = false
    /// Something of it is here that can be shown or heard.
    package var hasSomething = false
    /// It is a still picture by its own will.
    package var stands = false
    /// No more comes of it.
    package var hasEnded = false
    /// Pictures a second, as it says itself; nil where it does not.
    package var framesPerSecond: Double?
    /// The size of its pictures, as they are stored; nil where it does not say.
    package var canvas: Canvas?

    package init() {}
}
