import BulkheadFrames
import BulkheadMedia
import BulkheadSupervision
import BulkheadSystem
import BulkheadWire

/// The encoder: its launch, what it is given, what it answers, and who takes over when it is gone.
extension Broadcast {
    private var videoSettings: VideoSettings {
        let interval = (settings.keyframeIntervalSeconds * frameRate.framesPerSecond).rounded()
        return VideoSettings(
            canvas: settings.canvas, frameRate: frameRate, bitsPerSecond: settings.videoBitsPerSecond,
            bufferMilliseconds: settings.bufferMilliseconds, keyframeInterval: UInt32(max(1, min(interval, 100_000))),
            bframes: settings.bframes, preset: settings.preset, tune: settings.tune, profile: settings.profile,
            threads: settings.encoderThreads)
    }

    /// Starts an encoder; before the first one has worked, a failure is the broadcast's.
    func launchEncoder() throws(BroadcastError) {
        do {
            adopt(encoder: try Child(.encoder, programs.launch(.encoder), on: reactor))
        } catch {
            throw BroadcastError(
                .installation, "the encoder can't be started: \(error)",
                advice: "reinstall Bulkhead, or name the folder of its helpers with --libexec")
        }
    }

    /// Puts a child that has just been made in the encoder's place.
    func adopt(encoder child: Child) {
        let stub = EncoderStub(child, videoSettings, audioBitsPerSecond: settings.audioBitsPerSecond)
        encoder = stub
        encoderSlot.state = .starting
        childStarted()
        stub.onReady = { [unowned self] in encoderReady($0) }
        stub.onReply = { [unowned self] in encoderReplied($0) }
        stub.onRefused = { [unowned self] in encoderRefused($0) }
        stub.onEnd = { [unowned self] in encoderEnded($0) }
        if !child.isGreeted {
            do { try child.activate() } catch { child.dismiss("it could not be watched: \(error)") }
        }
        post(
            .notice, "encoder", "started", child.isForeign ? "an encoder has connected" : "started",
            details: ["pid": "\(child.pid)"])
    }

    private func encoderReady(_ ready: EncoderStub.Ready) {
        guard let encoder else { return }
        encoderSlot.state = .ready
        lastMaximumDelay = ready.maximumDelay
        post(.notice, "encoder", "ready", "ready", details: ["pid": "\(encoder.child.pid)"])
        if stamper == nil { stamper = PacketStamper(frameRate: frameRate, reorderDepth: ready.reorderDepth) }
        let configuration = StreamConfiguration(
            canvas: settings.canvas, frameRate: frameRate, videoBitsPerSecond: Int(settings.videoBitsPerSecond),
            audioBitsPerSecond: Int(settings.audioBitsPerSecond), avcConfiguration: ready.avcConfiguration,
            audioSpecificConfig: ready.audioSpecificConfig)
        if self.configuration != configuration {
            self.configuration = configuration
            links.forEach { $0.configure(configuration) }
        }
        // Whatever is not safe is given again, from the first frame on, as an IDR.
        encoder.announce(pools)
        ledger.startOver()
        for (index, entry) in ledger.uncommitted.enumerated() { encoder.encode(entry, forceIDR: index == 0) }
        for block in audioLedger.startOver() { encoder.encode(block) }
        if flushIsSent { encoder.flush() }
        hasEncoded = true
        lendSlots()
        startTimelineIfPossible()
        pump()
    }

    /// Hands a picture, filtered or not, to the encoder. Its slot stays leased until it is committed.
    func give(_ frame: TimelineFrame) {
        ledger.give(frame.frame, in: frame.slot)
        guard let encoder, encoder.ready != nil, let entry = ledger.uncommitted.last else { return }
        encoder.announce(pools)
        encoder.encode(entry, forceIDR: false)
    }

    func give(block number: Int64, _ samples: [Float]) {
        audioLedger.give(number, samples)
        guard let encoder, encoder.ready != nil, let block = audioLedger.uncommitted.last else { return }
        encoder.encode(block)
    }

    private func encoderReplied(_ reply: EncoderReply) {
        do throws(LedgerError) {
            switch reply {
            case .accessUnit(let unit): commit(try ledger.answer(unit))
            case .audioPacket(let block, let bytes):
                if try audioLedger.answer(block), let stamper { offer(stamper.stamp(audioBlock: block, bytes: bytes)) }
            case .flushed: flushed()
            case .ready, .refused: break
            }
        } catch {
            encoder?.child.dismiss("it lies: \(error)")
        }
    }

    private func commit(_ commitments: [CommitLedger.Commitment]) {
        for commitment in commitments {
            pools.release(commitment.slot)
            guard let packet = stamper?.stamp(commitment) else { continue }
            framesCommitted += 1
            encoderHasWorked = true
            offer(packet)
        }
        if !commitments.isEmpty {
            lendSlots()
            pump()
        }
    }

    /// Hands a packet to every link. Sound that is ahead of the picture is held until the picture has come up to it.
    private func offer(_ packet: Packet) {
        if packet.isVideo {
            committedRate.add(packet.bytes.count, at: .now)
            lastVideoDTS = packet.dts
            links.forEach { $0.offer(packet) }
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
        for packet in ready { links.forEach { $0.offer(packet) } }
    }

    private func encoderRefused(_ refusal: Refusal) {
        // Settings that are refused once are refused by every encoder.
        fail(BroadcastError(.encoder, "the encoder refuses the settings: \(refusal)"))
    }

    private func encoderEnded(_ end: ChildEnd) {
        let pid = encoder?.child.pid
        let isForeign = encoder?.child.isForeign ?? false
        encoder = nil
        ledger.startOver()
        defer { childEnded() }
        guard state != .ended else { return encoderSlot.state = .ended }
        encoderSlot.lastEnd = "\(end.cause)"
        postDeath("encoder", end, pid: pid, details: ["uncommitted": "\(ledger.uncommitted.count)"])
        if isForeign {
            encoderSlot.state = .waiting
            post(
                .warning, "encoder", "waiting",
                "waiting for an encoder at unix:\(encoderAddress ?? ""): the stream stands still until one connects")
            return
        }
        let delay = encoderSlot.policy.delay(afterDeathAt: .now, hadWorked: encoderHasWorked)
        encoderHasWorked = false
        if !hasEncoded, encoderSlot.policy.recentDeaths >= 5 {
            return fail(
                BroadcastError(
                    .encoder,
                    "the encoder can't work: it ended \(encoderSlot.policy.recentDeaths) times (\(end.cause))",
                    advice: end.standardErrorTail.isEmpty
                        ? "try other encoder settings" : "it said: \(lastLine(of: end.standardErrorTail))"))
        }
        encoderSlot.noteRestart()
        restart(after: delay) { broadcast throws(BroadcastError) in try broadcast.launchEncoder() }
    }

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
        do throws(BroadcastError) { try launch(self) } catch {
            post(.error, "master", "launch failed", error.description)
            reactor.schedule(at: .now.advanced(by: .seconds(1))) { [weak self] in
                self?.assumeIsolated { $0.attempt(launch) }
            }
        }
    }

    /// Says how a child ended.
    func postDeath(_ part: String, _ end: ChildEnd, pid: Int32?, details: [String: String] = [:]) {
        var details = details
        details["pid"] = pid.map { "\($0)" }
        details["cause"] = "\(end.cause)"
        if !end.standardErrorTail.isEmpty { details["stderr"] = end.standardErrorTail }
        post(.warning, part, "died", "ended: \(end.cause)", details: details)
    }

    func lastLine(of text: String) -> String {
        text.split(separator: "\n").last.map(String.init) ?? ""
    }
}
