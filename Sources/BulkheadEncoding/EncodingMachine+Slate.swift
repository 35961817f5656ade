import BulkheadChildren
import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// The slate that needs no encoder: its GOP is encoded while all is well, and looped when nothing is.
extension EncodingMachine {
    // MARK: its making

    /// Has the GOP encoded soon; again whenever its size has changed.
    mutating func scheduleSlate(after delay: Duration) {
        guard !wanted.isFast, !wanted.isForeign else { return }
        act(.wake(.slate, after: delay))
    }

    var slateSettings: EncodingSettings? {
        guard phase == .onAir, slate.maker.isNeeded(for: canvasToCome) else { return nil }
        var settings = wanted.encoderSettings(isInLockstep: false)
        settings.video.canvas = canvasToCome
        settings.video.tune = "zerolatency"
        settings.video.bframes = 0
        settings.video.threads = 1
        return settings
    }

    mutating func launchSlateMaker() {
        if slateSettings != nil { act(.launch(.slate, after: .zero)) }
    }

    mutating func slateDrawn(_ slot: SlotReference, _ canvas: Canvas) {
        if slate.draw(slot, canvas) { scheduleSlate(after: SlateMaker.delay) }
    }

    /// The slate's encoder is open.
    mutating func encodeSlate(_ child: ChildID) {
        guard let picture = slate.picture, let settings = encoders[child]?.settings else { return }
        let work = SlateMaker.work(picture, keyframeInterval: settings.video.keyframeInterval)
        act(.mapPools(child))
        for entry in work.frames {
            encoders[child]?.gaveFrame(at: now)
            act(.encode(child, entry, forceIDR: entry.frame == 0))
        }
        for block in work.sound {
            encoders[child]?.gaveSound()
            act(.encodeSound(child, block))
        }
        encoders[child]?.askedToFlush(at: now)
        act(.flush(child))
    }

    mutating func slateReplied(_ child: ChildID, _ reply: EncoderReply) {
        switch reply {
        case .accessUnit(let unit):
            do throws(LedgerError) { try slate.maker.take(unit) } catch {
                return act(.dismiss(child, "it lies: \(error)"))
            }
            if slate.maker.isTooLong { act(.dismiss(child, "its slate is longer than a still picture can be")) }
        case .audioPacket(_, let bytes): slate.maker.take(silence: bytes)
        case .flushed:
            guard let encoder = encoders[child], let ready = encoder.ready else { return }
            slate.maker.finish(child, configuration(encoder.settings, ready))
            act(.hangUp(child))
        case .ready, .refused, .alive: break
        }
    }

    mutating func slateMakerEnded(_ child: ChildID) {
        slate.maker.ended(child, at: now)
        if !slate.maker.fits(canvasToCome) { scheduleSlate(after: SlateMaker.retryDelay) }
    }

    // MARK: on air

    /// Puts the slate on air in place of an encoder; what waits for one goes out as the slate.
    mutating func beginSlate() {
        // Players of a stream whose size changed in between would see the old size: rather nothing for a moment.
        guard [.onAir, .ending, .finishing].contains(phase), slate.onAir == nil, let loop = slate.maker.loop,
            slate.maker.fits(canvasToCome)
        else { return }
        slate.begin(configuration: stream.number(of: loop.configuration))
        post(.encoder, .slateBegan(frame: runs.first?.firstUncommitted))
        // A younger run whose encoder works waits for an older one that has none: that one alone is stood in for.
        for index in runs.indices where !isReady(runs[index].encoder) {
            runs[index].ledger.startOver()
            answerWithSlate(index, drains: false)
            if runs[index].isClosed { runs[index].isFlushed = true }
        }
        let hasEncoder = isReady(currentRun.encoder)
        if hasEncoder {
            standstill.hasEncoder()
            endSlate(hasWorked: currentRun.hasWorked)
        }
        drainRuns()
        if !hasEncoder { answerSoundWithSilence() }
    }

    /// An encoder goes on.
    /// - Parameter hasWorked: it has made frames safe already.
    mutating func endSlate(hasWorked: Bool = false) {
        guard let frames = slate.end(hasWorked: hasWorked) else { return }
        post(.encoder, .slateEnded(frames: frames))
    }

    /// Commits all that the run has with the slate's access units.
    mutating func answerWithSlate(_ index: Int, drains: Bool = true) {
        guard slate.maker.loop != nil, let configuration = slate.onAir?.configuration else { return }
        for entry in runs[index].ledger.uncommitted {
            // A run begins with an IDR, and so it does after an encoder was tried in vain.
            let beginsWithIDR = !runs[index].ledger.hasAnswer
            guard let unit = slate.unit(for: entry.frame, beginsWithIDR: beginsWithIDR),
                let commitments = try? runs[index].ledger.answer(unit)
            else { continue }
            slate.sent()
            figures.slated += 1
            keep(commitments, in: index, configuration, reorderDepth: 0)
        }
        if drains { drainRuns() }
        act(.progressed)
    }

    mutating func answerSoundWithSilence() {
        guard let loop = slate.maker.loop, stream.hasBegun else { return }
        for block in sound.uncommitted {
            guard (try? sound.answer(block.number)) == true else { continue }
            act(stream.send(soundBlock: block.number, loop.silence))
        }
    }
}
