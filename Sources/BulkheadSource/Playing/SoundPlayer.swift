import BulkheadMedia
import BulkheadWire

/// Plays the sound of an input: decodes it, puts it in its place in source time, and sends what is granted.
struct SoundPlayer {
    /// How far sound is decoded ahead of what may be sent, so that a pass's end is known in time.
    static let lead = Int64(AudioFormat.sampleRate)

    enum Progress { case progressed, idle, needsPackets }

    let track: AudioTrack
    private let link: MasterLink
    /// The sound is that of one file of a list, and another may follow.
    private let isListed: Bool
    private var row: SoundTrack { track.sound }

    init(_ track: AudioTrack, _ link: MasterLink, isListed: Bool = false) {
        self.track = track
        self.link = link
        self.isListed = isListed
    }

    /// Of a file of a list: what may still be changed at its end, because the next begins before it.
    private static let kept = Int(SoundBorder.mostOverhang) + SoundBorder.length
    /// Of a file of a list: sound goes no farther ahead of the pictures, so that it can be left soon.
    private static let besidePicture: Int64 = 200_000_000

    /// Nothing is left to be played.
    var isExhausted: Bool { track.hasEnded && track.decoded.time == nil && !row.isOwingSilence }

    /// It is decoded up to this sample, or to its end.
    func goes(to sample: Int64) -> Bool { row.end >= sample || isExhausted }

    /// Does one piece of work for an input that waits.
    ///
    /// - Parameters:
    ///   - picture: the time of the last picture, with which silence keeps up where the sound has ended; nil without pictures.
    ///   - pictureGoesOn: more pictures come.
    ///   - isLastPass: nothing follows behind the end of the sound.
    ///   - cut: from this sample on nothing is sent; nil for all.
    func work(
        _ clock: inout SourceClock, besidePicture picture: Int64?, pictureGoesOn: Bool, isLastPass: Bool, cut: Int64?
    ) -> Progress {
        var end = cut ?? .max
        if isListed, pictureGoesOn, let picture {
            let time = max(0, picture).addingReportingOverflow(Self.besidePicture).partialValue
            end = min(end, MediaTime(nanoseconds: time).sampleIndex)
        }
        if send(flushing: track.hasEnded && isLastPass, until: end) { return .progressed }
        let limit = link.audioCredit.addingReportingOverflow(Self.lead).partialValue
        if row.isOwingSilence {
            // By what is paid, not by what is owed: a long silence is paid as it is wanted.
            guard row.paidEnd < limit else { return .idle }
            row.paySilence()
            return .progressed
        }
        guard row.end < limit || !clock.isSettled else { return .idle }
        if let time = track.decoded.time {
            guard let start = clock.sourceTime(of: time) else { return .idle }
            add(at: start, &clock)
            return .progressed
        }
        if track.hasEnded {
            // The picture goes on without sound: silence keeps up with it.
            return fillSilence(clock, until: picture) ? .progressed : .idle
        }
        switch track.decode() {
        case .frame: return .progressed
        case .needsPackets: return .needsPackets
        case .ended:
            track.hasEnded = true
            if isListed { row.endFile() } else { row.restart() }
            clock.note(soundEnd: MediaTime(sampleIndex: row.end).nanoseconds)
            return .progressed
        }
    }

    private func add(at start: Int64, _ clock: inout SourceClock) {
        if row.add(track.decoded.frame, at: MediaTime(nanoseconds: start).sampleIndex) {
            clock.note(soundEnd: start.addingReportingOverflow(track.decoded.duration).partialValue)
            track.decoded.clear()
        } else {
            // A silence before it lasts, and the picture has to stand that long.
            clock.note(soundEnd: MediaTime(sampleIndex: row.end).nanoseconds)
        }
    }

    private func send(flushing: Bool, until end: Int64 = .max) -> Bool {
        let isOpen = isListed && !flushing && (!track.hasEnded || row.isOpenEnded)
        let limit = min(link.audioCredit, end)
        guard let chunk = row.takeChunk(limit: limit, flushing: flushing, keeping: isOpen ? Self.kept : 0) else {
            return false
        }
        link.post(.audio(start: chunk.start, samples: chunk.samples))
        return true
    }

    /// Sends all that is left of a file behind ``SoundTrack/closeFile(at:)``.
    /// - Returns: false while more has to be granted for that.
    func sendRest() -> Bool {
        while let chunk = row.takeChunk(limit: link.audioCredit, flushing: true) {
            link.post(.audio(start: chunk.start, samples: chunk.samples))
        }
        return row.nextSample == row.paidEnd
    }

    /// Owes silence up to the picture at `pts`, where that is a message's worth.
    func fillSilence(_ clock: SourceClock, until pts: Int64?) -> Bool {
        guard let pts, clock.isSettled else { return false }
        let sample = MediaTime(nanoseconds: pts).sampleIndex
        guard sample - row.end >= Int64(SoundTrack.chunkSampleCount) else { return false }
        row.fill(until: sample)
        return true
    }

    /// Decodes and sends all that a live input has given.
    func drainLive(_ clock: inout SourceClock) {
        while case .frame = track.decode() {
            guard let time = track.decoded.time else { continue }
            clock.settle([time])
            // Without a grant for two seconds the sound is left out; silence stands in for it later.
            guard let start = clock.sourceTime(of: time), row.end - row.nextSample < 2 * Self.lead else { continue }
            for _ in 0..<2 {
                if row.add(track.decoded.frame, at: MediaTime(nanoseconds: start).sampleIndex) { break }
                while row.isOwingSilence { row.paySilence() }
            }
        }
        while send(flushing: false) {}
    }
}
