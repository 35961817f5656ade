import BulkheadChildren
import BulkheadEncoding
import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire
import Testing

/// Changes on air, and every death on their way.
@Suite(.timeLimit(.minutes(1))) struct ChangeTests {
    private static func wanted(_ studio: Studio, preset: String = "faster") -> WantedEncoding {
        var wanted = studio.machine.wanted
        wanted.preset = preset
        return wanted
    }

    private static func larger(_ studio: Studio) throws -> WantedEncoding {
        var wanted = studio.machine.wanted
        wanted.canvas = try #require(Canvas(width: 640, height: 360))
        return wanted
    }

    @Test(arguments: ScriptedEncoder.Kind.allCases, StandbyChoice.allCases)
    func theNextEncoderTakesOverWhenItIsOpen(kind: ScriptedEncoder.Kind, standby: StandbyChoice) throws {
        var studio = try Studio.onAir(kind, standby: standby)
        studio.run(20)
        studio.opensAtOnce = false
        studio.tell(.change(Self.wanted(studio)))
        studio.run(5)
        #expect(studio.answers.isEmpty && studio.machine.wanted.preset == "veryfast", "nothing has changed yet")
        studio.opensAtOnce = true
        studio.openAll()
        #expect(studio.answers == [nil] && studio.machine.wanted.preset == "faster")
        studio.run(30)
        studio.end()
        studio.expectWhole()
        #expect(studio.count(.changed) == 1)
    }

    @Test(arguments: ScriptedEncoder.Kind.allCases)
    func aDeathBeforeTheNextIsOpenLeavesEverythingAsItWas(kind: ScriptedEncoder.Kind) throws {
        var studio = try Studio.onAir(kind, standby: .warm)
        studio.run(20)
        let before = studio.machine.wanted
        studio.opensAtOnce = false
        studio.tell(.change(Self.wanted(studio)))
        studio.kill(studio.machine.change?.encoder)
        studio.opensAtOnce = true
        #expect(studio.answers.count == 1 && studio.answers[0]?.kind == .encoder)
        #expect(studio.machine.wanted == before && studio.count(.notChanged) == 1)
        studio.run(30)
        #expect(studio.machine.encodersPost.holder(of: .standby) != nil, "a standby waits again")
        studio.end()
        studio.expectWhole()
    }

    @Test func aRefusalLeavesEverythingAsItWas() throws {
        var studio = try Studio.onAir(standby: .warm)
        studio.run(5)
        studio.opensAtOnce = false
        studio.tell(.change(Self.wanted(studio, preset: "nonsense")))
        let next = try #require(studio.machine.change?.encoder)
        studio.tell(.replied(next, .refused(Refusal(.settings, "no such preset"))))
        studio.opensAtOnce = true
        #expect(studio.answers.count == 1 && studio.answers[0]?.problem.contains("refuses") == true)
        studio.run(10)
        studio.end()
        studio.expectWhole()
    }

    @Test func whatCantBeLaunchedIsAnswered() throws {
        var studio = try Studio.onAir()
        studio.run(5)
        var machine = studio.machine
        #expect(machine.handle(.change(Self.wanted(studio)), at: studio.now) == [.launch(.next, after: .zero)])
        let error = BroadcastError(.installation, "no program")
        #expect(machine.handle(.launchFailed(.next, error), at: studio.now) == [.answer(error)])
        #expect(machine.change == nil)
    }

    /// The border lies at the first picture of the new size, whatever comes of the old one before it.
    @Test(arguments: ScriptedEncoder.Kind.allCases)
    func anotherSizeBeginsWithItsFirstPicture(kind: ScriptedEncoder.Kind) throws {
        var studio = try Studio.onAir(kind, standby: .warm, hasSlate: true)
        let (old, wanted) = (studio.machine.wanted.canvas, try Self.larger(studio))
        studio.run(10)
        studio.tell(.change(wanted))
        #expect(studio.resizes == [wanted.canvas] && studio.answers.isEmpty)
        for _ in 0..<3 { studio.giveFrame(canvas: old) }
        studio.deliverAll()
        #expect(studio.answers.isEmpty)
        for _ in 0..<12 { studio.giveFrame(pool: 2, canvas: wanted.canvas) }
        #expect(studio.answers == [nil])
        studio.run(40)
        studio.end()
        studio.expectWhole()
        let first = try #require(zip(studio.frames(), studio.pictures).first { $0.0 == 13 })
        #expect(first.1.isIDR && first.1.configuration != studio.pictures[0].configuration)
    }

    /// There is no way back once pictures of the new size are on their way: the next one is launched again.
    @Test func aDeathWhileTheNewSizeIsOnItsWayIsMadeGood() throws {
        var studio = try Studio.onAir(standby: .warm)
        let wanted = try Self.larger(studio)
        let old = studio.machine.wanted.canvas
        studio.run(10)
        studio.tell(.change(wanted))
        let next = try #require(studio.machine.change?.encoder)
        studio.kill(next)
        #expect(studio.machine.change?.encoder != next && studio.answers.isEmpty)
        // The encoder on air may die as well: what is left of the old size is still encoded.
        studio.giveFrame(canvas: old)
        studio.kill(studio.machine.currentRun.encoder)
        studio.pass(.seconds(1))
        studio.deliverAll()
        studio.giveFrame(pool: 2, canvas: wanted.canvas)
        studio.run(10)
        studio.end()
        studio.expectWhole()
        #expect(studio.answers == [nil] && studio.count(.notReplaced) == 1)
    }

    /// Where none can be launched meanwhile, the run begins without an encoder, and is given one later.
    @Test func theNewSizeWaitsForAnEncoder() throws {
        var studio = try Studio.onAir()
        let wanted = try Self.larger(studio)
        studio.run(10)
        studio.opensAtOnce = false
        studio.tell(.change(wanted))
        studio.openAll()
        studio.fails = true
        studio.machine.change?.encoder = nil
        studio.giveFrame(pool: 2, canvas: wanted.canvas)
        #expect(studio.answers == [nil])
        studio.fails = false
        studio.opensAtOnce = true
        studio.pass(.seconds(2))
        studio.run(10)
        studio.end()
        studio.expectWhole()
    }

    @Test func picturesThatCantBeHadEndTheChange() throws {
        var studio = try Studio.onAir()
        let before = studio.machine.wanted
        studio.run(5)
        studio.tell(.change(try Self.larger(studio)))
        studio.tell(.resizeFailed("no memory"))
        #expect(studio.answers.count == 1 && studio.answers[0]?.problem.contains("no memory") == true)
        #expect(studio.machine.wanted == before && studio.machine.change == nil)
        studio.run(5)
        studio.end()
        studio.expectWhole()
    }

    @Test func theEndOfTheBroadcastAnswersARequest() throws {
        var studio = try Studio.onAir()
        studio.run(5)
        studio.opensAtOnce = false
        studio.tell(.change(Self.wanted(studio)))
        studio.tell(.ending)
        studio.end()
        studio.expectWhole()
        #expect(studio.answers.count == 1 && studio.answers[0]?.kind == .control)
    }

    @Test func aBitrateNeedsNoOtherEncoder() throws {
        var studio = try Studio.onAir(standby: .warm)
        studio.run(20)
        let children = studio.programEncoders
        studio.tell(.carried(1_000_000))
        #expect(studio.rates == Dictionary(uniqueKeysWithValues: children.map { ($0, 1_000_000) }))
        studio.run(20)
        #expect(studio.programEncoders == children, "a standby with a lower bitrate is of use")
        #expect(studio.machine.wanted.videoBitsPerSecond == 2_500_000, "a person wants what was wanted")
        // A successor is brought to it too.
        studio.kill(studio.machine.currentRun.encoder)
        studio.run(20)
        #expect(studio.programEncoders.allSatisfy { studio.rates[$0] == 1_000_000 })
        studio.tell(.wantBitrate(3_000_000))
        #expect(studio.programEncoders.allSatisfy { studio.rates[$0] == 3_000_000 })
        studio.end()
        studio.expectWhole()
    }

    // MARK: keyframes

    @Test(arguments: [ScriptedEncoder.Kind.zerolatency, .bframes])
    func nextFrameIsAnIDROnRequest(kind: ScriptedEncoder.Kind) throws {
        var studio = try Studio.onAir(kind)
        for _ in 0..<10 { studio.giveFrame() }
        studio.tell(.wantKeyframe)
        for _ in 0..<10 { studio.giveFrame() }
        studio.deliverAll()
        studio.tell(.finish)
        studio.deliverAll()
        let idrs = studio.packets.filter { if case .video(isIDR: true, _) = $0.kind { true } else { false } }
        #expect(idrs.count == 2, "the first frame, and the one that was asked for")
        let interval = MediaTime(nanoseconds: Studio.interval.nanoseconds)
        #expect(
            idrs.last.map { $0.pts - (idrs.first?.pts ?? .zero) } == MediaTime(nanoseconds: interval.nanoseconds * 10))
    }

    /// Asked while no encoder is there: the next one begins with an IDR anyway, and one more is no harm.
    @Test func keyframeIsNotForgottenWithoutAnEncoder() throws {
        var studio = try Studio.onAir()
        for _ in 0..<5 { studio.giveFrame() }
        studio.deliverAll()
        studio.opensAtOnce = false
        studio.kill(studio.programEncoders.first)
        studio.tell(.wantKeyframe)
        studio.giveFrame()
        #expect(studio.machine.snapshot().framesUncommitted == 1)
    }
}
