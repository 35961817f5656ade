import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
import BulkheadLinks
import BulkheadMedia
import BulkheadModel
import BulkheadOutputs
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// The encoder on air: what it is given, what it answers, and how that goes out.
extension Broadcast {
    /// The run that new frames belong to.
    var currentRun: EncodingRun? { runs.last }

    /// What encoders are opened with: as the user wants it, or safe where that has failed.
    var encodingSettings: EncodingSettings { ladder.isSafe ? safeSettings : wantedSettings(settings) }

    /// The same for a run that may have begun with another size.
    func encodingSettings(for run: EncodingRun) -> EncodingSettings {
        var settings = encodingSettings
        settings.video.canvas = run.settings.video.canvas
        return settings
    }

    func wantedSettings(_ settings: BroadcastSettings) -> EncodingSettings {
        let interval = (settings.keyframeIntervalSeconds * settings.frameRate.framesPerSecond).rounded()
        return EncodingSettings(
            video: VideoSettings(
                canvas: settings.canvas, frameRate: settings.frameRate, bitsPerSecond: settings.videoBitsPerSecond,
                bufferMilliseconds: settings.bufferMilliseconds,
                keyframeInterval: UInt32(max(1, min(interval, 100_000))), bframes: settings.bframes,
                preset: settings.preset, tune: settings.tune, profile: settings.profile,
                threads: isUnsteady(settings) ? 1 : settings.encoderThreads),
            audioBitsPerSecond: settings.audioBitsPerSecond)
    }

    /// Whether two encoders would not write the same: frames, and with zerolatency slices, that x264 encodes at the same
    /// time share the rate buffer's bits as they happen to come. One thread for each encoder takes the chance out of it.
    private func isUnsteady(_ settings: BroadcastSettings) -> Bool {
        settings.standby == .hot && settings.encoderThreads == 0 && settings.bufferMilliseconds > 0
    }

    /// Starts an encoder; who it is for decides what happens when it is ready.
    func launchEncoder(_ settings: EncodingSettings, as part: String = "encoder") throws(BroadcastError)
        -> EncoderStub
    {
        do {
            return adopt(try Child(.encoder, programs.launch(.encoder), on: reactor), settings, as: part)
        } catch {
            throw BroadcastError(
                .installation, "the encoder can't be started: \(error)",
                advice: launchAdvice(error))
        }
    }

    /// Makes the stub of a child that has just been made.
    func adopt(_ child: Child, _ settings: EncodingSettings, as part: String) -> EncoderStub {
        let stub = EncoderStub(child, settings)
        encoders.append(stub)
        childStarted()
        let id = ObjectIdentifier(stub)
        stub.onReady = { [unowned self] in encoderReady(id, $0) }
        stub.onReply = { [unowned self] in encoderReplied(id, $0) }
        stub.onRefused = { [unowned self] in encoderRefused(id, $0) }
        stub.onEnd = { [unowned self] in encoderEnded(id, $0) }
        if !child.isGreeted {
            do { try child.activate() } catch { child.dismiss("it could not be watched: \(error)") }
        }
        post(self.child(part), .child(.started(pid: child.pid, isForeign: child.isForeign)))
        return stub
    }

    /// The encoder that has something to say.
    func encoder(_ id: ObjectIdentifier) -> EncoderStub? { encoders.first { ObjectIdentifier($0) == id } }

    /// Bits a second of pictures that encoders are told: what the user wants, or less while a link can't carry it.
    var effectiveBitsPerSecond: UInt32 { outputs.videoBitsPerSecond }

    /// Brings every encoder, whatever has become of it meanwhile, to the bitrate that holds now.
    func matchBitrate() {
        let bitsPerSecond = effectiveBitsPerSecond
        for stub in encoders
        where stub.ready != nil && slateMaker?.encoder !== stub && change?.encoder !== stub
            && stub.settings.video.bitsPerSecond != bitsPerSecond
        {
            stub.reconfigure(bitsPerSecond: bitsPerSecond)
        }
        for run in runs { run.settings.video.bitsPerSecond = bitsPerSecond }
    }

    /// An encoder that is not needed any more ends by itself once its socket is closed.
    func retire(_ stub: EncoderStub?) { stub?.child.hangUp() }

    private func encoderReady(_ id: ObjectIdentifier, _ ready: EncoderStub.Ready) {
        guard let stub = encoder(id) else { return }
        hasEncoded = true
        stub.configuration = configurationNumber(stub, ready)
        // The bitrate may have changed since it was launched.
        if change?.encoder !== stub, slateMaker?.encoder !== stub,
            stub.settings.video.bitsPerSecond != effectiveBitsPerSecond
        {
            stub.reconfigure(bitsPerSecond: effectiveBitsPerSecond)
        }
        if let run = runs.first(where: { $0.encoder === stub }) {
            takeUp(run)
        } else if change?.encoder === stub {
            changeIsReady()
        } else if spares.contains(where: { $0 === stub }) {
            spareReady(stub)
        } else if slateMaker?.encoder === stub {
            encodeSlate()
        }
        startTimelineIfPossible()
        pump()
    }

    /// Lets the run's encoder, which is open, go on where the last one ended: whatever is not safe is given again, from
    /// the first frame on, as an IDR.
    func takeUp(_ run: EncodingRun) {
        guard let encoder = run.encoder, let ready = encoder.ready else { return }
        post(child("encoder"), .child(.ready(pid: encoder.child.pid, plugins: nil)))
        encoderSlot.state = .ready
        encoderlessSince = nil
        if stamper == nil { stamper = PacketStamper(frameRate: frameRate, reorderDepth: ready.reorderDepth) }
        run.ledger.startOver()
        run.lockstep = TwinLockstep()
        run.firstFrame = nil
        run.hasWorked = false
        for (index, entry) in run.ledger.uncommitted.enumerated() {
            run.encode(entry, forceIDR: index == 0, pools: pools)
        }
        if run === currentRun {
            lastMaximumDelay = ready.maximumDelay
            // So that a server has the headers early; those of a stranger count when a frame of its own is safe.
            if !encoder.child.isForeign { announceConfiguration(encoder.configuration) }
            endSlate()
            for block in audioLedger.startOver() { run.encode(block) }
        }
        if run.isClosed { run.close() }
        lendSlots()
    }

    /// The number of the stream configuration that `stub`'s access units belong to.
    private func configurationNumber(_ stub: EncoderStub, _ ready: EncoderStub.Ready) -> Int {
        let configuration = StreamConfiguration(
            canvas: stub.settings.video.canvas, frameRate: frameRate,
            videoBitsPerSecond: Int(stub.settings.video.bitsPerSecond),
            audioBitsPerSecond: Int(stub.settings.audioBitsPerSecond), avcConfiguration: ready.avcConfiguration,
            audioSpecificConfig: ready.audioSpecificConfig)
        return configurations.number(of: configuration)
    }

    /// Tells the links what players need for packets of configuration `number`, once.
    func announceConfiguration(_ number: Int) {
        guard let configuration = configurations.announce(number) else { return }
        outputs.configure(configuration, number: number)
    }

    // MARK: what it is given

    /// Hands a picture, filtered or not, to the encoder. Its slot stays leased until it is committed.
    func give(_ frame: TimelineFrame) {
        openRunIfDue(at: frame)
        guard let run = currentRun else { return }
        run.ledger.give(frame.frame, in: frame.slot)
        guard slateOnAir == nil else { return answerWithSlate(run) }
        if let entry = run.ledger.uncommitted.last { run.encode(entry, forceIDR: false, pools: pools) }
    }

    func give(block number: Int64, _ samples: [Float]) {
        audioLedger.give(number, samples)
        guard slateOnAir == nil else { return answerSoundWithSilence() }
        if let block = audioLedger.uncommitted.last { currentRun?.encode(block) }
    }

    /// Frames that are not safe yet, in all runs.
    var uncommittedCount: Int { runs.reduce(0) { $0 + $1.ledger.uncommitted.count } }

    // MARK: what it answers

    private func encoderReplied(_ id: ObjectIdentifier, _ reply: EncoderReply) {
        guard let stub = encoder(id) else { return }
        if slateMaker?.encoder === stub { return slateMakerReplied(reply) }
        // One that has been retired may still have something to say.
        guard let run = runs.first(where: { $0.employs(stub) }) else { return }
        if run.shadow === stub {
            if run.lockstep.follow(reply, isSound: reply.isSound) == .differs { shadowDiffers(run) }
            return
        }
        if run.shadow != nil {
            if run.lockstep.lead(reply, isSound: reply.isSound) == .differs { shadowDiffers(run) }
        } else if let outcome = run.lockstep.catchUp(reply, isSound: reply.isSound) {
            if outcome == .differs {
                stub.child.dismiss("it answers otherwise than the encoder before it, and can't go on from there")
            }
            return
        }
        take(reply, from: stub, of: run)
    }

    func take(_ reply: EncoderReply, from stub: EncoderStub, of run: EncodingRun) {
        do throws(LedgerError) {
            switch reply {
            case .accessUnit(let unit): commit(try run.ledger.answer(unit), of: run, stub)
            case .audioPacket(let block, let bytes):
                // The sound goes over to a new run at once: it can be cut anywhere.
                guard run === currentRun else { return }
                if try audioLedger.answer(block), let stamper { offer(stamper.stamp(audioBlock: block, bytes: bytes)) }
            case .flushed: flushed(run, stub)
            case .ready, .refused, .alive: break
            }
        } catch {
            stub.child.dismiss("it lies: \(error)")
        }
    }

    private func commit(_ commitments: [CommitLedger.Commitment], of run: EncodingRun, _ stub: EncoderStub) {
        guard !commitments.isEmpty else { return }
        let depth = stub.ready?.reorderDepth ?? 0
        for commitment in commitments {
            pools.release(commitment.slot)
            run.waiting.append(
                EncodingRun.Finished(
                    commitment: commitment, configuration: stub.configuration, reorderDepth: depth))
        }
        if !run.hasWorked {
            run.hasWorked = true
            encoderHasWorked(run)
        }
        drainRuns()
        lendSlots()
        pump()
    }

    /// Sends what is safe, the oldest run first, and lets go of runs that are complete.
    func drainRuns() {
        while let run = runs.first {
            let waiting = run.waiting
            run.waiting.removeAll(keepingCapacity: true)
            waiting.forEach(emit)
            guard run.isComplete else { return }
            guard runs.count > 1 else {
                guard state == .ending else { return }
                releaseAudio(until: MediaTime(nanoseconds: .max))
                return end()
            }
            runs.removeFirst()
            retire(run.encoder)
            retire(run.shadow)
        }
    }

    private func emit(_ finished: EncodingRun.Finished) {
        stamper?.reorder(by: finished.reorderDepth)
        announceConfiguration(finished.configuration)
        guard let packet = stamper?.stamp(finished.commitment, configuration: finished.configuration) else { return }
        framesCommitted += 1
        lastCommit = .now
        offer(packet)
    }

    /// Hands a packet to the outputs. Sound that is ahead of the picture is held until the picture has come up to it.
    func offer(_ packet: Packet) {
        if packet.isVideo {
            committedRate.add(packet.bytes.count, at: .now)
            lastVideoDTS = packet.dts
            outputs.take(packet)
            releaseAudio(until: packet.dts + interval)
        } else {
            heldAudio.append(packet)
            releaseAudio(until: lastVideoDTS + interval)
        }
    }

    func releaseAudio(until time: MediaTime) {
        let ready = heldAudio.prefix { $0.dts <= time }
        guard !ready.isEmpty else { return }
        heldAudio.removeFirst(ready.count)
        for packet in ready { outputs.take(packet) }
    }

    /// The encoder has handed out everything it held.
    private func flushed(_ run: EncodingRun, _ stub: EncoderStub) {
        guard run.isClosed else { return stub.child.dismiss("it flushed without being asked") }
        guard run.ledger.uncommitted.isEmpty else {
            return stub.child.dismiss("it flushed with \(run.ledger.uncommitted.count) frames unanswered")
        }
        run.isFlushed = true
        drainRuns()
    }
}
