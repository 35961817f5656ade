import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire
import Glibc

/// Who takes over when an encoder is gone: the standby, one that is started, or the slate.
extension Broadcast {
    /// A standby is started when the encoder on air has work behind it, and not in the moment of a takeover: loading a
    /// hundred libraries would take the time that the takeover needs.
    private static let spareDelay = Duration.milliseconds(250)
    /// A stream that has stood still for so long shows the slate instead.
    private static let longestStandstill = Duration.milliseconds(1200)

    /// Pairs that may differ before lockstep is given up.
    private static let mostDifferences = 3

    // MARK: deaths

    func encoderEnded(_ id: ObjectIdentifier, _ end: ChildEnd) {
        guard let stub = encoder(id) else { return }
        encoders.removeAll { $0 === stub }
        defer { childEnded() }
        guard state != .ended else { return encoderSlot.state = .ended }
        if let index = spares.firstIndex(where: { $0 === stub }) {
            spares.remove(at: index)
            return spareEnded(stub, end)
        }
        if let change, change.encoder === stub { return nextEncoderEnded(end) }
        if slateMaker?.encoder === stub { return slateMakerEnded() }
        guard let run = runs.first(where: { $0.employs(stub) }) else { return }
        if run.shadow === stub {
            run.shadow = nil
            run.lockstep = TwinLockstep()
            return spareEnded(stub, end)
        }
        run.encoder = nil
        encoderOnAirEnded(run, stub, end)
    }

    private func encoderOnAirEnded(_ run: EncodingRun, _ stub: EncoderStub, _ end: ChildEnd) {
        let frame = run.firstUncommitted
        encoderSlot.lastEnd = "\(end.cause)"
        postDeath(
            "encoder", end, pid: stub.child.pid, lastSign: stub.lastSign, frame: frame,
            framesLate: run.shadow == nil ? run.ledger.uncommitted.count : 0,
            uncommitted: run.ledger.uncommitted.count)
        if let shadow = run.shadow { return goOn(run, with: shadow) }
        run.ledger.startOver()
        if run.isClosed, run.ledger.uncommitted.isEmpty, run !== currentRun {
            run.isFlushed = true
            return drainRuns()
        }
        if encoderlessSince == nil { encoderlessSince = .now }
        if stub.child.isForeign {
            encoderSlot.state = .waiting
            post(.encoder, .encoder(.waiting(address: "unix:\(encoderAddress ?? "")", isOnAir: true)))
            return
        }
        let step = ladder.step(
            after: EncoderLadder.Death(
                isItsOwn: end.cause.isItsOwn, hadWorked: run.hasWorked, frame: stub.wasUsed ? frame : nil,
                isExact: stub.ready?.maximumDelay == 0), at: .now)
        run.hasWorked = false
        if let frame = ladder.takePoisonousFrame() { leaveOut(frame, of: run) }
        if !hasEncoded, ladder.recentDeaths >= EncoderLadder.deathsBeforeSafety {
            return fail(
                BroadcastError(
                    .encoder, "the encoder can't work: it ended \(ladder.recentDeaths) times (\(end.cause))",
                    advice: end.standardErrorTail.isEmpty
                        ? "try other encoder settings" : "it said: \(lastLine(of: end.standardErrorTail))"))
        }
        encoderSlot.noteRestart()
        // A standby that is open may still save every frame that waits.
        let hasSpare = spares.contains { $0.ready != nil && $0.settings == run.settings }
        let standsStill = MonotonicTime.now.since(lastCommit) > Self.longestStandstill.nanoseconds
        if isOnProbation || (standsStill && !hasSpare) { beginSlate() }
        switch step {
        case .restart(let delay): replaceEncoder(of: run, after: delay)
        case .safeSettings(let delay):
            if run.settings != encodingSettings(for: run) {
                post(.encoder, .encoder(.safeSettings))
                run.settings = encodingSettings(for: run)
                scheduleReturnFromSafety()
            }
            replaceEncoder(of: run, after: delay)
        case .slate(let delay):
            run.settings = encodingSettings(for: run)
            beginSlate()
            replaceEncoder(of: run, after: delay)
        }
    }

    /// The shadow goes on with the very next access unit: nothing is given again.
    private func goOn(_ run: EncodingRun, with shadow: EncoderStub) {
        run.encoder = shadow
        run.shadow = nil
        encoderSlot.noteRestart()
        encoderSlot.state = .ready
        post(child("encoder"), .child(.tookOver(pid: shadow.child.pid, was: .twin, frame: run.firstUncommitted)))
        for reply in run.lockstep.promote() { take(reply, from: shadow, of: run) }
        closeDeathRecords(of: "encoder")
        topUpSpares(after: Self.spareDelay)
    }

    /// Puts the next encoder in the run's empty place: the standby where there is one with the same settings.
    func replaceEncoder(of run: EncodingRun, after delay: Duration) {
        if delay == .zero, let index = spares.firstIndex(where: { $0.settings == run.settings }) {
            let spare = spares.remove(at: index)
            run.encoder = spare
            encoderSlot.state = .starting
            spareSlot.state = .restarting
            post(child("encoder"), .child(.tookOver(pid: spare.child.pid, was: .standby, frame: run.firstUncommitted)))
            // One that is still opening takes up as soon as it is ready.
            if spare.ready != nil { takeUp(run) }
            return
        }
        let id = ObjectIdentifier(run)
        restart(after: delay) { broadcast throws(BroadcastError) in
            guard let run = broadcast.runs.first(where: { ObjectIdentifier($0) == id }), run.encoder == nil else {
                return
            }
            run.encoder = try broadcast.launchEncoder(run.settings)
            broadcast.encoderSlot.state = .starting
        }
    }

    /// The frame that kills encoder after encoder.
    private func leaveOut(_ frame: FrameNumber, of run: EncodingRun) {
        guard run.firstUncommitted == frame, let entry = run.ledger.skipFirst() else { return }
        pools.release(entry.slot)
        framesSkipped += 1
        post(.encoder, .encoder(.frameSkipped(frame: frame, deaths: EncoderLadder.deathsForOneFrame)))
    }

    func encoderRefused(_ id: ObjectIdentifier, _ refusal: Refusal) {
        guard let stub = encoder(id) else { return }
        if change?.encoder === stub { return changeFailed("the encoder refuses the settings: \(refusal)") }
        // Settings that are refused once are refused by every encoder; one that somebody has connected may be of
        // another kind.
        guard !hasEncoded, !stub.child.isForeign else { return }
        fail(BroadcastError(.encoder, "the encoder refuses the settings: \(refusal)"))
    }

    /// The first frame of a new encoder is safe.
    func encoderHasWorked(_ run: EncodingRun) {
        isOnProbation = false
        closeDeathRecords(of: "encoder")
        topUpSpares(after: Self.spareDelay)
    }

    /// Shows the slate when no encoder has been there for too long.
    func watchEncoder() {
        guard state == .onAir || state == .ending, let since = encoderlessSince, encoderSlot.state != .waiting else {
            return
        }
        if MonotonicTime.now.since(since) > Self.longestStandstill.nanoseconds { beginSlate() }
    }

    // MARK: starting again

    /// Starts a child again after `delay`; where that fails, tries on.
    func restart(
        after delay: Duration, _ launch: @escaping @Sendable (isolated Broadcast) throws(BroadcastError) -> Void
    ) {
        guard delay > .zero else { return attempt(launch) }
        reactor.schedule(at: .now.advanced(by: delay)) { [weak self] in
            self?.assumeIsolated { $0.attempt(launch) }
        }
    }

    private func attempt(_ launch: @escaping @Sendable (isolated Broadcast) throws(BroadcastError) -> Void) {
        guard state != .ended else { return }
        do throws(BroadcastError) {
            try launch(self)
            launchProblems.removeAll()
        } catch {
            // It is tried on for as long as it takes; it is said once.
            if launchProblems.insert(error.description).inserted {
                post(.master, .master(.launchFailed(reason: Reason(error.kind.rawValue, error.problem))))
            }
            reactor.schedule(at: .now.advanced(by: .seconds(1))) { [weak self] in
                self?.assumeIsolated { $0.attempt(launch) }
            }
        }
    }

    // MARK: standbys

    /// How many encoders wait beside the ones that work.
    private var wantedSpares: Int {
        guard state == .starting || state == .onAir, settings.children != .plugins, change == nil else { return 0 }
        switch settings.standby {
        case .off: return 0
        case .warm: return 1
        // Two fresh ones become the next pair, together.
        case .hot: return currentRun?.shadow == nil ? 2 : 0
        }
    }

    /// Starts standbys until there are enough, one after the other, and lets go of those that are of no use.
    func topUpSpares(after delay: Duration) {
        let wanted = wantedSpares
        let settings = encodingSettings
        while let index = spares.lastIndex(where: { $0.settings != settings }) { retire(spares.remove(at: index)) }
        while spares.count > wanted { retire(spares.removeLast()) }
        guard spares.count < wanted, spares.allSatisfy({ $0.ready != nil }), !spareIsComing else { return }
        spareIsComing = true
        restart(after: delay) { broadcast throws(BroadcastError) in
            // Where it can't be started it is still to come: this is tried again.
            if broadcast.spares.count < broadcast.wantedSpares {
                broadcast.spares.append(
                    try broadcast.launchEncoder(broadcast.encodingSettings, as: "standby encoder"))
                broadcast.spareSlot.state = .starting
            }
            broadcast.spareIsComing = false
        }
    }

    func spareReady(_ stub: EncoderStub) {
        // The pools are mapped before they are needed.
        stub.announce(pools)
        spareSlot.state = .ready
        closeDeathRecords(of: "standby encoder")
        post(child("standby encoder"), .child(.ready(pid: stub.child.pid, plugins: nil)))
        topUpSpares(after: .zero)
    }

    private func spareEnded(_ stub: EncoderStub, _ end: ChildEnd) {
        spareSlot.lastEnd = "\(end.cause)"
        postDeath("standby encoder", end, pid: stub.child.pid, lastSign: stub.lastSign, frame: nil)
        spareSlot.noteRestart()
        // A shadow had worked; one that only waited has not.
        topUpSpares(
            after: max(
                Self.spareDelay, spareSlot.policy.delay(afterDeathAt: .now, hadWorked: stub.wasUsed)))
    }

    // MARK: lockstep

    /// Opens a run with two fresh encoders in lockstep, at an IDR that would have come anyway.
    func openPairIfDue(at frame: FrameNumber) {
        guard settings.standby == .hot, slateOnAir == nil, runs.count == 1, let run = currentRun, run.shadow == nil,
            run.encoder?.ready != nil, spares.count == 2, run.isScheduledIDR(frame) || run.firstFrame == nil,
            spares.allSatisfy({ $0.ready != nil && $0.settings == encodingSettings })
        else { return }
        let pair = spares
        spares.removeAll()
        openRun(encodingSettings, encoder: pair[0], shadow: pair[1])
        post(.encoder(0, .twin), .encoder(.inLockstep(frame: frame, pid: pair[1].child.pid)))
    }

    /// Closes the run at hand and opens the next, with encoders that are open already.
    func openRun(_ settings: EncodingSettings, encoder: EncoderStub?, shadow: EncoderStub? = nil) {
        currentRun?.close()
        if currentRun?.encoder == nil, currentRun?.ledger.uncommitted.isEmpty ?? false {
            currentRun?.isFlushed = true
        }
        let run = EncodingRun(settings)
        run.encoder = encoder
        run.shadow = shadow
        runs.append(run)
        if encoder?.ready == nil {
            // It takes up as soon as it is ready; where there is none, another one does.
            encoderSlot.state = .starting
            encoderlessSince = encoderlessSince ?? .now
            if encoder == nil { replaceEncoder(of: run, after: .zero) }
        }
        takeUp(run)
        drainRuns()
    }

    func shadowDiffers(_ run: EncodingRun) {
        post(.encoder(0, .twin), .encoder(.differs(frame: run.firstUncommitted)))
        let shadow = run.shadow
        run.shadow = nil
        run.lockstep = TwinLockstep()
        shadow?.child.dismiss("its answers differ from its twin's")
        differences += 1
        if differences == Self.mostDifferences {
            // Not a fault of one machine's memory, then, but of the settings.
            settings.standby = .warm
            post(.encoder(0, .standby), .encoder(.lockstepGivenUp))
        }
        topUpSpares(after: Self.spareDelay)
    }
}
