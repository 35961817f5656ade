import BulkheadMedia
import BulkheadSystem
import BulkheadWire
import CFFmpeg
import Glibc

/// Passes on what libavformat reads, without a decoder: access units and AAC frames, in the order in which they stand.
///
/// An input that can be made to wait is read as far as the master allows; a live one is read without a pause.
final class CopyPlayer: Player {
    private let input: MediaInput
    private let link: MasterLink
    private let settings: SourceSettings
    private var streams: CopiedStreams
    private var clock = SourceClock()
    /// What was said of the streams last.
    private var told: CopiedFormat?
    /// What comes at the start of a pass, until it is known where that begins.
    private var held: [CopiedItem] = []
    /// What was read and may not be sent yet.
    private var pending: CopiedPacket?
    /// Pictures are left out up to the next IDR.
    private var awaitsIDR = true
    /// Of the packets sent, in source time.
    private var lastPicture: MediaTime?
    private var lastSound: MediaTime?
    /// What another process has sent: pictures up to this place in the input, sound up to this source time.
    private var sent: (picture: Int64, sound: Int64)?
    private var inputHasEnded = false
    private var hasSent = false
    /// A packet says neither when it is decoded nor when it is shown.
    private var lacksTimes = false
    private var postedBytes = 0
    /// What of a live input is put off.
    private var batch = CopyBatch()
    /// Nil for an input that is read as it comes.
    private var pace: CopyPace?
    /// How long the last packet took to be read, in nanoseconds.
    private var readingTime: Int64 = 0
    private var hasWarned: Set<Warning> = []

    private enum Warning { case damaged, tooLong, readError, order, jump }

    /// So many packets, and bytes, may wait for the first of the other stream.
    private static let mostHeld = 64
    /// Sent together.
    private static let batchBytes = 1 << 16
    /// Of what was sent again behind a seek, sound counts as the same within this, in nanoseconds.
    private static let sameSound: Int64 = 5_000_000

    init(_ input: MediaInput, settings: SourceSettings, streams: CopiedStreams, link: MasterLink) throws(OpenFailure) {
        self.input = input
        self.settings = settings
        self.streams = streams
        self.link = link
        if input.isLive, input.waitsInKernel { pace = CopyPace() }
        input.interrupt.whileWaiting = { [weak self] () throws(SourceStop) in
            try self?.flushIfLate()
            try self?.link.pump(waiting: false)
            try self?.link.sendFiguresIfDue { input.figures() }
        }
        guard let resume = settings.resume else { return }
        let heard = MediaTime(sampleIndex: resume.audioSample).nanoseconds
        let (offset, _) = resume.position.subtractingReportingOverflow(resume.pts)
        let soundPosition = heard.addingReportingOverflow(offset).partialValue
        let start = max(0, min(resume.position, input.audio == nil ? .max : soundPosition) - 100_000_000)
        if try input.seek(to: start) {
            clock = SourceClock(
                resumingAt: resume.pts,
                input: resume.position.addingReportingOverflow(input.startTime).partialValue)
            sent = (resume.position, heard)
            awaitsIDR = false
        } else {
            let next = resume.pts.addingReportingOverflow(settings.frameRate.interval.nanoseconds).partialValue
            clock = SourceClock(startingAt: max(0, next, heard))
        }
    }

    func step() throws(SourceStop) -> PlayerStep {
        if let jump = input.takeJump() {
            try warn(
                .jump,
                "the clock of \(input.address.name) jumped by \(Double(jump / 10_000_000) / 100) s; it is put right")
        }
        if let packet = pending {
            guard mayGo(packet) else { return .idle }
            pending = nil
            try send(packet)
            return .progressed
        }
        if inputHasEnded { return try endPass() }
        if input.isLive { try link.sendFiguresIfDue { input.figures() } }
        return try readPacket()
    }

    private func mayGo(_ packet: CopiedPacket) -> Bool { input.isLive || packet.dts.nanoseconds <= link.copyCredit }

    // MARK: reading

    private func readPacket() throws(SourceStop) -> PlayerStep {
        if input.isLive { try flushIfLate() } else if input.mayKeepWaiting { try link.flush() }
        let start = MonotonicTime.now
        let reading = input.read()
        readingTime = MonotonicTime.now.since(start)
        switch reading {
        case .packet(let packet, let isVideo):
            if bulkhead_av_is_encrypted(packet) != 0 {
                return .failed(Refusal(.other, "\(input.address.name) is encrypted"))
            }
            if let item = try item(packet, isVideo: isVideo) { try take(item) }
        case .nothingYet:
            poll(nil, 0, 5)
            try link.sendWaitingIfDue()
        case .end: inputHasEnded = true
        case .failed(let error):
            if let loss = input.loss(error) { return .failed(loss) }
            try warn(.readError, "\(input.address.name) can't be read to its end: \(error)")
            inputHasEnded = true
        case .stopped(let stop): throw stop
        }
        if inputHasEnded { try settle() }
        return .progressed
    }

    /// What a packet holds, in the input's time; nil for what is left out.
    private func item(
        _ packet: UnsafeMutablePointer<AVPacket>, isVideo: Bool
    ) throws(SourceStop) -> CopiedItem? {
        let missing = bulkhead_av_nopts_value
        let (dts, pts) = (packet.pointee.dts, packet.pointee.pts)
        guard let data = packet.pointee.data, packet.pointee.size > 0 else { return nil }
        guard dts != missing || pts != missing else {
            lacksTimes = true
            return nil
        }
        let bytes = UnsafeBufferPointer(start: data, count: Int(packet.pointee.size))
        let decoded = dts == missing ? pts : dts
        let shown = max(decoded, pts == missing ? decoded : pts)
        let duration = max(0, packet.pointee.duration)
        streams.takeHeader(of: packet, isVideo: isVideo)
        guard isVideo else {
            guard bytes.count <= CopiedPacket.mostSoundBytes, let frame = streams.sound(bytes) else {
                try warn(.damaged, "parts of \(input.address.name) are damaged and were left out")
                return nil
            }
            return CopiedItem(kind: .audio, dts: decoded, pts: decoded, duration: duration, bytes: frame)
        }
        do throws(AccessUnitPacker.Fault) {
            let unit = try streams.picture(bytes)
            guard unit.bytes.count <= CopiedPacket.mostPictureBytes else {
                try? warn(.tooLong, "a picture of \(input.address.name) is longer than any server takes; left out")
                awaitsIDR = true
                return nil
            }
            return CopiedItem(
                kind: .video(isIDR: unit.isIDR, isDisposable: unit.isDisposable), dts: decoded, pts: shown,
                duration: duration, bytes: unit.bytes)
        } catch {
            if error == .damaged {
                try? warn(.damaged, "parts of \(input.address.name) are damaged and were left out")
            }
            return nil
        }
    }

    /// Passes an item on, once the pass is tied to source time.
    private func take(_ item: CopiedItem) throws(SourceStop) {
        guard !clock.isSettled else { return try place(item) }
        held.append(item)
        let hasBoth = held.contains(where: \.isVideo) && held.contains { !$0.isVideo }
        if input.audio == nil || hasBoth || held.count >= Self.mostHeld { try settle() }
    }

    private func settle() throws(SourceStop) {
        guard !clock.isSettled, !held.isEmpty else { return }
        clock.settle(held.map(\.dts))
        let items = held
        held = []
        for item in items { try place(item) }
    }

    /// Gives an item its place in source time, and sends it or keeps it until it may go.
    private func place(_ item: CopiedItem) throws(SourceStop) {
        guard let dts = clock.sourceTime(of: item.dts), let pts = clock.sourceTime(of: item.pts) else { return }
        let position = item.dts.subtractingReportingOverflow(input.startTime).partialValue
        let end = dts.addingReportingOverflow(item.duration).partialValue
        if item.isVideo { clock.note(end: end) } else { clock.note(soundEnd: end) }
        guard !wasSent(item, position, dts) else { return }
        if item.isVideo, awaitsIDR {
            guard item.isIDR else { return }
            awaitsIDR = false
        }
        let last = (item.isVideo ? lastPicture : lastSound)?.nanoseconds ?? .min
        // Two of one kind at one time: what decides between them is their order.
        let placed = dts > last ? dts : last.addingReportingOverflow(1_000_000).partialValue
        if placed != dts { try warn(.order, "times of \(input.address.name) go back; they are put right") }
        let packet = CopiedPacket(
            kind: item.kind, dts: MediaTime(nanoseconds: placed), pts: MediaTime(nanoseconds: max(placed, pts)),
            position: MediaTime(nanoseconds: position), bytes: item.bytes)
        if mayGo(packet), pending == nil { return try send(packet) }
        // At the start of a pass several come at once; they are bounded by what is held.
        if let former = pending { try send(former) }
        pending = packet
    }

    /// Another process has sent it already.
    private func wasSent(_ item: CopiedItem, _ position: Int64, _ time: Int64) -> Bool {
        guard let sent else { return false }
        return item.isVideo
            ? position <= sent.picture : time <= sent.sound.addingReportingOverflow(Self.sameSound).partialValue
    }

    private func send(_ packet: CopiedPacket) throws(SourceStop) {
        guard let format = streams.format else { return }
        if format != told {
            try link.send(.copies(format))
            told = format
        }
        hasSent = true
        if packet.isVideo { lastPicture = packet.dts } else { lastSound = packet.dts }
        link.post(.copied(packet))
        guard !input.isLive else {
            try sendBatch(behind: packet)
            return
        }
        postedBytes += packet.bytes.count
        guard postedBytes >= Self.batchBytes else { return }
        postedBytes = 0
        try link.flush()
    }

    /// Sends what waits where it is time, and rests behind that where it may.
    private func sendBatch(behind packet: CopiedPacket) throws(SourceStop) {
        let now = MonotonicTime.now
        let hasSound = input.audio != nil
        pace?.read(packet.dts, in: readingTime, at: now)
        // Of a packet that is sent later, nobody knows.
        readingTime = 0
        guard batch.add(packet, hasSound: hasSound, at: now) else { return }
        if let pace, !batch.isLate(at: now) {
            guard pace.isDue(at: now), batch.isWhole(hasSound: hasSound) else { return }
        }
        try flushBatch()
        if let end = pace?.rest(at: now) { try link.rest(until: end) }
    }

    private func flushIfLate() throws(SourceStop) { if batch.isLate(at: .now) { try flushBatch() } }

    private func flushBatch() throws(SourceStop) {
        batch.clear()
        try link.flush()
    }

    // MARK: the end of a pass

    private func endPass() throws(SourceStop) -> PlayerStep {
        guard hasSent || settings.resume != nil else {
            let lack = lacksTimes ? "its packets have no times" : "it has no IDR picture"
            return .failed(Refusal(.notCopied, "nothing in \(input.address.name) can be copied: \(lack)"))
        }
        guard settings.loops, !input.isLive else { return .ended }
        do throws(OpenFailure) { try input.rewind() } catch {
            switch error {
            case .stopped(let stop): throw stop
            case .refused(let refusal): return .failed(refusal)
            }
        }
        clock.beginPass()
        inputHasEnded = false
        awaitsIDR = true
        sent = nil
        return .progressed
    }

    private func warn(_ warning: Warning, _ text: String) throws(SourceStop) {
        if hasWarned.insert(warning).inserted { try link.send(.notice(text)) }
    }
}

/// A packet that is passed on, with times of its input, in nanoseconds.
private struct CopiedItem {
    let kind: Packet.Kind
    let dts: Int64
    let pts: Int64
    let duration: Int64
    let bytes: [UInt8]

    var isVideo: Bool { if case .video = kind { true } else { false } }
    var isIDR: Bool { if case .video(isIDR: true, _) = kind { true } else { false } }
}
