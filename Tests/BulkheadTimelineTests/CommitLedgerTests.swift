import BulkheadFrames
import BulkheadMedia
import BulkheadTestSupport
import BulkheadTimeline
import BulkheadWire
import Testing

/// How an encoder orders its answers, as x264 does for zerolatency, B-frames, and B-frames that are referred to.
enum AnswerOrder: CaseIterable {
    case zerolatency, oneB, threeB, pyramid, adaptive

    /// By how many frames an access unit may come before one that is shown earlier.
    var reorderDepth: UInt32 {
        switch self {
        case .zerolatency: 0
        case .oneB, .threeB: 1
        case .pyramid, .adaptive: 2
        }
    }

    /// The display indexes 0..<count in decoding order: an IDR, then closed mini-GOPs, the last of what is left.
    func decodingOrder(_ count: Int) -> [Int] {
        var order = count > 0 ? [0] : []
        var first = 1
        var round = 0
        while first < count {
            let size =
                switch self {
                case .zerolatency: 1
                case .oneB: 2
                case .threeB, .pyramid: 4
                case .adaptive: [1, 4, 2, 3, 1][round % 5]
                }
            let last = min(first + size, count) - 1
            order.append(last)
            var inner = Array(first..<last)
            if self == .pyramid || self == .adaptive, inner.count > 1 {
                // P4 B2 B1 B3: the one in the middle is a reference.
                inner.swapAt(0, inner.count / 2)
                inner = [inner[0]] + inner[1...].sorted()
            }
            order += inner
            first = last + 1
            round += 1
        }
        return order
    }
}

/// An encoder as the ledger sees it: it takes frames and answers them in the order of `order`.
struct ScriptedEncoder {
    let order: AnswerOrder
    private var given: [FrameNumber]

    init(_ order: AnswerOrder, given: [FrameNumber]) {
        self.order = order
        self.given = given
    }

    var answers: [AccessUnit] {
        order.decodingOrder(given.count).enumerated().map { place, index in
            AccessUnit(frame: given[index], isIDR: place == 0, isDisposable: false, bytes: [UInt8(index & 0xFF)])
        }
    }
}

@Suite(.timeLimit(.minutes(10))) struct CommitLedgerTests {
    private static func slot(_ frame: FrameNumber) -> SlotReference { SlotReference(pool: 1, slot: UInt32(frame)) }

    private static func ledger(_ frames: some Sequence<FrameNumber>) -> CommitLedger {
        var ledger = CommitLedger()
        for frame in frames { ledger.give(frame, in: slot(frame)) }
        return ledger
    }

    private static func unit(_ frame: FrameNumber, idr: Bool = false) -> AccessUnit {
        AccessUnit(frame: frame, isIDR: idr, isDisposable: false, bytes: [])
    }

    @Test func miniGOPIsCommittedAsAWhole() throws {
        var ledger = Self.ledger(0...4)
        #expect(try ledger.answer(Self.unit(0, idr: true)).map(\.unit.frame) == [0])
        #expect(try ledger.answer(Self.unit(4)).isEmpty)
        #expect(try ledger.answer(Self.unit(2)).isEmpty)
        #expect(try ledger.answer(Self.unit(1)).isEmpty)
        #expect(ledger.uncommitted.map(\.frame) == [1, 2, 3, 4])
        let commitments = try ledger.answer(Self.unit(3))
        #expect(commitments.map(\.unit.frame) == [4, 2, 1, 3])
        #expect(commitments.map(\.decodingFrame) == [1, 2, 3, 4])
        #expect(commitments.map(\.slot) == [4, 2, 1, 3].map(Self.slot))
        #expect(ledger.uncommitted.isEmpty)
    }

    @Test func deadEncodersHalfMiniGOPIsForgotten() throws {
        var ledger = Self.ledger(0...4)
        _ = try ledger.answer(Self.unit(0, idr: true))
        for frame in [4, 2, 1] as [FrameNumber] { _ = try ledger.answer(Self.unit(frame)) }
        ledger.startOver()
        #expect(ledger.uncommitted.map(\.frame) == [1, 2, 3, 4])
        // The successor answers in another order, and from the start.
        #expect(try ledger.answer(Self.unit(1, idr: true)).map(\.unit.frame) == [1])
        #expect(try ledger.answer(Self.unit(2)).map(\.unit.frame) == [2])
    }

    @Test func liesAreRefused() throws {
        var empty = CommitLedger()
        #expect(throws: LedgerError.frameNotGiven(0)) { try empty.answer(Self.unit(0, idr: true)) }
        var ledger = Self.ledger(5...9)
        #expect(throws: LedgerError.frameNotGiven(4)) { try ledger.answer(Self.unit(4, idr: true)) }
        #expect(throws: LedgerError.frameNotGiven(.max)) { try ledger.answer(Self.unit(.max, idr: true)) }
        #expect(throws: LedgerError.frameNotGiven(.min)) { try ledger.answer(Self.unit(.min, idr: true)) }
        #expect(throws: LedgerError.startsWithoutIDR(5)) { try ledger.answer(Self.unit(5)) }
        #expect(throws: LedgerError.startsWithoutIDR(6)) { try ledger.answer(Self.unit(6, idr: true)) }
        _ = try ledger.answer(Self.unit(5, idr: true))
        // Committed frames are no longer to be answered.
        #expect(throws: LedgerError.frameNotGiven(5)) { try ledger.answer(Self.unit(5)) }
        _ = try ledger.answer(Self.unit(8))
        #expect(throws: LedgerError.answeredTwice(8)) { try ledger.answer(Self.unit(8)) }
        // A successor starts with an IDR again.
        ledger.startOver()
        #expect(throws: LedgerError.startsWithoutIDR(6)) { try ledger.answer(Self.unit(6)) }
        #expect(throws: LedgerError.startsWithoutIDR(7)) { try ledger.answer(Self.unit(7, idr: true)) }
    }

    @Test func refusedAnswersChangeNothing() throws {
        var ledger = Self.ledger(0...2)
        _ = try ledger.answer(Self.unit(0, idr: true))
        _ = try ledger.answer(Self.unit(2))
        for frame in [0, 2, 3, -1] as [FrameNumber] {
            #expect(throws: LedgerError.self) { try ledger.answer(Self.unit(frame)) }
        }
        #expect(try ledger.answer(Self.unit(1)).map(\.unit.frame) == [2, 1])
    }

    @Test func poisonedFrameIsSkipped() throws {
        var ledger = Self.ledger(0...2)
        ledger.startOver()
        #expect(ledger.skipFirst()?.frame == 0)
        #expect(try ledger.answer(Self.unit(1, idr: true)).map(\.decodingFrame) == [1])
        #expect(ledger.skipFirst()?.frame == 2)
        #expect(ledger.skipFirst() == nil)
    }

    /// The encoder is killed after its n-th answer, for every n, and its successor after its m-th, for every m: every
    /// frame is committed exactly once, in an order that a decoder can follow, with a rising place in it.
    @Test(arguments: AnswerOrder.allCases)
    func everyKillPointLosesAndDoublesNothing(order: AnswerOrder) throws {
        let count: FrameNumber = 13
        for firstKill in 0...Int(count) {
            for secondKill in 0...Int(count) {
                var ledger = Self.ledger(0..<count)
                var committed: [CommitLedger.Commitment] = []
                for kill in [firstKill, secondKill, Int.max] {
                    ledger.startOver()
                    let encoder = ScriptedEncoder(order, given: ledger.uncommitted.map(\.frame))
                    for unit in encoder.answers.prefix(kill) { committed += try ledger.answer(unit) }
                }
                #expect(ledger.uncommitted.isEmpty)
                try expectWhole(committed, frames: Array(0..<count))
            }
        }
    }

    /// The same with frames given while answers come, frames left out, and kills at random.
    @Test func randomLivesLoseAndDoubleNothing() throws {
        var random = SeededGenerator(seed: 42)
        for _ in 0..<300 {
            let order = AnswerOrder.allCases.randomElement(using: &random) ?? .pyramid
            var frames: [FrameNumber] = []
            var next: FrameNumber = 0
            for _ in 0..<60 {
                next += Int.random(in: 0..<10, using: &random) == 0 ? .random(in: 2...50, using: &random) : 1
                frames.append(next)
            }
            var ledger = CommitLedger()
            var committed: [CommitLedger.Commitment] = []
            var stamper = PacketStamper(frameRate: try #require(FrameRate(30)), reorderDepth: order.reorderDepth)
            var packets: [Packet] = []
            var givenCount = 0
            while committed.count < frames.count {
                ledger.startOver()
                // What this encoder is given in its life: all that is uncommitted, and a few more.
                let more = Int.random(in: 0...20, using: &random)
                for frame in frames[givenCount...].prefix(more) { ledger.give(frame, in: Self.slot(frame)) }
                givenCount = min(frames.count, givenCount + more)
                let answers = ScriptedEncoder(order, given: ledger.uncommitted.map(\.frame)).answers
                for unit in answers.prefix(.random(in: 0...(answers.count + 3), using: &random)) {
                    let commitments = try ledger.answer(unit)
                    committed += commitments
                    packets += commitments.map { stamper.stamp($0) }
                }
            }
            try expectWhole(committed, frames: frames)
            expectRisingTimes(packets)
            #expect(stamper.faults == 0)
        }
    }

    private func expectWhole(_ committed: [CommitLedger.Commitment], frames: [FrameNumber]) throws {
        try #require(committed.map(\.unit.frame).sorted() == frames)
        try #require(committed.map(\.decodingFrame) == frames)
        try #require(committed.allSatisfy { $0.slot == Self.slot($0.unit.frame) })
        try #require(committed.first?.unit.isIDR == true)
        // Nothing that comes after an IDR is shown before it: its references would be missing.
        for (index, commitment) in committed.enumerated() where commitment.unit.isIDR {
            let rest = committed[index...]
            try #require(rest.allSatisfy { $0.unit.frame >= commitment.unit.frame })
        }
    }
}

func expectRisingTimes(_ packets: [Packet], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(
        zip(packets, packets.dropFirst()).allSatisfy { $0.dts < $1.dts }, "a DTS does not rise",
        sourceLocation: sourceLocation)
    #expect(packets.allSatisfy { $0.pts >= $0.dts }, "a PTS comes before its DTS", sourceLocation: sourceLocation)
    #expect(packets.allSatisfy { $0.dts >= .zero }, "a DTS is negative", sourceLocation: sourceLocation)
}
