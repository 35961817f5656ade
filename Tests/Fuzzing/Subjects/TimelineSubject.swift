import BulkheadFLV
import BulkheadFrames
import BulkheadMedia
import BulkheadTimeline
import BulkheadWire

extension FuzzSubject {
    /// What a source and an encoder say of times, slots and frames, behind the wire: the parts of the master that count
    /// with numbers of its children.
    static let timeline = FuzzSubject(name: "timeline", maximumByteCount: 8192) { bytes in
        var decoder = WireDecoder()
        decoder.append(bytes)
        var source: SourceOnTimeline?
        var encoder = EncoderOnTimeline()
        while let frame = try? decoder.next() {
            if let reply = try? SourceReply(frame) {
                if case .opened(let description) = reply, source == nil { source = SourceOnTimeline(description) }
                try source?.take(reply)
            }
            if let reply = try? EncoderReply(frame) { try encoder.take(reply) }
        }
        try source?.end()
    }
}

/// A source's queue of pictures and sound, ticked once after each message.
private struct SourceOnTimeline {
    private static let interval = MediaTime(milliseconds: 40)
    private static let slotCount = 4

    private var feed: SourceFeed
    private var leases = SlotLeases(slotCount: slotCount)
    private var now = MediaTime.zero
    private var block: Int64 = 0

    init(_ description: SourceDescription) {
        feed = SourceFeed(description, cadence: FrameRate(25).map { Cadence($0) })
        while leases.lend() != nil {}
    }

    mutating func take(_ reply: SourceReply) throws {
        switch reply {
        case .video(let slot, let pts, let position):
            // As the source's stub does: a slot that was not lent is a breach.
            guard leases.takeFilled(slot) else { return }
            let picture = Picture(
                slot: SlotReference(pool: 1, slot: slot), pts: MediaTime(nanoseconds: pts),
                position: MediaTime(nanoseconds: position))
            let isTaken = feed.take(picture, at: now, next: block) { leases.release($0.slot) }
            guard isTaken else { return leases.release(slot) }
        case .audio(let start, let samples): feed.samples.push(samples, at: start)
        case .ended: feed.hasEnded = true
        case .failed: feed.reconnect { leases.release($0.slot) }
        case .waiting: feed.fallBehind(by: Self.interval)
        case .opened, .copies, .copied, .entered, .preparing, .prepared, .leftOut, .skipping, .counted, .notice,
            .thumbnail:
            break
        }
        try tick()
    }

    private mutating func tick() throws {
        if let first = feed.firstTime(interval: Self.interval), feed.offset == nil {
            feed.anchor(first, at: now)
            feed.pictures.takeFirstEarly()
        }
        _ = feed.isComplete(at: now, interval: Self.interval)
        feed.settle(at: now, next: block)
        if feed.cadence != nil {
            try rule(feed.cadence?.due(block) ?? now >= now, "a frame is due before its time")
            _ = feed.advance(to: block) { leases.release($0.slot) }
        } else if !feed.isMissingPicture {
            _ = feed.pictures.advance(to: feed.limit(at: now, interval: Self.interval)) { leases.release($0.slot) }
        }
        _ = feed.hasSound(AudioFormat.samples(ofBlock: block))
        let samples = feed.takeSound(AudioFormat.samples(ofBlock: block))
        let count = samples?.count ?? AudioFormat.floatsPerBlock
        try rule(count == AudioFormat.floatsPerBlock, "a block of sound has \(count) floats")
        try rule(feed.samples.end >= feed.samples.start, "sound ends before it begins")
        _ = feed.isFinished(at: now)
        block += 1
        now = now + Self.interval
        while leases.lend() != nil {}
    }

    /// All slots but those of pictures that wait or are shown are free or lent: none is lost.
    mutating func end() throws {
        let kept = feed.pictures.count + (feed.pictures.current == nil ? 0 : 1)
        try rule(leases.heldCount == kept, "\(leases.heldCount) slots are held for \(kept) pictures")
    }
}

/// An encoder's answers to frames that are given ahead of it.
private struct EncoderOnTimeline {
    private var ledger = CommitLedger()
    private var audio = AudioLedger()
    private var stamper = FrameRate(25).map { PacketStamper(frameRate: $0, reorderDepth: 2) }
    private var given: FrameNumber = 0
    private var lastDTS: MediaTime?
    private var lastFrame = Set<FrameNumber>()

    init() {
        for number in 0..<8 { audio.give(Int64(number), [Float](repeating: 0, count: AudioFormat.floatsPerBlock)) }
    }

    mutating func take(_ reply: EncoderReply) throws {
        while ledger.uncommitted.count < 6 {
            ledger.give(given, in: SlotReference(pool: 1, slot: UInt32(truncatingIfNeeded: given)))
            given += 1
        }
        switch reply {
        case .accessUnit(let unit):
            // A breach ends the encoder, and the next one is given the rest again.
            guard let commitments = try? ledger.answer(unit) else { return ledger.startOver() }
            for commitment in commitments {
                try rule(lastFrame.insert(commitment.unit.frame).inserted, "a frame is committed twice")
                guard let packet = stamper?.stamp(commitment) else { continue }
                try rule(lastDTS.map { $0 < packet.dts } ?? true, "a DTS does not rise")
                try rule(packet.pts >= packet.dts, "a picture is shown before it is decoded")
                lastDTS = packet.dts
                _ = try FLVWriter().bytes(of: packet)
            }
        case .audioPacket(let block, let bytes):
            guard let isCommitted = try? audio.answer(block) else {
                _ = audio.startOver()
                return
            }
            if isCommitted, let packet = stamper?.stamp(audioBlock: block, bytes: bytes) {
                _ = try FLVWriter().bytes(of: packet)
            }
        case .flushed: ledger.startOver()
        case .ready, .refused, .alive: break
        }
    }
}
