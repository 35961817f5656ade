import BulkheadEvents
import BulkheadLinks
import BulkheadMedia
import BulkheadModel
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadSelection
import Testing

/// What a link decides while a connection is on air, and where it is asked to go.
@Suite(.timeLimit(.minutes(2))) struct LinkMachineOnAirTests {
    typealias Event = LinkMachine.Event
    typealias Work = LinkMachine.Work

    // MARK: beside a connection on air

    @Test func serverIsMadeReadyWhileTheOneOnAirStalls() throws {
        var bench = try LinkBench.make(2, after: LinkBench.onAir)
        #expect(bench.tell(.lookAround) == .probe([1], patience: .seconds(5)))
        _ = bench.servers.probed(1, .success(.milliseconds(5)), at: bench.now, chance: 0)
        guard case .lookAgain? = bench.tell(.probed) else {
            Issue.record("\(String(describing: bench.work)) is no pause")
            return
        }
        bench.tell(.suspected(.notReading))
        #expect(bench.machine.phase == .stalled)
        #expect(bench.tell(.lookAround) == .prepare(1, .understudy))
        bench.tell(.prepared(.understudy, nil))
        #expect(bench.words() == "stalled prepared")
        // It recovers: the other connection is not needed.
        bench.tell(.recovered)
        bench.tell(.lookAround)
        #expect(bench.words() == "recovered (drop understudy)")
        // It stalls again, and is lost: the other one is asked to take the stream at once.
        bench.tell(.suspected(.notReading))
        bench.tell([.lookAround, .prepared(.understudy, nil)])
        bench.tell(LinkBench.broken)
        #expect(bench.work == .confirm([], patience: .milliseconds(400)))
        #expect(bench.tell(.confirmed(file: nil)) == .publish(.understudy))
        #expect(bench.machine.phase == .selected)
    }

    @Test func understudyThatWasClosedIsForgotten() throws {
        var bench = try LinkBench.make(
            2, after: LinkBench.onAir + [.lookAround, .probed, .suspected(.noAnswer), .lookAround])
        bench.tell(.prepared(.understudy, nil))
        bench.tell(LinkBench.broken + [.readyEnded])
        _ = bench.words()
        #expect(bench.tell(.confirmed(file: nil)) == .prepare(1, .course))
        #expect(!bench.words().contains("drop"))
    }

    /// Away by a failure, back when the better one has been well for long enough.
    private static func movable() throws -> LinkBench {
        var bench = try LinkBench.make(2, after: [.started, .prepared(.course, LinkBench.away)])
        #expect(bench.work == .prepare(1, .course))
        bench.tell([.prepared(.course, nil), .published(nil), .begun(backfill: .zero), .accepted])
        bench.now += .seconds(10)
        _ = bench.servers.probed(0, .success(.milliseconds(5)), at: bench.now, chance: 0)
        bench.now += .seconds(31)
        bench.tell(.lookAround)
        if case .probe? = bench.work { bench.tell(.probed) }
        _ = bench.words()
        return bench
    }

    @Test func betterServerTakesOverAtAnIDR() throws {
        var bench = try Self.movable()
        #expect(bench.work == .prepare(0, .move))
        #expect(!bench.machine.isMoveDue(at: .zero))
        bench.tell(.prepared(.move, nil))
        #expect(bench.machine.isMoveDue(at: .zero))
        #expect(bench.tell(.nextIsIDR(.zero)) == .publish(.move))
        #expect(bench.tell(.published(nil)) == .drain)
        #expect(bench.tell(.drained(isComplete: true)) == .leave(goodbye: false))
        #expect(bench.tell(.left(acknowledged: nil)) == .begin(rewinds: false, received: nil))
        #expect(bench.tell(.begun(backfill: .zero)) == .serve)
        #expect(bench.words() == "moving connected")
        #expect(bench.machine.server == 0 && bench.machine.reconnects == 1)
    }

    /// What the old connection had not sent is sent again.
    @Test func moveAwayFromASlowConnectionRewinds() throws {
        var bench = try Self.movable()
        bench.tell([.prepared(.move, nil), .nextIsIDR(.zero), .published(nil), .drained(isComplete: false)])
        #expect(
            bench.tell(.left(acknowledged: MediaTime(milliseconds: 800)))
                == .begin(rewinds: true, received: MediaTime(milliseconds: 800)))
    }

    @Test func serverThatDoesNotTakeOverIsLeftAlone() throws {
        var bench = try Self.movable()
        bench.tell([.prepared(.move, nil), .nextIsIDR(.zero)])
        _ = bench.words()
        #expect(bench.tell(.published(LinkBench.refused)) == .serve)
        #expect(bench.words() == "not-moved")
        #expect(bench.machine.server == 1 && !bench.machine.isMoveDue(at: .zero))
        #expect(bench.machine.phase == .publishing)
    }

    @Test func moveThatWasPreparedIsDroppedWithTheConnection() throws {
        var bench = try Self.movable()
        bench.tell(.prepared(.move, nil))
        bench.tell(LinkBench.broken)
        #expect(bench.words() == "moving (drop move) (off) lost")
    }

    /// An attempt beside the connection that was lost is answered when nobody waits for it any more.
    @Test func cancelledAttemptFreesItsServer() throws {
        var bench = try Self.movable()
        bench.tell([.ended(.failed(LinkBench.reset)), .stopped])
        #expect(bench.tell(.prepared(.move, .cancelled)) == nil)
        bench.tell([.left(acknowledged: nil), .confirmed(file: nil)])
        #expect(bench.work == .prepare(0, .course))
    }

    /// Where a person moved the link, it stays, although another server comes before.
    @Test func linkStaysWhereItWasMovedByHand() throws {
        var bench = try LinkBench.make(2, after: LinkBench.onAir + [.lookAround, .probed])
        bench.tell(.move(1))
        #expect(bench.tell(.lookAround) == .prepare(1, .move))
        bench.tell([.prepared(.move, nil), .nextIsIDR(.zero), .published(nil), .drained(isComplete: true)])
        bench.tell([.left(acknowledged: nil), .begun(backfill: .zero)])
        #expect(bench.words() == "moving connected")
        #expect(bench.machine.server == 1)
        _ = bench.servers.probed(0, .success(.milliseconds(1)), at: bench.now, chance: 0)
        bench.tell(.lookAround, after: .seconds(100))
        if case .probe? = bench.work { bench.tell(.probed) }
        guard case .lookAgain? = bench.work else {
            Issue.record("\(String(describing: bench.work)) is no pause")
            return
        }
    }

    @Test func serverThatCannotBeMovedToIsTold() throws {
        var bench = try LinkBench.make(2, after: LinkBench.onAir + [.lookAround, .probed])
        bench.tell([.move(1), .lookAround, .prepared(.move, LinkBench.away)])
        #expect(bench.words() == "not-moved")
        #expect(!bench.machine.isMoveDue(at: .zero))
    }

    /// Rule `latency` acts on what the kernel measures on air, not on the handshake of long ago.
    @Test func serverThatBecomesSlowIsLeftForAFasterOne() throws {
        var bench = try LinkBench(2, rule: .latency)
        bench.tell(.started)
        for index in 0..<2 {
            _ = bench.servers.probed(index, .success(.milliseconds(50 + index * 30)), at: bench.now, chance: 0)
        }
        bench.tell(.measured)
        bench.tell([.prepared(.course, nil), .published(nil), .begun(backfill: .zero), .accepted])
        #expect(bench.machine.server == 0)
        bench.now += .seconds(40)
        func look() -> Work? {
            bench.tell(.lookAround)
            if case .probe? = bench.work {
                _ = bench.servers.probed(1, .success(.milliseconds(80)), at: bench.now, chance: 0)
                bench.tell(.probed)
            }
            return bench.work
        }
        for _ in 0..<8 { bench.tell(.roundTrip(.milliseconds(8))) }
        #expect(look() != .prepare(1, .move))
        for _ in 0..<8 { bench.tell(.roundTrip(.milliseconds(158))) }
        #expect(look() == .prepare(1, .move))
        #expect((bench.servers.status(at: bench.now)[0].roundTripMilliseconds ?? 0) > 500)
    }

    // MARK: asked to go

    @Test func serverThatAsksIsLeftForItsTarget() throws {
        let target = try IngestTarget("rtmp://127.0.0.9/app/key")
        var bench = try LinkBench.make(after: LinkBench.onAir)
        bench.tell(.reconnectRequested(target, words: "maintenance"))
        #expect(bench.tell(.lookAround) == .prepare(0, .move))
        #expect(bench.servers.servers[0].target == .rtmp(target))
        bench.tell(.prepared(.move, nil))
        #expect(bench.tell(.nextIsIDR(.zero)) == .publish(.move))
        #expect(bench.words() == "redirected")
    }

    /// The same address anew: a server can't be given one stream twice.
    @Test func sameServerIsLeftBeforeItIsPublishedToAgain() throws {
        var bench = try LinkBench.make(after: LinkBench.onAir)
        bench.tell(.reconnectRequested(bench.servers.servers[0].target.ingest, words: ""))
        bench.tell([.lookAround, .prepared(.move, nil)])
        #expect(bench.tell(.nextIsIDR(.zero)) == .drain)
        #expect(bench.tell(.drained(isComplete: true)) == .publish(.move))
        #expect(bench.tell(.published(nil)) == .leave(goodbye: false))
        #expect(bench.tell(.left(acknowledged: nil)) == .begin(rewinds: false, received: nil))
    }

    /// Its old connection is gone when it does not take the stream: a break as any other.
    @Test func sameServerThatRefusesIsABreak() throws {
        var bench = try LinkBench.make(after: LinkBench.onAir)
        bench.tell(.reconnectRequested(bench.servers.servers[0].target.ingest, words: ""))
        bench.tell([.lookAround, .prepared(.move, nil), .nextIsIDR(.zero), .drained(isComplete: true)])
        #expect(bench.tell(.published(LinkBench.reset)) == .leave(goodbye: false))
        #expect(bench.tell(.left(acknowledged: nil)) == .confirm([], patience: .milliseconds(400)))
    }

    @Test func uselessRequestChangesNothing() throws {
        let target = try IngestTarget("rtmp://127.0.0.9/app/key")
        var bench = try LinkBench.make(after: LinkBench.onAir)
        bench.tell([.reconnectRequested(nil, words: ""), .lookAround])
        #expect(bench.words() == "redirect-unusable")
        // Heard once in ten seconds.
        bench.tell([.reconnectRequested(target, words: ""), .lookAround])
        let unheard = bench.words()
        #expect(unheard.isEmpty)
        bench.now += .seconds(10)
        bench.tell([.reconnectRequested(target, words: ""), .lookAround, .prepared(.move, LinkBench.away)])
        #expect(bench.words() == "redirected redirect-failed")
        #expect(bench.servers.servers[0].target != .rtmp(target))
        #expect(!bench.machine.isMoveDue(at: .zero))
    }

    @Test func timestampsBeginAnewBeforeTheirEnd() throws {
        var bench = try LinkBench.make(after: LinkBench.onAir)
        let wall = MediaTime(milliseconds: Int64(Int32.max) - 60_000)
        #expect(!bench.machine.isMoveDue(at: wall - MediaTime(milliseconds: 1)))
        #expect(bench.machine.isMoveDue(at: wall))
        #expect(bench.tell(.nextIsIDR(wall)) == .drain)
        #expect(bench.machine.origin == wall)
        #expect(bench.tell(.drained(isComplete: true)) == .prepare(0, .course))
        #expect(bench.tell(.prepared(.course, nil)) == .publish(.course))
        #expect(bench.tell(.published(nil)) == .leave(goodbye: false))
        #expect(bench.tell(.left(acknowledged: nil)) == .begin(rewinds: false, received: nil))
        #expect(bench.words() == "renewed")
    }
}
