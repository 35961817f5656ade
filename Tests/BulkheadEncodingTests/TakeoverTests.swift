import BulkheadChildren
import BulkheadEncoding
import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire
import Testing

/// Deaths that say something of the settings, of a frame or of the machine, and encoders that lie or are late.
@Suite(.timeLimit(.minutes(1))) struct TakeoverTests {
    // MARK: the first one

    @Test func settingsThatAreRefusedAtTheStartEndTheBroadcast() throws {
        var studio = try Studio()
        studio.opensAtOnce = false
        studio.tell(.begin)
        studio.tell(.replied(try #require(studio.opening.first), .refused(Refusal(.settings, "no such preset"))))
        #expect(studio.failure?.kind == .encoder)
    }

    @Test func anEncoderThatNeverOpensEndsTheBroadcast() throws {
        var studio = try Studio()
        studio.fails = true
        studio.tell(.begin)
        studio.pass(.seconds(3))
        #expect(studio.failure?.kind == .encoder)
        #expect(studio.failure?.problem.contains("5 times") == true)
    }

    // MARK: standbys

    @Test func aStandbyIsLaunchedOnceTheEncoderHasWorked() throws {
        var studio = try Studio.onAir(standby: .warm)
        studio.pass(.seconds(1))
        #expect(studio.programEncoders.count == 1)
        studio.giveFrame()
        studio.deliverAll()
        studio.pass(.milliseconds(200))
        #expect(studio.programEncoders.count == 1)
        studio.pass(.milliseconds(100))
        #expect(studio.programEncoders.count == 2)
    }

    @Test(arguments: [false, true]) func aStandbyTakesOverWhetherItIsReadyOrNot(isReady: Bool) throws {
        var studio = try Studio.onAir(standby: .warm)
        studio.run(5)
        studio.opensAtOnce = isReady
        studio.pass(.milliseconds(400))
        let standby = try #require(studio.machine.encodersPost.holder(of: .standby))
        studio.giveFrame()
        studio.kill(studio.machine.currentRun.encoder)
        #expect(studio.machine.currentRun.encoder == standby && studio.count(.tookOver) == 1)
        if !isReady {
            #expect(!studio.owesAnswer(standby))
            studio.opensAtOnce = true
            studio.open(standby)
        }
        #expect(studio.owesAnswer(standby), "what was not safe is given again")
        studio.run(10)
        studio.end()
        studio.expectWhole()
    }

    @Test(arguments: [false, true]) func aStandbyThatDiesIsReplaced(isReady: Bool) throws {
        var studio = try Studio.onAir(standby: .warm)
        studio.run(5)
        studio.opensAtOnce = isReady
        studio.pass(.milliseconds(400))
        for _ in 0..<12 {
            studio.kill(studio.machine.encodersPost.holder(of: .standby))
            studio.pass(.milliseconds(300))
        }
        studio.opensAtOnce = true
        studio.openAll()
        studio.run(60)
        #expect(studio.machine.encodersPost.holder(of: .standby) != nil)
        #expect(studio.count(.died, .standby) > 5 && studio.count(.died, .onAir) == 0)
        studio.end()
        studio.expectWhole()
    }

    @Test func aStandbyThatHangsIsFoundOut() throws {
        var studio = try Studio.onAir(standby: .warm)
        studio.run(20)
        let standby = try #require(studio.machine.encodersPost.holder(of: .standby))
        for _ in 0..<40 {
            studio.giveFrame()
            if let onAir = studio.machine.currentRun.encoder { studio.deliver(from: onAir) }
            studio.pass(Studio.interval)
        }
        #expect(studio.dismissals[standby]?.contains("no answer within") == true)
        studio.end()
        studio.expectWhole()
    }

    // MARK: the ladder

    @Test func deathsWithoutProgressLeadToSafeSettingsAndBack() throws {
        var studio = try Studio.onAir()
        let wanted = studio.machine.wanted
        studio.run(10)
        studio.fails = true
        studio.kill(studio.machine.currentRun.encoder)
        for _ in 0..<6 where !studio.machine.terms.ladder.isSafe { studio.pass(.milliseconds(300)) }
        studio.fails = false
        studio.pass(.seconds(1))
        studio.run(10)
        #expect(studio.count(.safeSettings) == 1 && studio.machine.snapshot().isSafe)
        #expect(studio.machine.currentRun.settings.video.profile == "baseline")
        #expect(studio.machine.wanted == wanted, "what a person wants has not changed")
        studio.run(25 * 31)
        #expect(studio.count(.wantedSettings) == 1 && !studio.machine.terms.ladder.isSafe)
        #expect(studio.machine.currentRun.settings.video.profile == "high")
        #expect(studio.answers.isEmpty, "no request is answered")
        studio.end()
        studio.expectWhole()
    }

    @Test func aReturnFromSafetyThatFailsIsTriedAgainLater() throws {
        var studio = try Studio.onAir()
        studio.run(10)
        studio.fails = true
        studio.kill(studio.machine.currentRun.encoder)
        for _ in 0..<6 where !studio.machine.terms.ladder.isSafe { studio.pass(.milliseconds(300)) }
        studio.fails = false
        studio.pass(.seconds(1))
        studio.run(25 * 25)
        studio.fails = true
        studio.run(25 * 6)
        studio.fails = false
        #expect(studio.count(.notChanged) == 1 && studio.machine.terms.ladder.isSafe)
        studio.run(25 * 62)
        #expect(studio.count(.wantedSettings) == 2 && !studio.machine.terms.ladder.isSafe)
        studio.end()
        studio.expectWhole()
    }

    @Test func aFrameThatKillsThreeEncodersIsLeftOut() throws {
        var studio = try Studio.onAir(standby: .warm)
        studio.run(10)
        studio.giveFrame()
        for _ in 0..<3 {
            studio.kill(studio.machine.currentRun.encoder)
            studio.pass(.milliseconds(200))
        }
        studio.run(10)
        studio.end()
        studio.expectWhole()
        #expect(studio.skipped == [10] && studio.machine.figures.skipped == 1)
    }

    @Test func aKillFromOutsideBlamesNoFrame() throws {
        var studio = try Studio.onAir(standby: .warm)
        studio.run(10)
        studio.giveFrame()
        for _ in 0..<4 {
            studio.kill(studio.machine.currentRun.encoder, isItsOwn: false, cause: "SIGKILL")
            studio.pass(.milliseconds(300))
        }
        studio.run(10)
        studio.end()
        studio.expectWhole()
        #expect(studio.skipped.isEmpty)
    }

    // MARK: lies and deadlines

    /// What an encoder may not say; it is treated as one that has crashed.
    static let lies: [(EncoderReply, String)] = [
        (unit(5, isIDR: true), "not given"),
        (unit(0, isIDR: false), "not the IDR"),
        (.flushed, "without being asked"),
        (.audioPacket(block: 7, bytes: [1]), "out of order"),
        (
            .ready(
                avcConfiguration: [1, 2, 3, 4, 5, 6, 7], audioSpecificConfig: [1], maximumDelay: 0, reorderDepth: 0),
            "twice"
        ),
    ]

    private static func unit(_ frame: Int64, isIDR: Bool) -> EncoderReply {
        .accessUnit(.init(frame: frame, isIDR: isIDR, isDisposable: false, bytes: [1]))
    }

    @Test(arguments: lies) func anEncoderThatLiesIsEnded(lie: EncoderReply, reason: String) throws {
        var studio = try Studio.onAir()
        let encoder = try #require(studio.machine.currentRun.encoder)
        studio.giveFrame()
        studio.tell(.replied(encoder, lie))
        #expect(studio.dismissals[encoder]?.contains(reason) == true)
        studio.run(5)
        studio.end()
        studio.expectWhole()
    }

    @Test func oneThatSaysNothingIsEndedInTime() throws {
        var studio = try Studio.onAir()
        studio.run(5)
        let encoder = try #require(studio.machine.currentRun.encoder)
        studio.giveFrame()
        studio.pass(.milliseconds(500))
        #expect(studio.dismissals[encoder] == nil)
        studio.pass(.milliseconds(300))
        #expect(studio.dismissals[encoder] != nil)
        studio.run(5)
        studio.end()
        studio.expectWhole()
    }

    @Test func oneThatDoesNotOpenIsEndedInTime() throws {
        var studio = try Studio()
        studio.opensAtOnce = false
        studio.tell(.begin)
        let encoder = try #require(studio.opening.first)
        studio.pass(.milliseconds(4900))
        #expect(studio.dismissals[encoder] == nil)
        studio.pass(.milliseconds(300))
        #expect(studio.dismissals[encoder] != nil)
    }

    // MARK: ends

    @Test(arguments: ScriptedEncoder.Kind.allCases)
    func anEncoderThatDiesWhileItFlushesIsReplaced(kind: ScriptedEncoder.Kind) throws {
        var studio = try Studio.onAir(kind)
        for _ in 0..<12 { studio.giveFrame() }
        studio.tell(.ending)
        studio.tell(.finish)
        let encoder = try #require(studio.machine.currentRun.encoder)
        studio.deliver(from: encoder)
        studio.kill(encoder)
        studio.end()
        studio.expectWhole()
    }

    @Test func oneThatFlushesWithoutAnswersIsReplaced() throws {
        var studio = try Studio.onAir()
        studio.giveFrame()
        studio.tell(.ending)
        studio.tell(.finish)
        let encoder = try #require(studio.machine.currentRun.encoder)
        studio.tell(.replied(encoder, .flushed))
        #expect(studio.dismissals[encoder]?.contains("unanswered") == true)
        studio.end()
        studio.expectWhole()
    }

    @Test func afterTheEndNothingHappens() throws {
        var studio = try Studio.onAir(standby: .warm)
        studio.run(20)
        studio.tell(.over)
        let count = studio.happenings.count
        studio.kill(studio.machine.currentRun.encoder)
        studio.pass(.seconds(3))
        #expect(studio.happenings.count == count && studio.machine.snapshot().children[0].state == .ended)
    }

    /// Other encoder settings would not help it.
    @Test func encoderOfAnotherVersionFailsTheStartAtOnce() throws {
        var studio = try Studio()
        studio.opensAtOnce = false
        studio.tell(.begin)
        let child = try #require(studio.programEncoders.first)
        let words = "the encoder is version 2 (schema 9), this is version 1 (schema 8)"
        studio.tell(.ended(child, EncodingMachine.End(cause: words, isItsOwn: false, isOtherVersion: true)))
        #expect(studio.failure?.code == .childVersion && studio.failure?.problem.contains(words) == true)
    }
}
