package import BulkheadMedia
package import BulkheadWire

/// How an encoder's answer contradicts what it was given. Such an encoder is treated as one that crashed.
package enum LedgerError: Error, Hashable, CustomStringConvertible {
    case frameNotGiven(FrameNumber)
    case answeredTwice(FrameNumber)
    case startsWithoutIDR(FrameNumber)
    case blockOutOfOrder(Int64)

    package var description: String {
        switch self {
        case .frameNotGiven(let frame): "it answered for frame \(frame), which it was not given"
        case .answeredTwice(let frame): "it answered twice for frame \(frame)"
        case .startsWithoutIDR(let frame): "its first answer, for frame \(frame), is not the IDR of its first frame"
        case .blockOutOfOrder(let block): "it answered for sound block \(block) out of order"
        }
    }
}

/// Which frames are not safe yet, and which access units may be sent.
///
/// A frame is given to the encoder, answered by an access unit, and **committed** when its access unit and those of all
/// frames displayed before it are here. With B-frames, access units come as P4 B2 B1 B3: the four are committed
/// together when B3 is here. An encoder that dies between them leaves no half behind: its successor is given all that
/// is uncommitted again, and what was sent is never sent twice.
package struct CommitLedger: Sendable {
    /// A frame whose slot stays leased until it is committed.
    package struct Entry: Hashable, Sendable {
        package let frame: FrameNumber
        package let slot: SlotReference

        package init(frame: FrameNumber, slot: SlotReference) {
            self.frame = frame
            self.slot = slot
        }
    }

    /// An access unit that may be sent, with its place in the order of decoding.
    package struct Commitment: Hashable, Sendable {
        package let unit: AccessUnit
        /// The frame that was given as many places after the first as this unit is sent: its time is the unit's DTS.
        package let decodingFrame: FrameNumber
        /// The slot of the unit's frame, which is free to be lent again.
        package let slot: SlotReference

        package init(unit: AccessUnit, decodingFrame: FrameNumber, slot: SlotReference) {
            self.unit = unit
            self.decodingFrame = decodingFrame
            self.slot = slot
        }
    }

    /// In display order.
    package private(set) var uncommitted: [Entry] = []
    private var answered: [AccessUnit] = []
    /// An answer of the encoder at hand has come: the first must be an IDR.
    package private(set) var hasAnswer = false

    package init() {}

    /// Adds a frame; frame numbers rise.
    package mutating func give(_ frame: FrameNumber, in slot: SlotReference) {
        precondition(uncommitted.last.map { $0.frame < frame } ?? true, "frames are given in display order")
        uncommitted.append(Entry(frame: frame, slot: slot))
    }

    /// Takes an answer and returns what it commits, in decoding order; often nothing.
    package mutating func answer(_ unit: AccessUnit) throws(LedgerError) -> [Commitment] {
        guard let first = uncommitted.first,
            uncommitted.contains(where: { $0.frame == unit.frame })
        else { throw .frameNotGiven(unit.frame) }
        guard !answered.contains(where: { $0.frame == unit.frame }) else { throw .answeredTwice(unit.frame) }
        if !hasAnswer {
            guard unit.isIDR, unit.frame == first.frame else { throw .startsWithoutIDR(unit.frame) }
            hasAnswer = true
        }
        // Without reordering each answer is the next one's.
        if answered.isEmpty, unit.frame == first.frame {
            uncommitted.removeFirst()
            return [Commitment(unit: unit, decodingFrame: first.frame, slot: first.slot)]
        }
        answered.append(unit)
        let prefix = uncommitted.prefix(answered.count)
        let frames = Set(answered.map(\.frame))
        guard prefix.allSatisfy({ frames.contains($0.frame) }) else { return [] }
        let slots = Dictionary(uniqueKeysWithValues: prefix.map { ($0.frame, $0.slot) })
        let commitments = zip(answered, prefix).compactMap { unit, entry in
            slots[unit.frame].map { Commitment(unit: unit, decodingFrame: entry.frame, slot: $0) }
        }
        uncommitted.removeFirst(answered.count)
        answered.removeAll(keepingCapacity: true)
        return commitments
    }

    /// Forgets the answers that commit nothing: their encoder is gone, and the next one is given `uncommitted` again.
    package mutating func startOver() {
        answered.removeAll(keepingCapacity: true)
        hasAnswer = false
    }

    /// Gives up the first uncommitted frame, which no encoder can take. Call it after ``startOver()``.
    package mutating func skipFirst() -> Entry? { uncommitted.isEmpty ? nil : uncommitted.removeFirst() }
}
