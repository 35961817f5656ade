import BulkheadLinks
import BulkheadModel
import BulkheadRTMP
import BulkheadRTMPTransport
import Testing

@Suite(.timeLimit(.minutes(2))) struct LinkPatienceTests {
    private static let unreachable = PublishError.unreachable(server: "s", reason: "Connection refused")
    private static let early = PublishError.closedBeforeAcceptance(server: "s", after: .seconds(1))
    private static let reset = PublishError.connectionLost(server: "s", .reset)

    private static func badName(_ text: String) -> PublishError {
        .publishRefused(server: "s", ServerStatus(level: "error", code: "NetStream.Publish.BadName", text: text))
    }

    /// Whether each of `errors` in a row is tried again, a tenth of a second apart.
    private static func retries(_ patience: inout LinkPatience, _ errors: [PublishError]) -> [Bool] {
        errors.enumerated().map { number, error in
            patience.judge(error, isEnding: false, at: .milliseconds(100 * (number + 1))) != .giveUp
        }
    }

    @Test func wrongAddressIsFinalAtOnce() {
        var patience = LinkPatience()
        #expect(patience.judge(Self.unreachable, isEnding: false, at: .zero) == .giveUp)
    }

    /// A broadcast that goes on finds its servers down, and they come back.
    @Test func whatWasReachedBeforeIsWaitedFor() {
        for reach in [LinkPatience.Reach.started, .held] {
            var patience = LinkPatience(reach: reach)
            #expect(patience.reach(at: .zero) == reach)
            let verdicts = [0, 60, 3600].map { second in
                patience.judge(Self.unreachable, isEnding: false, at: .seconds(second)) != .giveUp
            }
            #expect(verdicts == [true, true, true], "\(reach)")
        }
        // A key that was never held may be wrong.
        var started = LinkPatience(reach: .started)
        #expect(Self.retries(&started, [Self.early, Self.early, Self.early]) == [true, true, false])
        var held = LinkPatience(reach: .held)
        #expect(Self.retries(&held, [Self.early, Self.early, Self.early]) == [true, true, true])
    }

    @Test func howFarAServerWasReachedIsKnown() {
        var patience = LinkPatience()
        #expect(patience.reach(at: .zero) == nil)
        patience.started(at: .seconds(1))
        #expect(patience.reach(at: .seconds(3)) == .started)
        #expect(patience.reach(at: .seconds(4)) == .held)
        _ = patience.judge(Self.unreachable, isEnding: false, at: .seconds(5))
        #expect(patience.reach(at: .seconds(5)) == .held)
    }

    /// With `--patience`, a server that is not there yet is waited for, and no longer.
    @Test func serverThatIsNotThereYetIsWaitedFor() {
        var patience = LinkPatience(unreached: .seconds(300))
        let verdicts = [0, 1, 60, 299, 300].map { second in
            patience.judge(Self.unreachable, isEnding: false, at: .seconds(second)) != .giveUp
        }
        #expect(verdicts == [true, true, true, true, false])
        // A refusal is one all the same.
        var other = LinkPatience(unreached: .seconds(300))
        let refused = PublishError.applicationRejected(
            server: "s", app: "a", ServerStatus(level: "error", code: "NetConnection.Connect.InvalidApp", text: ""))
        #expect(other.judge(refused, isEnding: false, at: .zero) == .giveUp)
    }

    @Test func closeAfterTheStartIsARefusalWhenRepeated() {
        var patience = LinkPatience()
        patience.started(at: .zero)
        #expect(Self.retries(&patience, [Self.early, Self.early, Self.early]) == [true, true, false])
    }

    /// A server that takes what comes for a second or two, and then closes, or resets what is under way.
    @Test(arguments: [reset, PublishError.closedByServer(server: "s", .live, nil)])
    func closeSoonAfterTheStartIsARefusalWhenRepeated(error: PublishError) {
        var patience = LinkPatience()
        let verdicts = (0..<3).map { number in
            patience.started(at: .seconds(number * 10))
            return patience.judge(error, isEnding: false, at: .seconds(number * 10) + .milliseconds(1500)) != .giveUp
        }
        #expect(verdicts == [true, true, false] && patience.suspectsKey)
    }

    /// The same from a server that has held the stream before: it is tried for ever, at growing intervals.
    @Test func pausesGrowForAServerThatClosesEachTime() {
        var patience = LinkPatience()
        patience.started(at: .zero)
        var now = Duration.seconds(60)
        var pauses: [Duration] = []
        for _ in 0..<10 {
            guard case .retry(let pause) = patience.judge(Self.reset, isEnding: false, at: now) else {
                Issue.record("it is given up after \(pauses)")
                return
            }
            pauses.append(pause)
            now += pause
            patience.started(at: now)
            now += .milliseconds(1500)
        }
        // The first comes after a minute on air: any server may die.
        #expect(pauses.first == .milliseconds(100))
        #expect(pauses[1...3] == [.milliseconds(250), .seconds(1), .seconds(1)])
        #expect(pauses.last == .seconds(30) && patience.suspectsKey)
        // Held again, it is a server like any other.
        now += .seconds(30)
        #expect(patience.judge(Self.reset, isEnding: false, at: now) == .retry(after: .milliseconds(100)))
        #expect(!patience.suspectsKey)
    }

    /// After a power cut, our own last connection holds the key for a while.
    @Test(arguments: ["", "Stream already publishing"])
    func busyKeyIsWaitedForForAMinute(text: String) {
        var patience = LinkPatience()
        var now = Duration.zero
        var attempts = 0
        while case .retry(let pause) = patience.judge(Self.badName(text), isEnding: false, at: now) {
            attempts += 1
            now += pause
        }
        #expect(now >= .seconds(60) && now <= .seconds(70))
        #expect(attempts < 20)
    }

    @Test func serverThatDiesEarlyMayComeBack() {
        var patience = LinkPatience()
        patience.started(at: .zero)
        #expect(Self.retries(&patience, [Self.early] + Array(repeating: Self.unreachable, count: 50)).allSatisfy { $0 })
        // What it did before it was gone counts no more.
        #expect(Self.retries(&patience, [Self.early, Self.early, Self.early]) == [true, true, false])
    }

    @Test func lostConnectionsBeforeAnyStartAreTriedThreeTimes() {
        var patience = LinkPatience()
        #expect(Self.retries(&patience, [Self.reset, Self.reset, Self.reset]) == [true, true, false])
    }

    @Test func closeInTheHandshakeOfAServerThatWasThereIsNoRefusal() {
        var patience = LinkPatience()
        patience.started(at: .zero)
        let closed = PublishError.closedByServer(server: "s", .shakingHands, nil)
        #expect(Self.retries(&patience, [Self.early] + Array(repeating: closed, count: 20)).allSatisfy { $0 })
    }

    @Test func refusalWithAReasonIsFinalAtOnce() {
        var patience = LinkPatience()
        let refused = PublishError.applicationRejected(
            server: "s", app: "a", ServerStatus(level: "error", code: "NetConnection.Connect.InvalidApp", text: ""))
        #expect(patience.judge(refused, isEnding: false, at: .zero) == .giveUp)
    }

    @Test func nothingIsFinalForAServerThatHasTakenTheStream() {
        var patience = LinkPatience()
        patience.started(at: .seconds(-10))
        let errors =
            Array(repeating: Self.early, count: 10) + Array(repeating: Self.unreachable, count: 10)
            + Array(repeating: Self.badName(""), count: 10)
        #expect(Self.retries(&patience, errors).allSatisfy { $0 })
        patience.started(at: .seconds(10))
        #expect((0..<3).map { _ in patience.judge(Self.unreachable, isEnding: true, at: .seconds(20)) }.last == .giveUp)
    }

    /// The server has yet to notice that the last connection is gone, and what waits at the end is still owed.
    @Test func busyKeyIsWaitedForAtTheEndAsWell() {
        var patience = LinkPatience()
        patience.started(at: .zero)
        let verdicts = ([Self.unreachable] + Array(repeating: Self.badName(""), count: 8)).map {
            patience.judge($0, isEnding: true, at: .seconds(20))
        }
        #expect(!verdicts.contains(.giveUp))
    }
}

@Suite(.timeLimit(.minutes(2))) struct BroadcastSummaryTests {
    private func shortfall(_ states: [LinkState]) -> BroadcastError? {
        BroadcastSummary.shortfall(
            of: states.enumerated().map {
                LinkStatus(name: "link \($0 + 1)", destination: "rtmp://h/a", state: $1, lastError: "it said no")
            })
    }

    @Test func failedDestinationsAreToldApart() {
        #expect(shortfall([.ended, .ended]) == nil)
        let one = shortfall([.ended, .failed])
        #expect(one?.kind == .someDestinations)
        #expect(one?.problem == "link 2 of 2 failed: it said no")
        #expect(shortfall([.failed, .failed, .ended])?.problem.hasPrefix("2 of 3") == true)
    }
}
