import BulkheadRTMPTransport
import Testing

@Suite(.timeLimit(.minutes(1))) struct DeliveryMonitorTests {
    /// A connection as its monitor sees it, every tenth of a second.
    private struct Line {
        var monitor = DeliveryMonitor()
        var tcp = TCPStatus()
        var pendingByteCount = 0
        var milliseconds = 0
        var pings = 0
        var isAsked = false
        var verdicts: [(milliseconds: Int, verdict: DeliveryMonitor.Verdict)] = []

        init() {
            tcp.roundTrip = .milliseconds(20)
            tcp.acknowledgedByteCount = 4000
        }

        mutating func run(_ count: Int, _ change: (inout Line) -> Void = { _ in }) {
            for _ in 0..<count {
                milliseconds += 100
                change(&self)
                let observation = DeliveryMonitor.Observation(tcp: tcp, pendingByteCount: pendingByteCount)
                if let verdict = monitor.check(observation, elapsed: .milliseconds(100)) {
                    verdicts.append((milliseconds, verdict))
                }
            }
        }

        /// All that is sent arrives.
        static func flows(_ line: inout Line) {
            line.tcp.acknowledgedByteCount += 30_000
            line.tcp.sinceAcknowledgement = .milliseconds(10)
            line.tcp.unacknowledgedSegmentCount = 3
        }

        /// Nothing is answered any more.
        static func isSwallowed(_ line: inout Line) {
            line.tcp.sinceAcknowledgement += .milliseconds(100)
            line.tcp.unacknowledgedSegmentCount = 20
            line.tcp.retransmissionCount += 1
            line.tcp.notSentByteCount = 100_000
        }

        /// The server's kernel answers that it has no room.
        static func isFull(_ line: inout Line) {
            line.tcp.unacknowledgedSegmentCount = 0
            line.tcp.sinceAcknowledgement = .milliseconds(50)
            line.tcp.notSentByteCount = 100_000
            line.pendingByteCount = 10_000
        }
    }

    @Test func healthyLineIsLeftAlone() {
        var line = Line()
        line.run(6000, Line.flows)
        #expect(line.verdicts.isEmpty)
        #expect(line.monitor.silence == nil)
    }

    @Test func blackholeIsSuspectedAndThenLost() {
        var line = Line()
        line.run(20, Line.flows)
        let start = line.milliseconds
        line.run(30, Line.isSwallowed)
        #expect(line.verdicts.count == 2)
        guard case (let first, .suspected(.noAnswer, _))? = line.verdicts.first,
            case (let last, .lost(.noAnswer, _))? = line.verdicts.last
        else {
            Issue.record("\(line.verdicts)")
            return
        }
        #expect(first - start <= 500)
        #expect(last - start <= 1600)
    }

    /// The way to the server is broken, the way back is not: the server sends again what we acknowledged in vain.
    @Test func blackholeInOneDirectionIsLost() {
        var line = Line()
        line.tcp.bareSegmentCount = 10
        line.run(20) { line in
            Line.flows(&line)
            line.tcp.bareSegmentCount? += 3
        }
        let start = line.milliseconds
        line.run(30) { line in
            Line.isSwallowed(&line)
            if line.milliseconds % 400 == 0 { line.tcp.sinceAcknowledgement = .milliseconds(30) }
        }
        guard case (let last, .lost(.noAnswer, _))? = line.verdicts.last else {
            Issue.record("\(line.verdicts)")
            return
        }
        #expect(last - start <= 1600)
    }

    @Test func lineThatComesBackIsKept() {
        var line = Line()
        line.run(20, Line.flows)
        line.run(10, Line.isSwallowed)
        line.run(10, Line.flows)
        #expect(line.verdicts.map(\.verdict).last == .recovered)
        #expect(line.verdicts.count == 2)
    }

    @Test func fullServerIsGivenMoreTime() {
        var line = Line()
        line.run(20, Line.flows)
        line.run(45, Line.isFull)
        guard line.verdicts.count == 1, case (_, .suspected(.notReading, _))? = line.verdicts.last else {
            Issue.record("\(line.verdicts)")
            return
        }
        line.run(10, Line.isFull)
        guard case (_, .lost(.notReading, _))? = line.verdicts.last else {
            Issue.record("\(line.verdicts)")
            return
        }
    }

    /// A slow path takes a piece each 0.6 s: that is suspicious once, and then its way. That it stops is seen all the same.
    @Test func slowPathIsNotSuspectedAgainAndAgain() {
        var line = Line()
        line.run(20, Line.flows)
        for _ in 0..<100 {
            line.run(6, Line.isFull)
            line.run(1) { $0.tcp.acknowledgedByteCount += 8192 }
        }
        #expect(line.verdicts.map(\.verdict).count == 2 && line.verdicts.last?.verdict == .recovered)
        line.run(51, Line.isFull)
        guard line.verdicts.count == 4, case .lost(.notReading, _)? = line.verdicts.last?.verdict else {
            Issue.record("\(line.verdicts)")
            return
        }
    }

    @Test func probesThatNobodyAnswersAreABlackhole() {
        var line = Line()
        line.run(20, Line.isFull)
        line.run(20) { line in
            line.tcp.unansweredProbeCount += 1
            line.tcp.sinceAcknowledgement += .milliseconds(100)
        }
        guard case (_, .lost(.noAnswer, _))? = line.verdicts.last else {
            Issue.record("\(line.verdicts)")
            return
        }
    }

    @Test func machineThatStoodStillBlamesNobody() {
        var line = Line()
        line.run(20, Line.flows)
        Line.isSwallowed(&line)
        let observation = DeliveryMonitor.Observation(tcp: line.tcp, pendingByteCount: 1000)
        #expect(line.monitor.check(observation, elapsed: .seconds(60)) == nil)
    }

    @Test func slowPathIsGivenItsRoundTrips() {
        var line = Line()
        line.tcp.roundTrip = .milliseconds(600)
        line.run(23, Line.isSwallowed)
        #expect(line.verdicts.isEmpty)
    }

    @Test func serverWithoutAcknowledgementsIsNotWaitedFor() {
        var line = Line()
        line.monitor.acknowledged()
        line.run(600, Line.flows)
        #expect(line.verdicts.isEmpty)
    }

    @Test func serverThatStopsAcknowledgingIsSuspected() {
        var line = Line()
        for _ in 1...4 {
            line.run(8, Line.flows)
            line.monitor.acknowledged()
        }
        // Its habit is a quarter of a megabyte: 14.6 checks' worth of bytes are due without a word, and then it is late.
        line.run(14, Line.flows)
        #expect(line.verdicts.isEmpty)
        line.run(10, Line.flows)
        guard line.verdicts.count == 1, case (_, .suspected(.notAcknowledging, _))? = line.verdicts.last else {
            Issue.record("\(line.verdicts)")
            return
        }
        line.monitor.acknowledged()
        line.run(1, Line.flows)
        #expect(line.verdicts.map(\.verdict).last == .recovered)
    }

    /// What waited for a connection leaves in a burst, faster than anybody looks.
    @Test func burstIsNoHabit() {
        var line = Line()
        line.run(1) { $0.tcp.acknowledgedByteCount += 5000 }
        for _ in 0..<4 { line.monitor.acknowledged() }
        line.run(1) { $0.tcp.acknowledgedByteCount += 450_000 }
        line.run(20) { $0.tcp.acknowledgedByteCount += 4000 }
        #expect(line.verdicts.isEmpty)
    }

    /// Any word of a server's is a sign of life: a pong, a status.
    @Test func serverThatSaysSomethingElseLives() {
        var line = Line()
        for _ in 1...4 {
            line.run(8, Line.flows)
            line.monitor.acknowledged()
        }
        for _ in 1...10 {
            line.run(12, Line.flows)
            line.monitor.heard()
        }
        #expect(line.verdicts.isEmpty)
    }

    @Test func serverWhoseNumbersMakeNoSenseIsNotWaitedFor() {
        var line = Line()
        for _ in 1...4 {
            line.run(8, Line.flows)
            line.monitor.acknowledged()
        }
        line.monitor.distrustAcknowledgements()
        line.run(600, Line.flows)
        #expect(line.verdicts.isEmpty)
    }

    /// What is sent arrives; pings are answered at once while `answers` says so.
    private static func flowsAndAnswers(_ line: inout Line, _ answers: (Int) -> Bool) {
        line.tcp.acknowledgedByteCount += 4000
        line.tcp.writtenByteCount = line.tcp.acknowledgedByteCount
        line.tcp.sinceAcknowledgement = .milliseconds(10)
        if line.monitor.takePing() {
            line.pings += 1
            line.isAsked = true
        } else if line.isAsked, answers(line.milliseconds) {
            line.isAsked = false
            line.monitor.heard()
            line.monitor.answeredPing()
        }
    }

    @Test func serverThatAnswersNoPingAnyMoreIsLost() throws {
        var line = Line()
        line.run(100) { Self.flowsAndAnswers(&$0) { _ in true } }
        #expect(line.verdicts.isEmpty && (8...10).contains(line.pings))
        let stop = line.milliseconds
        line.run(60) { Self.flowsAndAnswers(&$0) { _ in false } }
        let (first, last) = (try #require(line.verdicts.first), try #require(line.verdicts.last))
        guard case .suspected(.notAnswering, _) = first.verdict, case .lost(.notAnswering, _) = last.verdict else {
            Issue.record("\(line.verdicts)")
            return
        }
        #expect(line.verdicts.count == 2)
        #expect(first.milliseconds - stop <= 2300 && last.milliseconds - stop <= 5200)
    }

    @Test func lateAnswerEndsTheDoubt() {
        var line = Line()
        line.run(100) { Self.flowsAndAnswers(&$0) { _ in true } }
        let stop = line.milliseconds
        line.run(60) { Self.flowsAndAnswers(&$0) { $0 > stop + 3000 } }
        #expect(line.verdicts.count == 2 && line.verdicts.last?.verdict == .recovered)
        // It takes so long now and then: the next time that is no news.
        let next = line.milliseconds
        line.run(60) { Self.flowsAndAnswers(&$0) { $0 > next + 3000 } }
        #expect(line.verdicts.count == 2)
    }

    @Test func serverThatAnswersNoPingsIsAskedOnce() {
        var line = Line()
        line.run(3000) { Self.flowsAndAnswers(&$0) { _ in false } }
        #expect(line.verdicts.isEmpty && line.pings == 1)
    }

    /// It answered, and then only acknowledges: a relay may have taken its place.
    @Test func serverThatSaysOtherThingsThanPongsLives() {
        var line = Line()
        line.run(100) { Self.flowsAndAnswers(&$0) { _ in true } }
        let pings = line.pings
        for _ in 0..<100 {
            line.run(15) { Self.flowsAndAnswers(&$0) { _ in false } }
            line.monitor.heard()
        }
        #expect(!line.verdicts.contains { if case .lost = $0.verdict { true } else { false } })
        #expect(line.pings == pings + 1)
    }

    /// On a path that is full, a ping waits behind what was sent before it.
    @Test func pingThatHasNotArrivedIsNotWaitedFor() {
        var line = Line()
        line.run(100) { Self.flowsAndAnswers(&$0) { _ in true } }
        line.run(100) { line in
            line.tcp.acknowledgedByteCount += 4000
            line.tcp.sinceAcknowledgement = .milliseconds(10)
            line.tcp.unacknowledgedSegmentCount = 20
            line.tcp.notSentByteCount = 400_000
            line.tcp.writtenByteCount = line.tcp.acknowledgedByteCount + 430_000
            _ = line.monitor.takePing()
        }
        #expect(line.verdicts.isEmpty)
    }

    @Test func unknownNumbersMeanNothing() {
        var monitor = DeliveryMonitor()
        for _ in 0..<100 {
            #expect(
                monitor.check(.init(tcp: nil, pendingByteCount: 0), elapsed: .milliseconds(100)) == nil)
        }
    }
}
