import BulkheadMedia
import BulkheadSystem
import BulkheadWire

/// How a file of a list is left for the next one: at its end, or before it, where another file is wanted at once.
struct FileTurn {
    let list: ListAhead
    /// The file at hand is left at this source time; nil to play all of it.
    private(set) var cut: Int64?
    /// Its pictures have come to there.
    var isAtCut = false
    /// Its sound has been ended at this source time.
    private var closedAt: Int64?
    /// Another file is to be played as soon as it is open.
    private var isSkipping = false
    private let link: MasterLink

    init(_ list: ListAhead, _ link: MasterLink) {
        self.list = list
        self.link = link
    }

    /// Has the next file opened.
    /// - Parameters:
    ///   - isAllowed: it is time for that.
    ///   - isDue: it is the next file's turn.
    mutating func lookAhead(isAllowed: Bool, isDue: Bool) throws(SourceStop) {
        // All that came together: the next message may be long in coming.
        while let word = link.takeSkip() {
            let refusal = try list.choose(word)
            if refusal == nil { isSkipping = true }
            try link.send(.skipping(refusal))
        }
        guard isSkipping || isAllowed else { return }
        try list.advance(pictures: link.usesPictures, sound: link.usesSound, isDue: isSkipping || isDue)
    }

    /// Another file is wanted and open: the one at hand can be left.
    var mayCut: Bool {
        guard isSkipping, cut == nil, case .ready = list.readiness else { return false }
        return true
    }

    /// Leaves the file at hand at the source time `time`.
    mutating func cut(at time: Int64) { cut = time }

    /// All that is shown of a file that is left has been sent, and its sound goes far enough to fade out.
    func hasReachedCut(_ video: VideoTrack?, _ sound: SoundPlayer?) -> Bool {
        guard let cut else { return false }
        let (heard, overflows) = MediaTime(nanoseconds: cut).sampleIndex.addingReportingOverflow(
            Int64(SoundBorder.length))
        guard overflows || sound?.goes(to: heard) ?? true else { return false }
        guard let video else { return true }
        return (isAtCut || video.isExhausted) && video.candidate.time == nil
    }

    /// Ends the sound of the file at hand, and sends what is left of it.
    /// - Returns: where the next file begins; nil while more sound has to be granted before.
    mutating func close(_ sound: SoundPlayer?, _ clock: SourceClock) -> Int64? {
        let border = closedAt ?? border(of: clock)
        guard let sound else { return border }
        if closedAt == nil {
            sound.track.sound.closeFile(at: MediaTime(nanoseconds: border).sampleIndex)
            closedAt = border
        }
        return sound.sendRest() ? border : nil
    }

    /// Where the sound lasts longest, both files are heard for a moment.
    private func border(of clock: SourceClock) -> Int64 {
        let overlap = MediaTime(sampleIndex: Int64(SoundBorder.length)).nanoseconds
        let end = clock.endsWithSound ? max(clock.start, clock.end - overlap) : clock.end
        return cut.map { min($0, end) } ?? end
    }
}
