import BulkheadChildren
import BulkheadEncoding
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadWire
import Testing

/// What a person wants, and what becomes of it: neither changes the other.
@Suite(.timeLimit(.minutes(1))) struct EncodingTermsTests {
    private static func wanted(standby: StandbyChoice = .hot) throws -> WantedEncoding {
        WantedEncoding(
            BroadcastSettings(
                inputs: [], destinations: [], canvas: try #require(Canvas(width: 320, height: 180)),
                frameRate: try #require(FrameRate(25)), videoBitsPerSecond: 900_000, preset: "faster",
                standby: standby))
    }

    /// Five deaths without progress, which lead to safe settings.
    private static func die(_ terms: inout EncodingTerms) {
        for index in 0..<Int64(EncoderLadder.deathsBeforeSafety) {
            _ = terms.ladder.step(
                after: .init(isItsOwn: false, hadWorked: false, frame: nil, isExact: true),
                at: MonotonicTime(nanoseconds: 1_000_000_000 + index))
        }
    }

    @Test func twinsThatDifferTooOftenLeaveAStandbyThatWaits() throws {
        let wanted = try Self.wanted()
        var terms = EncodingTerms(wanted)
        var givenUp: [Bool] = []
        for _ in 0..<4 { givenUp.append(terms.twinsDiffered()) }
        #expect(givenUp == [false, false, true, false], "it is said once")
        #expect(terms.standby == .warm && terms.wanted == wanted)
        terms.adopt(wanted)
        #expect(terms.standby == .warm, "a change does not bring it back")
    }

    @Test(arguments: [StandbyChoice.off, .warm]) func otherStandbysStay(standby: StandbyChoice) throws {
        var terms = EncodingTerms(try Self.wanted(standby: standby))
        for _ in 0..<EncodingTerms.mostDifferences { _ = terms.twinsDiffered() }
        #expect(terms.standby == standby)
    }

    /// A pair with a VBV buffer has one thread each.
    @Test func encodersAreOpenedForWhatIsInForce() throws {
        var terms = EncodingTerms(try Self.wanted())
        #expect(terms.settings.video.threads == 1 && terms.settings.video.preset == "faster")
        for _ in 0..<EncodingTerms.mostDifferences { _ = terms.twinsDiffered() }
        #expect(terms.settings.video.threads == 0)
        Self.die(&terms)
        #expect(terms.ladder.isSafe && terms.settings.video.profile == "baseline")
        #expect(terms.settings(for: terms.wanted).video.preset == "faster", "a change is tried as it is")
        let canvas = try #require(Canvas(width: 64, height: 64))
        let other = terms.settings(of: canvas)
        #expect(other.video.canvas == canvas && other.video.profile == "baseline")
        #expect(terms.settings.video.canvas == terms.wanted.canvas)
    }

    @Test func aChangeLeavesSafety() throws {
        var terms = EncodingTerms(try Self.wanted())
        Self.die(&terms)
        var next = terms.wanted
        next.preset = "fast"
        terms.adopt(next)
        #expect(!terms.ladder.isSafe && terms.settings.video.preset == "fast" && terms.wanted == next)
    }

    @Test func theBitrateIsWhatLinksCarryUntilAPersonAsksForAnother() throws {
        var terms = EncodingTerms(try Self.wanted())
        #expect(terms.bitsPerSecond == 900_000)
        terms.carry(bitsPerSecond: 400_000)
        #expect(terms.bitsPerSecond == 400_000 && terms.wanted.videoBitsPerSecond == 900_000)
        terms.want(bitsPerSecond: 700_000)
        #expect(terms.bitsPerSecond == 700_000 && terms.wanted.videoBitsPerSecond == 700_000)
    }
}
