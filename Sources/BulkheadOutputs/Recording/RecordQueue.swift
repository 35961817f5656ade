package import BulkheadMedia
package import BulkheadWire

/// What one recording still has to put on the disk, in order: all that is not known to be there is kept, and given again
/// where the process that had it is gone. The GOP at which the disk has arrived is kept whole, for a file that begins anew.
///
/// When more waits than it may hold, the newest GOPs are left out whole until there is room again, and counted: what is on
/// the disk already then goes on without a gap up to the first of them.
package struct RecordQueue: Sendable {
    package struct Limits: Hashable, Sendable {
        /// Of what is not on the disk, by DTS.
        package var duration = MediaTime(milliseconds: 60_000)
        package var byteCount = 256 << 20

        package init() {}

        /// For what is given whole, and is not to grow.
        package static let unlimited: Limits = {
            var limits = Limits()
            (limits.duration, limits.byteCount) = (MediaTime(nanoseconds: .max), .max)
            return limits
        }()
    }

    /// Something to be recorded, with its number.
    package struct Entry: Hashable, Sendable {
        package enum Content: Hashable, Sendable {
            /// Its number among pictures is nil for sound.
            case packet(Packet, picture: Int64?)
            /// Sound of a further track.
            case track(Int, Packet)
            /// So many pictures from this one on are left out.
            case loss(picture: Int64, count: Int)
            /// Something to be found again, behind its picture.
            case note(RecorderNote)
            /// Of the audience, behind its picture.
            case comment(RecorderComment)
        }

        package let number: Int64
        package let content: Content

        fileprivate var byteCount: Int {
            switch content {
            case .packet(let packet, _), .track(_, let packet): packet.bytes.count
            case .comment(let comment): comment.body.count
            case .loss, .note: 0
            }
        }
        fileprivate var packet: Packet? { if case .packet(let packet, _) = content { packet } else { nil } }
    }

    /// What adding a packet has come to.
    package enum Outcome: Hashable, Sendable {
        case kept
        /// Pictures are left out from now on.
        case leavesOut
        /// It goes on: so many pictures from this one on were left out.
        case resumed(picture: Int64, count: Int)
        /// Nothing is kept of it.
        case passedOver
    }

    private enum Start { case joins, resumes }

    private let limits: Limits
    private var entries: [Entry] = []
    /// Of the first entry in ``entries`` that counts: the first that is not on the disk, or the IDR before it.
    private var head = 0
    /// How many of the entries behind the head are on the disk, have been written, and given.
    private var keptCount = 0
    private var writtenCount = 0
    private var givenCount = 0
    /// Of all entries, of those that are written, of those that are given.
    private var byteCount = 0
    private var writtenByteCount = 0
    private var givenByteCount = 0
    private var nextNumber: Int64 = 0
    private var nextPicture: Int64 = 0
    private var awaitedStart: Start?
    private var lossStart: Int64?
    /// Pictures that were left out.
    package private(set) var leftOutCount = 0
    /// Pictures that are on the disk.
    package private(set) var durableCount = 0
    /// Pictures that have been written.
    package private(set) var writtenPictureCount = 0

    /// - Parameters:
    ///   - awaitsIDR: what comes before the first IDR is not meant for it.
    ///   - firstPicture: the number of the first picture.
    package init(limits: Limits = Limits(), awaitsIDR: Bool = false, firstPicture: Int64 = 0) {
        self.limits = limits
        nextPicture = firstPicture
        awaitedStart = awaitsIDR ? .joins : nil
    }

    private var waiting: ArraySlice<Entry> { entries[(head + keptCount)...] }

    /// All is on the disk.
    package var isEmpty: Bool { head + keptCount == entries.count }
    /// All has been given.
    package var isGiven: Bool { givenCount == entries.count - head }
    /// Bytes that have been given and are not written.
    package var onTheWayByteCount: Int { givenByteCount - writtenByteCount }
    /// Bytes that are not written.
    package var unwrittenByteCount: Int { byteCount - writtenByteCount }
    /// Between the first and the last that is not written.
    package var unwrittenDuration: MediaTime { duration(from: head + writtenCount) }
    /// Between the first and the last that is not on the disk.
    package var duration: MediaTime { duration(from: head + keptCount) }
    /// Pictures that are not on the disk.
    package var pictureCount: Int { waiting.count { $0.packet?.isVideo == true } }

    private func duration(from index: Int) -> MediaTime {
        guard let first = entries[index...].first(where: { $0.packet != nil })?.packet,
            let last = entries[index...].last(where: { $0.packet != nil })?.packet
        else { return .zero }
        return last.dts - first.dts
    }

    private var isOverfull: Bool { byteCount > limits.byteCount || duration > limits.duration }
    /// So much less than the limit that going on is worth it.
    private var hasSpace: Bool {
        byteCount < limits.byteCount / 4 * 3 && duration.nanoseconds < limits.duration.nanoseconds / 4 * 3
    }

    /// Adds a packet, or leaves it out.
    package mutating func append(_ packet: Packet) -> Outcome {
        let picture = packet.isVideo ? nextPicture : nil
        if packet.isVideo { nextPicture += 1 }
        var outcome = Outcome.kept
        if let start = awaitedStart {
            guard packet.isIDR, start == .joins || hasSpace else {
                if packet.isVideo, start == .resumes { leftOutCount += 1 }
                return .passedOver
            }
            awaitedStart = nil
            if let from = lossStart, let picture {
                let count = Int(picture - from)
                add(.loss(picture: from, count: count))
                outcome = .resumed(picture: from, count: count)
            }
            lossStart = nil
        }
        add(.packet(packet, picture: picture))
        if isOverfull {
            leaveOutNewestGOP()
            return .leavesOut
        }
        return outcome
    }

    /// Adds something that is noted at the picture that came last, in a file or not.
    package mutating func append(_ note: RecordNote) {
        guard awaitedStart != .joins else { return }
        add(.note(note.wired(at: max(0, nextPicture - 1))))
    }

    /// So many bytes of comments are kept while pictures are left out: more of them are in the room's log alone.
    private static let mostCommentByteCount = 16 << 20

    /// Adds a comment that belongs behind the picture that came last, in a file or not.
    package mutating func append(_ comment: RecorderComment) {
        guard awaitedStart != .joins, byteCount - Self.mostCommentByteCount < limits.byteCount else { return }
        add(.comment(comment))
    }

    /// Adds sound of a further track, unless what goes with it is left out.
    package mutating func append(_ packet: Packet, track: Int) {
        if awaitedStart == nil { add(.track(track, packet)) }
    }

    private mutating func add(_ content: Entry.Content) {
        let entry = Entry(number: nextNumber, content: content)
        nextNumber += 1
        entries.append(entry)
        byteCount += entry.byteCount
    }

    /// What has not been given of the newest GOP is taken out, with what comes up to the next one.
    private mutating func leaveOutNewestGOP() {
        let given = head + givenCount
        let start = entries[given...].lastIndex { $0.packet?.isIDR == true } ?? given
        let removed = entries[start...]
        for entry in removed {
            byteCount -= entry.byteCount
            guard case .packet(_, let picture?) = entry.content else { continue }
            if lossStart == nil { lossStart = picture }
            leftOutCount += 1
        }
        if lossStart == nil { lossStart = nextPicture }
        nextNumber -= Int64(removed.count)
        entries.removeSubrange(start...)
        // What was noted stays: it costs next to nothing.
        for content in removed.map(\.content) {
            switch content {
            case .note, .comment: add(content)
            case .packet, .track, .loss: break
            }
        }
        awaitedStart = .resumes
    }

    /// The next entry that is to be given; nil where there is none, or so many bytes are on their way.
    package mutating func next(window: Int) -> Entry? {
        guard !isGiven, onTheWayByteCount < window else { return nil }
        let entry = entries[head + givenCount]
        givenCount += 1
        givenByteCount += entry.byteCount
        return entry
    }

    /// The first packet with pictures that is to be given.
    package var nextPicturePacket: Packet? {
        entries[(head + givenCount)...].first { $0.packet?.isVideo == true }?.packet
    }

    /// All up to `number` has been written, and all up to `durable` is on the disk. Numbers that were not given count for
    /// nothing.
    package mutating func advance(written number: Int64, durable: Int64) {
        guard let first = entries.indices.contains(head) ? entries[head].number : nil else { return }
        let written = min(Self.count(through: number, from: first), givenCount)
        while writtenCount < written {
            let entry = entries[head + writtenCount]
            writtenByteCount += entry.byteCount
            if entry.packet?.isVideo == true { writtenPictureCount += 1 }
            writtenCount += 1
        }
        let durable = min(Self.count(through: durable, from: first), writtenCount)
        while keptCount < durable {
            if entries[head + keptCount].packet?.isVideo == true { durableCount += 1 }
            keptCount += 1
        }
        forgetWholeGOPs()
    }

    /// Lets go of what is on the disk, up to the IDR from which another file could begin.
    private mutating func forgetWholeGOPs() {
        let next = head + keptCount
        let start =
            entries.indices.contains(next) && entries[next].packet?.isIDR == true
            ? next : entries[head..<next].lastIndex { $0.packet?.isIDR == true } ?? head
        guard start > head else { return }
        for entry in entries[head..<start] {
            byteCount -= entry.byteCount
            writtenByteCount -= entry.byteCount
            givenByteCount -= entry.byteCount
        }
        keptCount -= start - head
        writtenCount -= start - head
        givenCount -= start - head
        head = start
        if head > 1024 {
            entries.removeFirst(head)
            head = 0
        }
    }

    /// A recorder may name any number.
    private static func count(through number: Int64, from first: Int64) -> Int {
        number < first ? 0 : Int(clamping: min(number - first, .max - 1) + 1)
    }

    /// Whoever was given what is not on the disk is gone: all of it is to be given again.
    ///
    /// - Parameter wholeGOP: the file that it was in is left: the next one begins with the GOP that the disk has in part.
    package mutating func giveAgain(wholeGOP: Bool = false) {
        if wholeGOP {
            durableCount -= entries[head..<(head + keptCount)].count { $0.packet?.isVideo == true }
            keptCount = 0
        }
        let kept = entries[head..<(head + keptCount)]
        writtenPictureCount -=
            entries[(head + keptCount)..<(head + writtenCount)].count { $0.packet?.isVideo == true }
        let keptByteCount = kept.reduce(0) { $0 + $1.byteCount }
        (writtenCount, givenCount) = (keptCount, keptCount)
        (writtenByteCount, givenByteCount) = (keptByteCount, keptByteCount)
    }

    /// Counts what is not on the disk as left out.
    /// - Returns: the first picture of it and how many there are; nil for none.
    package mutating func giveUp() -> (picture: Int64, count: Int)? {
        let pictures = waiting.compactMap { entry -> Int64? in
            if case .packet(_, let picture?) = entry.content { picture } else { nil }
        }
        guard let first = pictures.first ?? lossStart else { return nil }
        leftOutCount += pictures.count
        return (first, Int(nextPicture - first))
    }

    /// Throws away everything; the next packet kept is an IDR.
    package mutating func clear() {
        entries.removeAll()
        head = 0
        keptCount = 0
        (writtenCount, givenCount, writtenByteCount, givenByteCount, byteCount) = (0, 0, 0, 0, 0)
        awaitedStart = .joins
        lossStart = nil
    }
}
