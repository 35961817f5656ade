import BulkheadEncoding
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTestSupport
import BulkheadTimeline
import BulkheadWire
import Testing

/// One input's own sound, and the encoders of it.
@Suite(.timeLimit(.minutes(1))) struct TrackMachineTests {
    /// A machine with a clock, and an encoder that does what it is asked for when it is told to.
    private struct Desk {
        var machine = TrackMachine(bitsPerSecond: 64_000)
        var now = MonotonicTime(nanoseconds: 0)
        var packets: [Int64] = []
        var isDrained = false
        var dismissed: [String] = []
        var delays: [Duration] = []
        /// Of the encoder at hand: what it was given, and how much of that it has answered.
        var given: [Int64] = []
        var answered = 0
        var isFlushing = false
        var child = ChildID(0)
        private var next: Int64 = 0

        init() { carryOut(machine.start()) }

        mutating func handle(_ event: TrackMachine.Event) { carryOut(machine.handle(event, at: now)) }

        private mutating func carryOut(_ actions: [TrackMachine.Action]) {
            for action in actions {
                switch action {
                case .launch(let delay): delays.append(delay)
                case .send(_, .encodeAudio(let block, _)): given.append(block)
                case .send(_, .flush): isFlushing = true
                case .send, .ready, .worked: break
                case .dismiss(_, let reason): dismissed.append(reason)
                case .packet(let block, _): packets.append(block)
                case .drained: isDrained = true
                }
            }
        }

        /// An encoder comes, and is open unless told otherwise.
        mutating func launch(opens: Bool = true) {
            child = ChildID(child.number + 1)
            (given, answered, isFlushing) = ([], 0, false)
            handle(.launched(child))
            handle(.greeted(child))
            guard opens else { return }
            handle(
                .said(child, .ready(avcConfiguration: [], audioSpecificConfig: [], maximumDelay: 0, reorderDepth: 0)))
        }

        mutating func give(_ count: Int) {
            for _ in 0..<count {
                let samples = [Float](repeating: 0, count: AudioFormat.floatsPerBlock)
                handle(.block(AudioLedger.Block(number: next, samples: samples)))
                next += 1
            }
        }

        /// It answers all but the last, which it holds back.
        mutating func answer(keeping: Int = 1) {
            while answered < given.count - keeping {
                answered += 1
                handle(.said(child, .audioPacket(block: given[answered - 1], bytes: [1])))
            }
        }
    }

    @Test func blocksAreEncodedInOrderAndToTheLast() {
        var desk = Desk()
        desk.give(3)
        desk.launch()
        desk.give(5)
        desk.answer()
        #expect(desk.packets == Array(0..<7))
        desk.handle(.finish)
        #expect(desk.isFlushing && !desk.isDrained)
        desk.answer(keeping: 0)
        desk.handle(.said(desk.child, .flushed))
        #expect(desk.packets == Array(0..<8) && desk.isDrained && desk.dismissed.isEmpty)
        desk.handle(.ended(desk.child))
        #expect(desk.delays == [.zero])
    }

    /// Encoders die at any moment: each block is encoded once.
    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func nothingIsLostByDeaths(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var desk = Desk()
        desk.launch()
        var count = 0
        for _ in 0..<400 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                desk.give(1)
                count += 1
            case 5..<9: desk.answer(keeping: Int.random(in: 1...3, using: &random))
            default:
                desk.handle(.ended(desk.child))
                desk.launch()
            }
        }
        desk.handle(.finish)
        desk.handle(.ended(desk.child))
        desk.launch()
        #expect(desk.isFlushing || count == 0)
        desk.answer(keeping: 0)
        desk.handle(.said(desk.child, .flushed))
        #expect(desk.packets == Array(0..<Int64(count)) && desk.isDrained && desk.dismissed.isEmpty)
    }

    @Test func encoderThatOwesIsReplaced() {
        var desk = Desk()
        desk.launch()
        desk.give(5)
        desk.answer()
        // Nothing is owed: one block is held back, and none comes.
        desk.now = desk.now.advanced(by: .seconds(60))
        desk.handle(.tick)
        #expect(desk.dismissed.isEmpty)
        desk.give(5)
        desk.now = desk.now.advanced(by: .seconds(1))
        desk.handle(.tick)
        #expect(desk.dismissed.isEmpty)
        desk.now = desk.now.advanced(by: .milliseconds(1100))
        desk.handle(.tick)
        #expect(desk.dismissed.count == 1)
        // One that never opens, or dies again and again, is waited for longer.
        for _ in 0..<4 {
            desk.handle(.ended(desk.child))
            desk.launch(opens: false)
        }
        #expect(desk.delays == [.zero, .zero, .zero, .seconds(1), .seconds(1)])
        desk.now = desk.now.advanced(by: .seconds(3))
        desk.handle(.tick)
        #expect(desk.dismissed.count == 2)
    }

    @Test func liarsAreDismissed() {
        for lie in [
            EncoderReply.audioPacket(block: 9, bytes: [1]), .flushed, .alive,
            .ready(avcConfiguration: [], audioSpecificConfig: [], maximumDelay: 0, reorderDepth: 0),
        ] {
            var desk = Desk()
            desk.launch()
            desk.give(3)
            desk.handle(.said(desk.child, lie))
            #expect(desk.dismissed.count == 1 && desk.packets.isEmpty, "\(lie)")
            // What comes of one that is gone is not listened to.
            let former = desk.child
            desk.handle(.ended(former))
            desk.launch()
            desk.handle(.said(former, .audioPacket(block: 0, bytes: [1])))
            #expect(desk.packets.isEmpty)
            desk.answer()
            #expect(desk.packets == [0, 1])
        }
    }
}
