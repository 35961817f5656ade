import BulkheadChildren
import BulkheadMedia
import BulkheadModel
import BulkheadTimeline
import BulkheadWire

/// What encoders answer: taken beside the answers of a twin, kept until it may go out, or no answer at all.
extension EncodingMachine {
    mutating func replied(_ child: ChildID, _ reply: EncoderReply) {
        guard let place = encoders.place(of: child) else { return }
        switch reply {
        case .ready(let avc, let asc, let maximumDelay, let reorderDepth):
            let ready = EncoderState.Ready(
                avcConfiguration: avc, audioSpecificConfig: asc, maximumDelay: maximumDelay, reorderDepth: reorderDepth,
                of: encoders.states[place].settings.video)
            guard let ready, !encoders.states[place].isReady else {
                return act(.dismiss(child, "it described itself twice or outside every range"))
            }
            opened(child, ready)
        case .refused(let refusal):
            refused(child, refusal)
            act(.dismiss(child, "it refused the settings: \(refusal)"))
        case .accessUnit, .audioPacket, .flushed, .alive:
            do throws(EncoderLie) { try encoders.states[place].answered(reply, at: now) } catch {
                return act(.dismiss(child, "it lies: \(error)"))
            }
            if slate.maker.employs(child) { slateReplied(child, reply) } else { compare(child, reply) }
        }
    }

    private mutating func opened(_ child: ChildID, _ ready: EncoderState.Ready) {
        hasEncoded = true
        encodersPost.becameReady(child)
        encoders[child]?.opened(ready, at: now)
        if let settings = encoders[child]?.settings {
            let number = stream.number(of: configuration(settings, ready))
            encoders[child]?.configuration = number
        }
        // The bitrate may have changed since it was launched.
        matchBitrate(of: child)
        if slate.maker.employs(child) {
            encodeSlate(child)
        } else {
            switch encodersPost.duty(of: child) {
            case .onAir, .twin: if let index = run(of: child), runs[index].encoder == child { takeUp(index) }
            case .next: changeIsReady()
            case .standby: standbyIsReady(child)
            case .retired, nil: break
            }
        }
        act(.progressed)
    }

    func configuration(_ settings: EncodingSettings, _ ready: EncoderState.Ready) -> StreamConfiguration {
        StreamConfiguration(
            canvas: settings.video.canvas, frameRate: wanted.frameRate,
            videoBitsPerSecond: Int(settings.video.bitsPerSecond),
            audioBitsPerSecond: Int(settings.audioBitsPerSecond), avcConfiguration: ready.avcConfiguration,
            audioSpecificConfig: ready.audioSpecificConfig)
    }

    private mutating func refused(_ child: ChildID, _ refusal: Refusal) {
        if encodersPost.duty(of: child) == .next { return changeFailed("the encoder refuses the settings: \(refusal)") }
        // Settings that are refused once are refused by every encoder; one that was started by hand may be of another
        // kind.
        guard !hasEncoded, encoders[child]?.isForeign == false else { return }
        act(.fail(BroadcastError(.encoder, "the encoder refuses the settings: \(refusal)")))
    }

    /// Takes an answer beside that of the twin, where there is one.
    private mutating func compare(_ child: ChildID, _ reply: EncoderReply) {
        // One that has been retired may still have something to say.
        guard let index = run(of: child) else { return }
        if runs[index].twin == child {
            if runs[index].lockstep.follow(reply, isSound: reply.isSound) == .differs { twinDiffers(index) }
            return
        }
        if runs[index].twin != nil {
            if runs[index].lockstep.lead(reply, isSound: reply.isSound) == .differs { twinDiffers(index) }
            if runs[index].lockstep.lag > Self.longestLag { twinLags(index) }
        } else if let outcome = runs[index].lockstep.catchUp(reply, isSound: reply.isSound) {
            if outcome == .differs {
                act(.dismiss(child, "it answers otherwise than the encoder before it, and can't go on from there"))
            }
            return
        }
        take(reply, from: child, index)
    }

    mutating func take(_ reply: EncoderReply, from child: ChildID, _ index: Int) {
        do throws(LedgerError) {
            switch reply {
            case .accessUnit(let unit): commit(try runs[index].ledger.answer(unit), by: child, index)
            case .audioPacket(let block, let bytes):
                // The sound goes over to a new run at once: it can be cut anywhere.
                guard index == current else { return }
                if try sound.answer(block) { act(stream.send(soundBlock: block, bytes)) }
            case .flushed: flushed(child, index)
            case .ready, .refused, .alive: break
            }
        } catch { act(.dismiss(child, "it lies: \(error)")) }
    }

    private mutating func commit(_ commitments: [CommitLedger.Commitment], by child: ChildID, _ index: Int) {
        guard !commitments.isEmpty, let place = encoders.place(of: child) else { return }
        let reorderDepth = encoders.states[place].ready?.reorderDepth ?? 0
        keep(commitments, in: index, encoders.states[place].configuration, reorderDepth: reorderDepth)
        if !runs[index].hasWorked {
            runs[index].hasWorked = true
            encoderHasWorked(child)
        }
        drainRuns()
        act(.progressed)
    }

    /// These are safe: their slots are free, and they go out as soon as no older run is in their way.
    mutating func keep(
        _ commitments: [CommitLedger.Commitment], in index: Int, _ configuration: Int, reorderDepth: UInt32
    ) {
        for commitment in commitments {
            act(.release(commitment.slot))
            runs[index].finished.append(
                EncodingRun.Finished(
                    commitment: commitment, configuration: configuration, reorderDepth: reorderDepth))
        }
    }

    /// Sends what is safe, the oldest run first, and lets go of runs that are complete.
    mutating func drainRuns() {
        while !runs.isEmpty {
            let all = runs[0].finished
            runs[0].finished.removeAll()
            for finished in all {
                act(stream.send(finished))
                guard stream.hasBegun else { continue }
                figures.committed += 1
                figures.newest = max(figures.newest ?? .min, finished.commitment.unit.frame)
                standstill.progressed(at: now)
            }
            guard runs[0].isComplete else { return }
            guard runs.count > 1 else {
                if phase == .finishing { drained() }
                return
            }
            for child in runs.removeFirst().workers { retire(child) }
        }
    }

    /// The encoder has handed out everything it held.
    private mutating func flushed(_ child: ChildID, _ index: Int) {
        guard runs[index].isClosed else { return act(.dismiss(child, "it flushed without being asked")) }
        let count = runs[index].ledger.uncommitted.count
        guard count == 0 else { return act(.dismiss(child, "it flushed with \(count) frames unanswered")) }
        runs[index].isFlushed = true
        drainRuns()
    }
}
