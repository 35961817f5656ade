import BulkheadChildren
import BulkheadEncoding
import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire
import Testing

/// Two encoders that are given the same.
@Suite(.timeLimit(.minutes(1))) struct LockstepTests {
    /// On air with a twin.
    private static func pair(_ kind: ScriptedEncoder.Kind = .zerolatency) throws -> Studio {
        var studio = try Studio.onAir(kind, standby: .hot)
        studio.run(70)
        try #require(studio.machine.currentRun.twin != nil)
        return studio
    }

    @Test(arguments: ScriptedEncoder.Kind.allCases)
    func aPairOpensAtAnIDRThatWouldHaveComeAnyway(kind: ScriptedEncoder.Kind) throws {
        var studio = try Self.pair(kind)
        studio.end()
        studio.expectWhole()
        let frames = studio.frames()
        let idrs = zip(frames, studio.pictures).filter { $0.1.isIDR }.map(\.0)
        #expect(idrs.prefix(2) == [0, 50], "every two seconds")
        #expect(studio.count(.inLockstep) == 1 && studio.count(.died) == 0)
    }

    @Test func theTwinGoesOnWithTheVeryNextAnswer() throws {
        var studio = try Self.pair()
        studio.giveFrame()
        let twin = try #require(studio.machine.currentRun.twin)
        // The twin is ahead of the encoder on air when that one dies.
        studio.deliver(from: twin)
        let sent = studio.pictures.count
        studio.kill(studio.machine.currentRun.encoder)
        #expect(studio.pictures.count == sent + 1 && studio.machine.currentRun.encoder == twin)
        studio.run(5)
        studio.end()
        studio.expectWhole()
        #expect(studio.pictures.dropFirst(51).prefix(20).allSatisfy { !$0.isIDR }, "nothing is given again")
    }

    @Test func aPromotedTwinThatLagsMustAgreeWithWhatHasGoneOut() throws {
        var studio = try Self.pair()
        let (leader, twin) = (studio.machine.currentRun.encoder, try #require(studio.machine.currentRun.twin))
        studio.encoders[twin]?.mark = 7
        studio.giveFrame()
        studio.deliver(from: try #require(leader))
        studio.kill(leader)
        studio.deliver(from: twin)
        #expect(studio.dismissals[twin]?.contains("otherwise") == true)
        studio.run(5)
        studio.end()
        studio.expectWhole()
    }

    @Test func pairsThatDifferThriceAreGivenUpAndTheSettingsStay() throws {
        var studio = try Self.pair()
        for _ in 0..<3 {
            studio.run(120)
            if let twin = studio.machine.currentRun.twin { studio.encoders[twin]?.mark = 7 }
            studio.run(2)
        }
        studio.run(120)
        #expect(studio.count(.differs) == 3 && studio.count(.lockstepGivenUp) == 1)
        #expect(studio.machine.currentRun.twin == nil)
        #expect(studio.machine.wanted.standby == .hot, "a person still wants it")
        #expect(studio.machine.terms.standby == .warm)
        #expect(studio.machine.snapshot().children.count == 2, "one waits instead")
        studio.end()
        studio.expectWhole()
    }

    /// A demotion is not in the settings, so that no change of them, whether it fails or not, can undo it.
    @Test(arguments: [false, true]) func noChangeUndoesTheDemotion(fails: Bool) throws {
        var studio = try Self.pair()
        for _ in 0..<EncodingTerms.mostDifferences { _ = studio.machine.terms.twinsDiffered() }
        var wanted = studio.machine.wanted
        wanted.preset = "faster"
        studio.fails = fails
        studio.tell(.change(wanted))
        studio.fails = false
        studio.run(120)
        #expect(studio.answers.count == 1 && (studio.answers[0] != nil) == fails)
        #expect(studio.machine.wanted.preset == (fails ? "veryfast" : "faster"))
        #expect(studio.machine.terms.standby == .warm)
        studio.end()
        studio.expectWhole()
    }

    /// A pair with a VBV buffer has one thread each, but goes on with any: the standby that waits after a demotion fits.
    @Test func aStandbyFitsTheRunOfAFormerPair() throws {
        var studio = try Self.pair()
        #expect(studio.machine.currentRun.settings.video.threads == 1)
        for _ in 0..<EncodingTerms.mostDifferences { _ = studio.machine.terms.twinsDiffered() }
        studio.kill(studio.machine.currentRun.twin)
        studio.run(20)
        let standby = studio.machine.encodersPost.holder(of: .standby)
        #expect(standby != nil)
        studio.kill(studio.machine.currentRun.encoder)
        #expect(studio.machine.currentRun.encoder == standby)
        studio.run(20)
        studio.end()
        studio.expectWhole()
    }
}
