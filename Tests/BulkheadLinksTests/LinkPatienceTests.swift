import BulkheadLinks
import BulkheadModel
import BulkheadRTMP
import BulkheadRTMPTransport
import Testing

@Suite(.timeLimit(.minutes(2))) struct LinkPatienceTests {
    private static let unreachable = PublishError.unreachable(server: "s", reason: "Connection refused")
    private static let early = PublishError.closedBeforeAcceptance(server: "s", after: .seconds(1))

    /// Whether each of `errors` in a row is tried again; "start" stands for a server that lets the stream start.
    private static func retries(_ patience: inout LinkPatience, _ errors: [PublishError]) -> [Bool] {
        errors.map { patience.judge($0, isEnding: false) != .giveUp }
    }

    @Test func wrongAddressIsFinalAtOnce() {
        var patience = LinkPatience()
        #expect(patience.judge(Self.unreachable, isEnding: false) == .giveUp)
    }

    @Test func closeAfterTheStartIsARefusalWhenRepeated() {
        var patience = LinkPatience()
        patience.started()
        #expect(Self.retries(&patience, [Self.early, Self.early, Self.early]) == [true, true, false])
    }

    @Test func serverThatDiesEarlyMayComeBack() {
        var patience = LinkPatience()
        patience.started()
        #expect(Self.retries(&patience, [Self.early] + Array(repeating: Self.unreachable, count: 50)).allSatisfy { $0 })
        // What it did before it was gone counts no more.
        #expect(Self.retries(&patience, [Self.early, Self.early, Self.early]) == [true, true, false])
    }

    @Test func lostConnectionsBeforeAnyStartAreTriedThreeTimes() {
        var patience = LinkPatience()
        let lost = PublishError.connectionLost(server: "s", .reset)
        #expect(Self.retries(&patience, [lost, lost, lost]) == [true, true, false])
    }

    @Test func closeInTheHandshakeOfAServerThatWasThereIsNoRefusal() {
        var patience = LinkPatience()
        patience.started()
        let closed = PublishError.closedByServer(server: "s", .shakingHands, nil)
        #expect(Self.retries(&patience, [Self.early] + Array(repeating: closed, count: 20)).allSatisfy { $0 })
    }

    @Test func refusalWithAReasonIsFinalAtOnce() {
        var patience = LinkPatience()
        let refused = PublishError.applicationRejected(
            server: "s", app: "a", ServerStatus(level: "error", code: "NetConnection.Connect.InvalidApp", text: ""))
        #expect(patience.judge(refused, isEnding: false) == .giveUp)
    }

    @Test func nothingIsFinalForAServerThatHasTakenTheStream() {
        var patience = LinkPatience()
        patience.started()
        patience.accepted()
        let errors = Array(repeating: Self.early, count: 10) + Array(repeating: Self.unreachable, count: 10)
        #expect(Self.retries(&patience, errors).allSatisfy { $0 })
        patience.accepted()
        #expect((0..<3).map { _ in patience.judge(Self.unreachable, isEnding: true) }.last == .giveUp)
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
