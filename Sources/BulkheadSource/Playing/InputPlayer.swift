import BulkheadFrames
import BulkheadMedia
import BulkheadWire
import CFFmpeg
import Glibc

/// Plays what libavformat has opened.
///
/// An input that can be made to wait is read as far as lent slots and granted sound allow. A live one is read without a
/// pause, and pictures for which there is no slot are left out.
final class InputPlayer: Player {
    /// Packets of one stream that wait while another stream's are looked for; beyond it nothing is read.
    static let queueByteLimit = 64 << 20

    private let playlist: Playlist
    private var input: MediaInput { playlist.input }
    private let link: MasterLink
    private let settings: SourceSettings
    private var clock: SourceClock
    private var video: VideoTrack?
    private var sound: SoundPlayer?
    private var inputHasEnded = false
    /// libavformat is asked for a packet, and may have to wait for it.
    private var isReading = false
    private var lastPacketTime: Int64 = .min
    private var part: PlayedPart
    /// The last picture of a live input had to be waited for.
    private var isCaughtUp = false
    private var framesBeforePass = 0
    /// A pass, or a file of a list, after the first has begun.
    private var hasBegunPass = false
    private var remarks = Remarks()
    /// Nil where the input is no list.
    private var turn: FileTurn?
    private var black: BlackPicture

    init(_ playlist: Playlist, settings: SourceSettings, link: MasterLink) throws(OpenFailure) {
        self.playlist = playlist
        self.link = link
        self.settings = settings
        clock = SourceClock()
        black = BlackPicture(settings.canvas, settings.frameRate)
        turn = playlist.ahead.map { FileTurn($0, link) }
        part = PlayedPart(of: playlist)
        try makeTracks()
        guard let takeover = settings.resume.map({ Takeover($0, settings.frameRate) }) else {
            try beginPart()
            return
        }
        guard playlist.isResumed else {
            clock = SourceClock(startingAt: max(0, takeover.nextTime))
            try beginPart()
            return
        }
        if takeover.isBeforeBeginning, part.inPoint != nil {
            // Nothing of it has been shown.
            clock = SourceClock(startingAt: max(0, takeover.beginning))
            try beginPart()
            return
        }
        if try input.seek(to: takeover.position(hasSound: input.audio != nil)) {
            clock = SourceClock(
                resumingAt: takeover.resume.pts,
                input: takeover.resume.position.addingReportingOverflow(input.startTime).partialValue)
            tieClock()
            part.goOn(behind: takeover.resume)
        } else {
            clock = SourceClock(startingAt: max(0, takeover.nextTime, takeover.heard))
        }
    }

    /// Goes to where the list that names the input at hand has it begin, and ties the pass to it.
    private func beginPart() throws(OpenFailure) {
        part = PlayedPart(of: playlist)
        part.begin(at: clock.start)
        if let inPoint = part.inPoint {
            if !playlist.isPrepared { _ = try input.seek(to: part.position) }
            clock.settle([inPoint])
        }
        tieClock()
    }

    private func tieClock() {
        clock.endLimit = part.inputEnd
        let mayOverhang = playlist.isList && input.video != nil && link.usesPictures
        clock.borneOverhang = mayOverhang ? MediaTime(sampleIndex: SoundBorder.mostOverhang).nanoseconds : 0
    }

    /// Makes what plays the streams of the input at hand. Sound goes on in the row in which it was; where a file of a list has
    /// no picture, the one before it stands.
    private func makeTracks() throws(OpenFailure) {
        let (input, decoders) = (playlist.input, playlist.decoders)
        input.interrupt.whileWaiting = { [weak self] () throws(SourceStop) in try self?.workWhileWaiting() }
        if let decoder = decoders.video, let stream = input.video, link.usesPictures {
            let next = try VideoTrack(input, stream, decoder, settings: settings, hasAlpha: link.hasAlpha)
            if let video { next.goOn(behind: video) }
            next.lastPTS = max(next.lastPTS, black.lastTime)
            video = next
        }
        if link.usesSound, decoders.audio != nil || (playlist.isList && playlist.description.hasAudio) {
            let row = sound?.track.sound
            sound = SoundPlayer(
                try AudioTrack(input, decoders.audio, settings: settings, sound: row), link, isListed: playlist.isList)
        }
    }

    func step() throws(SourceStop) -> PlayerStep {
        leaveOutUnused()
        if let remark = video?.takeRemark() { try warn(.pictures, "\(input.address.name): \(remark)") }
        if let jump = input.takeJump() {
            try warn(
                .jump,
                "the clock of \(input.address.name) jumped by \(Double(jump / 10_000_000) / 100) s; it is put right"
            )
        }
        if input.isLive { return try stepLive() }
        return try stepStored()
    }

    /// Reads no more of what is not used.
    private func leaveOutUnused() {
        if !link.usesPictures, video != nil {
            video = nil
            input.discardPictures()
        }
        if !link.usesSound, sound != nil {
            sound = nil
            input.discardSound()
        }
    }

    // MARK: an input that waits

    private func stepStored() throws(SourceStop) -> PlayerStep {
        try lookAhead()
        var progressed = false
        var wantsPackets = false
        if try workOnVideo(&wantsPackets) { progressed = true }
        if workOnSound(&wantsPackets) { progressed = true }
        if !clock.isSettled { settleIfPossible(&progressed) }
        if progressed { return .progressed }
        if hasEndedPass || turn?.hasReachedCut(video, sound) == true { return try endPass() }
        guard wantsPackets || wantsEnd, !inputHasEnded else { return try rest() }
        if queuedByteCount >= Self.queueByteLimit { return try waitOutTheOtherStream() }
        return try readPacket()
    }

    /// Waits for the master, and looks at what is opened on another thread meanwhile.
    private func rest() throws(SourceStop) -> PlayerStep {
        guard playlist.ahead?.isAtWork == true else { return .idle }
        try link.flush()
        poll(nil, 0, 10)
        return .progressed
    }

    /// The end of the input was read when it was opened ahead, and is to be read once more.
    private var wantsEnd: Bool { (video?.hasEnded ?? true) && (sound?.track.hasEnded ?? true) }

    private var queuedByteCount: Int {
        (video?.decoder.queue.byteCount ?? 0) + (sound?.track.decoder?.queue.byteCount ?? 0)
    }

    /// Decodes and sends pictures; true when something was done.
    private func workOnVideo(_ wantsPackets: inout Bool) throws(SourceStop) -> Bool {
        guard let video else { return try paintBlack() }
        let hasSlot = !link.freeSlots.isEmpty
        if video.decoded.time == nil, !video.hasEnded, hasSlot || !clock.isSettled {
            switch video.decode() {
            case .frame: return true
            case .needsPackets: wantsPackets = true
            case .ended:
                video.hasEnded = true
                clock.note(end: video.lastEnd)
                return true
            }
        }
        if let time = video.decoded.time, let pts = clock.sourceTime(of: time) {
            if video.candidate.time == nil {
                advance(video, time: time, pts: pts)
                return true
            }
            if video.isThinned, video.fallsTogether(video.candidatePTS, pts) {
                advance(video, time: time, pts: pts)
                return true
            }
        }
        // With thinning a picture waits for the one behind it.
        let isDecided = !video.isThinned || video.decoded.time != nil || video.hasEnded
        if let cut = turn?.cut, video.candidate.time != nil, video.candidatePTS >= cut {
            turn?.isAtCut = true
            video.candidate.clear()
            return true
        }
        if video.candidate.time != nil, isDecided, hasSlot {
            try sendPicture(video)
            return true
        }
        // Where sound goes on without pictures, or the last one is to stand for long, it is sent again each second:
        // for the master a picture that is not there is one that is late.
        return video.isExhausted && clock.isSettled && video.standStill(until: min(clock.end, turn?.cut ?? .max))
    }

    /// Makes the decoded picture the candidate, or leaves it out when its time is over.
    private func advance(_ video: VideoTrack, time: Int64, pts: Int64) {
        // How long it lasts counts for the last one only: any other lasts until the next, whatever the file says.
        clock.note(end: pts)
        video.lastEnd = pts.addingReportingOverflow(video.decoded.duration).partialValue
        if let cut = turn?.cut, pts >= cut {
            turn?.isAtCut = true
            video.decoded.clear()
            return
        }
        guard pts > video.lastPTS, part.shows(pts, inputTime: time) else {
            video.decoded.clear()
            return
        }
        video.promote(pts: pts, position: time.subtractingReportingOverflow(input.startTime).partialValue)
    }

    private func sendPicture(_ video: VideoTrack) throws(SourceStop) {
        guard let pool = link.pool, let slot = link.freeSlots.first, let bytes = pool.bytes(of: slot) else { return }
        let (pts, position) = (video.candidatePTS, video.candidatePosition)
        do throws(PictureWriter.Failure) {
            try video.write(slot: slot, bytes: bytes, poolGeneration: link.poolGeneration)
        } catch {
            try warn(.format, "a picture has a format that can't be converted")
            return
        }
        _ = link.takeSlot()
        video.lastPTS = pts
        let reply = SourceReply.video(slot: slot, pts: pts, position: position)
        if !input.isLive, link.hasFewSlots { link.post(reply) } else { try link.send(reply) }
    }

    /// Decodes and sends sound; true when something was done.
    private func workOnSound(_ wantsPackets: inout Bool) -> Bool {
        let isLastPass = inputHasEnded && !settings.loops && !(playlist.ahead?.goesOn ?? false)
        let progress = sound?.work(
            &clock, besidePicture: video?.lastPTS, pictureGoesOn: !(video?.isExhausted ?? true), isLastPass: isLastPass,
            cut: turn?.cut.map { MediaTime(nanoseconds: $0).sampleIndex })
        switch progress {
        case .progressed: return true
        case .needsPackets:
            wantsPackets = true
            return false
        case .idle, nil: return false
        }
    }

    /// Ties source time to the first picture and the first sound, once both are known or one is clearly late.
    private func settleIfPossible(_ progressed: inout Bool) {
        let times = [video?.decoded.time, sound?.track.decoded.time].compactMap { $0 }
        guard let first = times.min() else { return }
        let missesVideo = video.map { $0.decoded.time == nil && !$0.hasEnded } ?? false
        let missesSound = sound.map { $0.track.decoded.time == nil && !$0.track.hasEnded } ?? false
        let isLate =
            lastPacketTime > first && lastPacketTime.subtractingReportingOverflow(first).partialValue > 3_000_000_000
        let comesNot = input.mayKeepWaiting && input.isSilent
        guard !(missesVideo || missesSound) || isLate || comesNot || queuedByteCount >= Self.queueByteLimit / 2 else {
            return
        }
        clock.settle(times)
        progressed = true
    }

    /// One stream's packets are so far away that the other's fill the memory they may take.
    private func waitOutTheOtherStream() throws(SourceStop) -> PlayerStep {
        try warn(.interleaving, "picture and sound lie too far apart in the file: sound may be missing")
        if let sound, sound.fillSilence(clock, until: video?.lastPTS) { return .progressed }
        return .idle
    }

    private func readPacket() throws(SourceStop) -> PlayerStep {
        // A file never keeps anybody waiting for long; anything else may.
        if input.mayKeepWaiting { try link.flush() }
        isReading = true
        let reading = input.read()
        isReading = false
        switch reading {
        case .packet(let packet, let isVideo):
            let time = packet.pointee.dts == bulkhead_av_nopts_value ? packet.pointee.pts : packet.pointee.dts
            if time != bulkhead_av_nopts_value { lastPacketTime = max(lastPacketTime, time) }
            if bulkhead_av_is_encrypted(packet) != 0 {
                return .failed(Refusal(.other, "\(input.address.name) is encrypted"))
            }
            if input.isLive, isVideo { try noteWaiting() }
            let decoder = isVideo ? video?.decoder : sound?.track.decoder
            guard decoder?.queue.append(packet) ?? true else { return .failed(Refusal(.other, "memory is short")) }
            if isVideo, let video, video.isCover { video.decoder.endInput() }
        case .nothingYet:
            poll(nil, 0, 5)
            try link.sendWaitingIfDue()
        case .end:
            if link.usesPictures, link.usesSound, let text = input.missingEnd(after: lastPacketTime) {
                try warn(.cut, text)
            }
            endInput()
        case .failed(let error):
            if let loss = input.loss(error) { return .failed(loss) }
            try warn(.readError, "\(input.address.name) can't be read to its end: \(error)")
            endInput()
        case .stopped(let stop): throw stop
        }
        return .progressed
    }

    /// Goes on with what has come, in the midst of a read that waits for more.
    private func workWhileWaiting() throws(SourceStop) {
        guard isReading else { return }
        isReading = false
        defer { isReading = true }
        try link.pump(waiting: false)
        while let held = input.takeHeldInSilence() {
            _ = (held.isVideo ? video?.decoder : sound?.track.decoder)?.queue.append(held.packet)
        }
        if input.isLive {
            try tellFigures()
            if let video { try drainLive(video) }
            sound?.drainLive(&clock)
        } else {
            var wantsPackets = false
            var progressed = true
            while progressed {
                progressed = try workOnVideo(&wantsPackets)
                if workOnSound(&wantsPackets) { progressed = true }
                if !clock.isSettled { settleIfPossible(&progressed) }
            }
        }
        try link.flush()
    }

    /// Tells the master where all that a live input had kept has been read.
    private func noteWaiting() throws(SourceStop) {
        let wasCaughtUp = isCaughtUp
        isCaughtUp = input.takeWaitingTime() >= settings.frameRate.interval.nanoseconds / 6
        if isCaughtUp, !wasCaughtUp { try link.send(.waiting) }
    }

    private func endInput() {
        inputHasEnded = true
        video?.decoder.endInput()
        sound?.track.decoder?.endInput()
        if let end = part.end { clock.note(end: end) }
    }

    // MARK: the end of a pass

    private var hasEndedPass: Bool {
        guard inputHasEnded else { return false }
        let videoIsDone = video?.isExhausted ?? true
        return videoIsDone && (sound?.isExhausted ?? true)
    }

    private func endPass() throws(SourceStop) -> PlayerStep {
        let frameCount = (video?.decoder.frameCount ?? 0) + (sound?.track.decoder?.frameCount ?? 0)
        let damagedCount = (video?.decoder.damagedCount ?? 0) + (sound?.track.decoder?.damagedCount ?? 0)
        if damagedCount > 0 { try warn(.damaged, "parts of \(input.address.name) are damaged and were left out") }
        // Behind the place where a source takes over there may be nothing left.
        let mayBeEmpty = framesBeforePass == 0 && settings.resume != nil && !hasBegunPass
        let gaveNothing = inputHasEnded && frameCount == framesBeforePass && !mayBeEmpty
        if let list = playlist.ahead {
            if gaveNothing { try list.leaveOutCurrent() }
            return try endFile(list)
        }
        if gaveNothing {
            return .failed(Refusal(.other, "nothing in \(input.address.name) can be decoded: \(PictureLimit.doubt)"))
        }
        guard settings.loops else { return finish(nil) }
        return try going { () throws(OpenFailure) in
            try input.rewind()
            try beginPass(frameCount: frameCount)
        }
    }

    /// Sound that is not granted yet has still to go.
    private func finish(_ refusal: Refusal?) -> PlayerStep {
        if let refusal { return .failed(refusal) }
        if let row = sound?.track.sound, row.end > row.nextSample { return .idle }
        return .ended
    }

    private func going(_ body: () throws(OpenFailure) -> Void) throws(SourceStop) -> PlayerStep {
        do throws(OpenFailure) { try body() } catch {
            switch error {
            case .stopped(let stop): throw stop
            case .refused(let refusal): return .failed(refusal)
            }
        }
        return .progressed
    }

    private func beginPass(frameCount: Int, at border: Int64? = nil) throws(OpenFailure) {
        hasBegunPass = true
        clock.beginPass(at: border)
        inputHasEnded = false
        lastPacketTime = .min
        if playlist.isList {
            framesBeforePass = 0
            remarks = Remarks()
            turn = playlist.ahead.map { FileTurn($0, link) }
            try makeTracks()
        } else {
            framesBeforePass = frameCount
            video?.restart()
            sound?.track.restart()
        }
        try beginPart()
        // It may have been opened anew.
        if video == nil || !link.usesPictures { input.discardPictures() }
        if sound == nil || !link.usesSound { input.discardSound() }
    }

    // MARK: from one file of a list to the next

    /// Has the next file opened, and leaves the one at hand where another is wanted.
    private func lookAhead() throws(SourceStop) {
        guard turn != nil else { return }
        try turn?.lookAhead(isAllowed: mayLookAhead, isDue: hasEndedPass)
        guard clock.isSettled, turn?.mayCut == true else { return }
        let interval = settings.frameRate.interval.nanoseconds
        let seen = video.map { $0.lastPTS.addingReportingOverflow(interval).partialValue } ?? .min
        let heard = sound.map { MediaTime(sampleIndex: $0.track.sound.nextSample).nanoseconds } ?? .min
        turn?.cut(at: max(clock.start, seen, heard))
    }

    /// A source that takes over plays a second first: what ends it at the place where the last one ended is then not taken for
    /// the next file's fault.
    private var mayLookAhead: Bool {
        guard let resume = settings.resume, !hasBegunPass, !inputHasEnded else { return true }
        return Takeover(resume, settings.frameRate).hasPlayedASecond(
            picture: video?.lastPTS, sound: sound?.track.sound.nextSample)
    }

    /// Goes on with the next file, between two frames.
    private func endFile(_ list: ListAhead) throws(SourceStop) -> PlayerStep {
        switch list.readiness {
        case .over: return finish(nil)
        case .refused(let refusal): return finish(refusal)
        case .opening:
            poll(nil, 0, 5)
            try link.flush()
            try link.sendWaitingIfDue()
            return .progressed
        case .ready: break
        }
        guard let border = turn?.close(sound, clock) else { return .idle }
        guard let place = playlist.takeNext() else { return .progressed }
        try link.send(.entered(place, at: border))
        return try going { () throws(OpenFailure) in try beginPass(frameCount: 0, at: border) }
    }

    /// Shows black where a list begins with sound alone and has pictures later on.
    private func paintBlack() throws(SourceStop) -> Bool {
        guard playlist.isList, playlist.description.hasVideo, clock.isSettled else { return false }
        return try black.show(from: clock.start, until: clock.end, link)
    }

    private func warn(_ subject: Remarks.Subject, _ text: String) throws(SourceStop) {
        if remarks.isNew(subject) { try link.send(.notice(text)) }
    }

    // MARK: an input that does not wait

    private func tellFigures() throws(SourceStop) {
        try link.sendFiguresIfDue {
            input.figures(
                undecoded: (video?.decoder.damagedCount ?? 0) + (sound?.track.decoder?.damagedCount ?? 0))
        }
    }

    private func stepLive() throws(SourceStop) -> PlayerStep {
        try tellFigures()
        if !inputHasEnded {
            let result = try readPacket()
            if case .failed = result { return result }
        }
        if let video { try drainLive(video) }
        sound?.drainLive(&clock)
        return inputHasEnded ? .ended : .progressed
    }

    private func drainLive(_ video: VideoTrack) throws(SourceStop) {
        while case .frame = video.decode() {
            guard let time = video.decoded.time else { continue }
            clock.settle([time])
            if let pts = clock.sourceTime(of: time) { video.beginCells(at: pts) }
            guard let pts = clock.sourceTime(of: time), pts > video.lastPTS, pts >= 0,
                !video.isThinned || video.lastPTS < 0 || !video.fallsTogether(video.lastPTS, pts)
            else { continue }
            try link.pump(waiting: false)
            video.promote(pts: pts, position: time.subtractingReportingOverflow(input.startTime).partialValue)
            // Without a slot the picture is overwritten by the next: a live input does not wait.
            if !link.freeSlots.isEmpty { try sendPicture(video) }
        }
    }
}
