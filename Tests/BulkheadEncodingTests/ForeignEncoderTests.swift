import BulkheadChildren
import BulkheadEncoding
import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire
import Testing

/// Encoders that are started by hand and connect.
@Suite(.timeLimit(.minutes(1))) struct ForeignEncoderTests {
    private static func studio() throws -> Studio {
        var studio = try Studio(standby: .warm) { $0.isForeign = true }
        studio.tell(.begin)
        return studio
    }

    @Test func itIsWaitedFor() throws {
        var studio = try Self.studio()
        #expect(studio.count(.waiting) == 1 && studio.encoders.isEmpty)
        #expect(
            studio.machine.snapshot().awaitsForeignEncoder && studio.machine.snapshot().children[0].state == .waiting)
        studio.connect()
        #expect(!studio.machine.snapshot().awaitsForeignEncoder)
        studio.tell(.onAir)
        studio.run(20)
        #expect(studio.encoders.count == 1, "none is launched beside it")
        studio.end()
        studio.expectWhole()
    }

    @Test func theStreamStandsStillUntilAnotherConnects() throws {
        var studio = try Self.studio()
        let first = studio.connect()
        studio.tell(.onAir)
        studio.run(10)
        studio.giveFrame()
        studio.kill(first)
        studio.run(60)
        #expect(studio.count(.waiting) == 2 && studio.machine.uncommittedCount == 61)
        #expect(studio.count(.slateBegan) == 0)
        studio.connect()
        studio.run(5)
        studio.end()
        studio.expectWhole()
    }

    @Test func anotherOneIsTurnedAwayWhileOneWorks() throws {
        var studio = try Self.studio()
        studio.connect()
        studio.tell(.onAir)
        studio.run(5)
        let second = studio.connect()
        #expect(studio.turnedAway == [second])
        studio.end()
        studio.expectWhole()
    }

    @Test func oneThatStandsStillGivesWay() throws {
        var studio = try Self.studio()
        let first = studio.connect()
        studio.tell(.onAir)
        studio.run(5)
        studio.giveFrame()
        studio.pass(.milliseconds(1500))
        let second = studio.connect()
        #expect(studio.turnedAway == [second] && studio.dismissals[first] == nil, "it may be looked into")
        studio.pass(.seconds(1))
        let third = studio.connect()
        #expect(studio.dismissals[first] != nil && studio.machine.currentRun.encoder == third)
        studio.run(5)
        studio.end()
        studio.expectWhole()
    }

    @Test func withoutOneTheEndIsAtOnce() throws {
        var studio = try Self.studio()
        studio.tell(.ending)
        studio.tell(.finish)
        #expect(studio.isDrained)
    }

    @Test func afterTheEndNoneIsLetIn() throws {
        var studio = try Self.studio()
        studio.tell(.over)
        let child = studio.connect()
        #expect(studio.turnedAway == [child])
    }
}
