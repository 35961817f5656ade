import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadProgram
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(1))) struct ProgramMachineTests {
    // MARK: the start

    private static let begun: [ProgramMachine.Action] = [.post(.onAir), .begin]

    @Test func startWaitsForPictureAndSound() throws {
        var script = try Script()
        script.handle(.inputExpected(1, name: "source 1", isKept: false))
        #expect(script.handle(.begin) == [])
        script.handle(.inputOpened(1, .file()))
        #expect(script.handle(.begin) == [])
        script.picture(0)
        #expect(script.handle(.begin) == [])
        script.sound(from: 0, to: 20)
        #expect(script.handle(.begin) == Self.begun)
        #expect(script.handle(.begin) == [])
        #expect(script.machine.clock.origin == script.now)
    }

    static let ready: [(SourceDescription, picture: Bool, sound: Bool)] = [
        (.file(audio: false), true, false), (.file(video: false), false, true), (.camera(audio: true), true, false),
    ]

    @Test(arguments: ready)
    func startWaitsForWhatAnInputHas(description: SourceDescription, picture: Bool, sound: Bool) throws {
        var script = try Script()
        script.add(1, description)
        #expect(script.handle(.begin) == [])
        if picture { script.picture(0) }
        if sound { script.sound(from: 0, to: 20) }
        if description.isLive { script.handle(.inputCaughtUp(1)) }
        #expect(script.handle(.begin) == Self.begun)
    }

    @Test func startWaitsForEveryInput() throws {
        var script = try Script()
        script.add(1, .file(audio: false))
        script.handle(.inputExpected(2, name: "source 2", isKept: false))
        script.picture(0)
        #expect(script.handle(.begin) == [])
        script.handle(.inputOpened(2, .file(video: false)))
        script.handle(.inputEnded(2))
        #expect(script.handle(.begin) == Self.begun)
    }

    /// A viewer sees the slate rather than nothing; with `--fast` no viewer waits.
    @Test(arguments: [false, true])
    func patienceOfTheStartHasAnEnd(isFast: Bool) throws {
        var script = try Script(isFast: isFast)
        script.handle(.inputExpected(1, name: "source 1", isKept: false))
        script.wait(2999)
        #expect(script.handle(.begin) == [])
        script.wait(1)
        #expect(script.handle(.begin) == (isFast ? [] : Self.begun))
    }

    @Test func broadcastWithoutInputsShowsTheSlate() throws {
        var script = try Script(seconds: 0.08)
        #expect(script.handle(.begin) == Self.begun)
        let actions = script.tick()
        #expect(actions.posts == [.showing(picture: .slate, isStandIn: false)])
        #expect(actions.shown == "slate")
        script.tick()
        #expect(script.tick() == [.end])
    }

    // MARK: ticks in real time

    /// A file at 25 frames a second with silence, and its timeline begun.
    static func started(isFast: Bool = false, seconds: Double? = nil, pictures: Int64 = 4) throws -> Script {
        var script = try Script(isFast: isFast, seconds: seconds)
        script.add(1, .file(audio: false))
        for number in 0..<pictures { script.picture(number * 40) }
        script.handle(.begin)
        return script
    }

    @Test func everyTickGivesThePictureOfItsTime() throws {
        var script = try Self.started()
        #expect(script.isDue)
        #expect(script.tick().shown == "1")
        #expect(!script.isDue)
        script.wait(40)
        #expect(script.isDue)
        let actions = script.tick()
        #expect(actions.shown == "2")
        #expect(actions.released == [1])
        #expect(script.machine.framesRepeated == 0)
    }

    @Test func missingPictureRepeatsTheLastAndDelaysTheInput() throws {
        var script = try Self.started(pictures: 1)
        for expected in ["1", "1", "1"] {
            #expect(script.tick().shown == expected)
            script.wait(40)
        }
        #expect(script.machine.framesRepeated == 2)
        // A file is never skipped over: it goes on where it was.
        script.picture(40)
        script.picture(80)
        #expect(script.tick().shown == "2")
        #expect(script.tick().shown == "3")
    }

    @Test func pictureOutOfOrderIsRefused() throws {
        var script = try Self.started(pictures: 2)
        #expect(script.picture(40) == nil)
        #expect(script.picture(39) == nil)
        #expect(script.picture(41) != nil)
        #expect(script.picture(50, of: 7) == nil)
    }

    @Test func sleepIsSkippedAndSaid() throws {
        var script = try Self.started()
        script.tick()
        script.wait(7040)
        #expect(script.handle(.timer) == [.post(.lag(milliseconds: 7000))])
        script.tick()
        #expect(!script.isDue)
        #expect(script.machine.clock.nextFrame == 2)
    }

    @Test func shortDelayIsCaughtUp() throws {
        var script = try Self.started()
        script.tick()
        script.wait(100)
        #expect(script.handle(.timer) == [])
        #expect(script.isDue)
        script.tick()
        #expect(script.isDue)
        script.tick()
        #expect(!script.isDue)
    }

    // MARK: live

    /// A camera on air: its pictures are 40 ms apart, and the first has come 100 ms ago.
    private static func camera(slateAfter: Duration = .seconds(3), patience: Int64 = 100) throws -> Script {
        var script = try Script(slateAfter: slateAfter, patience: patience)
        script.add(1, .camera())
        script.handle(.inputCaughtUp(1))
        script.picture(0)
        script.wait(100)
        script.handle(.begin)
        #expect(script.isDue)
        #expect(script.tick().shown == "1")
        #expect(!script.isDue)
        return script
    }

    /// A frame goes out as soon as its picture is here, and waits for one that is late.
    @Test(arguments: [0, 19, 40, 59, 100, 159])
    func livePictureMakesItsTick(wait: Int64) throws {
        var script = try Self.camera()
        script.wait(wait)
        #expect(!script.isDue)
        script.picture(40)
        #expect(script.isDue)
        #expect(script.tick().shown == "2")
        #expect(!script.isDue)
        #expect(script.machine.framesRepeated == 0 && script.machine.framesLeftOut == 0)
    }

    /// The first frame's time lies half an interval behind its picture's arrival; the next is due 40 ms later.
    @Test(arguments: [0, 50, 100])
    func lateLivePictureIsRepeatedWhenThePatienceIsOver(patience: Int64) throws {
        var script = try Self.camera(patience: patience)
        script.wait(59 + patience)
        #expect(!script.isDue)
        script.wait(1)
        #expect(script.isDue)
        let tick = script.tick()
        #expect(tick.shown == "1")
        #expect(tick.posts == [.uneven(repeated: 1, leftOut: 0)])
        #expect(script.machine.framesRepeated == 1)
        // It comes after all, and those behind it a frame later than they would have.
        script.picture(40)
        #expect(script.isDue)
        #expect(script.tick().shown == "2")
        #expect(script.machine.framesLeftOut == 0)
    }

    /// What was kept for the start is passed over before the first picture is on air.
    @Test func backlogOfALiveInputIsPassedOver() throws {
        var script = try Script()
        script.add(1, .camera())
        for number in Int64(0)..<20 {
            script.picture(number * 40)
            #expect(script.handle(.begin) == [])
            script.wait(2)
        }
        script.handle(.inputCaughtUp(1))
        script.wait(38)
        script.picture(800)
        #expect(script.handle(.begin) == Self.begun)
        #expect(script.passedOver == (1...20).map { $0 })
        #expect(script.tick().shown == "21")
        #expect(script.machine.framesLeftOut == 0)
    }

    @Test func picturesFarAheadOfTheClockAreLeftOutAndCounted() throws {
        var script = try Self.camera()
        // Up to 400 ms ahead is borne: behind nine pictures at once every further one is left out.
        for number in Int64(1)...12 {
            script.picture(number * 40)
            while script.isDue { script.tick() }
        }
        #expect(script.machine.framesLeftOut == 3)
        #expect(script.passedOver.suffix(3) == [11, 12, 13])
        #expect(script.machine.framesRepeated == 0)
    }

    @Test func unevennessIsToldOnceAMinute() throws {
        var script = try Self.camera()
        var told: [TimelineHappening] = []
        for _ in 0..<1000 {
            script.wait(80)
            while script.isDue { told += script.tick().posts.filter { if case .uneven = $0 { true } else { false } } }
        }
        #expect(told.count == 2)
    }

    @Test func fileNeverTicksEarly() throws {
        var script = try Self.started()
        script.tick()
        script.wait(39)
        #expect(!script.isDue)
    }

    /// The camera is unplugged: its last picture, then the slate, then the new process's pictures.
    @Test func deadLiveInputIsReplacedByTheSlateInTime() throws {
        var script = try Self.camera(slateAfter: .milliseconds(100))
        #expect(script.handle(.inputInterrupted(1)) == [])
        // Nothing is to be waited for.
        script.wait(60)
        #expect(script.isDue)
        #expect(script.tick().shown == "1")
        script.wait(41)
        let slate = script.tick()
        #expect(slate.posts == [.showing(picture: .slate, isStandIn: true)])
        #expect(slate.shown == "slate")
        script.wait(40)
        #expect(script.tick().posts == [])
        script.handle(.inputOpened(1, .camera()))
        script.handle(.inputCaughtUp(1))
        script.picture(0)
        var back: [ProgramMachine.Action] = []
        while script.isDue { back += script.tick() }
        #expect(back.posts == [.showing(picture: .picture, isStandIn: false)])
        #expect(back.released == [1])
        let shown = back.compactMap { if case .give(_, let slot) = $0 { slot.slot } else { nil } }
        #expect(shown == [2])
    }

    @Test func interruptionLetsGoOfALiveInputsPictures() throws {
        var script = try Script()
        script.add(1, .camera())
        script.picture(0)
        script.picture(40)
        #expect(script.passedOver == [1])
        #expect(script.handle(.inputInterrupted(1)).released == [2])
    }

    @Test func interruptionKeepsAFilesPictures() throws {
        var script = try Self.started(pictures: 3)
        #expect(script.handle(.inputInterrupted(1)) == [])
        #expect((0..<3).map { _ in script.tick().shown } == ["1", "2", "3"])
    }

    // MARK: sound

    @Test func soundComesFromTheFirstInputThatHasIt() throws {
        var script = try Script()
        script.add(1, .file(audio: false))
        script.add(2, .file(video: false))
        script.add(3, .file(video: false))
        script.picture(0)
        for input in [2, 3] as [InputID] { script.sound(from: 0, to: 500, of: input) }
        script.handle(.begin)
        #expect(script.machine.selection == Selection(picture: 1, sound: 2))
        let blocks = script.tick().sound
        #expect(blocks.map(\.number) == [0, 1, 2, 3, 4])
        #expect(blocks.allSatisfy { $0.samples.allSatisfy { $0 == 2 * Script.level } })
    }

    @Test func inputSaysWhereItsSoundGoesOn() throws {
        var script = try Script()
        script.add(1, .file())
        #expect(script.sound(from: 0, to: 500) == 24_000)
        // What overlaps is left out.
        #expect(script.sound(from: 400, to: 600) == 28_800)
        #expect(script.sound(from: 0, to: 100, of: 9) == 0)
    }

    /// A live picture is in a hurry; the encoder answers sound at once, so that it goes first otherwise.
    @Test(arguments: [true, false])
    func soundGoesBeforeAPictureThatIsInNoHurry(isLive: Bool) throws {
        var script = try Script()
        script.add(1, isLive ? .camera() : .file(audio: false))
        script.add(2, .file(video: false))
        script.picture(0)
        script.sound(from: 0, to: 500, of: 2)
        script.handle(.inputCaughtUp(1))
        #expect(script.handle(.begin) == Self.begun)
        #expect(script.isDue)
        let given = script.tick().compactMap { action in
            switch action {
            case .give: "picture"
            case .giveSound: "sound"
            default: nil
            }
        }
        #expect(given.first == (isLive ? "picture" : "sound"))
        #expect(given.last == (isLive ? "sound" : "picture"))
    }

    // MARK: what is not used

    /// What is named first wins, whatever opens first.
    @Test func inputsAreToldWhatOfThemIsNotUsed() throws {
        var script = try Script()
        for input in [1, 2, 3] as [InputID] {
            script.handle(.inputExpected(input, name: "source \(input)", isKept: false))
        }
        let third = script.handle(.inputOpened(3, .file()))
        #expect(third.uses == [])
        script.picture(0, of: 3)
        let first = script.handle(.inputOpened(1, .file(audio: false)))
        #expect(first.uses == [.use(3, MediaUse(pictures: false, sound: true))])
        #expect(first.released == [1])
        // Nothing of the third is left.
        let second = script.handle(.inputOpened(2, .file()))
        #expect(
            second.uses == [
                .use(2, MediaUse(pictures: false, sound: true)), .use(3, MediaUse(pictures: false, sound: false)),
            ])
        #expect(script.handle(.inputOpened(3, .file())).uses == [])
        // Another process of the second has to be told again.
        script.handle(.inputInterrupted(2))
        #expect(script.handle(.inputOpened(2, .file())).uses == [.use(2, MediaUse(pictures: false, sound: true))])
        // What was on its way is let go of.
        #expect(script.picture(40, of: 2) != nil)
        #expect(script.passedOver == [2])
    }

    // MARK: capacity

    @Test func inputsMayBeAheadByAThirdOfASecond() throws {
        var script = try Script()
        script.handle(.inputExpected(1, name: "source 1", isKept: false))
        #expect(
            script.handle(.inputOpened(1, .file())) == [
                .demand(1, MediaDemand(pictures: 8, waiting: 0, step: 2, soundEnd: 96_000))
            ])
        script.picture(0)
        script.picture(40)
        script.sound(from: 0, to: 500)
        script.handle(.begin)
        script.tick()
        // One picture is shown and one waits; five blocks of sound have gone, and the two milliseconds
        // that are wanted ahead.
        #expect(
            script.machine.demands() == [
                .demand(1, MediaDemand(pictures: 8, waiting: 1, step: 2, soundEnd: 96_000 + 5 * 1024 + 96))
            ])
    }

    static let lookAheads: [(isFast: Bool, isLive: Bool, pictures: Int, step: Int)] = [
        (false, false, 8, 2), (true, false, 16, 5), (false, true, 25, 1), (true, true, 25, 1),
    ]

    @Test(arguments: lookAheads)
    func lookAhead(isFast: Bool, isLive: Bool, pictures: Int, step: Int) throws {
        var script = try Script(isFast: isFast)
        script.add(1, isLive ? .camera() : .file())
        #expect(
            script.machine.demands() == [
                .demand(1, MediaDemand(pictures: pictures, waiting: 0, step: step, soundEnd: 96_000))
            ])
        #expect(script.machine.slotCount(behind: 60) == 60 + 25 + 16)
    }

    @Test func unopenedInputIsAskedForNothing() throws {
        var script = try Script()
        script.handle(.inputExpected(1, name: "source 1", isKept: false))
        #expect(script.machine.demands() == [])
        // Nor does an input count that was never announced.
        #expect(script.handle(.inputOpened(2, .file())) == [])
    }

    // MARK: the end

    @Test func lengthEndsTheTimeline() throws {
        var script = try Self.started(seconds: 0.12)
        for _ in 0..<3 { #expect(script.tick().shown != nil) }
        #expect(script.tick() == [.end])
        #expect(script.tick() == [])
        #expect(!script.machine.isRunning)
        #expect(script.machine.clock.nextFrame == 3)
    }

    /// As long as no destination has had a picture, no time is taken off the length; those that were sent count.
    @Test(arguments: [(from: 0, last: 6), (from: 200, last: 8)] as [(from: Int64, last: Int64)])
    func lengthBeginsWithTheFirstPictureThatIsSent(from: Int64, last: Int64) throws {
        var script = try Script(seconds: 0.16, awaitsViewers: true)
        script.handle(.begin)
        for _ in 0..<6 { #expect(script.tick().shown != nil) }
        #expect(script.machine.awaitsViewers)
        script.handle(.seen(from: MediaTime(milliseconds: from)))
        #expect(!script.machine.awaitsViewers)
        // A second word changes nothing.
        script.handle(.seen(from: MediaTime(milliseconds: 9000)))
        while script.machine.isRunning, script.machine.clock.nextFrame < 100 { script.tick() }
        #expect(script.machine.clock.nextFrame == (from == 0 ? 6 : last + 1))
    }

    /// A still is meant to stand: none of its frames counts as repeated.
    @Test(arguments: [true, false]) func framesOfAStillAreNotRepeated(isStill: Bool) throws {
        var script = try Script()
        var description = SourceDescription.file(audio: false)
        var picture = PictureFormat(codec: "png", width: 64, height: 64)
        picture.isStill = isStill
        description.picture = picture
        script.add(1, description)
        script.picture(0)
        script.handle(.begin)
        for _ in 0..<5 {
            script.tick()
            script.wait(40)
        }
        #expect((script.machine.framesRepeated > 0) == !isStill)
    }

    @Test func timelineEndsWhenEveryInputHas() throws {
        var script = try Script()
        script.add(1, .file(audio: false))
        script.add(2, .file(audio: false))
        script.picture(0)
        script.picture(0, of: 2)
        script.handle(.inputEnded(1))
        script.handle(.begin)
        // The second input's pictures are not shown, and hold up nothing.
        #expect(script.tick().shown == "1")
        #expect(script.tick() == [.end])
    }

    @Test func fileEndsAfterItsLastPicture() throws {
        var script = try Self.started(pictures: 2)
        script.handle(.inputEnded(1))
        #expect(script.tick().shown == "1")
        #expect(script.tick().shown == "2")
        #expect(script.tick() == [.end])
        #expect(script.machine.framesRepeated == 0)
    }

    @Test func requestEndsTheTimelineOnce() throws {
        var script = try Self.started()
        script.tick()
        #expect(script.handle(.end) == [.end])
        #expect(script.handle(.end) == [])
        script.wait(1000)
        #expect(!script.isDue)
        #expect(script.tick() == [])
        #expect(script.handle(.begin) == [])
    }

    @Test func requestBeforeTheStartEndsNothing() throws {
        var script = try Script()
        #expect(script.handle(.end) == [])
    }
}
