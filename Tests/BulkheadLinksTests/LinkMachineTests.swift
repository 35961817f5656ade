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

    /// A machine, the servers it chooses from, and a clock that a test moves.
    struct Bench {
        var machine: LinkMachine
        var servers: ServerTable
        var now = Duration.zero
        var work: Work?
        /// Codes of events without "link.", and the other actions.
        var said: [String] = []

        init(_ count: Int = 1, rule: SelectionRule = .priority) throws {
            servers = ServerTable(
                try (0..<count).map { number in
                    ServerTable.Server(
                        target: try IngestTarget("rtmp://127.0.0.\(number + 1)/app/key"),
                        candidate: Candidate(name: "s\(number)"))
                }, rule: rule)
            // Chance 0 leaves delays as they are.
            machine = LinkMachine(lane: 0, chance: { 0 })
        }

        /// Tells an event after `wait`.
        @discardableResult
        mutating func tell(_ event: Event, after wait: Duration = .zero) -> Work? {
            now += wait
            work = nil
            for action in machine.handle(event, &servers, at: now) {
                switch action {
                case .work(let next): work = next
                case .post(let happening): said.append(happening.facts.word.rawValue)
                case .cancelAttempts: said.append("(cancel)")
                case .leaveAir: said.append("(off)")
                case .drop(let place): said.append("(drop \(place))")
                case .wakeCourse, .wakeWatch, .wakeSending: break
                }
            }
            return work
        }

        /// A connection that ends has been on air for ten seconds.
        mutating func tell(_ events: [Event]) {
            for event in events {
                if case .ended = event { now += .seconds(10) }
                tell(event)
            }
        }

        /// What was said since the last time.
        mutating func words() -> String {
            defer { said = [] }
            return said.joined(separator: " ")
        }
    }

    static let reset = PublishError.connectionLost(server: "s", .reset)
    static let refused = PublishError.publishRefused(
        server: "s", ServerStatus(level: "error", code: "NetStream.Publish.Denied", text: ""))
    static let away = PublishError.unreachable(server: "s", reason: "Connection refused")

    /// To the air with the only server, or the first.
    static let onAir: [Event] = [
        .started, .prepared(.course, nil), .published(nil), .begun(backfill: .zero), .accepted,
    ]
    /// The connection on air breaks and is closed.
    static let broken: [Event] = [.ended(.failed(reset)), .stopped, .left(acknowledged: nil)]

    static func bench(_ count: Int = 1, rule: SelectionRule = .priority, after events: [Event]) throws -> Bench {
        var bench = try Bench(count, rule: rule)
        bench.tell(events)
        _ = bench.words()
        return bench
    }

    // MARK: the way to the air

    @Test func firstServerTakesTheStream() throws {
        var bench = try Bench()
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
        var bench = try Bench(2, rule: .latency)
        #expect(bench.tell(.started) == .measure([0, 1], patience: .seconds(2)))
        _ = bench.servers.probed(0, .success(.milliseconds(80)), at: bench.now, chance: 0)
        _ = bench.servers.probed(1, .success(.milliseconds(20)), at: bench.now, chance: 0)
        #expect(bench.tell(.measured) == .prepare(1, .course))
    }

    @Test func refusalOfTheOnlyServerIsFinal() throws {
        var bench = try Bench()
        bench.tell([.started, .prepared(.course, nil)])
        #expect(bench.tell(.published(Self.refused)) == .fail(Self.refused))
        #expect(bench.machine.phase == .failed)
        // Run again by hand, it begins anew.
        bench.tell(.retry)
        #expect(bench.tell(.started) == .prepare(0, .course))
    }

    @Test func nextCandidateIsTriedAfterARefusal() throws {
        var bench = try Bench(2)
        bench.tell([.started, .prepared(.course, nil)])
        #expect(bench.tell(.published(Self.refused)) == .prepare(1, .course))
        #expect(bench.words() == "(off) lost")
    }

    // MARK: the way back

    @Test func lossIsSavedClearedSelectedRestored() throws {
        var bench = try Self.bench(after: Self.onAir)
        bench.machine.noteSent(MediaTime(milliseconds: 9000))
        bench.tell(.ended(.failed(Self.reset)), after: .seconds(10))
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
        var bench = try Self.bench(after: Self.onAir + Self.broken + [.confirmed(file: nil)])
        _ = bench.words()
        // Until createStream, and then at publish: same words, one event at most.
        bench.tell(.waited, after: .milliseconds(100))
        #expect(bench.tell(.prepared(.course, Self.away)) == .wait(.milliseconds(200)))
        #expect(bench.words() == "lost")
        #expect(bench.tell(.waited, after: .milliseconds(200)) == .prepare(0, .course))
        #expect(bench.tell(.prepared(.course, Self.away)) == .wait(.milliseconds(250)))
        #expect(bench.words() == "")
        bench.tell(.waited, after: .milliseconds(250))
        bench.tell(.prepared(.course, nil))
        #expect(bench.tell(.published(Self.reset)) == .wait(.milliseconds(250)))
        #expect(bench.words() == "cleared selected")
        #expect(bench.machine.phase == .selected)
        // A minute later it is told again, once.
        bench.tell(.waited, after: .seconds(60))
        bench.tell(.prepared(.course, Self.away))
        #expect(bench.words() == "still-lost")
        bench.tell(.waited, after: .milliseconds(250))
        bench.tell(.prepared(.course, Self.away))
        #expect(bench.words() == "")
    }

    /// What breaks before it is accepted was never on air again: the break is the first one's.
    @Test func lossRightAfterTheWayBackIsABreakOfItsOwn() throws {
        var bench = try Self.bench(after: Self.onAir + Self.broken + [.confirmed(file: nil)])
        bench.tell(.waited, after: .milliseconds(100))
        bench.tell([.prepared(.course, nil), .published(nil), .begun(backfill: .zero)])
        _ = bench.words()
        bench.tell(Self.broken)
        #expect(bench.words() == "(off) lost")
        #expect(bench.machine.phase == .saved && bench.machine.reconnects == 1)
    }

    /// A link that was on air once never gives up, whatever the server says.
    @Test func acceptedLinkIsNeverGivenUp() throws {
        var bench = try Self.bench(after: Self.onAir + Self.broken + [.confirmed(file: nil)])
        for _ in 0..<50 {
            guard case .wait(let delay)? = bench.work else {
                Issue.record("\(String(describing: bench.work)) is no wait")
                return
            }
            #expect(delay <= .seconds(30))
            #expect(bench.tell(.waited, after: delay) == .prepare(0, .course))
            bench.tell(.prepared(.course, nil))
            bench.tell(.published(Self.refused))
        }
    }

    /// The server takes the stream for a second and a half each time: the key may be wrong.
    @Test func serverThatClosesEachTimeIsToldOnce() throws {
        var bench = try Self.bench(after: Self.onAir + Self.broken + [.confirmed(file: nil)])
        var pauses: [Duration] = []
        for _ in 0..<8 {
            guard case .wait(let pause)? = bench.work else { break }
            pauses.append(pause)
            bench.tell(.waited, after: pause)
            bench.tell([.prepared(.course, nil), .published(nil), .begun(backfill: .zero), .accepted])
            bench.tell(.ended(.failed(Self.reset)), after: .milliseconds(1500))
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
        var bench = try Bench()
        bench.tell(.started)
        for number in 0..<3 {
            bench.tell([.prepared(.course, nil), .published(nil), .begun(backfill: .zero), .accepted])
            bench.tell(.ended(.failed(Self.reset)), after: .milliseconds(1500))
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
        var bench = try Self.bench(3, after: Self.onAir + [.ended(.failed(Self.reset)), .stopped])
        #expect(bench.tell(.left(acknowledged: nil)) == .confirm([1, 2], patience: .milliseconds(400)))
        _ = bench.servers.probed(1, .failure(Self.away), at: bench.now, chance: 0)
        _ = bench.servers.probed(2, .success(.milliseconds(5)), at: bench.now, chance: 0)
        #expect(bench.tell(.confirmed(file: nil)) == .prepare(2, .course))
    }

    @Test func changedNetworkEndsAWait() throws {
        var bench = try Self.bench(after: Self.onAir)
        let well = bench.servers.status(at: bench.now)
        bench.tell(.networkChanged)
        #expect(bench.servers.status(at: bench.now) == well)
        bench.tell(Self.broken + [.confirmed(file: nil)])
        #expect(bench.work == .wait(.milliseconds(100)))
        bench.tell(.networkChanged)
        #expect(bench.tell(.waited) == .prepare(0, .course))
    }

    // MARK: asked to stop, in each state

    /// How to come to a state, and which event its work is answered by when it is cut short.
    static let states: [(name: String, way: [Event], cutShort: Event)] = [
        ("waiting", onAir + broken + [.confirmed(file: nil)], .waited),
        ("confirming", onAir + broken, .confirmed(file: nil)),
        ("preparing", [.started], .prepared(.course, .cancelled)),
        ("publishing", [.started, .prepared(.course, nil)], .published(.cancelled)),
        ("on air", onAir, .stopped),
        ("stalled", onAir + [.suspected(.noAnswer)], .stopped),
        ("broken", onAir + [.ended(.failed(reset))], .stopped),
        ("resting", [.pause(true), .started], .waited),
        (
            "passing", onAir + [.reconnectRequested(nil, words: ""), .lookAround, .nextIsIDR(.seconds(2_147_500))],
            .drained(isComplete: false)
        ),
    ]

    /// Answers works until the course has come to its end or rests.
    private static func settle(_ bench: inout Bench, _ first: Event) -> Work? {
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
        var bench = try Self.bench(after: state.way)
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
        var bench = try Self.bench(after: state.way)
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
        var bench = try Self.bench(after: [.pause(true), .started])
        #expect(bench.tell(.waited) == .rest)
        bench.tell(.finish)
        #expect(bench.tell(.waited) == .end(wasSaved: false))
    }

    /// No more packets come, and the server is away: it is not waited for for ever.
    @Test func endingLinkGivesUpAfterThreeFailures() throws {
        var bench = try Self.bench(after: Self.onAir + Self.broken + [.finish, .confirmed(file: nil)])
        for _ in 0..<5 {
            guard case .wait(let delay)? = bench.work else { break }
            bench.tell(.waited, after: delay)
            bench.tell(.prepared(.course, Self.away))
        }
        #expect(bench.work == .fail(Self.away))
    }

    // MARK: beside a connection on air

    @Test func serverIsMadeReadyWhileTheOneOnAirStalls() throws {
        var bench = try Self.bench(2, after: Self.onAir)
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
        bench.tell(Self.broken)
        #expect(bench.work == .confirm([], patience: .milliseconds(400)))
        #expect(bench.tell(.confirmed(file: nil)) == .publish(.understudy))
        #expect(bench.machine.phase == .selected)
    }

    @Test func understudyThatWasClosedIsForgotten() throws {
        var bench = try Self.bench(2, after: Self.onAir + [.lookAround, .probed, .suspected(.noAnswer), .lookAround])
        bench.tell(.prepared(.understudy, nil))
        bench.tell(Self.broken + [.readyEnded])
        _ = bench.words()
        #expect(bench.tell(.confirmed(file: nil)) == .prepare(1, .course))
        #expect(!bench.words().contains("drop"))
    }

    /// Away by a failure, back when the better one has been well for long enough.
    private static func movable() throws -> Bench {
        var bench = try bench(2, after: [.started, .prepared(.course, away)])
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
        bench.tell(.acknowledged(MediaTime(milliseconds: 700)))
        bench.tell([.prepared(.move, nil), .nextIsIDR(.zero), .published(nil), .drained(isComplete: false)])
        #expect(
            bench.tell(.left(acknowledged: MediaTime(milliseconds: 800)))
                == .begin(rewinds: true, received: MediaTime(milliseconds: 800)))
    }

    @Test func serverThatDoesNotTakeOverIsLeftAlone() throws {
        var bench = try Self.movable()
        bench.tell([.prepared(.move, nil), .nextIsIDR(.zero)])
        _ = bench.words()
        #expect(bench.tell(.published(Self.refused)) == .serve)
        #expect(bench.words() == "not-moved")
        #expect(bench.machine.server == 1 && !bench.machine.isMoveDue(at: .zero))
        #expect(bench.machine.phase == .publishing)
    }

    @Test func moveThatWasPreparedIsDroppedWithTheConnection() throws {
        var bench = try Self.movable()
        bench.tell(.prepared(.move, nil))
        bench.tell(Self.broken)
        #expect(bench.words() == "moving (drop move) (off) lost")
    }

    /// An attempt beside the connection that was lost is answered when nobody waits for it any more.
    @Test func cancelledAttemptFreesItsServer() throws {
        var bench = try Self.movable()
        bench.tell([.ended(.failed(Self.reset)), .stopped])
        #expect(bench.tell(.prepared(.move, .cancelled)) == nil)
        bench.tell([.left(acknowledged: nil), .confirmed(file: nil)])
        #expect(bench.work == .prepare(0, .course))
    }

    /// Where a person moved the link, it stays, although another server comes before.
    @Test func linkStaysWhereItWasMovedByHand() throws {
        var bench = try Self.bench(2, after: Self.onAir + [.lookAround, .probed])
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
        var bench = try Self.bench(2, after: Self.onAir + [.lookAround, .probed])
        bench.tell([.move(1), .lookAround, .prepared(.move, Self.away)])
        #expect(bench.words() == "not-moved")
        #expect(!bench.machine.isMoveDue(at: .zero))
    }

    /// Rule `latency` acts on what the kernel measures on air, not on the handshake of long ago.
    @Test func serverThatBecomesSlowIsLeftForAFasterOne() throws {
        var bench = try Bench(2, rule: .latency)
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
        var bench = try Self.bench(after: Self.onAir)
        bench.tell(.reconnectRequested(target, words: "maintenance"))
        #expect(bench.tell(.lookAround) == .prepare(0, .move))
        #expect(bench.servers.servers[0].target == target)
        bench.tell(.prepared(.move, nil))
        #expect(bench.tell(.nextIsIDR(.zero)) == .publish(.move))
        #expect(bench.words() == "redirected")
    }

    /// The same address anew: a server can't be given one stream twice.
    @Test func sameServerIsLeftBeforeItIsPublishedToAgain() throws {
        var bench = try Self.bench(after: Self.onAir)
        bench.tell(.reconnectRequested(bench.servers.servers[0].target, words: ""))
        bench.tell([.lookAround, .prepared(.move, nil)])
        #expect(bench.tell(.nextIsIDR(.zero)) == .drain)
        #expect(bench.tell(.drained(isComplete: true)) == .publish(.move))
        #expect(bench.tell(.published(nil)) == .leave(goodbye: false))
        #expect(bench.tell(.left(acknowledged: nil)) == .begin(rewinds: false, received: nil))
    }

    /// Its old connection is gone when it does not take the stream: a break as any other.
    @Test func sameServerThatRefusesIsABreak() throws {
        var bench = try Self.bench(after: Self.onAir)
        bench.tell(.reconnectRequested(bench.servers.servers[0].target, words: ""))
        bench.tell([.lookAround, .prepared(.move, nil), .nextIsIDR(.zero), .drained(isComplete: true)])
        #expect(bench.tell(.published(Self.reset)) == .leave(goodbye: false))
        #expect(bench.tell(.left(acknowledged: nil)) == .confirm([], patience: .milliseconds(400)))
    }

    @Test func uselessRequestChangesNothing() throws {
        let target = try IngestTarget("rtmp://127.0.0.9/app/key")
        var bench = try Self.bench(after: Self.onAir)
        bench.tell([.reconnectRequested(nil, words: ""), .lookAround])
        #expect(bench.words() == "redirect-unusable")
        // Heard once in ten seconds.
        bench.tell([.reconnectRequested(target, words: ""), .lookAround])
        let unheard = bench.words()
        #expect(unheard.isEmpty)
        bench.now += .seconds(10)
        bench.tell([.reconnectRequested(target, words: ""), .lookAround, .prepared(.move, Self.away)])
        #expect(bench.words() == "redirected redirect-failed")
        #expect(bench.servers.servers[0].target != target)
        #expect(!bench.machine.isMoveDue(at: .zero))
    }

    @Test func timestampsBeginAnewBeforeTheirEnd() throws {
        var bench = try Self.bench(after: Self.onAir)
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

extension MediaTime {
    fileprivate static func seconds(_ seconds: Int64) -> MediaTime { MediaTime(milliseconds: seconds * 1000) }
}
