import BulkheadFrames
import BulkheadMedia
import BulkheadTestSupport
import BulkheadTimeline
import BulkheadWire
import Testing

/// Encoders that reorder by different depths follow one another: settings that were changed on air, safe settings, the
/// slate.
@Suite(.timeLimit(.minutes(10))) struct PacketStamperRunTests {
    /// Stamps runs of frames one after the other, as encoders answer in these orders.
    private static func packets(
        _ runs: [(order: AnswerOrder, frames: [FrameNumber])], _ rate: FrameRate
    ) throws -> (packets: [Packet], faults: Int) {
        var stamper = PacketStamper(frameRate: rate, reorderDepth: runs[0].order.reorderDepth)
        var packets: [Packet] = []
        for run in runs {
            var ledger = CommitLedger()
            for frame in run.frames { ledger.give(frame, in: SlotReference(pool: 0, slot: 0)) }
            for unit in ScriptedEncoder(run.order, given: run.frames).answers {
                for commitment in try ledger.answer(unit) {
                    stamper.reorder(by: run.order.reorderDepth)
                    packets.append(stamper.stamp(commitment))
                }
            }
            #expect(ledger.uncommitted.isEmpty)
        }
        return (packets, stamper.faults)
    }

    private func expectWhole(
        _ runs: [(order: AnswerOrder, frames: [FrameNumber])], _ rate: FrameRate, _ name: Comment
    ) throws {
        let (packets, faults) = try Self.packets(runs, rate)
        #expect(faults == 0, name)
        #expect(zip(packets, packets.dropFirst()).allSatisfy { $0.dts < $1.dts }, name)
        #expect(packets.allSatisfy { $0.pts >= $0.dts && $0.dts >= .zero }, name)
        // The delay is the first encoder's for good: no picture moves when another one comes.
        let delay = rate.time(of: Int64(runs[0].order.reorderDepth))
        #expect(packets.map(\.pts).sorted() == runs.flatMap(\.frames).map { rate.time(of: $0) + delay }, name)
    }

    /// All pairs of orders, with runs of every short length: deeper, shallower and alike.
    @Test func everyOrderFollowsEveryOther() throws {
        for rate in [FrameRate(25), FrameRate(30_000, 1001), FrameRate(60), FrameRate(240)] {
            let rate = try #require(rate)
            for first in AnswerOrder.allCases {
                for second in AnswerOrder.allCases {
                    for length in 1...9 as ClosedRange<FrameNumber> {
                        let runs = [(first, Array(0..<length)), (second, Array(length..<length + 20))]
                        try expectWhole(runs, rate, "\(first) for \(length), then \(second), at \(rate)")
                    }
                }
            }
        }
    }

    /// Back and forth many times, with runs as short as one frame, and with frames left out between them.
    @Test func manyRunsKeepTheOrder() throws {
        let rate = try #require(FrameRate(30))
        var generator = SeededGenerator(seed: 17)
        for round in 0..<300 {
            var next: FrameNumber = 0
            let runs = (0..<12).map { _ in
                let frames = Array(next..<next + .random(in: 1...12, using: &generator))
                next += FrameNumber(frames.count) + (Bool.random(using: &generator) ? 0 : 3)
                return (AnswerOrder.allCases.randomElement(using: &generator) ?? .zerolatency, frames)
            }
            try expectWhole(runs, rate, "round \(round)")
        }
    }

    /// 0 to 2 at 25 frames a second, worked out by hand: the first two DTS of the deeper run follow by a millisecond.
    @Test func deeperRunHasTheTimesWorkedOutByHand() throws {
        let runs: [(AnswerOrder, [FrameNumber])] = [(.zerolatency, [0, 1]), (.pyramid, [2, 3, 4, 5, 6])]
        let (packets, faults) = try Self.packets(runs, try #require(FrameRate(25)))
        #expect(packets.map(\.dts.milliseconds) == [0, 40, 41, 42, 80, 120, 160])
        #expect(packets.map(\.pts.milliseconds) == [0, 40, 80, 240, 160, 120, 200])
        #expect(faults == 0)
    }

    /// 2 to 0: the delay stays, so the gap in DTS is as long as the depth that is given up.
    @Test func shallowerRunKeepsTheDelay() throws {
        let runs: [(AnswerOrder, [FrameNumber])] = [(.pyramid, [0, 1, 2, 3, 4]), (.zerolatency, [5, 6])]
        let (packets, faults) = try Self.packets(runs, try #require(FrameRate(25)))
        #expect(packets.map(\.dts.milliseconds) == [0, 40, 80, 120, 160, 280, 320])
        #expect(packets.suffix(2).map(\.pts) == packets.suffix(2).map(\.dts))
        #expect(faults == 0)
    }
}
