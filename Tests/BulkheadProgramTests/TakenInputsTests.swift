import BulkheadMedia
import BulkheadModel
import BulkheadProgram
import BulkheadTimeline
import BulkheadWire
import Testing

/// Inputs that come and go while the program runs, and are taken.
@Suite(.timeLimit(.minutes(1))) struct TakenInputsTests {
    /// A file on air at 25 frames a second whose pictures have the slots 1 to 4, and another one that was added.
    private static func onAir(_ added: SourceDescription = .file(), isFast: Bool = false) throws -> Script {
        var script = try Script(isFast: isFast)
        script.add(1, .file())
        for time in [0, 40, 80, 120] as [Int64] { script.picture(time) }
        script.sound(from: 0, to: 500)
        script.handle(.begin)
        script.handle(.inputExpected(2, name: "source 2", isKept: true))
        script.handle(.inputOpened(2, added))
        return script
    }

    @Test func addedInputIsKeptAndChangesNothing() throws {
        var script = try Self.onAir()
        for time in [0, 40] as [Int64] { script.picture(time, of: 2) }
        #expect(script.tick().shown == "1")
        #expect(script.tick().shown == "2")
        #expect(script.machine.selection == Selection(picture: 1, sound: 1))
        // It has what it was asked for, and waits.
        #expect(
            script.machine.demands().contains(
                .demand(2, MediaDemand(pictures: 8, waiting: 2, step: 2, soundEnd: 96_000))))
    }

    @Test func takenInputIsShownFromTheNextFrameOnAndTheFormerOneWaits() throws {
        var script = try Self.onAir()
        for time in [0, 40] as [Int64] { script.picture(time, of: 2) }
        script.sound(from: 0, to: 500, of: 2)
        #expect(script.tick().shown == "1")
        #expect(script.machine.canTake(2))
        script.handle(.take(.input(2), .cut))
        let taken = script.tick()
        #expect(taken.shown == "5")
        // One sound fades into the other within ten milliseconds, behind the two that were taken ahead.
        let samples = taken.sound.flatMap(\.samples)
        #expect(Set(samples.dropFirst(1152)) == [2 * Script.level])
        #expect(samples.prefix(1152).allSatisfy { (Script.level...2 * Script.level).contains($0) })
        #expect(script.tick().shown == "6")
        // Half a second later the file goes on with the picture after the one that was shown.
        script.wait(500)
        script.handle(.take(.input(1), .cut))
        let back = script.tick()
        #expect(back.shown == "2")
        #expect(Set(back.sound.flatMap(\.samples).dropFirst(1152)) == [Script.level])
    }

    /// What people add and take stays when a film ends; the film that the program began with ends it alone.
    @Test func whatWasTakenStaysWhenAFilmEnds() throws {
        var picture = PictureFormat(codec: "wrapped_avframe", width: 640, height: 360)
        (picture.isStill, picture.isDrawn) = (true, true)
        let color = SourceDescription(
            hasVideo: true, hasAudio: false, isLive: false, duration: 0, summary: "a colour", picture: picture)
        func film(taking input: InputID?) throws -> [ProgramMachine.Action] {
            var script = try Self.onAir(color)
            script.picture(0, of: 2)
            script.tick()
            if let input { script.handle(.take(.input(input), .cut)) }
            script.handle(.inputEnded(1))
            var last: [ProgramMachine.Action] = []
            for _ in 0..<40 {
                script.wait(40)
                last = script.tick()
                if last == [.end] { break }
            }
            return last
        }
        #expect(try film(taking: nil) == [.end])
        #expect(try film(taking: 1) == [.end])
        #expect(try film(taking: 2).shown == "5")
    }

    @Test func whatIsLeftOfARemovalGoesOn() throws {
        var script = try Self.onAir(.file(audio: false))
        script.picture(0, of: 2)
        script.handle(.inputEnded(2))
        script.handle(.take(.input(2), .cut))
        for _ in 0..<30 { script.wait(40); script.tick() }
        script.handle(.inputRemoved(1))
        script.wait(40)
        #expect(script.tick().shown != nil)
        // One that is added, and ends, is an end.
        script.handle(.inputExpected(3, name: "source 3", isKept: true))
        script.handle(.inputOpened(3, .file(audio: false)))
        script.picture(0, of: 3)
        script.handle(.take(.input(3), .cut))
        script.tick()
        script.handle(.inputEnded(3))
        var last: [ProgramMachine.Action] = []
        for _ in 0..<40 where last != [.end] {
            script.wait(40)
            last = script.tick()
        }
        #expect(last == [.end])
    }

    /// The sound of an input without any stays that of the one before.
    @Test func pictureWithoutSoundLeavesTheSoundAsItIs() throws {
        var script = try Self.onAir(.file(audio: false))
        script.picture(0, of: 2)
        script.tick()
        script.handle(.take(.input(2), .cut))
        #expect(script.machine.selection.picture == 2 && script.machine.selection.sound == 1)
        #expect(script.machine.selection.isTaken)
    }

    /// What is heard goes on, and its pictures with it.
    @Test func fileThatIsHeardGoesOnWhileItIsNotShown() throws {
        var script = try Self.onAir(.file(audio: false))
        for time in [0, 40, 80] as [Int64] { script.picture(time, of: 2) }
        #expect(script.tick().shown == "1")
        script.handle(.take(.input(2), .cut))
        #expect(script.tick().released == [1])
        #expect(script.tick().released.sorted() == [2, 5])
        script.handle(.take(.input(1), .cut))
        #expect(script.tick().shown == "4")
    }

    /// Its newest picture is shown at once, and what came before it is passed over.
    @Test func liveInputGoesOnWhileItIsNotShown() throws {
        var script = try Self.onAir(.camera(audio: true))
        for number in 0..<20 as Range<Int64> {
            script.picture(number * 40, of: 2)
            script.sound(from: number * 40, to: number * 40 + 40, of: 2)
            script.picture(160 + number * 40)
            script.handle(.inputCaughtUp(2))
            script.tick()
            script.wait(40)
        }
        script.handle(.take(.input(2), .cut))
        let shown = try #require(script.tick().shown.flatMap { Int($0) })
        #expect(shown >= 41, "the newest of the camera's pictures, which are every other one from 5 on")
        // Of the sound that nobody heard a second is kept.
        guard case .demand(_, let demand)? = script.machine.demands().last else {
            Issue.record("no demand")
            return
        }
        #expect(demand.soundEnd <= 96_000 + 38_400)
    }

    @Test func inputWithoutAPictureCanNotBeTaken() throws {
        var script = try Self.onAir(.file(video: false))
        #expect(!script.machine.canTake(2) && !script.machine.canTake(3))
        #expect(script.handle(.take(.input(2), .cut)) == [])
        #expect(script.machine.selection.picture == 1)
    }

    @Test func nextInputFollowsOneThatIsRemoved() throws {
        var script = try Self.onAir()
        script.picture(0, of: 2)
        #expect(script.tick().shown == "1")
        let removed = script.handle(.inputRemoved(1))
        #expect(removed.released.sorted() == [1, 2, 3, 4])
        #expect(script.machine.selection.picture == 2 && script.machine.selection.sound == 2)
        #expect(script.tick().shown == "5")
        // Pictures that were on their way are not taken.
        #expect(script.picture(160) == nil)
        script.handle(.inputRemoved(2))
        #expect(script.tick().shown == "slate")
    }

    /// Its last picture stands until there is another one.
    @Test func inputThatBeginsAnewGoesOnFromItsStart() throws {
        var script = try Self.onAir()
        #expect(script.tick().shown == "1")
        #expect(script.handle(.inputBeganAnew(1)).released == [2, 3, 4])
        #expect(script.tick().shown == "1")
        script.handle(.inputOpened(1, .file()))
        #expect(script.picture(0) != nil)
        #expect(script.picture(40) != nil)
        #expect(script.tick().shown == "5")
        #expect(script.tick().shown == "6")
    }

    /// At its end and reopened by a request, it is as it was before.
    @Test func endedInputThatIsReopenedIsShownAgain() throws {
        var script = try Self.onAir()
        script.handle(.inputEnded(1))
        for _ in 0..<4 { script.tick() }
        script.handle(.inputExpected(1, name: "source 1", isKept: true))
        script.handle(.inputOpened(1, .file()))
        script.picture(0)
        #expect(script.tick().shown == "5")
    }

    @Test func programGoesOnWhileAnInputThatWaitsHasPictures() throws {
        var script = try Self.onAir()
        script.picture(0, of: 2)
        script.handle(.inputEnded(1))
        script.handle(.inputEnded(2))
        for _ in 0..<20 { #expect(script.tick().shown != nil) }
        script.handle(.take(.input(2), .cut))
        #expect(script.tick().shown == "5")
        #expect(script.tick().shown == nil)
    }

    @Test func inputThatIsNotUsedHoldsUpNothing() throws {
        var script = try Self.onAir(isFast: true)
        script.picture(160)
        #expect(script.isDue)
        script.handle(.take(.input(2), .cut))
        #expect(!script.isDue, "nothing of it is here yet")
    }

    // MARK: what is heard

    /// All that is shown is heard, and what has no picture; the level of each is that of its samples.
    @Test func layoutIsHeardWithAllItsInputs() throws {
        var script = try Self.onAir()
        script.handle(.inputExpected(3, name: "mic", isKept: true))
        script.handle(.inputOpened(3, .file(video: false)))
        script.picture(0, of: 2)
        for input in [2, 3] as [InputID] { script.sound(from: 0, to: 500, of: input) }
        #expect(script.machine.heard == [1])
        script.handle(.take(.layout(.sideBySide), .cut))
        #expect(script.machine.heard == [1, 2, 3])
        let samples = script.tick().sound.flatMap(\.samples)
        #expect(samples.last == 6 * Script.level)
        script.handle(.take(.input(2), .cut))
        #expect(script.machine.heard == [2, 3])
        script.handle(.inputRemoved(3))
        #expect(script.machine.heard == [2])
        #expect(script.machine.soundStatus.strips.map(\.name) == ["source 1", "source 2"])
        #expect(script.machine.soundStatus.strips.map(\.isHeard) == [false, true])
    }

    /// Sound fades as long as the picture does.
    @Test func soundFadesWithThePicture() throws {
        var script = try Self.onAir()
        for number in 0..<20 as Range<Int64> {
            script.picture(160 + 40 * number)
            script.picture(40 * number, of: 2)
        }
        for input in [1, 2] as [InputID] { script.sound(from: 0, to: 4000, of: input) }
        script.tick()
        script.handle(.take(.input(2), Transition(.fade, milliseconds: 400)))
        var samples: [Float] = []
        for _ in 0..<15 {
            script.wait(40)
            samples += script.tick().sound.flatMap(\.samples)
        }
        // The course is flat at both ends.
        let changing = samples.count { $0 > 1.01 * Script.level && $0 < 1.99 * Script.level }
        #expect((340...400).contains(changing / 96), "for \(changing / 96) ms")
        #expect(samples.last == 2 * Script.level)
    }
}
