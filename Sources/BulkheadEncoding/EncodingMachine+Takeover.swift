import BulkheadChildren
import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// Which encoder takes over when one is gone: the twin, the standby, one that is started, or the slate instead.
extension EncodingMachine {
    /// An encoder that was started by hand and has not answered for so long gives way to the next.
    private static let foreignStandstill = Duration.seconds(2)

    // MARK: launches

    /// The settings of the encoder that is to be launched for `place` now; nil when none is wanted there any more.
    package mutating func order(for place: Place) -> EncodingSettings? {
        guard phase != .over else { return nil }
        switch place {
        case .onAir(let number):
            guard let run = runs.first(where: { $0.id.number == number }), run.encoder == nil else { return nil }
            return run.settings
        case .standby:
            if encodersPost.holders(of: .standby).count < wantedStandbys { return terms.settings }
            encodersPost.stopExpecting(.standby)
            return nil
        case .next: return change.map { terms.settings(for: $0.wanted) }
        case .slate: return slateSettings
        }
    }

    mutating func launched(_ child: ChildID, _ pid: Int32, _ place: Place, _ settings: EncodingSettings) {
        encoders[child] = EncoderState(pid: pid, settings, at: now)
        switch place {
        case .onAir(let number):
            if let index = runs.firstIndex(where: { $0.id.number == number }), runs[index].encoder == nil {
                employ(child, in: index)
            } else {
                retire(child)
            }
        case .standby: encodersPost.assign(.standby, to: child)
        case .next:
            encodersPost.assign(.next, to: child)
            change?.encoder = child
        case .slate: slate.maker.began(with: child)
        }
        act(.post(part(of: child), .child(.started(pid: pid, isForeign: false))))
    }

    mutating func launchFailed(_ place: Place, _ error: BroadcastError) {
        switch place {
        // These are tried on by the room, as long as they are wanted.
        case .onAir, .standby: break
        case .slate: scheduleSlate(after: SlateMaker.retryDelay)
        case .next: nextCantBeLaunched(error)
        }
    }

    /// An encoder that was started by hand has said hello.
    mutating func connected(_ child: ChildID, _ pid: Int32) {
        guard phase != .over, wanted.isForeign else { return act(.turnAway(child, "the broadcast has ended")) }
        if let other = currentRun.encoder, let encoder = encoders[other] {
            // One that a person looks into with a debugger may stand still, until there is another for its work.
            let owes = encoder.owesSince.map { now.since($0) } ?? 0
            guard encoder.ready != nil, owes > Self.foreignStandstill.nanoseconds else {
                return act(.turnAway(child, "another encoder, process \(encoder.pid), is at work already"))
            }
            let reason = "it stands still, and process \(pid) has connected to go on in its place"
            act(.dismiss(other, reason))
            ended(other, End(cause: reason, isItsOwn: true))
        }
        let settings = currentRun.settings
        encoders[child] = EncoderState(pid: pid, isForeign: true, settings, at: now)
        employ(child, in: current)
        act(.post(part(of: child), .child(.started(pid: pid, isForeign: true))))
        act(.employ(child, settings))
    }

    /// `child` works for this run from now on.
    private mutating func employ(_ child: ChildID, in index: Int) {
        encodersPost.assign(.onAir, to: child)
        encoders[child]?.run = runs[index].id
        runs[index].encoder = child
    }

    /// An encoder that is not needed any more ends by itself once its socket is closed.
    mutating func retire(_ child: ChildID?) {
        guard let child, encoders[child] != nil else { return }
        encodersPost.assign(.retired, to: child)
        encoders[child]?.run = nil
        act(.hangUp(child))
    }

    func part(of child: ChildID) -> Part {
        slate.maker.employs(child) ? .slateEncoder(child) : .encoder(child, encodersPost.duty(of: child) ?? .retired)
    }

    // MARK: deaths

    mutating func ended(_ child: ChildID, _ end: End) {
        guard let encoder = encoders[child] else { return }
        encoders[child] = nil
        guard phase != .over else {
            encodersPost.forget(child)
            return encodersPost.set(.ended, of: .onAir)
        }
        if slate.maker.employs(child) { return slateMakerEnded(child) }
        switch encodersPost.duty(of: child) {
        case .onAir: if let index = runs.firstIndex(where: { $0.encoder == child }) { onAirEnded(index, encoder, end) }
        case .twin, .standby: standbyEnded(child, end)
        case .next:
            encodersPost.forget(child)
            nextEnded(child, encoder.pid, end)
        case .retired, nil: encodersPost.forget(child)
        }
    }

    private mutating func onAirEnded(_ index: Int, _ encoder: EncoderState, _ end: End) {
        guard let child = runs[index].encoder else { return }
        let run = runs[index]
        let frame = run.firstUncommitted
        runs[index].encoder = nil
        let uncommitted = run.ledger.uncommitted.count
        act(
            .died(
                child, .encoder(child), frame: frame, uncommitted: uncommitted,
                framesLate: run.twin == nil ? uncommitted : 0))
        if let twin = run.twin { return goOn(index, from: child, with: twin, end) }
        runs[index].ledger.startOver()
        if run.isClosed, uncommitted == 0, index != current {
            encodersPost.forget(child)
            runs[index].isFlushed = true
            return drainRuns()
        }
        // No successor is taken from the post: settings, a frame that kills or the slate may have to come first, which the
        // ladder alone knows.
        _ = encodersPost.ended(child, end.cause, isSuitable: { _ in false }, at: now)
        standstill.lacksEncoder(at: now)
        if encoder.isForeign {
            encodersPost.set(.waiting, of: .onAir)
            return post(.encoder, .waiting(address: encoderAddress, isOnAir: true))
        }
        if !hasEncoded, end.isOtherVersion {
            return act(.fail(BroadcastError(otherVersionOf: "the encoder", end.cause)))
        }
        let step = terms.ladder.step(
            after: EncoderLadder.Death(
                isItsOwn: end.isItsOwn, hadWorked: run.hasWorked, frame: encoder.wasUsed ? frame : nil,
                isExact: encoder.ready?.maximumDelay == 0), at: now)
        runs[index].hasWorked = false
        if let frame = terms.ladder.takePoisonousFrame() { leaveOut(frame, of: index) }
        if !hasEncoded, terms.ladder.recentDeaths >= EncoderLadder.deathsBeforeSafety { return giveUp(end) }
        climb(step, index, hadWorked: run.hasWorked)
    }

    /// - Parameter hadWorked: the encoder that is gone had made a frame safe.
    private mutating func climb(_ step: EncoderLadder.Step, _ index: Int, hadWorked: Bool) {
        // A standby that is open may still save every frame that waits.
        let hasStandby = fittingStandbys(runs[index].settings).contains { isReady($0) }
        let isSlate = if case .slate = step { true } else { false }
        let id = runs[index].id
        // One more is tried within the silence that is promised, open already or to be started: encoder and standby may have
        // been stopped at once.
        let isSilent = standstill.isPastLastTry(at: now)
        if isSlate || slate.isOnProbation || isSilent && (!hasStandby || !hadWorked) { beginSlate() }
        // The slate may have completed the run, which then needs no encoder any more.
        guard let index = runs.firstIndex(where: { $0.id == id }) else { return }
        switch step {
        case .restart(let delay): replaceEncoder(of: index, after: delay)
        case .safeSettings(let delay):
            let settings = terms.settings(of: runs[index].settings.video.canvas)
            if runs[index].settings != settings {
                post(.encoder, .safeSettings)
                runs[index].settings = settings
                scheduleReturnFromSafety()
            }
            replaceEncoder(of: index, after: delay)
        case .slate(let delay):
            runs[index].settings = terms.settings(of: runs[index].settings.video.canvas)
            replaceEncoder(of: index, after: delay)
        }
    }

    private mutating func giveUp(_ end: End) {
        act(
            .fail(
                BroadcastError(
                    .encoder, "the encoder can't work: it ended \(terms.ladder.recentDeaths) times (\(end.cause))",
                    advice: end.lastWords.isEmpty ? "try other encoder settings" : "it said: \(end.lastWords)")))
    }

    /// The twin goes on with the very next access unit: nothing is given again.
    private mutating func goOn(_ index: Int, from child: ChildID, with twin: ChildID, _ end: End) {
        _ = encodersPost.ended(child, end.cause, isSuitable: { $0 == twin }, at: now)
        runs[index].encoder = twin
        runs[index].twin = nil
        act(
            .post(
                .encoder(twin), .child(.tookOver(pid: pid(twin), was: .twin, frame: runs[index].firstUncommitted))))
        for reply in runs[index].lockstep.promote() {
            // What the twin has answered may complete its run.
            guard let index = run(of: twin) else { break }
            take(reply, from: twin, index)
        }
        act(.recovered(.encoder(twin)))
        topUpStandbys(after: Self.standbyDelay)
    }

    /// Puts the next encoder in the run's empty place: the standby where one fits, else one that is launched.
    mutating func replaceEncoder(of index: Int, after delay: Duration) {
        guard delay == .zero, let standby = fittingStandbys(runs[index].settings).first else {
            return act(.launch(.onAir(run: runs[index].id.number), after: delay))
        }
        employ(standby, in: index)
        if encodersPost.holder(of: .standby) == nil { encodersPost.set(.restarting, of: .standby) }
        act(
            .post(
                .encoder(standby),
                .child(.tookOver(pid: pid(standby), was: .standby, frame: runs[index].firstUncommitted))))
        // One that is still opening takes up as soon as it is ready.
        if isReady(standby) { takeUp(index, isTold: true) }
    }

    /// Lets the run's encoder, which is open, go on where the last one ended: whatever is not safe is given again, from
    /// the first frame on, as an IDR.
    /// - Parameter isTold: it is known to be ready, and to be on air.
    mutating func takeUp(_ index: Int, isTold: Bool = false) {
        guard let child = runs[index].encoder, let encoder = encoders[child], let ready = encoder.ready else { return }
        if !isTold { act(.post(.encoder(child), .child(.ready(pid: encoder.pid, plugins: nil)))) }
        standstill.hasEncoder()
        stream.begin(reorderDepth: ready.reorderDepth)
        runs[index].startOver()
        runs[index].encoderSince = now
        for (position, entry) in runs[index].ledger.uncommitted.enumerated() {
            encode(entry, in: index, forceIDR: position == 0)
        }
        if index == current {
            figures.maximumDelay = ready.maximumDelay
            // So that a server has the headers early; those of a stranger count when a frame of its own is safe.
            if !encoder.isForeign { act(stream.announce(encoder.configuration)) }
            endSlate()
            for block in sound.startOver() { encodeSound(block) }
        }
        if runs[index].isClosed { close(index) }
        act(.progressed)
    }

    /// The frame that kills encoder after encoder.
    private mutating func leaveOut(_ frame: FrameNumber, of index: Int) {
        guard runs[index].firstUncommitted == frame, let entry = runs[index].ledger.skipFirst() else { return }
        act(.release(entry.slot))
        figures.skipped += 1
        post(.encoder, .frameSkipped(frame: frame, deaths: EncoderLadder.deathsForOneFrame))
    }

    /// The first frame of a new encoder is safe.
    mutating func encoderHasWorked(_ child: ChildID) {
        slate.encoderHasWorked()
        act(.recovered(.encoder(child)))
        topUpStandbys(after: Self.standbyDelay)
    }

    /// Shows the slate when no encoder has been there for too long, and ends the one that is there where nothing has come
    /// of it for too long.
    mutating func watchStandstill() {
        guard !awaitsForeignEncoder else { return }
        if slate.onAir == nil, standstill.callsForSlate(isOnAir: phase == .onAir, at: now) { beginSlate() }
        guard [.onAir, .ending, .finishing].contains(phase), !wanted.isFast, slate.onAir == nil, let run = runs.first,
            !run.ledger.uncommitted.isEmpty, let child = run.encoder, let encoder = encoders[child],
            let ready = encoder.ready, !encoder.isForeign
        else { return }
        let interval = wanted.frameRate.interval.nanoseconds
        let usual = max(EncoderDeadlines.encoding, .nanoseconds(interval * 15))
        // Where there is nothing to show instead, a machine that is too slow is given the time that it needs.
        let patience = slate.maker.fits(canvasToCome) ? 1 : terms.ladder.patience
        let limit = max(Standstill.longestSilence, usual) * patience
        guard standstill.silence(since: run.waitingSince, at: now) > limit else { return }
        // One that has just taken over has not had its time.
        let first = usual * patience + .nanoseconds(interval * Int64(ready.maximumDelay))
        guard run.hasWorked || now.since(run.encoderSince ?? now) > first.nanoseconds else { return }
        act(.dismiss(child, "nothing of the stream has become safe for \(limit.inWords)"))
    }
}
