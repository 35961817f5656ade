import BulkheadLinks
import BulkheadModel
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadSelection
import Testing

/// Failures, answers and the passing of time decide which server a link turns to.
@Suite(.timeLimit(.minutes(2))) struct ServerTableTests {
    private static func table(
        _ count: Int, rule: SelectionRule = .priority, lanes: Int = 1
    ) throws -> ServerTable {
        ServerTable(
            try (0..<count).map { index in
                ServerTable.Server(
                    target: .rtmp(try IngestTarget("rtmp://s\(index)/app/key")), candidate: Candidate(name: "s\(index)")
                )
            }, rule: rule, lanes: lanes)
    }

    private static let refused = PublishError.unreachable(server: "s", reason: "Connection refused")
    private static let wrongKey = PublishError.publishRefused(
        server: "s", ServerStatus(level: "error", code: "NetStream.Publish.Denied", text: ""))

    private static func fail(
        _ table: inout ServerTable, _ index: Int, _ error: PublishError = refused, at now: Duration
    ) -> ServerTable.Outcome {
        table.failed(index, error, isEnding: false, at: now, chance: 0)
    }

    private static func take(_ table: inout ServerTable, _ lane: Int, at now: Duration) -> Int? {
        table.chooseAndTake(lane, at: now)?.index
    }

    private static func probe(
        _ table: inout ServerTable, _ index: Int, _ result: Result<Duration, PublishError>, at now: Duration
    ) -> Bool { table.probed(index, result, at: now, chance: 0) }

    private static func claim(_ table: inout ServerTable, at now: Duration) -> [Int] {
        table.claimProbes(at: now, chance: 0)
    }

    @Test func lostServerGivesWayAtOnceAndIsReturnedToWhenItHasBeenWell() throws {
        var table = try Self.table(2)
        #expect(Self.take(&table, 0, at: .zero) == 0)
        table.started(0, for: 0, in: .milliseconds(5), at: .zero)
        table.accepted(0)
        #expect(Self.fail(&table, 0, at: .seconds(10)) == .goOn)
        // Now, without waiting for anything.
        #expect(Self.take(&table, 0, at: .seconds(10)) == 1)
        table.started(1, for: 0, in: .milliseconds(5), at: .seconds(10))
        #expect(table.better(0, at: .seconds(11)) == nil)
        #expect(Self.probe(&table, 0, .success(.milliseconds(3)), at: .seconds(20)))
        #expect(table.better(0, at: .seconds(49)) == nil)
        #expect(table.better(0, at: .seconds(50))?.index == 0)
        // A failure between starts the time anew.
        #expect(Self.probe(&table, 0, .failure(Self.refused), at: .seconds(51)))
        #expect(table.better(0, at: .seconds(99)) == nil)
    }

    @Test func serversOfABroadcastThatGoesOnAreNotGivenUp() throws {
        var table = try Self.table(2)
        #expect(table.reach(at: .zero) == nil)
        table.goOn(from: .held)
        for second in 0..<4 {
            for server in 0..<2 { #expect(Self.fail(&table, server, at: .seconds(second * 60)) == .goOn) }
        }
        // Whoever asks for another attempt makes nothing worse.
        table.renew(forgives: true)
        for server in 0..<2 { #expect(Self.fail(&table, server, at: .seconds(300)) == .goOn) }
        #expect(table.reach(at: .seconds(300)) == .held)
    }

    @Test func soleServerIsAskedAgainAndAgainButNotHammered() throws {
        var table = try Self.table(1)
        _ = table.chooseAndTake(0, at: .zero)
        table.started(0, for: 0, in: nil, at: .zero)
        table.accepted(0)
        var now = Duration.seconds(1)
        var attempts = 0
        #expect(Self.fail(&table, 0, at: now) == .goOn)
        while now < .seconds(301) {
            let delay = try #require(table.delay(0, at: now))
            // Within a second of its return it is asked, however long it was away.
            #expect(delay <= .seconds(1) && delay > .zero)
            #expect(table.choose(0, at: now) == nil)
            now += delay
            #expect(Self.take(&table, 0, at: now) == 0)
            #expect(Self.fail(&table, 0, at: now) == .goOn)
            attempts += 1
            if now < .seconds(20) { #expect(delay <= .milliseconds(250)) }
        }
        #expect(attempts < 600)
    }

    @Test func serversThatAreAllAwayAreTriedInTurn() throws {
        var table = try Self.table(3)
        for index in 0..<3 {
            #expect(Self.take(&table, 0, at: .zero) == index)
            table.started(index, for: 0, in: nil, at: .zero)
            table.accepted(index)
            #expect(Self.fail(&table, index, at: .zero) == .goOn)
        }
        #expect(Self.take(&table, 0, at: .zero) == nil)
        var tried: [Int] = []
        var now = Duration.zero
        for _ in 0..<30 {
            guard let choice = table.chooseAndTake(0, at: now) else {
                now += try #require(table.delay(0, at: now))
                continue
            }
            tried.append(choice.index)
            _ = Self.fail(&table, choice.index, at: now)
        }
        for index in 0..<3 { #expect(tried.count { $0 == index } >= 3, "\(tried)") }
    }

    @Test func linkGivesUpWhenEveryServerIsWrong() throws {
        var table = try Self.table(2)
        #expect(Self.take(&table, 0, at: .zero) == 0)
        #expect(Self.fail(&table, 0, at: .zero) == .goOn)
        #expect(Self.take(&table, 0, at: .zero) == 1)
        #expect(Self.fail(&table, 1, Self.wrongKey, at: .zero) == .giveUp)
        table.renew(forgives: true)
        #expect(Self.take(&table, 0, at: .zero) == 0)
    }

    @Test func serverThatWasNotThereAtFirstIsFoundLater() throws {
        var table = try Self.table(2)
        _ = table.chooseAndTake(0, at: .zero)
        #expect(Self.fail(&table, 0, at: .zero) == .goOn)
        _ = table.chooseAndTake(0, at: .zero)
        table.started(1, for: 0, in: nil, at: .zero)
        table.accepted(1)
        #expect(Self.claim(&table, at: .seconds(60)) == [0])
        #expect(Self.claim(&table, at: .seconds(60)) == [])
        #expect(Self.probe(&table, 0, .success(.milliseconds(1)), at: .seconds(60)))
        #expect(table.better(0, at: .seconds(100))?.index == 0)
    }

    @Test func refusedKeyIsNotAskedAgainBecauseTheServerAnswers() throws {
        var table = try Self.table(2)
        _ = table.chooseAndTake(0, at: .zero)
        #expect(Self.fail(&table, 0, Self.wrongKey, at: .zero) == .goOn)
        _ = table.chooseAndTake(0, at: .zero)
        table.started(1, for: 0, in: nil, at: .zero)
        _ = table.probed(0, .success(.milliseconds(1)), at: .seconds(60), chance: 0)
        #expect(table.better(0, at: .seconds(600)) == nil)
        #expect(table.status(at: .seconds(600))[0].state == .refused)
    }

    @Test func lanesNeverShareAServer() throws {
        var table = try Self.table(3, lanes: 2)
        #expect(Self.take(&table, 0, at: .zero) == 0)
        #expect(Self.take(&table, 1, at: .zero) == 1)
        table.started(0, for: 0, in: nil, at: .zero)
        table.started(1, for: 1, in: nil, at: .zero)
        table.accepted(0)
        _ = Self.fail(&table, 0, at: .seconds(1))
        #expect(Self.take(&table, 0, at: .seconds(1)) == 2)
        // Two lanes and one server that works: the other lane waits for what failed.
        table.started(2, for: 0, in: nil, at: .seconds(1))
        _ = Self.fail(&table, 1, at: .seconds(2))
        #expect([0, 1].contains(Self.take(&table, 1, at: .seconds(10)) ?? 9))
    }

    @Test func understudyIsAnotherServer() throws {
        var table = try Self.table(2)
        _ = table.chooseAndTake(0, at: .zero)
        table.started(0, for: 0, in: nil, at: .zero)
        #expect(table.understudy(0, at: .seconds(1))?.index == 1)
        #expect(table.current(0) == 0)
    }

    /// A server sends the link elsewhere; when that goes wrong, the link knows where it came from.
    @Test func redirectionThatFailsLeadsHome() throws {
        let elsewhere = try IngestTarget("rtmp://elsewhere/app/key")
        let home = try IngestTarget("rtmp://s0/app/key")
        var table = try Self.table(1)
        #expect(Self.take(&table, 0, at: .zero) == 0)
        table.redirect(0, to: elsewhere)
        #expect(table.servers[0].target == .rtmp(elsewhere) && table.servers[0].name.contains("elsewhere"))
        _ = Self.fail(&table, 0, at: .seconds(1))
        #expect(table.servers[0].target == .rtmp(home) && table.servers[0].name == "s0")
        // Sent on twice, then a handshake that fails, then the user's word.
        table.redirect(0, to: try IngestTarget("rtmp://one/app/key"))
        table.redirect(0, to: elsewhere)
        _ = Self.probe(&table, 0, .failure(Self.refused), at: .seconds(2))
        #expect(table.servers[0].target == .rtmp(home))
        table.redirect(0, to: elsewhere)
        table.renew(forgives: true)
        #expect(table.servers[0].target == .rtmp(home))
    }

    @Test func handshakesAreModest() throws {
        var table = try Self.table(3)
        _ = table.chooseAndTake(0, at: .zero)
        table.started(0, for: 0, in: nil, at: .zero)
        var handshakes = 0
        var now = Duration.zero
        while now < .seconds(600) {
            for index in table.claimProbes(at: now, chance: 0.5) {
                handshakes += 1
                // One works, one never does.
                _ = table.probed(
                    index, index == 1 ? .success(.milliseconds(9)) : .failure(Self.refused), at: now, chance: 0.5)
            }
            now += max(.milliseconds(100), table.attentionDelay(at: now) ?? .seconds(1))
        }
        #expect(handshakes > 60 && handshakes < 130)
    }

    @Test func reportTellsWhatWouldBeChosen() throws {
        var table = try Self.table(2)
        _ = Self.fail(&table, 0, at: .zero)
        let report = table.report("link", 0, at: .zero)
        #expect(
            report.choice == "s1" && report.rule == "priority" && report.servers.map(\.state) == [.failing, .untried])
    }
}
