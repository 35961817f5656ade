import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// An encoder that encodes the slate's GOP, once.
struct SlateMaker {
    let encoder: EncoderStub
    var units: [AccessUnit] = []
    var silence: [UInt8] = []
}

/// The slate on air.
struct SlateOnAir {
    /// Which of the stream's configurations it is.
    let configuration: Int
    /// How many of its access units have gone out.
    var frames = 0
    /// How many of its access units have gone out since it last began with its IDR.
    var index = 0
}

/// The slate that needs no encoder: its GOP is encoded while all is well, and looped when nothing is.
extension Broadcast {
    /// No longer than this, however far apart the user wants IDRs.
    private static let mostSlateFrames: FrameNumber = 300
    private static let slateDelay = Duration.seconds(1)
    private static let slateRetryDelay = Duration.seconds(10)

    /// Has the GOP encoded soon; again whenever its size has changed.
    func scheduleSlate(after delay: Duration = slateDelay) {
        guard !settings.isFast, settings.children != .plugins else { return }
        reactor.schedule(at: .now.advanced(by: delay)) { [weak self] in
            self?.assumeIsolated { $0.launchSlateMaker() }
        }
    }

    private func launchSlateMaker() {
        guard state == .onAir, slateMaker == nil, slateLoop?.configuration.canvas != settings.canvas else { return }
        var wanted = wantedSettings(settings)
        wanted.video.tune = "zerolatency"
        wanted.video.bframes = 0
        wanted.video.threads = 1
        do throws(BroadcastError) {
            slateMaker = SlateMaker(encoder: try launchEncoder(wanted, as: "slate encoder"))
        } catch { scheduleSlate(after: Self.slateRetryDelay) }
    }

    /// The slate's encoder is open: one GOP of the slate, and as much silence as makes the sound's filter bank quiet.
    func encodeSlate() {
        guard let encoder = slateMaker?.encoder, let slate else { return }
        encoder.announce(pools)
        let count = min(Int64(encoder.settings.video.keyframeInterval), Self.mostSlateFrames)
        for frame in 0..<count {
            encoder.encode(CommitLedger.Entry(frame: frame, slot: slate), forceIDR: frame == 0)
        }
        let silence = [Float](repeating: 0, count: AudioFormat.floatsPerBlock)
        for number in 0..<Int64(AudioLedger.warmUpCount + 2) {
            encoder.encode(AudioLedger.Block(number: number, samples: silence))
        }
        encoder.flush()
    }

    func slateMakerReplied(_ reply: EncoderReply) {
        switch reply {
        case .accessUnit(let unit): slateMaker?.units.append(unit)
        case .audioPacket(_, let bytes): slateMaker?.silence = bytes
        case .flushed:
            guard let maker = slateMaker, let ready = maker.encoder.ready else { return }
            slateLoop = SlateLoop(
                units: maker.units, silence: maker.silence,
                configuration: StreamConfiguration(
                    canvas: maker.encoder.settings.video.canvas, frameRate: frameRate,
                    videoBitsPerSecond: Int(settings.videoBitsPerSecond),
                    audioBitsPerSecond: Int(settings.audioBitsPerSecond), avcConfiguration: ready.avcConfiguration,
                    audioSpecificConfig: ready.audioSpecificConfig))
            retire(maker.encoder)
        case .ready, .refused, .alive: break
        }
    }

    func slateMakerEnded() {
        slateMaker = nil
        if slateLoop?.configuration.canvas != settings.canvas { scheduleSlate(after: Self.slateRetryDelay) }
    }

    // MARK: on air

    /// Puts the slate on air in place of an encoder; what waits for one goes out as the slate.
    func beginSlate() {
        guard state == .onAir || state == .ending, slateOnAir == nil, let slateLoop else { return }
        // Players of a stream whose size changed in between would see the old size: rather nothing for a moment.
        guard slateLoop.configuration.canvas == settings.canvas else { return }
        let number = configurations.number(of: slateLoop.configuration)
        slateOnAir = SlateOnAir(configuration: number)
        post(.encoder, .encoder(.slateBegan(frame: runs.first?.firstUncommitted)))
        // A younger run whose encoder works waits for an older one that has none: that one alone is stood in for.
        for run in runs where run.encoder?.ready == nil {
            run.ledger.startOver()
            answerWithSlate(run)
            if run.isClosed { run.isFlushed = true }
        }
        drainRuns()
        if currentRun?.encoder?.ready == nil {
            answerSoundWithSilence()
        } else {
            encoderlessSince = nil
            endSlate()
            isOnProbation = !(currentRun?.hasWorked ?? false)
        }
    }

    /// An encoder goes on.
    func endSlate() {
        guard let ended = slateOnAir else { return }
        slateOnAir = nil
        isOnProbation = true
        post(.encoder, .encoder(.slateEnded(frames: Int(ended.frames))))
    }

    /// Commits all that the run has with the slate's access units.
    func answerWithSlate(_ run: EncodingRun) {
        guard let slateLoop else { return }
        for entry in run.ledger.uncommitted {
            guard var slate = slateOnAir else { return }
            // A run begins with an IDR, and so it does after an encoder was tried in vain.
            if !run.ledger.hasAnswer { slate.index = 0 }
            let unit = slateLoop.unit(at: slate.index, for: entry.frame)
            guard let commitments = try? run.ledger.answer(unit) else { continue }
            slate.index += 1
            slate.frames += 1
            slateOnAir = slate
            framesSlated += 1
            for commitment in commitments {
                pools.release(commitment.slot)
                run.waiting.append(
                    EncodingRun.Finished(
                        commitment: commitment, configuration: slate.configuration, reorderDepth: 0))
            }
        }
        drainRuns()
        lendSlots()
    }

    func answerSoundWithSilence() {
        guard let slateLoop, let stamper else { return }
        for block in audioLedger.uncommitted {
            guard (try? audioLedger.answer(block.number)) == true else { continue }
            offer(stamper.stamp(audioBlock: block.number, bytes: slateLoop.silence))
        }
    }
}
