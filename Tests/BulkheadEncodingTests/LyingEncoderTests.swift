import BulkheadChildren
import BulkheadEncoding
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire
import Testing

/// Encoders that talk and do not work, or say more than they were asked for, on air or not.
@Suite(.timeLimit(.minutes(1))) struct LyingEncoderTests {
    private static func unit(_ frame: Int64, isIDR: Bool = false, byteCount: Int = 2) -> EncoderReply {
        .accessUnit(
            AccessUnit(
                frame: frame, isIDR: isIDR, isDisposable: false, bytes: [UInt8](repeating: 1, count: byteCount)))
    }

    /// On air with a twin.
    private static func pair() throws -> Studio {
        var studio = try Studio.onAir(standby: .hot)
        studio.run(70)
        try #require(studio.machine.currentRun.twin != nil)
        return studio
    }

    // MARK: signs of life

    @Test func aSignOfLifeThatWasNotAskedForIsALie() throws {
        var studio = try Studio.onAir()
        let encoder = try #require(studio.machine.currentRun.encoder)
        studio.giveFrame()
        studio.tell(.replied(encoder, .alive))
        #expect(studio.dismissals[encoder]?.contains("not asked for") == true)
        studio.run(5)
        studio.end()
        studio.expectWhole()
    }

    @Test func aTwinThatOnlyGivesSignsOfLifeIsNone() throws {
        var studio = try Self.pair()
        let twin = try #require(studio.machine.currentRun.twin)
        studio.tell(.replied(twin, .alive))
        #expect(studio.dismissals[twin] != nil && studio.machine.currentRun.twin == nil)
    }

    /// Sound comes, and the picture stands still.
    @Test func soundIsNoAccessUnit() throws {
        var studio = try Studio.onAir()
        studio.run(5)
        let encoder = try #require(studio.machine.currentRun.encoder)
        for block in Int64(0)..<20 where studio.dismissals[encoder] == nil {
            studio.giveFrame()
            studio.giveBlock()
            studio.encoders[encoder]?.replies.removeAll()
            studio.tell(.replied(encoder, .audioPacket(block: block, bytes: [1])))
            studio.pass(Studio.interval)
        }
        #expect(studio.dismissals[encoder]?.contains("no answer") == true)
        studio.run(5)
        studio.end()
        studio.expectWhole()
    }

    /// The first frame is left out, and all that follow are answered: each answer is in order, and nothing becomes safe.
    @Test func answersOfWhichNothingBecomesSafeEndTheEncoder() throws {
        var studio = try Studio.onAir(.bframes)
        studio.run(21)
        let encoder = try #require(studio.machine.currentRun.encoder)
        let start = studio.now
        var held: EncoderReply?
        while studio.dismissals[encoder] == nil, studio.now.since(start) < 5_000_000_000 {
            studio.giveFrame()
            if held == nil { held = studio.encoders[encoder]?.replies.popLast() }
            studio.deliverAll()
            studio.pass(Studio.interval)
        }
        #expect(studio.dismissals[encoder]?.contains("become safe") == true)
        #expect(studio.now.since(start) < 2_000_000_000)
        studio.run(5)
        studio.end()
        studio.expectWhole()
    }

    /// However many encoders hang one after the other, and with a standby that is open beside each.
    @Test(arguments: [StandbyChoice.off, .warm]) func theStreamIsNeverSilentForTwoSeconds(standby: StandbyChoice) throws
    {
        var studio = try Studio.onAir(standby: standby, hasSlate: true)
        studio.run(50)
        let start = studio.now
        let sent = studio.packets.count
        while studio.packets.count == sent, studio.now.since(start) < 5_000_000_000 {
            studio.giveFrame()
            studio.pass(Studio.interval)
        }
        #expect(studio.now.since(start) < 2_000_000_000)
        #expect(studio.machine.figures.slated > 0)
    }

    @Test func aFlushThatNeverEndsEndsTheEncoder() throws {
        var studio = try Studio.onAir()
        studio.run(5)
        let encoder = try #require(studio.machine.currentRun.encoder)
        studio.tell(.ending)
        studio.tell(.finish)
        studio.encoders[encoder]?.replies.removeAll()
        studio.pass(.milliseconds(4900))
        #expect(studio.dismissals[encoder] == nil)
        studio.pass(.milliseconds(300))
        #expect(studio.dismissals[encoder] != nil)
        studio.end()
        #expect(studio.isDrained)
    }

    // MARK: more than was asked for

    @Test func anEncoderMayNotHoldMoreThanItsSettingsMakeIt() throws {
        var studio = try Studio()
        studio.opensAtOnce = false
        studio.tell(.begin)
        let encoder = try #require(studio.opening.first)
        studio.tell(
            .replied(
                encoder,
                .ready(
                    avcConfiguration: [1, 2, 3, 4, 5, 6, 7], audioSpecificConfig: [1], maximumDelay: 1000,
                    reorderDepth: 0)))
        #expect(studio.dismissals[encoder]?.contains("outside every range") == true)
    }

    @Test func aTwinThatAnswersForMoreThanItWasGivenIsEnded() throws {
        var studio = try Self.pair()
        let twin = try #require(studio.machine.currentRun.twin)
        studio.giveFrame()
        studio.deliver(from: twin)
        studio.tell(.replied(twin, Self.unit(71)))
        #expect(studio.dismissals[twin]?.contains("not given") == true)
        studio.deliverAll()
        studio.run(5)
        studio.end()
        studio.expectWhole()
    }

    /// What the encoder on air has answered is kept for the twin, but not without end.
    @Test func aTwinThatFallsFartherAndFartherBehindIsEnded() throws {
        var studio = try Self.pair()
        let (leader, twin) = (
            try #require(studio.machine.currentRun.encoder), try #require(studio.machine.currentRun.twin)
        )
        for frame in 0..<(2 * EncodingMachine.longestLag) where studio.dismissals[twin] == nil {
            studio.giveFrame()
            studio.deliver(from: leader)
            if frame % 8 == 0 { studio.deliver(from: twin) }
            studio.pass(Studio.interval)
        }
        #expect(studio.dismissals[twin]?.contains("behind") == true)
        studio.deliverAll()
        studio.end()
        studio.expectWhole()
    }

    @Test func anAccessUnitIsNoLongerThanItsPicture() throws {
        var studio = try Studio.onAir()
        let encoder = try #require(studio.machine.currentRun.encoder)
        studio.giveFrame()
        studio.tell(.replied(encoder, Self.unit(0, isIDR: true, byteCount: 1 << 20)))
        #expect(studio.dismissals[encoder]?.contains("bytes") == true)
    }

    /// On air, with the slate's encoder open and at work.
    private static func makingSlate() throws -> (Studio, ChildID) {
        var studio = try Studio.onAir()
        studio.tell(.slateDrawn(SlotReference(pool: 99, slot: 0), studio.machine.wanted.canvas))
        studio.pass(.milliseconds(1100))
        let maker = try #require(studio.encoders.keys.first { studio.machine.slate.maker.employs($0) })
        studio.encoders[maker]?.replies.removeAll()
        return (studio, maker)
    }

    @Test func theSlateHasNoMoreFramesThanWereAskedFor() throws {
        var (studio, maker) = try Self.makingSlate()
        for frame in 0..<SlateMaker.longestGOP + 1 where studio.dismissals[maker] == nil {
            studio.tell(.replied(maker, Self.unit(frame, isIDR: frame == 0)))
        }
        #expect(studio.dismissals[maker]?.contains("not given") == true)
        #expect(studio.machine.slate.maker.loop == nil)
    }

    @Test func theSlatesFramesComeInOrder() throws {
        for first in [Self.unit(1, isIDR: true), Self.unit(0)] {
            var (studio, maker) = try Self.makingSlate()
            studio.tell(.replied(maker, first))
            #expect(studio.dismissals[maker]?.contains("it lies") == true)
        }
    }

    @Test func theSlatesBytesAreBounded() throws {
        var maker = SlateMaker()
        maker.began(with: ChildID(1))
        var frame = Int64(0)
        while !maker.isTooLong, frame < 100 {
            let bytes = [UInt8](repeating: 0, count: 1 << 20)
            try maker.take(AccessUnit(frame: frame, isIDR: frame == 0, isDisposable: false, bytes: bytes))
            frame += 1
        }
        #expect(frame == Int64(SlateMaker.mostBytes >> 20) + 1)
    }
}
