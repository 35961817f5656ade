import BulkheadFrames
import BulkheadMedia
import BulkheadTimeline
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(10))) struct PacketStamperTests {
    private static func packets(
        _ order: AnswerOrder, _ frames: [FrameNumber], _ rate: FrameRate, depth: UInt32? = nil
    ) throws -> (packets: [Packet], faults: Int) {
        var ledger = CommitLedger()
        for frame in frames { ledger.give(frame, in: SlotReference(pool: 0, slot: 0)) }
        var stamper = PacketStamper(frameRate: rate, reorderDepth: depth ?? order.reorderDepth)
        let packets = try ScriptedEncoder(order, given: frames).answers.flatMap { unit in
            try ledger.answer(unit).map { stamper.stamp($0) }
        }
        return (packets, stamper.faults)
    }

    /// P4 B2 B1 B3 at 25 frames a second: 40 ms each, PTS two frames later than the timeline.
    @Test func pyramidHasTheTimesWorkedOutByHand() throws {
        let (packets, faults) = try Self.packets(.pyramid, [0, 1, 2, 3, 4], try #require(FrameRate(25)))
        #expect(packets.map(\.dts.milliseconds) == [0, 40, 80, 120, 160])
        #expect(packets.map(\.pts.milliseconds) == [80, 240, 160, 120, 200])
        #expect(faults == 0)
    }

    @Test func zerolatencyAddsNoDelay() throws {
        let (packets, _) = try Self.packets(.zerolatency, [0, 1, 2], try #require(FrameRate(50)))
        #expect(packets.map(\.dts.milliseconds) == [0, 20, 40])
        #expect(packets.map(\.pts) == packets.map(\.dts))
    }

    /// Frames left out of the middle of a mini-GOP: overload, or a frame that no encoder can take.
    @Test(arguments: AnswerOrder.allCases)
    func leftOutFramesKeepTheOrderOfDisplay(order: AnswerOrder) throws {
        for gapAt in 1..<12 {
            for gap in [1, 2, 7, 300] as [FrameNumber] {
                let frames = (0..<16).map { FrameNumber($0) + ($0 >= gapAt ? gap : 0) }
                let rate = try #require(FrameRate(30))
                let (packets, faults) = try Self.packets(order, frames, rate)
                #expect(faults == 0)
                expectRisingTimes(packets)
                // Every picture is shown at its own time.
                let delay = rate.time(of: Int64(order.reorderDepth))
                #expect(packets.map(\.pts).sorted() == frames.map { rate.time(of: $0) + delay })
            }
        }
    }

    /// An encoder that reorders deeper than it said is counted, and still breaks no rule of the container.
    @Test(arguments: [AnswerOrder.pyramid, .adaptive, .threeB])
    func deeperReorderingThanAnnouncedIsCounted(order: AnswerOrder) throws {
        let (packets, faults) = try Self.packets(order, Array(0...40), try #require(FrameRate(30)), depth: 0)
        #expect(faults > 0)
        expectRisingTimes(packets)
    }

    /// The last minutes of ten hours at 29.97 and 60: no drift, and in milliseconds too every DTS rises.
    @Test(arguments: [(30_000, 1001), (60, 1), (60_000, 1001)] as [(UInt32, UInt32)])
    func hoursPassWithoutDrift(numerator: UInt32, denominator: UInt32) throws {
        let rate = try #require(FrameRate(numerator, denominator))
        var stamper = PacketStamper(frameRate: rate, reorderDepth: 0)
        let last = Int64(numerator) * 36_000 / Int64(denominator)
        var previous = Int64(-1)
        for frame in last - Int64(numerator) * 600 / Int64(denominator)...last {
            let unit = AccessUnit(frame: frame, isIDR: frame == 0, isDisposable: false, bytes: [])
            let packet = stamper.stamp(
                CommitLedger.Commitment(unit: unit, decodingFrame: frame, slot: SlotReference(pool: 0, slot: 0)))
            let milliseconds = packet.dts.milliseconds
            if milliseconds <= previous || packet.pts < packet.dts {
                Issue.record("frame \(frame) goes back to \(milliseconds) ms")
                return
            }
            previous = milliseconds
        }
        // The last frame starts within one interval before ten hours.
        #expect(previous <= 36_000_000)
        #expect(previous > 36_000_000 - 1000 * Int64(denominator) / Int64(numerator) - 2)
    }

    @Test func soundHasTheDelayOfThePicture() throws {
        let rate = try #require(FrameRate(25))
        let stamper = PacketStamper(frameRate: rate, reorderDepth: 2)
        let packet = stamper.stamp(audioBlock: 46_875, bytes: [1])
        #expect(packet.dts.milliseconds == 1_000_080)
        #expect(packet.pts == packet.dts)
        #expect(packet.kind == .audio)
        _ = stamper.stamp(audioBlock: .max, bytes: [])
        _ = stamper.stamp(audioBlock: .min, bytes: [])
    }
}
