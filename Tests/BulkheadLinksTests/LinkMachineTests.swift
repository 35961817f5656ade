import BulkheadEvents
import BulkheadLinks
import BulkheadMedia
import BulkheadModel
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadSelection
import Testing

/// A link's decisions, with the time passed in and without a connection.
@Suite(.timeLimit(.minutes(2))) struct LinkMachineTests {
    typealias Event = LinkMachine.Event
    typealias Work = LinkMachine.Work

    // MARK: the way to the air

    @Test func firstServerTakesTheStream() throws {
        var bench = try LinkBench()
        #expect(bench.tell(.started) == .prepare(0, .course))
        #expect(bench.machine.phase == .connecting)
        #expect(bench.tell(.prepared(.course, nil)) == .publish(.course))
        #expect(bench.tell(.published(nil)) == .begin(rewinds: true, received: nil))
        #expect(bench.tell(.begun(backfill: .zero)) == .serve)
        #expect(bench.machine.phase == .publishing)
        bench.tell(.accepted)
        #expect(bench.words() == "(off) connected accepted")
        #expect(bench.tell(.sentAll) == .leave(goodbye: true))
        bench.tell(.finish)
        #expect(bench.tell(.left(acknowledged: nil)) == .end(wasSaved: false))
        #expect(bench.machine.phase == .ended)
    }

    /// Nobody is known yet, and the fastest is wanted.
    @Test func serversAreMeasuredBeforeTheFirstChoice() throws {
        var bench = try LinkBench(2, rule: .latency)
        #expect(bench.tell(.started) == .measure([0, 1], patience: .seconds(2)))
        _ = bench.servers.probed(0, .success(.milliseconds(80)), at: bench.now, chance: 0)
        _ = bench.servers.probed(1, .success(.milliseconds(20)), at: bench.now, chance: 0)
        #expect(bench.tell(.measured) == .prepare(1, .course))
    }

    @Test func refusalOfTheOnlyServerIsFinal() throws {
        var bench = try LinkBench()
        bench.tell([.started, .prepared(.course, nil)])
        #expect(bench.tell(.published(LinkBench.refused)) == .fail(LinkBench.refused))
        #expect(bench.machine.phase == .failed)
        // Run again by hand, it begins anew.
        bench.tell(.retry)
        #expect(bench.tell(.started) == .prepare(0, .course))
    }

    @Test func nextCandidateIsTriedAfterARefusal() throws {
        var bench = try LinkBench(2)
        bench.tell([.started, .prepared(.course, nil)])
        #expect(bench.tell(.published(LinkBench.refused)) == .prepare(1, .course))
        #expect(bench.words() == "(off) lost")
    }

    // MARK: the way back

    @Test func lossIsSavedClearedSelectedRestored() throws {
        var bench = try LinkBench.make(after: LinkBench.onAir)
        bench.machine.noteSent(MediaTime(milliseconds: 9000))
        bench.tell(.ended(.failed(LinkBench.reset)), after: .seconds(10))
        #expect(bench.machine.mustStop)
        #expect(bench.tell(.stopped) == .leave(goodbye: false))
        #expect(bench.tell(.left(acknowledged: nil)) == .confirm([], patience: .milliseconds(400)))
        #expect(bench.machine.phase == .saved)
        #expect(bench.words() == "(off) lost")
        #expect(bench.tell(.confirmed(file: "f")) == .wait(.milliseconds(100)))
        #expect(bench.tell(.waited, after: .milliseconds(100)) == .prepare(0, .course))
        #expect(bench.tell(.prepared(.course, nil)) == .publish(.course))
        #expect(bench.machine.phase == .selected)
        // A server that acknowledges nothing may lack the last three seconds.
        #expect(bench.tell(.published(nil)) == .begin(rewinds: true, received: MediaTime(milliseconds: 6000)))
        #expect(bench.tell(.begun(backfill: MediaTime(milliseconds: 3000))) == .serve)
        #expect(bench.machine.phase == .restored)
        #expect(bench.words() == "saved cleared selected connected restored")
        bench.machine.noteSent(MediaTime(milliseconds: 6033))
        #expect(bench.machine.phase == .publishing)
        #expect(bench.machine.reconnects == 1)
    }

    /// The loss of a connection that was just made is another attempt's failure, and told once.
    @Test func lossDuringTheWayBackGoesOn() throws {
        var bench = try LinkBench.make(after: LinkBench.onAir + LinkBench.broken + [.confirmed(file: nil)])
        _ = bench.words()
        // Until createStream, and then at publish: same words, one event at most.
        bench.tell(.waited, after: .milliseconds(100))
        #expect(bench.tell(.prepared(.course, LinkBench.away)) == .wait(.milliseconds(200)))
        #expect(bench.words() == "lost")
        #expect(bench.tell(.waited, after: .milliseconds(200)) == .prepare(0, .course))
        #expect(bench.tell(.prepared(.course, LinkBench.away)) == .wait(.milliseconds(250)))
        #expect(bench.words() == "")
        bench.tell(.waited, after: .milliseconds(250))
        bench.tell(.prepared(.course, nil))
        #expect(bench.tell(.published(LinkBench.reset)) == .wait(.milliseconds(250)))
        #expect(bench.words() == "cleared selected")
        #expect(bench.machine.phase == .selected)
        // That it lasts is said by whoever watches all troubles.
        bench.tell(.waited, after: .seconds(60))
        bench.tell(.prepared(.course, LinkBench.away))
        #expect(bench.words() == "")
        bench.tell(.waited, after: .milliseconds(250))
        bench.tell(.prepared(.course, LinkBench.away))
        #expect(bench.words() == "")
    }

    /// What breaks before it is accepted was never on air again: the break is the first one's.
    @Test func lossRightAfterTheWayBackIsABreakOfItsOwn() throws {
        var bench = try LinkBench.make(after: LinkBench.onAir + LinkBench.broken + [.confirmed(file: nil)])
        bench.tell(.waited, after: .milliseconds(100))
        bench.tell([.prepared(.course, nil), .published(nil), .begun(backfill: .zero)])
        _ = bench.words()
        bench.tell(LinkBench.broken)
        #expect(bench.words() == "(off) lost")
        #expect(bench.machine.phase == .saved && bench.machine.reconnects == 1)
    }

    /// A link that was on air once never gives up, whatever the server says.
    @Test func acceptedLinkIsNeverGivenUp() throws {
        var bench = try LinkBench.make(after: LinkBench.onAir + LinkBench.broken + [.confirmed(file: nil)])
        for _ in 0..<50 {
            guard case .wait(let delay)? = bench.work else {
                Issue.record("\(String(describing: bench.work)) is no wait")
                return
            }
            #expect(delay <= .seconds(30))
            #expect(bench.tell(.waited, after: delay) == .prepare(0, .course))
            bench.tell(.prepared(.course, nil))
            bench.tell(.published(LinkBench.refused))
        }
    }

    /// The server takes the stream for a second and a half each time: the key may be wrong.
    @Test func serverThatClosesEachTimeIsToldOnce() throws {
        var bench = try LinkBench.make(after: LinkBench.onAir + LinkBench.broken + [.confirmed(file: nil)])
        var pauses: [Duration] = []
        for _ in 0..<8 {
            guard case .wait(let pause)? = bench.work else { break }
            pauses.append(pause)
            bench.tell(.waited, after: pause)
            bench.tell([.prepared(.course, nil), .published(nil), .begun(backfill: .zero), .accepted])
            bench.tell(.ended(.failed(LinkBench.reset)), after: .milliseconds(1500))
            bench.tell([.stopped, .left(acknowledged: nil)])
            if case .confirm? = bench.work { bench.tell(.confirmed(file: nil)) }
        }
        #expect(pauses == pauses.sorted() && pauses.count == 8 && pauses.last.map { $0 >= .seconds(10) } == true)
        // The ordinary way back twice; then the suspicion, and nothing more.
        let words = bench.words().split(separator: " ")
        #expect(words.count { $0 == "lost" } <= 3, "\(words)")
        #expect(words.count { $0 == "restored" } <= 2, "\(words)")
        #expect(bench.machine.lastError.contains("perhaps the stream key"))
        // Held for three seconds, it is told of.
        guard case .wait(let pause)? = bench.work else {
            Issue.record("\(String(describing: bench.work)) is no wait")
            return
        }
        bench.tell(.waited, after: pause)
        bench.tell([.prepared(.course, nil), .published(nil), .begun(backfill: .zero)])
        #expect(bench.tell(.lookAround) == .lookAgain(after: .seconds(3)))
        #expect(bench.words() == "")
        bench.tell(.lookAround, after: .seconds(3))
        #expect(bench.words() == "connected restored")
    }

    /// So does one that never held it: that is final.
    @Test func firstServerThatClosesEachTimeIsGivenUp() throws {
        var bench = try LinkBench()
        bench.tell(.started)
        for number in 0..<3 {
            bench.tell([.prepared(.course, nil), .published(nil), .begun(backfill: .zero), .accepted])
            bench.tell(.ended(.failed(LinkBench.reset)), after: .milliseconds(1500))
            bench.tell([.stopped, .left(acknowledged: nil)])
            guard number < 2 else { continue }
            if case .confirm? = bench.work { bench.tell(.confirmed(file: nil)) }
            guard case .wait(let pause)? = bench.work else { break }
            bench.tell(.waited, after: pause)
        }
        guard case .fail(.closedEachTime)? = bench.work else {
            Issue.record("\(String(describing: bench.work)) is no end")
            return
        }
    }

    @Test func otherServersAreConfirmedAfterABreak() throws {
        var bench = try LinkBench.make(3, after: LinkBench.onAir + [.ended(.failed(LinkBench.reset)), .stopped])
        #expect(bench.tell(.left(acknowledged: nil)) == .confirm([1, 2], patience: .milliseconds(400)))
        _ = bench.servers.probed(1, .failure(LinkBench.away), at: bench.now, chance: 0)
        _ = bench.servers.probed(2, .success(.milliseconds(5)), at: bench.now, chance: 0)
        #expect(bench.tell(.confirmed(file: nil)) == .prepare(2, .course))
    }

    @Test func changedNetworkEndsAWait() throws {
        var bench = try LinkBench.make(after: LinkBench.onAir)
        let well = bench.servers.status(at: bench.now)
        bench.tell(.networkChanged)
        #expect(bench.servers.status(at: bench.now) == well)
        bench.tell(LinkBench.broken + [.confirmed(file: nil)])
        #expect(bench.work == .wait(.milliseconds(100)))
        bench.tell(.networkChanged)
        #expect(bench.tell(.waited) == .prepare(0, .course))
    }

    // MARK: asked to stop, in each state

    /// How to come to a state, and which event its work is answered by when it is cut short.
    static let states: [(name: String, way: [Event], cutShort: Event)] = [
        ("waiting", LinkBench.onAir + LinkBench.broken + [.confirmed(file: nil)], .waited),
        ("confirming", LinkBench.onAir + LinkBench.broken, .confirmed(file: nil)),
        ("preparing", [.started], .prepared(.course, .cancelled)),
        ("publishing", [.started, .prepared(.course, nil)], .published(.cancelled)),
        ("on air", LinkBench.onAir, .stopped),
        ("stalled", LinkBench.onAir + [.suspected(.noAnswer)], .stopped),
        ("broken", LinkBench.onAir + [.ended(.failed(LinkBench.reset))], .stopped),
        ("resting", [.pause(true), .started], .waited),
        (
            "passing",
            LinkBench.onAir + [
                .reconnectRequested(nil, words: ""), .lookAround, .nextIsIDR(MediaTime(milliseconds: 2_147_500_000)),
            ],
            .drained(isComplete: false)
        ),
    ]

    /// Answers works until the course has come to its end or rests.
    private static func settle(_ bench: inout LinkBench, _ first: Event) -> Work? {
        bench.tell(first)
        for _ in 0..<8 {
            switch bench.work {
            case .leave: bench.tell(.left(acknowledged: nil))
            case .prepare(_, let place): bench.tell(.prepared(place, .cancelled))
            case .publish: bench.tell(.published(.cancelled))
            default: return bench.work
            }
        }
        return bench.work
    }

    @Test(arguments: states.indices) func abortEndsEachState(_ index: Int) throws {
        let state = Self.states[index]
        var bench = try LinkBench.make(after: state.way)
        bench.tell(.abort)
        #expect(bench.words().contains("(cancel)"))
        let work = Self.settle(&bench, state.cutShort)
        guard case .end? = work else {
            Issue.record("\(state.name): \(String(describing: work)) is no end")
            return
        }
        #expect(bench.machine.phase == .ended, "\(state.name)")
    }

    @Test(arguments: states.indices) func pauseLeavesEachState(_ index: Int) throws {
        let state = Self.states[index]
        var bench = try LinkBench.make(after: state.way)
        bench.tell(.pause(true))
        let work = Self.settle(&bench, state.cutShort)
        #expect(work == .rest, "\(state.name)")
        #expect(bench.machine.phase == .paused, "\(state.name)")
        #expect(bench.servers.current(0) == nil, "\(state.name)")
        // Back with the first server, as if it had never been on air.
        bench.tell(.pause(false))
        _ = bench.words()
        #expect(bench.tell(.waited) == .prepare(0, .course), "\(state.name)")
        #expect(bench.words() == "resumed")
        #expect(bench.machine.phase == .connecting)
        bench.tell(.prepared(.course, nil))
        #expect(bench.tell(.published(nil)) == .begin(rewinds: true, received: nil))
    }

    @Test func restingLinkEndsWithTheBroadcast() throws {
        var bench = try LinkBench.make(after: [.pause(true), .started])
        #expect(bench.tell(.waited) == .rest)
        bench.tell(.finish)
        #expect(bench.tell(.waited) == .end(wasSaved: false))
    }

    /// No more packets come, and the server is away: it is not waited for for ever.
    @Test func endingLinkGivesUpAfterThreeFailures() throws {
        var bench = try LinkBench.make(after: LinkBench.onAir + LinkBench.broken + [.finish, .confirmed(file: nil)])
        for _ in 0..<5 {
            guard case .wait(let delay)? = bench.work else { break }
            bench.tell(.waited, after: delay)
            bench.tell(.prepared(.course, LinkBench.away))
        }
        #expect(bench.work == .fail(LinkBench.away))
    }
}
