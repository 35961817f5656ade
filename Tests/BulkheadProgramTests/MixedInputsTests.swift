import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadProgram
import BulkheadTimeline
import BulkheadWire
import Testing

/// What stands in frames that show several inputs.
@Suite(.timeLimit(.minutes(1))) struct MixedInputsTests {
    private static func onAir(
        _ second: SourceDescription = .file(audio: false), layout: SceneLayout = .sideBySide
    ) throws -> Script {
        var script = try Script()
        for (input, description) in [(1, .file(audio: false)), (2, second)] as [(InputID, SourceDescription)] {
            script.handle(.inputExpected(input, name: "input \(input)", isKept: true))
            script.handle(.inputOpened(input, description))
        }
        script.handle(.take(.layout(layout), .cut))
        return script
    }

    /// The slots of a frame that is mixed, in the order in which they are drawn; 0 for the slate and for cards.
    private static func mixed(_ actions: [ProgramMachine.Action]) -> [UInt32]? {
        for case .mix(_, let composition, _) in actions {
            return composition.pictures.map { if case .slot(let slot) = $0 { slot.slot } else { 0 } }
        }
        return nil
    }

    private static func instead(_ actions: [ProgramMachine.Action]) -> ProgramMachine.Drawn? {
        for case .mix(_, _, let instead) in actions { return instead }
        return nil
    }

    @Test func eachInputGoesOnByItself() throws {
        var script = try Self.onAir()
        for time in [0, 40, 80] as [Int64] { script.picture(time) }
        for time in [0, 80] as [Int64] { script.picture(time, of: 2) }
        script.handle(.begin)
        #expect(Self.mixed(script.tick()) == [1, 4])
        #expect(Self.mixed(script.tick()) == [2, 4])
        let third = script.tick()
        #expect(Self.mixed(third) == [3, 5])
        #expect(Self.instead(third) == .slot(SlotReference(pool: 1, slot: 3)))
    }

    /// An input that has given nothing yet is left out; one alone that fills the picture is not mixed.
    @Test func inputThatIsNotThereYetIsLeftOut() throws {
        var script = try Self.onAir(layout: .pictureInPicture)
        script.picture(0)
        script.handle(.inputEnded(2))
        script.handle(.begin)
        #expect(script.tick().shown == "1")
    }

    /// A card stands in its place; the others go on.
    @Test func inputThatGivesNothingAnyMoreShowsItsCard() throws {
        var script = try Self.onAir(.camera())
        for number in 0..<100 as Range<Int64> { script.picture(number * 40) }
        script.picture(0, of: 2)
        script.handle(.inputCaughtUp(2))
        script.handle(.begin)
        var shown: [UInt32?] = []
        for _ in 0..<90 {
            shown.append(Self.mixed(script.tick())?.last)
            script.wait(40)
        }
        // Three seconds of the camera's one picture, which is 75 frames, and the slate from then on.
        let first = try #require(shown.firstIndex(of: 101))
        let stands = shown[first...].prefix { $0 == 101 }.count
        #expect((75...77).contains(stands))
        #expect(shown[(first + stands)...].allSatisfy { $0 == 0 })
        #expect(script.machine.missing == [2])
        #expect(script.machine.shown == .picture)
    }

    private static func drawn(_ actions: [ProgramMachine.Action]) -> [ProgramMachine.Drawn]? {
        for case .mix(_, let composition, _) in actions { return composition.pictures }
        return nil
    }

    /// It is opened, and has given nothing yet: most have by the next few frames.
    @Test func inputWithoutAPictureShowsItsCardAfterAMoment() throws {
        var script = try Self.onAir(.camera())
        for number in 0..<50 as Range<Int64> { script.picture(number * 40) }
        script.handle(.begin)
        script.wait(3001)
        script.handle(.begin)
        let first = script.tick()
        #expect(Self.drawn(first)?.last == .card(2), "it has had its time")
        #expect(first.contains(.tell(2, .missing)))
        script.picture(script.milliseconds, of: 2)
        script.handle(.inputCaughtUp(2))
        script.wait(40)
        var told: [ProgramMachine.Action] = []
        for _ in 0..<6 {
            told += script.tick()
            script.wait(40)
        }
        #expect(told.contains(.tell(2, .back)) && script.machine.missing == [])
    }

    /// One that nobody has opened when the program begins has its place in the scene, and its card there.
    @Test func inputThatIsNotOpenShowsItsCard() throws {
        var script = try Script(slateAfter: .seconds(1))
        for input in [1, 2] as [InputID] { script.handle(.inputExpected(input, name: "input \(input)", isKept: true)) }
        script.handle(.inputOpened(1, .file(audio: false)))
        let items = [
            SceneItem("input 1", width: .perCent(50)), SceneItem("input 2", x: .perCent(50), width: .perCent(50)),
        ]
        script.handle(.take(.scene(Scene("duo", items)), .cut))
        for number in 0..<50 as Range<Int64> { script.picture(number * 40) }
        script.handle(.begin)
        #expect(!script.machine.isRunning, "it is waited for")
        script.wait(1001)
        script.handle(.begin)
        #expect(Self.drawn(script.tick())?.last == .card(2))
        script.handle(.inputOpened(2, .file(audio: false)))
        for number in 0..<5 as Range<Int64> { script.picture(number * 40, of: 2) }
        script.wait(40)
        script.tick()
        script.wait(40)
        let later = script.tick()
        #expect(Self.drawn(later)?.count == 2 && Self.drawn(later)?.last?.isCard == false)
    }

    /// All of them are gone: that is the slate's moment.
    @Test func sceneWithoutAnyPictureIsTheSlate() throws {
        var script = try Script(slateAfter: .seconds(1))
        for input in [1, 2] as [InputID] { script.handle(.inputExpected(input, name: "input \(input)", isKept: true)) }
        script.handle(.take(.layout(.sideBySide), .cut))
        script.wait(1001)
        script.handle(.begin)
        #expect(script.tick().shown == "slate")
    }

    private static let drawing: SourceDescription = {
        var picture = PictureFormat(codec: "", width: 0, height: 0)
        (picture.isStill, picture.isDrawn, picture.hasAlpha) = (true, true, true)
        return SourceDescription(
            hasVideo: true, hasAudio: false, isLive: false, duration: 0, summary: "colour", picture: picture)
    }()

    /// What is drawn stands, is never missed, and ends with the others.
    @Test func drawnInputStandsAsLongAsTheOthers() throws {
        var script = try Self.onAir(Self.drawing)
        for time in [0, 40] as [Int64] { script.picture(time) }
        script.picture(0, of: 2)
        script.handle(.begin)
        for _ in 0..<10 {
            #expect(Self.mixed(script.tick())?.last == 3)
            script.wait(1000)
        }
        #expect(script.machine.missing == [] && script.machine.shown != .slate)
        // Another process is to draw it again: it stands meanwhile.
        script.handle(.inputInterrupted(2))
        #expect(Self.mixed(script.tick())?.last == 3)
        script.handle(.inputEnded(1))
        #expect(script.tick().contains(.end))
    }

    @Test(arguments: [false, true]) func drawnInputAloneGoesOn(isFast: Bool) throws {
        var script = try Script(isFast: isFast)
        script.add(1, Self.drawing)
        script.picture(0)
        script.handle(.begin)
        for _ in 0..<200 {
            #expect(script.isDue)
            #expect(script.tick().shown == "1")
            script.wait(40)
        }
        #expect(script.machine.shown == .picture)
    }

    /// A transparent picture that is as large as the canvas hides nothing.
    @Test func titleOverAllHidesNothing() throws {
        var script = try Self.onAir(Self.drawing)
        for input in [1, 2] as [InputID] { script.picture(0, of: input) }
        script.handle(.begin)
        script.handle(.take(.scene(Scene("both", [SceneItem("input 1"), SceneItem("input 2")])), .cut))
        #expect(Self.mixed(script.tick()) == [1, 2])
        script.handle(.take(.scene(Scene("other", [SceneItem("input 2"), SceneItem("input 1")])), .cut))
        #expect(script.tick().shown == "1")
    }

    @Test func fadeIsMixedFrameByFrameAndThenOver() throws {
        var script = try Self.onAir()
        script.handle(.take(.input(1), .cut))
        for time in [0, 40, 80, 120, 160] as [Int64] { script.picture(time) }
        for time in [0, 40, 80, 120, 160] as [Int64] { script.picture(time, of: 2) }
        script.handle(.begin)
        #expect(script.tick().shown == "1")
        script.handle(.take(.input(2), Transition(.fade, milliseconds: 80)))
        #expect(Self.mixed(script.tick()) == [2, 6])
        #expect(Self.mixed(script.tick()) == [3, 7])
        #expect(script.tick().shown == "8")
        // The one that is not seen any more waits where it is.
        script.handle(.take(.input(1), .cut))
        #expect(script.tick().shown == "4")
    }

    @Test func emptySceneIsDrawnBlack() throws {
        var script = try Self.onAir()
        for input in [1, 2] as [InputID] { script.picture(0, of: input) }
        script.handle(.begin)
        script.handle(.take(.scene(Scene("black", [])), .cut))
        #expect(Self.mixed(script.tick()) == [])
        // Through black and out of it, no slate shows.
        script.handle(.take(.input(1), Transition(.dip, milliseconds: 200)))
        for _ in 0..<5 { #expect(Self.mixed(script.tick())?.contains(0) == false) }
        #expect(script.tick().shown == "1")
    }

    @Test func sceneWhoseInputsAreAllGoneIsTheSlate() throws {
        var script = try Self.onAir()
        for input in [1, 2] as [InputID] { script.picture(0, of: input) }
        script.handle(.begin)
        script.handle(.take(.scene(Scene("one", [SceneItem("input 1", width: .perCent(50))])), .cut))
        #expect(Self.mixed(script.tick()) == [1])
        script.handle(.inputRemoved(1))
        // Not the other input, which was not asked for.
        #expect(script.tick().shown == "slate")
    }

    /// The other item stays where it is, and mixers are needed for that.
    @Test func sceneKeepsItsFormWhereAnInputIsRemoved() throws {
        var script = try Self.onAir()
        for input in [1, 2] as [InputID] { script.picture(0, of: input) }
        script.handle(.begin)
        let items = [
            SceneItem("input 1", width: .perCent(50)), SceneItem("input 2", x: .perCent(50), width: .perCent(50)),
        ]
        script.handle(.take(.scene(Scene("duo", items)), .cut))
        #expect(Self.mixed(script.tick()) == [1, 2])
        script.handle(.inputRemoved(2))
        #expect(Self.mixed(script.tick()) == [1])
        #expect(script.machine.mayMix)
    }

    /// A card stands in a dead camera's place at once, and not its last picture of long ago.
    @Test func deadCameraThatIsTakenAgainShowsItsCard() throws {
        var script = try Self.onAir(.camera())
        for number in 0..<200 as Range<Int64> { script.picture(number * 40) }
        script.picture(0, of: 2)
        script.handle(.inputCaughtUp(2))
        script.handle(.begin)
        for _ in 0..<90 {
            script.tick()
            script.wait(40)
        }
        script.handle(.take(.input(1), .cut))
        script.tick()
        #expect(script.machine.missing == [])
        script.handle(.take(.layout(.sideBySide), .cut))
        let lost = script.tick()
        #expect(Self.mixed(lost)?.last == 0)
        #expect(lost.contains(.tell(2, .missing)))
        // It comes back by itself.
        script.picture(script.milliseconds, of: 2)
        script.handle(.inputCaughtUp(2))
        var told: [ProgramMachine.Action] = []
        for _ in 0..<4 {
            told += script.tick()
            script.wait(40)
        }
        #expect(told.contains(.tell(2, .back)) && script.machine.missing == [])
    }

    @Test func inputThatIsRemovedLeavesItsPlace() throws {
        var script = try Self.onAir()
        for input in [1, 2] as [InputID] { script.picture(0, of: input) }
        script.handle(.begin)
        #expect(Self.mixed(script.tick()) == [1, 2])
        script.handle(.inputRemoved(1))
        #expect(script.tick().shown == "2", "one alone fills the picture")
        script.handle(.inputRemoved(2))
        #expect(script.tick().shown == "slate")
    }
}
