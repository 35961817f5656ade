import BulkheadMedia
import BulkheadTimeline
import BulkheadWire
import Testing

/// An encoder without a process: it answers as x264 does with some settings, as far as order and delay go.
struct ScriptedEncoder {
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        /// Every frame is answered before the next is taken.
        case zerolatency
        /// P4 B2 B1 B3.
        case bframes
        /// Six frames are looked at before the first is answered.
        case lookAhead
        /// Both.
        case lookAheadWithBframes

        var testDescription: String { rawValue }
        var reordersFrames: Bool { self == .bframes || self == .lookAheadWithBframes }
        var lookAhead: Int { self == .lookAhead || self == .lookAheadWithBframes ? 6 : 0 }
        var maximumDelay: Int { lookAhead + (reordersFrames ? 4 : 0) }
        var reorderDepth: UInt32 { reordersFrames ? 2 : 0 }
    }

    let kind: Kind
    /// A mark in each of its access units: another one computes wrongly.
    var mark: UInt8 = 0
    /// Not delivered yet, in order.
    var replies: [EncoderReply] = []
    private(set) var hasFlushed = false
    private var looked: [(frame: FrameNumber, isForced: Bool)] = []
    private var group: [FrameNumber] = []
    private var hasBegun = false

    init(_ kind: Kind) { self.kind = kind }

    /// What it says once it is open; the size of the picture shows in its parameter sets.
    func ready(_ canvas: Canvas) -> EncoderReply {
        let width = UInt16(canvas.width)
        return .ready(
            avcConfiguration: [1, 0x64, 0, 31, UInt8(width >> 8), UInt8(width & 0xFF), kind.reordersFrames ? 1 : 0],
            audioSpecificConfig: [0x12, 0x10], maximumDelay: UInt32(kind.maximumDelay),
            reorderDepth: kind.reorderDepth)
    }

    mutating func encode(_ frame: FrameNumber, isForced: Bool) {
        looked.append((frame, isForced))
        while looked.count > kind.lookAhead { take(looked.removeFirst()) }
    }

    mutating func encode(_ block: AudioLedger.Block) {
        replies.append(.audioPacket(block: block.number, bytes: [UInt8(truncatingIfNeeded: block.number)]))
    }

    mutating func flush() {
        while !looked.isEmpty { take(looked.removeFirst()) }
        closeGroup()
        replies.append(.flushed)
        hasFlushed = true
    }

    private mutating func take(_ next: (frame: FrameNumber, isForced: Bool)) {
        guard hasBegun, !next.isForced else {
            closeGroup()
            hasBegun = true
            return answer(next.frame, isIDR: true)
        }
        guard kind.reordersFrames else { return answer(next.frame, isIDR: false) }
        group.append(next.frame)
        if group.count == 4 { closeGroup() }
    }

    private mutating func closeGroup() {
        if let last = group.popLast() { answer(last, isIDR: false) }
        if group.count > 1 { answer(group.remove(at: 1), isIDR: false) }
        for frame in group { answer(frame, isIDR: false) }
        group.removeAll()
    }

    private mutating func answer(_ frame: FrameNumber, isIDR: Bool) {
        replies.append(
            .accessUnit(
                AccessUnit(
                    frame: frame, isIDR: isIDR, isDisposable: false,
                    bytes: [mark, UInt8(truncatingIfNeeded: frame)])))
    }
}
