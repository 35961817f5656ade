package import BulkheadMedia
package import BulkheadSystem
package import BulkheadTimeline
package import BulkheadWire

/// What one source process has been asked for, and whether its replies keep to it.
package struct SourceContract {
    /// A reply that the source had no right to.
    package enum Breach: Error, Hashable, CustomStringConvertible {
        case openedTwice
        case pictureNotAskedFor(slot: UInt32)
        case soundNotAskedFor
        case copiedUnasked
        case thumbnailNotAskedFor

        package var description: String {
            switch self {
            case .openedTwice: "it opened twice"
            case .pictureNotAskedFor(let slot): "it sent a picture in slot \(slot), which it was not lent"
            case .soundNotAskedFor: "it sent sound that it was not asked for"
            case .thumbnailNotAskedFor: "it sent a thumbnail that it was not asked for"
            case .copiedUnasked: "it passed a packet on that it was not asked for"
            }
        }
    }

    /// From its launch until the input is open: the source has time-outs of its own, which say more.
    package static let openingPatience = Duration.seconds(30)
    /// Without a word while it has slots to fill.
    package static let deliveringPatience = Duration.seconds(3)

    package private(set) var isOpened = false
    /// The input is at its end: nothing more comes.
    package private(set) var hasEnded = false
    /// Slots that the source has and has not filled.
    package private(set) var lent = 0
    /// The sample of source time up to which sound may come.
    private var soundEnd: Int64
    /// The sample of source time after the last that has come; sound begins there, or up to a second before.
    private var soundReached: Int64
    private var owesPictures = true
    /// It is one picture, and no more is owed once it has come.
    private var givesOnce = false
    private let givesMore: Bool
    /// Thumbnails that may come: those that were asked for, and the one before the end.
    private var thumbnailCredit = 1
    private var thumbnailAskedAt: MonotonicTime?
    /// Between two thumbnails.
    package static let thumbnailInterval = Duration.milliseconds(400)
    /// The source time up to which packets may be passed on; nil where none are. A live input is not bound by it.
    private var copyEnd: MediaTime?
    /// Of the packets that have been passed on.
    private var copyReached: MediaTime?
    /// So much of what may be passed on can lie between two packets.
    private static let copyGap = MediaTime(milliseconds: 1000)
    /// When the source last said anything, or was last given something to do after it had nothing.
    package private(set) var lastSign: MonotonicTime

    /// - Parameters:
    ///   - soundStart: the first sample of source time that is wanted.
    ///   - givesMore: a still picture is followed by others.
    package init(soundStart: Int64, givesMore: Bool = false, at now: MonotonicTime) {
        self.givesMore = givesMore
        soundEnd = soundStart
        soundReached = soundStart
        lastSign = now
    }

    /// The time that the source has let pass without a word, although it had work to do that needs no more from the
    /// master; nil while it is within its time.
    package func missedDeadline(at now: MonotonicTime) -> Duration? {
        guard !isOpened || (!hasEnded && (owesPictures && lent > 0 || owesPackets)) else { return nil }
        let patience = isOpened ? Self.deliveringPatience : Self.openingPatience
        return now.since(lastSign) > patience.nanoseconds ? patience : nil
    }

    private var owesPackets: Bool {
        guard let copyEnd else { return false }
        return copyReached.map { $0 + Self.copyGap < copyEnd } ?? true
    }

    // MARK: what it is asked for

    /// Lets packets be passed on up to `time`.
    /// - Returns: whether the source is to be told.
    package mutating func creditCopy(until time: MediaTime, at now: MonotonicTime) -> Bool {
        guard isOpened, !hasEnded, copyEnd.map({ $0 < time }) ?? true else { return false }
        if !owesPackets { lastSign = now }
        copyEnd = time
        return true
    }

    /// How many slots are to be lent, where `count` pictures may be on their way or wait, and `waiting` do wait: at least
    /// `step` at once, or none.
    package func wantedSlots(upTo count: Int, waiting: Int, step: Int = 1) -> Int {
        let wanted = count - lent - waiting
        return isOpened && !hasEnded && wanted >= step ? max(0, wanted) : 0
    }

    package mutating func lendSlot(at now: MonotonicTime) {
        if lent == 0 { lastSign = now }
        lent += 1
    }

    /// Lets sound come up to `sample` of source time.
    /// - Returns: whether the source is to be told.
    package mutating func creditSound(until sample: Int64) -> Bool {
        // A message for each half second of sound is plenty.
        guard isOpened, !hasEnded, sample >= soundEnd + Int64(AudioFormat.sampleRate / 2) else { return false }
        soundEnd = sample
        return true
    }

    /// Has a thumbnail made, unless one is being made or was a moment ago.
    /// - Returns: whether the source is to be told.
    package mutating func askForThumbnail(at now: MonotonicTime) -> Bool {
        guard isOpened, !hasEnded, thumbnailCredit <= 1 else { return false }
        if let thumbnailAskedAt, now.since(thumbnailAskedAt) < Self.thumbnailInterval.nanoseconds { return false }
        thumbnailAskedAt = now
        thumbnailCredit += 1
        return true
    }

    /// Nothing is owed of what is not used.
    package mutating func use(_ use: MediaUse) { owesPictures = use.pictures }

    // MARK: what it replies

    /// Notes a reply. Whether the slot of a picture was lent is for the pool to say.
    package mutating func note(_ reply: SourceReply, at now: MonotonicTime) throws(Breach) {
        lastSign = now
        switch reply {
        case .opened(let description):
            guard !isOpened else { throw .openedTwice }
            isOpened = true
            givesOnce = description.duration == 0 && !givesMore
        case .video(let slot, _, _):
            guard isOpened, lent > 0 else { throw .pictureNotAskedFor(slot: slot) }
            lent -= 1
            if givesOnce { owesPictures = false }
        case .audio(let start, let samples):
            let (end, overflows) = start.addingReportingOverflow(Int64(samples.count / AudioFormat.channelCount))
            // A source sends what its decoder gives at once: up to a second beyond the credit is borne.
            let limit = soundEnd.addingReportingOverflow(Int64(AudioFormat.sampleRate)).partialValue
            // Sound from long ago would be kept with silence up to now.
            let earliest = soundReached - Int64(AudioFormat.sampleRate)
            guard isOpened, start >= max(0, earliest), !overflows, end <= limit else { throw .soundNotAskedFor }
            soundReached = max(soundReached, end)
        case .copies: guard isOpened, copyEnd != nil else { throw .copiedUnasked }
        case .copied(let packet):
            guard isOpened, copyEnd != nil, !hasEnded else { throw .copiedUnasked }
            copyReached = packet.dts
        case .ended: hasEnded = true
        case .thumbnail:
            guard isOpened, thumbnailCredit > 0 else { throw .thumbnailNotAskedFor }
            thumbnailCredit -= 1
        case .entered, .preparing, .prepared, .leftOut, .skipping, .counted, .waiting, .notice, .failed: break
        }
    }
}
