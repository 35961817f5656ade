import BulkheadEvents
import BulkheadModel
import BulkheadOutputs
import BulkheadSystem
import Testing

/// Links by identity, with time passed in: no sink runs here.
@Suite(.timeLimit(.minutes(1))) struct OutputsMachineTests {
    private typealias Action = OutputsMachine.Action

    private static let error = BroadcastError(.destination, "it said no")
    private static let failed = LinkHappening.failed(reason: Reason("destination.other", "it said no"))

    /// So many seconds after any moment.
    private static func time(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }

    /// A machine with links 1 to `count`; those of `files` are files.
    private static func machine(_ count: Int, files: Set<Int> = []) -> OutputsMachine {
        var machine = OutputsMachine()
        for number in 1...count {
            _ = machine.handle(.declared(LinkID(number), hasServers: !files.contains(number)), at: .zero)
        }
        return machine
    }

    // MARK: the beginning and failures

    @Test func declaredLinksRunWithoutAWord() {
        var machine = OutputsMachine()
        #expect(machine.handle(.declared(1, hasServers: true), at: .zero) == [.run(1)])
        #expect(machine.handle(.declared(2, hasServers: false), at: .zero) == [.run(2)])
        #expect(machine.isRunning(1) && machine.isRunning(2) && !machine.isRunning(3))
    }

    @Test func broadcastFailsWithItsLastLink() {
        var machine = Self.machine(2)
        #expect(machine.handle(.ended(1, Self.error), at: .zero) == [.post(1, Self.failed)])
        #expect(!machine.isRunning(1))
        #expect(machine.handle(.ended(2, Self.error), at: .zero) == [.post(2, Self.failed), .fail(Self.error)])
    }

    /// A destination that is down at the start is tried again while others have the broadcast.
    @Test func linkWhoseServerIsNotThereIsTriedAgain() {
        let away = BroadcastError(code: .unreachable, "it is away")
        let lost = LinkHappening.lost(reason: Reason("destination.unreachable", "it is away"))
        var machine = Self.machine(2)
        #expect(
            machine.handle(.ended(1, away), at: Self.time(10)) == [.post(1, lost), .wake(at: Self.time(13))])
        #expect(!machine.isRunning(1))
        #expect(machine.handle(.timePassed, at: Self.time(12)).isEmpty)
        #expect(machine.handle(.timePassed, at: Self.time(13)) == [.tryAgain(1), .run(1)])
        #expect(machine.isRunning(1))
        // Once more, without another line.
        #expect(machine.handle(.ended(1, away), at: Self.time(14)) == [.wake(at: Self.time(19))])
        // The last one that has the broadcast takes it along.
        let refused = machine.handle(.ended(2, Self.error), at: Self.time(15))
        #expect(refused == [.post(2, Self.failed), .fail(Self.error)])
    }

    @Test func allLinksThatAreAwayFailTheBroadcast() {
        let away = BroadcastError(code: .unreachable, "it is away")
        var machine = Self.machine(2)
        _ = machine.handle(.ended(1, away), at: .zero)
        #expect(machine.handle(.ended(2, away), at: .zero).contains(.fail(away)))
    }

    @Test func linkThatIsAwayIsNotTriedAfterTheEnd() {
        var machine = Self.machine(2)
        _ = machine.handle(.ended(1, BroadcastError(code: .unreachable, "it is away")), at: .zero)
        #expect(machine.handle(.finish, at: Self.time(1)).contains(.finish(2)))
        #expect(!machine.handle(.timePassed, at: Self.time(4)).contains(.run(1)))
    }

    @Test func endOfALinkIsTakenOnce() {
        var machine = Self.machine(2)
        _ = machine.handle(.ended(1, Self.error), at: .zero)
        #expect(machine.handle(.ended(1, Self.error), at: .zero).isEmpty)
        #expect(machine.handle(.ended(7, Self.error), at: .zero).isEmpty)
    }

    /// What is left of a link that was removed is no link of the broadcast.
    @Test func linkThatLeavesDoesNotKeepTheBroadcastOnAir() throws {
        var machine = Self.machine(2)
        _ = try machine.handle(.remove(1), at: .zero)
        #expect(machine.handle(.ended(2, Self.error), at: .zero) == [.post(2, Self.failed), .fail(Self.error)])
        #expect(machine.handle(.ended(1, nil), at: .zero) == [.forget(1)])
    }

    // MARK: changes on air

    @Test func linkIsAddedOnAir() throws {
        var machine = Self.machine(1)
        #expect(try machine.handle(.add(2, hasServers: true), at: .zero) == [.post(2, .added), .run(2)])
        // It carries the broadcast like any other.
        #expect(machine.handle(.ended(1, Self.error), at: .zero) == [.post(1, Self.failed)])
    }

    @Test func removedLinkHasThreeSeconds() throws {
        var machine = Self.machine(2)
        #expect(
            try machine.handle(.remove(1), at: Self.time(10))
                == [.post(1, .removed), .retire(1), .finish(1), .wake(at: Self.time(13))])
        #expect(machine.handle(.timePassed, at: Self.time(12)).isEmpty)
        #expect(machine.handle(.timePassed, at: Self.time(13)) == [.abort(1)])
        #expect(machine.handle(.timePassed, at: Self.time(14)).isEmpty)
        #expect(machine.handle(.ended(1, nil), at: Self.time(14)) == [.forget(1)])
    }

    @Test func removedLinkThatEndsInTimeIsLeftAlone() throws {
        var machine = Self.machine(2)
        _ = try machine.handle(.remove(1), at: .zero)
        #expect(machine.handle(.ended(1, nil), at: Self.time(1)) == [.forget(1)])
        #expect(machine.handle(.timePassed, at: Self.time(3)).isEmpty)
    }

    @Test func failedLinkIsRemovedAtOnce() throws {
        var machine = Self.machine(2)
        _ = machine.handle(.ended(1, Self.error), at: .zero)
        #expect(try machine.handle(.remove(1), at: .zero) == [.post(1, .removed), .retire(1), .forget(1)])
        #expect(throws: OutputsMachine.Refusal.unknown) { try machine.handle(.retry(1), at: .zero) }
    }

    @Test func pauseAndRetry() throws {
        var machine = Self.machine(1)
        #expect(try machine.handle(.pause(1), at: .zero) == [.pause(1, true)])
        // A link that rests is still the broadcast's.
        #expect(machine.isRunning(1))
        #expect(try machine.handle(.retry(1), at: .zero) == [.pause(1, false), .tryAgain(1)])
    }

    @Test func failedLinkBeginsAnew() throws {
        var machine = Self.machine(2, files: [2])
        _ = machine.handle(.ended(1, Self.error), at: .zero)
        #expect(try machine.handle(.retry(1), at: .zero) == [.pause(1, false), .tryAgain(1), .run(1)])
        #expect(machine.isRunning(1))
        // And may fail anew.
        #expect(machine.handle(.ended(1, Self.error), at: .zero) == [.post(1, Self.failed)])
        // A file has no servers to be asked again.
        _ = try machine.handle(.retry(1), at: .zero)
        _ = machine.handle(.ended(2, Self.error), at: .zero)
        #expect(try machine.handle(.retry(2), at: .zero) == [.run(2)])
    }

    /// Link 1 is a file, 2 failed, 3 runs, 4 leaves.
    static let refusals: [(OutputsMachine.Request, OutputsMachine.Refusal)] = [
        (.pause(1), .noServers), (.pause(2), .over), (.pause(4), .unknown), (.pause(9), .unknown),
        (.retry(4), .unknown), (.retry(9), .unknown), (.remove(4), .unknown), (.remove(9), .unknown),
    ]

    @Test(arguments: refusals)
    func requestIsRefused(_ request: OutputsMachine.Request, _ refusal: OutputsMachine.Refusal) throws {
        var machine = Self.machine(4, files: [1])
        _ = machine.handle(.ended(2, Self.error), at: .zero)
        _ = try machine.handle(.remove(4), at: .zero)
        #expect(throws: refusal) { try machine.handle(request, at: .zero) }
    }

    @Test func lastLinkStays() throws {
        var machine = Self.machine(3)
        _ = try machine.handle(.remove(1), at: .zero)
        _ = machine.handle(.ended(2, Self.error), at: .zero)
        // One leaves and one has failed: neither would carry the broadcast on.
        #expect(throws: OutputsMachine.Refusal.lastLink) { try machine.handle(.remove(3), at: .zero) }
        #expect(machine.isRunning(3))
        #expect(try machine.handle(.remove(2), at: .zero) == [.post(2, .removed), .retire(2), .forget(2)])
    }

    // MARK: the end

    @Test func endWaitsForLinksThatSend() {
        var machine = Self.machine(2)
        #expect(machine.handle(.finish, at: Self.time(5)) == [.finish(1), .finish(2), .wake(at: Self.time(15))])
        #expect(machine.handle(.ended(1, nil), at: Self.time(6)).isEmpty)
        #expect(machine.handle(.ended(2, nil), at: Self.time(7)) == [.close])
    }

    @Test func endDoesNotWaitForEver() {
        var machine = Self.machine(2)
        _ = machine.handle(.finish, at: Self.time(5))
        _ = machine.handle(.ended(1, nil), at: Self.time(6))
        #expect(machine.handle(.timePassed, at: Self.time(14)).isEmpty)
        #expect(machine.handle(.timePassed, at: Self.time(15)) == [.abort(2)])
        #expect(machine.handle(.ended(2, nil), at: Self.time(15)) == [.close])
    }

    @Test func failureAtTheEndIsToldAndNoMore() {
        var machine = Self.machine(1)
        _ = machine.handle(.finish, at: .zero)
        #expect(machine.handle(.ended(1, Self.error), at: .zero) == [.post(1, Self.failed), .close])
    }

    @Test func linkThatLeavesIsWaitedForAsWell() throws {
        var machine = Self.machine(2)
        _ = try machine.handle(.remove(1), at: .zero)
        #expect(machine.handle(.finish, at: Self.time(1)) == [.finish(2), .wake(at: Self.time(11))])
        #expect(machine.handle(.ended(2, nil), at: Self.time(1)).isEmpty)
        #expect(machine.handle(.timePassed, at: Self.time(3)) == [.abort(1)])
        #expect(machine.handle(.ended(1, nil), at: Self.time(3)) == [.forget(1), .close])
    }

    @Test func abortEndsAllAtOnce() throws {
        var machine = Self.machine(3)
        _ = try machine.handle(.remove(3), at: .zero)
        _ = machine.handle(.ended(2, Self.error), at: .zero)
        #expect(machine.handle(.abort, at: .zero) == [.abort(1), .abort(3)])
        // The end that follows adds nothing.
        #expect(machine.handle(.finish, at: .zero).isEmpty)
        #expect(machine.handle(.ended(1, nil), at: .zero).isEmpty)
        #expect(machine.handle(.ended(3, nil), at: .zero) == [.forget(3), .close])
    }

    @Test(arguments: [OutputsMachine.Event.finish, .abort])
    func broadcastThatNeverRanClosesAtOnce(_ end: OutputsMachine.Event) {
        var machine = OutputsMachine()
        #expect(machine.handle(end, at: .zero) == [.close])
    }

    /// Each order of the events that may come in one moment ends closed, with all links told of their end.
    @Test func everyOrderOfFailureRemovalAndEndCloses() {
        let events: [String] = ["fail 1", "fail 2", "end 3", "remove 3", "finish"]
        for order in permutations(events) {
            var machine = Self.machine(3)
            var actions: [Action] = []
            for event in order {
                switch event {
                case "fail 1": actions += machine.handle(.ended(1, Self.error), at: .zero)
                case "fail 2": actions += machine.handle(.ended(2, Self.error), at: .zero)
                case "end 3": actions += machine.handle(.ended(3, nil), at: .zero)
                case "remove 3": actions += (try? machine.handle(.remove(3), at: .zero)) ?? []
                default: actions += machine.handle(.finish, at: .zero)
                }
            }
            #expect(actions.last { if case .close = $0 { true } else { false } } != nil, "\(order)")
            #expect(actions.count { $0 == .post(1, Self.failed) } == 1, "\(order)")
            for id: LinkID in [1, 2, 3] { #expect(!machine.isRunning(id), "\(order)") }
        }
    }

    private func permutations(_ all: [String]) -> [[String]] {
        guard let first = all.first else { return [[]] }
        return permutations(Array(all.dropFirst())).flatMap { rest in
            (0...rest.count).map { Array(rest[..<$0]) + [first] + Array(rest[$0...]) }
        }
    }
}

extension MonotonicTime {
    fileprivate static let zero = MonotonicTime(nanoseconds: 0)
}
