import BulkheadChildren
import BulkheadEncoding
import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire
import Testing

/// The slate that goes out when no encoder works.
@Suite(.timeLimit(.minutes(1))) struct SlateTests {
    /// The encoder has died again and again; none opens any more.
    private static func withoutEncoder(_ kind: ScriptedEncoder.Kind = .zerolatency) throws -> Studio {
        var studio = try Studio.onAir(kind, hasSlate: true)
        studio.run(10)
        studio.opensAtOnce = false
        studio.kill(studio.machine.currentRun.encoder)
        return studio
    }

    @Test func itIsEncodedWhileAllIsWell() throws {
        var studio = try Studio.onAir(hasSlate: true)
        #expect(studio.machine.slate.maker.loop != nil && studio.encoders.count == 1)
        studio.run(3)
        studio.end()
        studio.expectWhole()
        #expect(studio.machine.figures.slated == 0)
    }

    @Test func anEncoderOfTheSlateThatDiesIsTriedAgain() throws {
        var studio = try Studio.onAir()
        studio.tell(.slateDrawn(SlotReference(pool: 9, slot: 0), studio.machine.wanted.canvas))
        studio.opensAtOnce = false
        studio.pass(.milliseconds(1100))
        let maker = try #require(studio.opening.first)
        #expect(studio.machine.slate.maker.employs(maker))
        studio.kill(maker)
        studio.opensAtOnce = true
        studio.pass(.seconds(9))
        #expect(studio.machine.slate.maker.loop == nil)
        // It is launched within the next second, and answers before its deadline.
        studio.pass(.milliseconds(1020))
        studio.deliverAll()
        #expect(studio.machine.slate.maker.loop != nil)
        #expect(studio.count(.died) == 0, "viewers miss nothing")
    }

    @Test func anotherPictureIsEncodedAnew() throws {
        var studio = try Studio.onAir(hasSlate: true)
        studio.tell(.slateDrawn(SlotReference(pool: 9, slot: 1), studio.machine.wanted.canvas))
        #expect(studio.machine.slate.maker.loop == nil)
        studio.pass(.milliseconds(1100))
        studio.deliverAll()
        #expect(studio.machine.slate.maker.loop != nil)
    }

    @Test(arguments: ScriptedEncoder.Kind.allCases)
    func itBeginsAfterAStandstillAndEndsWithAnEncoder(kind: ScriptedEncoder.Kind) throws {
        var studio = try Self.withoutEncoder(kind)
        studio.run(20)
        #expect(studio.count(.slateBegan) == 0, "0.8 s are no reason")
        studio.run(20)
        #expect(studio.count(.slateBegan) == 1 && studio.machine.uncommittedCount == 0)
        studio.giveBlock()
        #expect(studio.sound.isEmpty == false, "with silence")
        studio.opensAtOnce = true
        studio.openAll()
        #expect(studio.count(.slateEnded) == 1 && studio.machine.slate.isOnProbation)
        studio.run(20)
        #expect(!studio.machine.slate.isOnProbation)
        studio.end()
        studio.expectWhole()
        #expect(studio.machine.figures.slated > 0)
    }

    @Test func anEncoderThatDiesOnProbationBringsItBackAtOnce() throws {
        var studio = try Self.withoutEncoder()
        studio.run(40)
        studio.openAll()
        #expect(studio.machine.slate.onAir == nil)
        studio.giveFrame()
        studio.kill(studio.machine.currentRun.encoder)
        #expect(studio.machine.slate.onAir != nil && studio.machine.uncommittedCount == 0)
        studio.opensAtOnce = true
        studio.pass(.seconds(2))
        studio.run(10)
        studio.end()
        studio.expectWhole()
        #expect(studio.count(.slateBegan) == 2)
    }

    @Test func itStandsInForAnOlderRunAlone() throws {
        var studio = try Studio.onAir(.lookAhead, hasSlate: true)
        studio.run(20)
        let old = try #require(studio.machine.currentRun.encoder)
        var wanted = studio.machine.wanted
        wanted.preset = "faster"
        studio.tell(.change(wanted))
        // The old run has not handed out what it holds when its encoder dies, and no other can be opened for it.
        studio.opensAtOnce = false
        studio.kill(old)
        for _ in 0..<40 {
            studio.giveFrame()
            for child in studio.encoders.keys.sorted() where !studio.opening.contains(child) {
                while studio.owesAnswer(child) { studio.deliver(from: child) }
            }
            studio.pass(Studio.interval)
        }
        studio.tell(.tick)
        studio.end()
        studio.expectWhole()
    }

    @Test(arguments: ScriptedEncoder.Kind.allCases)
    func aBroadcastEndsWithTheSlate(kind: ScriptedEncoder.Kind) throws {
        var studio = try Self.withoutEncoder(kind)
        studio.run(40)
        studio.tell(.ending)
        studio.tell(.finish)
        #expect(studio.isDrained)
        studio.expectWhole()
    }

    @Test func withoutALoopItWaits() throws {
        var studio = try Studio.onAir()
        studio.run(5)
        studio.opensAtOnce = false
        studio.kill(studio.machine.currentRun.encoder)
        studio.run(60)
        #expect(studio.count(.slateBegan) == 0 && studio.machine.uncommittedCount > 50)
        studio.end()
        studio.expectWhole()
    }
}
