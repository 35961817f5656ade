import BulkheadChildren
import BulkheadEncoding
import BulkheadEvents
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire
import Glibc

/// One input over the lives of the processes that read it.
struct SourceState {
    var slot: ChildSlot
    let input: InputSettings
    var stub: SourceStub?
    /// Kept over restarts: the timeline does not know which process fills it.
    var feed: SourceFeed?
    /// Where the next process goes on.
    var resume: SourceResume?
    /// It said why it can't go on.
    var hasFailed = false
    var reopenDelay = ReopenDelay()
    var crashSpot = CrashSpot()
    /// The process at hand has delivered something.
    var hasDelivered = false

    init(name: String, input: InputSettings) {
        slot = ChildSlot(name: name)
        self.input = input
    }
}

/// Sources: their launch, their pictures and sound, and how one that died goes on where it was.
extension Broadcast {
    /// Pictures that are on their way from a source or wait for their tick.
    private var lookAhead: Int { settings.isFast ? 16 : max(8, Int(frameRate.framesPerSecond / 3)) }
    /// A live source can't wait for a slot: it needs room for what comes in a burst.
    private var liveLookAhead: Int { Int(frameRate.framesPerSecond.rounded(.up)) }
    /// Sound that may come before its time, in samples.
    private static let audioLookAhead = Int64(AudioFormat.sampleRate * 2)

    func launchSource(_ index: Int) throws(BroadcastError) {
        let input = sources[index].input
        let settings = SourceSettings(
            url: input.url, inputFormat: input.format, canvas: settings.canvas, frameRate: frameRate,
            loops: input.loops, resume: sources[index].resume)
        var launch = programs.launch(.source)
        launch.inheritsStandardInput = input.url == "-"
        let child: Child
        let pool: UInt32
        do {
            // What the encoder may hold, what a takeover takes, what the source is ahead; only what is used takes memory.
            pool = try pools.create(settings.canvas, slotCount: encoding.load.limit + max(lookAhead, liveLookAhead) + 16)
            child = try Child(.source, launch, on: reactor)
        } catch {
            throw BroadcastError(
                .installation, "the source can't be started: \(error)",
                advice: launchAdvice(error))
        }
        let stub = SourceStub(child, settings, pool: pool, of: pools)
        sources[index].stub = stub
        sources[index].slot.state = .starting
        childStarted()
        stub.onOpened = { [unowned self] in sourceOpened(index, $0) }
        stub.onPicture = { [unowned self] in sourceDelivered(index, $0) }
        stub.onSound = { [unowned self] in sourceSounded(index, $0, $1) }
        stub.onNotice = { [unowned self] in
            post(self.child(sources[index].slot.name), .child(.said(text: $0, severity: .warning)))
        }
        stub.onInputEnded = { [unowned self] in sourceInputEnded(index) }
        stub.onFailed = { [unowned self] in sourceFailed(index, $0) }
        stub.onEnd = { [unowned self] in sourceEnded(index, $0) }
        do { try child.activate() } catch { child.dismiss("it could not be watched: \(error)") }
        post(self.child(sources[index].slot.name), .child(.started(pid: child.pid, isForeign: false)))
    }

    private func sourceOpened(_ index: Int, _ description: SourceDescription) {
        sources[index].slot.state = .ready
        sources[index].hasFailed = false
        if sources[index].feed == nil { sources[index].feed = SourceFeed(description) }
        sources[index].feed?.pictureLimit = description.isLive ? liveLookAhead : lookAhead
        post(child(sources[index].slot.name), .source(.opened(summary: description.summary)))
        lendSlots()
    }

    private func sourceDelivered(_ index: Int, _ picture: Picture) {
        guard sources[index].feed?.pictures.push(picture) == true else {
            pools.release(picture.slot)
            sources[index].stub?.child.dismiss("it sent a picture that does not come after the last one")
            return
        }
        noteWorked(index)
        noteArrival(index, picture.pts)
        sources[index].resume = SourceResume(
            pts: picture.pts.nanoseconds, position: picture.position.nanoseconds,
            audioSample: sources[index].feed?.samples.end ?? 0)
        startTimelineIfPossible()
        tickEarly()
        pump()
    }

    private func sourceSounded(_ index: Int, _ start: Int64, _ samples: [Float]) {
        sources[index].feed?.samples.push(samples, at: start)
        noteWorked(index)
        if let feed = sources[index].feed {
            if feed.description.hasVideo {
                sources[index].resume?.audioSample = feed.samples.end
            } else {
                sources[index].resume = Self.soundResume(feed, loops: sources[index].input.loops)
            }
        }
        startTimelineIfPossible()
        pump()
    }

    /// Where sound without a picture goes on: its place in the file follows from its time.
    private static func soundResume(_ feed: SourceFeed, loops: Bool) -> SourceResume {
        let time = MediaTime(sampleIndex: feed.samples.end).nanoseconds
        let length = feed.description.duration
        return SourceResume(
            pts: time, position: loops && length > 0 ? time % length : time, audioSample: feed.samples.end)
    }

    private func noteWorked(_ index: Int) {
        if !sources[index].hasDelivered { closeDeathRecords(of: sources[index].slot.name) }
        sources[index].hasDelivered = true
        sources[index].reopenDelay.reset()
    }

    private func noteArrival(_ index: Int, _ pts: MediaTime) {
        guard let origin else { return }
        let now = MediaTime(nanoseconds: MonotonicTime.now.since(origin))
        sources[index].feed?.noteArrival(pts, at: now, interval: interval)
    }

    private func sourceInputEnded(_ index: Int) {
        // Who sends a live stream may come back at any time: only the user ends it.
        if sources[index].feed?.description.isLive == true {
            sources[index].hasFailed = true
            sources[index].stub?.child.dismiss("the other side has ended the stream")
            return
        }
        finishInput(index)
    }

    private func finishInput(_ index: Int) {
        sources[index].feed?.hasEnded = true
        sources[index].slot.state = .ended
        post(child(sources[index].slot.name), .source(.ended))
        startTimelineIfPossible()
        pump()
    }

    private func sourceFailed(_ index: Int, _ refusal: Refusal) {
        sources[index].hasFailed = true
        // An input that fails before it has given anything fails the broadcast; later it is opened again.
        guard origin == nil, !sources[index].hasDelivered, sources[index].resume == nil else { return }
        fail(BroadcastError(.input, "\(refusal)", advice: refusal.advice))
    }

    private func sourceEnded(_ index: Int, _ end: ChildEnd) {
        let pid = sources[index].stub?.child.pid
        if let pool = sources[index].stub?.pool { pools.retire(pool) }
        let blamesPlace = sources[index].stub.map { mayBlamePlace($0, end) } ?? false
        sources[index].stub = nil
        defer { childEnded() }
        guard state == .starting || state == .onAir, sources[index].feed?.hasEnded != true else {
            return sources[index].slot.state = .ended
        }
        sources[index].slot.lastEnd = "\(end.cause)"
        let isPlanned = end.cause == .released
        if !isPlanned { postDeath(sources[index].slot.name, end, pid: pid) }
        let isLive = sources[index].feed?.description.isLive ?? false
        var delay = sources[index].slot.policy.delay(afterDeathAt: .now, hadWorked: sources[index].hasDelivered)
        sources[index].hasDelivered = false
        // An input that is gone needs time to come back.
        if isPlanned {
            delay = .zero
        } else if isLive || sources[index].hasFailed {
            delay = sources[index].reopenDelay.next()
        }
        if sources[index].feed == nil, sources[index].slot.policy.recentDeaths >= 5 {
            return fail(
                BroadcastError(
                    .input,
                    "input \(index + 1) can't be read: the source ended "
                        + "\(sources[index].slot.policy.recentDeaths) times (\(end.cause))"))
        }
        sources[index].feed?.reconnect { [pools] in pools.release($0) }
        if isLive {
            sources[index].resume = nil
        } else if !isPlanned, blamesPlace, !sources[index].hasFailed, skipCrashSpot(index, end) {
            return finishInput(index)
        }
        sources[index].hasFailed = false
        sources[index].slot.noteRestart()
        restart(after: delay) { broadcast throws(BroadcastError) in
            try broadcast.launchSource(index)
        }
    }

    /// Whether a death can be the fault of the place in the file: not before the file was open, nor by a signal from
    /// outside right after that.
    private func mayBlamePlace(_ stub: SourceStub, _ end: ChildEnd) -> Bool {
        guard let openedAt = stub.openedAt else { return false }
        return end.cause != .exited(.signaled(SIGKILL))
            || MonotonicTime.now.since(openedAt) > Deadlines.blamingPlace.nanoseconds
    }

    /// Moves the place where a file goes on past one at which process after process dies. True when nothing is left
    /// behind it.
    private func skipCrashSpot(_ index: Int, _ end: ChildEnd) -> Bool {
        // The test picture has no places; what can't be read twice goes on where it stands anyway.
        guard let feed = sources[index].feed, feed.description.duration > 0 else { return false }
        let frame = interval.nanoseconds
        let start = SourceResume(pts: -frame, position: -frame, audioSample: feed.samples.end)
        var resume = sources[index].resume ?? start
        let heard = MediaTime(sampleIndex: resume.audioSample)
        let reached = feed.description.hasVideo ? MediaTime(nanoseconds: resume.pts) : heard
        let wasKilled = end.cause == .exited(.signaled(SIGKILL))
        let skip = sources[index].crashSpot.noteDeath(at: reached, wasKilled: wasKilled)
        guard skip > .zero else { return false }
        let target = resume.position.addingReportingOverflow(skip.nanoseconds).partialValue
        let isBehindEnd = target >= feed.description.duration
        let goal: SkipGoal = !isBehindEnd ? .position : sources[index].input.loops ? .nextPass : .end
        post(
            child(sources[index].slot.name),
            .source(
                .skipped(
                    positionSeconds: Double(max(0, resume.position)) / 1e9, seconds: skip.seconds,
                    isRepeated: skip > CrashSpot.extent, goal: goal,
                    goalSeconds: isBehindEnd ? nil : Double(max(0, target)) / 1e9)))
        // Source time goes on without a gap: picture and sound are moved alike.
        resume.position = isBehindEnd ? -frame : target
        sources[index].resume = resume
        return isBehindEnd && !sources[index].input.loops
    }

    /// Gives every source slots to fill and leave to send sound, as far as it may be ahead.
    func lendSlots() {
        for index in sources.indices {
            guard let stub = sources[index].stub, let feed = sources[index].feed else { continue }
            let isLive = feed.description.isLive
            // A file is asked for a few pictures at a time, long before the first of them is due.
            stub.lend(
                upTo: isLive ? liveLookAhead : lookAhead, waiting: feed.pictures.count, step: isLive ? 1 : lookAhead / 3
            )
            stub.creditAudio(until: feed.samples.start + Self.audioLookAhead)
        }
    }
}

extension Refusal {
    /// What a user can do about it.
    var advice: String {
        switch code {
        case .notFound: "check the spelling, or give the whole path"
        case .accessDenied: "check who may read it (for devices: the group video or audio)"
        case .notMedia: "name the format with --input-format if it has no header to go by"
        case .unsupportedCodec: "convert it with ffmpeg, or install a libavcodec that knows the codec"
        case .unreachable: "check the address and that the server is up"
        case .nameNotResolved: "check the host's name and this machine's DNS"
        case .deviceBusy: "end the other program that uses it"
        case .timedOut: "check that the other side is sending"
        case .other, .settings, .missingSymbol, .wrongVersion, .notLibrary: ""
        }
    }
}
