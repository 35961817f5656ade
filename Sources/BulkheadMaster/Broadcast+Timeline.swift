import BulkheadChain
import BulkheadChildren
import BulkheadEncoding
import BulkheadEvents
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadOutputs
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// The timeline: a tick for each frame, which waits for nobody.
///
/// In real time the clock drives the ticks, and a tick takes what is there. Where the picture is live, a tick comes up to
/// half a frame before its time, as soon as its picture is there: the clock is then only the latest time for it. With
/// `--fast` the parts drive them: a tick comes as soon as the sources have all that it can need, the encoder has room,
/// and the links have.
extension Broadcast {
    /// After so long without a tick the machine was asleep: the timeline goes on from now instead of catching up.
    private static let longestLag = Duration.seconds(2)
    /// Sound is cut this much ahead of the picture where it is there, so that neither waits for the other.
    private static let audioLead = MediaTime(sampleIndex: Int64(3 * AudioFormat.samplesPerBlock))
    /// How long sound from a live source may come after its picture.
    private static let liveAudioGrace = MediaTime(milliseconds: 100)

    /// Starts the timeline when every source has something, or had long enough to find it.
    func startTimelineIfPossible() {
        guard origin == nil, state == .starting, encoding.hasEncoded, chain?.isSettled ?? false else { return }
        let isPatient = settings.isFast || MonotonicTime.now.since(startedAt) < slateAfter.nanoseconds
        for source in sources {
            guard let feed = source.feed else {
                if isPatient { return }
                continue
            }
            if feed.hasEnded || !isPatient { continue }
            if feed.description.hasVideo, feed.pictures.count == 0 { return }
            if feed.description.hasAudio, !feed.description.isLive, feed.samples.end == feed.samples.start { return }
        }
        origin = .now
        state = .onAir
        lastAdvance = .now
        if let seconds = settings.durationSeconds {
            lastFrame = max(1, frameRate.frameCount(within: seconds)) - 1
        }
        post(.timeline, .timeline(.onAir))
        chain?.enter(.live)
        encoding.wentOnAir()
        if settings.isFast { pump() } else { runDueTicks() }
    }

    var slateAfter: Duration { .nanoseconds(Int64(settings.slateAfterSeconds * 1e9)) }

    /// The ticks that are due by the clock, and the timer for the next.
    private func runDueTicks() {
        tickTimer = nil
        guard state == .onAir, let origin else { return }
        let lag = MonotonicTime.now.since(origin.advanced(by: frameRate.time(of: nextFrame).nanoseconds))
        if lag > Self.longestLag.nanoseconds {
            self.origin = origin.advanced(by: lag)
            post(.timeline, .timeline(.lag(milliseconds: Int(lag / 1_000_000))))
        }
        while state == .onAir, let origin = self.origin,
            origin.advanced(by: frameRate.time(of: nextFrame).nanoseconds) <= .now
        {
            tick()
        }
        scheduleTick()
    }

    /// The tick for which a live picture has just come.
    func tickEarly() {
        guard !settings.isFast, state == .onAir, let origin, let index = pictureSource else { return }
        let time = frameRate.time(of: nextFrame)
        guard sources[index].feed?.hasLivePicture(for: time, interval: interval) ?? false,
            origin.advanced(by: time.nanoseconds - interval.nanoseconds / 2) <= .now
        else { return }
        tick()
        if let tickTimer { reactor.cancel(tickTimer) }
        scheduleTick()
    }

    private func scheduleTick() {
        guard state == .onAir, let origin else { return }
        tickTimer = reactor.schedule(at: origin.advanced(by: frameRate.time(of: nextFrame).nanoseconds)) {
            [weak self] in self?.assumeIsolated { $0.runDueTicks() }
        }
    }

    /// With `--fast`: ticks as long as everything is there for them.
    func pump() {
        if state == .ending { finishIfDrained() }
        guard settings.isFast, state == .onAir else { return }
        while state == .onAir, canTickFast { tick() }
    }

    private var canTickFast: Bool {
        let load = load
        guard load.frames < load.limit, load.hasSoundRoom,
            outputs.hasRoom
        else { return false }
        anchorFeeds()
        let time = frameRate.time(of: nextFrame)
        return sources.allSatisfy { $0.feed?.isComplete(at: time, interval: interval) ?? false }
    }

    private func tick() {
        let time = frameRate.time(of: nextFrame)
        anchorFeeds()
        if let lastFrame, nextFrame > lastFrame { return endTimeline() }
        if sources.allSatisfy({ $0.feed?.isFinished(at: time) ?? false }), !sources.isEmpty { return endTimeline() }
        let frame = nextFrame
        nextFrame += 1
        // A live picture is in a hurry. Otherwise sound, which takes an encoder no time, goes first: both are answered in
        // one go.
        let isLive = pictureSource.flatMap { sources[$0].feed?.description.isLive } ?? false
        if !isLive { cutAudio(at: time + interval) }
        advancePicture(frame, at: time)
        if isLive { cutAudio(at: time + interval) }
        lendSlots()
    }

    private func anchorFeeds() {
        let time = frameRate.time(of: nextFrame)
        for index in sources.indices {
            guard let feed = sources[index].feed, feed.offset == nil, let origin else { continue }
            guard let start = feed.firstTime(interval: interval) else { continue }
            let now = MediaTime(nanoseconds: MonotonicTime.now.since(origin))
            sources[index].feed?.anchor(
                start, at: feed.description.isLive && nextFrame > 0 ? now + SourceFeed.liveMargin : time)
        }
    }

    // MARK: picture

    /// The source that gives the picture: the first that has one.
    private var pictureSource: Int? { sources.firstIndex { $0.feed?.description.hasVideo ?? false } }
    private var soundSource: Int? { sources.firstIndex { $0.feed?.description.hasAudio ?? false } }

    private func advancePicture(_ frame: FrameNumber, at time: MediaTime) {
        let index = pictureSource
        if let index { advanceFeed(index, at: time) }
        guard hasRoom() else {
            framesSkipped += 1
            return
        }
        if let index { sources[index].feed?.pictures.takeFirstEarly() }
        guard let slot = slotToShow(index) else { return }
        pools.retain(slot)
        chain?.take(TimelineFrame(frame: frame, slot: slot))
    }

    /// Whether the encoder keeps up well enough to be given the next frame.
    private func hasRoom() -> Bool {
        let load = load
        if settings.isFast { return load.frames < load.limit }
        let wasThinning = overload.isThinning
        let admits = overload.admits(backlog: load.frames - load.held, room: load.limit - load.held)
        if overload.isThinning, !wasThinning {
            post(.timeline, .timeline(.skipping(cause: load.isWorking ? .slowEncoder : .noEncoder)))
        } else if wasThinning, !overload.isThinning {
            post(.timeline, .timeline(.keepingUp(skipped: framesSkipped)))
        }
        return admits
    }

    private func advanceFeed(_ index: Int, at time: MediaTime) {
        guard let feed = sources[index].feed else { return }
        if feed.isMissingPicture { sources[index].feed?.fallBehind(by: interval) }
        let limit = sources[index].feed?.limit(at: time, interval: interval) ?? .zero
        let selection = sources[index].feed?.pictures.advance(to: limit) { [pools] in pools.release($0) }
        if selection == .advanced {
            lastAdvance = .now
        } else if !feed.hasEnded {
            framesRepeated += 1
        }
    }

    /// The current picture; the slate where there is none, or has been none for too long.
    private func slotToShow(_ index: Int?) -> SlotReference? {
        let current = index.flatMap { sources[$0].feed?.pictures.current }
        let isStale = MonotonicTime.now.since(lastAdvance) > slateAfter.nanoseconds && isStarved(index)
        let now = current == nil || (isStale && !settings.isFast) ? "slate" : isStale ? "last picture" : "picture"
        if now != showing {
            let picture: ShownPicture = now == "slate" ? .slate : now == "picture" ? .picture : .lastPicture
            post(.timeline, .timeline(.showing(picture: picture, isStandIn: picture == .slate && index != nil)))
            showing = now
        }
        return now == "slate" ? slate : current?.slot
    }

    /// Whether the picture's source is unable to say what comes next: a still picture by its own will is none.
    private func isStarved(_ index: Int?) -> Bool {
        guard let index, let feed = sources[index].feed, !feed.hasEnded else { return false }
        return !(sources[index].stub?.isOpened ?? false) || (feed.description.isLive && feed.pictures.count == 0)
    }

    // MARK: sound

    /// Cuts the sound up to `time`, and a little further where it is there already.
    private func cutAudio(at time: MediaTime) {
        let source = soundSource
        let isLive = source.flatMap { sources[$0].feed?.description.isLive } ?? false
        let mustBefore = settings.isFast ? time : isLive ? time - Self.liveAudioGrace : time
        // What lies behind the last frame is not part of the broadcast.
        let end = lastFrame.map { frameRate.time(of: $0 + 1) } ?? MediaTime(nanoseconds: .max)
        while AudioFormat.time(ofBlock: nextBlock) < min(time + Self.audioLead, end) {
            let isDue = AudioFormat.time(ofBlock: nextBlock + 1) <= mustBefore
            guard let source else {
                // Silence is there at any time, but a source that is still opening may have sound.
                guard isDue else { return }
                chain?.take(
                    AudioLedger.Block(
                        number: nextBlock, samples: [Float](repeating: 0, count: AudioFormat.floatsPerBlock)))
                nextBlock += 1
                continue
            }
            guard isDue || sources[source].feed?.hasBlock(nextBlock) ?? false else { return }
            let block = sources[source].feed?.takeBlock(nextBlock)
            chain?.take(
                AudioLedger.Block(
                    number: nextBlock, samples: block ?? [Float](repeating: 0, count: AudioFormat.floatsPerBlock)))
            nextBlock += 1
        }
    }

    // MARK: watching

    /// Looks after all that shows only as time passing: deadlines, the start that does not come.
    func armWatch() {
        // With a tick, where there are ticks.
        watchTimer = reactor.schedule(at: .now.advanced(by: .milliseconds(80)), leeway: .milliseconds(40)) {
            [weak self] in
            self?.assumeIsolated { broadcast in
                guard broadcast.state != .ended else { return }
                broadcast.checkDeadlines()
                broadcast.encoding.look()
                broadcast.watchCongestion()
                broadcast.startTimelineIfPossible()
                broadcast.pump()
                broadcast.checkEnding()
                broadcast.armWatch()
            }
        }
    }

    /// A broadcast in no hurry waits for its links instead, and an encoder that was started by hand is left alone.
    private func watchCongestion() {
        guard state == .onAir, !settings.isFast, settings.children != .plugins else { return }
        outputs.watchCongestion()
    }

    private func checkDeadlines() {
        let now = MonotonicTime.now
        func isOver(_ since: MonotonicTime?, _ patience: Duration) -> Bool {
            since.map { now.since($0) > patience.nanoseconds } ?? false
        }
        chain?.watch(at: now)
        for stub in sources.compactMap(\.stub) + slateReaders {
            guard stub.owes else { continue }
            let patience = stub.isOpened ? Deadlines.delivering : Deadlines.openingInput
            if isOver(stub.lastSign, patience) { stub.child.dismiss("nothing came within \(patience.inWords)") }
        }
    }

    /// Gives up what no encoder makes safe any more.
    private func checkEnding() {
        guard state == .ending, let endingSince, MonotonicTime.now.since(endingSince) > Deadlines.ending.nanoseconds
        else { return }
        let problem = "the last \(encoding.load.frames) frames could not be encoded within \(Deadlines.ending.inWords)"
        let seconds = Double(Deadlines.ending.nanoseconds) / 1e9
        post(.timeline, .timeline(.gaveUp(frames: encoding.load.frames, seconds: seconds)))
        lateFailure = BroadcastError(.encoder, problem)
        end()
    }

    func stopTimers() {
        for token in [tickTimer, watchTimer] { if let token { reactor.cancel(token) } }
        tickTimer = nil
        watchTimer = nil
        chain?.close()
    }
}
