import BulkheadChildren
import BulkheadEvents
import BulkheadInputs
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(1))) struct InputMachineTests {
    @Test func openingTellsTheProgram() {
        var script = Script()
        #expect(script.machine.awaitsLaunch)
        script.launch()
        #expect(!script.machine.awaitsLaunch)
        #expect(script.machine.child == 1)
        #expect(script.machine.record.state == .starting)
        #expect(
            script.handle(.opened(1, .file)) == [.post(.opened(summary: "a file")), .open(.file)])
        #expect(script.machine.record.state == .ready)
        #expect(script.machine.resume == nil)
    }

    @Test func firstWorkIsNotedOnceForEachProcess() {
        var script = Script()
        script.open()
        #expect(script.picture(0) == [.recovered])
        #expect(script.picture(40) == [])
        #expect(script.sound(until: 100) == [])
        script.end(.crash)
        script.open()
        #expect(script.sound(until: 120) == [.recovered])
        #expect(script.picture(80) == [])
    }

    // MARK: what can't be read at all

    private static let damaged = Refusal(.other, "nothing in it can be decoded")

    @Test func aFileOfWhichNothingComesIsGivenUp() {
        var script = Script()
        for _ in 1..<InputMachine.mostBarren {
            script.open()
            #expect(
                script.handle(.refused(script.child, Self.damaged, hasBegun: true))
                    == [.dismiss(script.child, "nothing in it can be decoded")])
            let actions = script.end(ChildEnd(cause: .dismissed("nothing in it can be decoded")))
            #expect(actions.contains { if case .launch = $0 { true } else { false } })
            #expect(script.machine.failure == nil)
        }
        script.open()
        script.handle(.refused(script.child, Self.damaged, hasBegun: true))
        let last = script.end(ChildEnd(cause: .dismissed("nothing in it can be decoded")))
        #expect(
            last.contains {
                if case .giveUp(let error) = $0 { error.problem == Self.damaged.description } else { false }
            })
        #expect(!last.contains { if case .launch = $0 { true } else { false } })
        #expect(script.machine.failure == Self.damaged.description && script.machine.isEnded)
        #expect(script.machine.record.state == .failed)
    }

    /// It gave something once, it runs by its own clock, or somebody kills its readers.
    @Test func whatMayComeBackIsNotGivenUp() {
        for (description, gives, end) in [
            (SourceDescription.testPicture, true, ChildEnd.hang), (.camera, false, .hang), (.file, false, .kill),
        ] {
            var script = Script()
            for round in 0..<3 * InputMachine.mostBarren {
                script.open(description)
                if gives, round == 0 { script.picture(0) }
                if end != .kill { script.handle(.refused(script.child, Self.damaged, hasBegun: true)) }
                script.end(end)
            }
            #expect(script.machine.failure == nil && script.machine.awaitsLaunch)
        }
    }

    @Test func aPictureThatStandsIsNotAtItsEnd() {
        var still = SourceDescription.file
        still.picture = PictureFormat(codec: "png", width: 16, height: 16)
        still.picture?.isStill = true
        var script = Script()
        script.open(still)
        script.picture(0)
        script.handle(.atEnd(1))
        #expect(script.machine.record.state == .still)
    }

    // MARK: where the next process goes on

    @Test func fileGoesOnAfterItsLastPictureAndSound() {
        var script = Script()
        script.open()
        script.sound(until: 500)
        script.picture(400, position: 420)
        script.sound(until: 600)
        #expect(
            script.machine.resume
                == SourceResume(pts: 400_000_000, position: 420_000_000, audioSample: 28_800))
        #expect(script.end(.crash) == [.died(1, .crash), .interrupt, .launch(after: .zero)])
        #expect(script.machine.awaitsLaunch)
        #expect(script.machine.record.state == .restarting)
        #expect(script.machine.record.restarts == 1)
        #expect(script.machine.record.lastEnd == "\(ChildEnd.crash.cause)")
        #expect(script.machine.resume?.pts == 400_000_000)
    }

    /// Sound has come, a picture has not: the next process begins the picture anew, and is sent no sound twice.
    @Test func soundBeforeTheFirstPictureIsNoPlaceInAFile() {
        var script = Script()
        script.open()
        script.sound(until: 500)
        #expect(script.machine.resume == nil)
        script.picture(0)
        #expect(script.machine.resume == SourceResume(pts: 0, position: 0, audioSample: 24_000))
    }

    static let soundPlaces: [(loops: Bool, end: Int64, position: Int64)] = [
        (false, 1000, 1000), (false, 61_000, 61_000), (true, 1000, 1000), (true, 60_000, 0), (true, 61_000, 1000),
    ]

    @Test(arguments: soundPlaces)
    func soundAloneGoesOnByItsTime(loops: Bool, end: Int64, position: Int64) {
        var script = Script(loops: loops)
        script.open(.soundFile)
        script.sound(until: end)
        #expect(
            script.machine.resume
                == SourceResume(
                    pts: end * 1_000_000, position: position * 1_000_000,
                    audioSample: MediaTime(milliseconds: end).sampleIndex))
    }

    @Test func liveInputBeginsItsTimeAnew() {
        var script = Script()
        script.open(.camera)
        script.sound(until: 900)
        script.picture(1000)
        #expect(script.end(.crash) == [.died(1, .crash), .interrupt, .launch(after: .milliseconds(250))])
        #expect(script.machine.resume == nil)
        script.open(.camera)
        script.picture(0)
        #expect(script.machine.resume?.audioSample == 0)
    }

    // MARK: deaths before the input was open

    /// Five processes in ten seconds that did not get to open the input: it can't be read.
    @Test func inputThatNeverOpensFailsTheBroadcast() {
        var script = Script(2)
        for _ in 1..<5 {
            script.launch()
            #expect(script.end(.crash) == [.died(script.child, .crash), .launch(after: .zero)])
        }
        script.launch()
        let error = BroadcastError(
            .input, "input 2 can't be read: the source ended 5 times (\(ChildEnd.crash.cause))")
        #expect(script.end(.crash) == [.died(5, .crash), .fail(error)])
        #expect(!script.machine.awaitsLaunch)
    }

    @Test func deathsFarApartBeforeOpeningAreBorne() {
        var script = Script()
        for _ in 0..<20 {
            script.launch()
            script.wait(.seconds(6))
            #expect(script.end(.hang).last == .launch(after: .zero))
        }
    }

    @Test func deathsAfterOpeningNeverFail() {
        var script = Script()
        script.open(.testPicture)
        var delays: [Duration] = []
        for _ in 0..<12 {
            if case .launch(let delay)? = script.end(.crash).last { delays.append(delay) }
            script.open(.testPicture)
        }
        #expect(
            delays == [0, 0, 0, 0, 0, 100, 250, 500, 1000, 2000, 2000, 2000].map { Duration.milliseconds($0) })
    }

    // MARK: refusals

    static let refusal = Refusal(.notFound, "there is no such file")

    @Test func refusalBeforeTheStartFailsTheBroadcast() {
        var script = Script()
        script.launch()
        #expect(
            script.handle(.refused(1, Self.refusal, hasBegun: false)) == [
                .fail(
                    BroadcastError(
                        .input, "there is no such file", advice: "check the spelling, or give the whole path")),
                .dismiss(1, "there is no such file"),
            ])
    }

    /// An input that has given something, or is one of several that are on air, is opened again, later and later.
    @Test(arguments: [true, false])
    func refusalLaterIsRetried(hasWorked: Bool) {
        var script = Script()
        script.open()
        if hasWorked { script.picture(0) }
        var delays: [Duration] = []
        for _ in 0..<9 {
            #expect(
                script.handle(.refused(script.child, Self.refusal, hasBegun: true)) == [
                    .dismiss(script.child, "there is no such file")
                ])
            if case .launch(let delay)? = script.end(ChildEnd(cause: .dismissed("gone"))).last {
                delays.append(delay)
            }
            script.launch()
        }
        #expect(
            delays == [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000].map { Duration.milliseconds($0) })
        // What it gives ends the waiting.
        script.handle(.opened(script.child, .file))
        script.picture(40)
        script.handle(.refused(script.child, Self.refusal, hasBegun: true))
        #expect(script.end(.hang).last == .launch(after: .milliseconds(250)))
    }

    /// A server that goes between its answer and its first picture is no reason to end, nor is one that isn't back yet.
    @Test func aLiveInputThatWasOpenIsWaitedFor() {
        var script = Script()
        script.open(.camera)
        #expect(
            script.handle(.refused(1, Refusal(.unreachable, "it was lost"), hasBegun: false)) == [
                .dismiss(1, "it was lost")
            ])
        #expect(script.end(ChildEnd(cause: .dismissed("it was lost"))).last == .launch(after: .milliseconds(250)))
        script.launch()
        #expect(
            script.handle(.refused(2, Self.refusal, hasBegun: false)) == [.dismiss(2, "there is no such file")])
        #expect(script.end(ChildEnd(cause: .dismissed("gone"))).last == .launch(after: .milliseconds(500)))
        // One that can't be used at all is told at once.
        script.open(.camera)
        guard case .fail? = script.handle(.refused(3, Refusal(.notMedia, "it is encrypted"), hasBegun: false)).first
        else { return #expect(Bool(false), "the broadcast was not failed") }
    }

    /// A file that is refused is not one that crashes its reader: nothing of it is skipped.
    @Test func refusalSkipsNothing() {
        var script = Script()
        _ = script.dieAfter(1000)
        script.open()
        script.wait(.seconds(3))
        script.handle(.refused(script.child, Self.refusal, hasBegun: true))
        #expect(script.end(.hang) == [.died(2, .hang), .interrupt, .launch(after: .milliseconds(250))])
        #expect(script.machine.resume?.position == 1_000_000_000)
    }

    // MARK: the input's end

    @Test func endOfAFileIsFinal() {
        var script = Script()
        script.open()
        script.picture(0)
        #expect(script.handle(.atEnd(1)) == [.post(.ended), .finish])
        #expect(script.machine.record.state == .ended)
        #expect(script.machine.child == nil)
        #expect(!script.machine.awaitsLaunch)
        // Whatever becomes of the process is of no interest.
        #expect(script.end(.crash) == [])
        #expect(script.machine.record.restarts == 0)
        #expect(script.handle(.replace) == [])
    }

    /// A short sound may have been read to its end before the film is open that it loses to.
    @Test func whatIsUnusedIsSaidOfAnInputAtItsEndToo() {
        var script = Script()
        script.open()
        script.picture(0)
        script.handle(.atEnd(1))
        let nothing = MediaUse(pictures: false, sound: false)
        let actions = script.handle(.restricted(nothing))
        #expect(actions.count == 1)
        let isTold = if case .post(.unused(_, isClosed: true))? = actions.first { true } else { false }
        #expect(isTold, "\(actions)")
        #expect(script.handle(.restricted(nothing)) == [])
    }

    @Test func endOfALiveStreamIsNot() {
        var script = Script()
        script.open(.camera)
        script.picture(0)
        #expect(script.handle(.atEnd(1)) == [.dismiss(1, "the other side has ended the stream")])
        let end = ChildEnd(cause: .dismissed("the other side has ended the stream"))
        #expect(script.end(end) == [.died(1, end), .interrupt, .launch(after: .milliseconds(250))])
    }

    @Test func endOfTheProgramEndsTheProcess() {
        var script = Script()
        script.open()
        #expect(script.handle(.finish) == [.hangUp(1)])
        #expect(script.end(.released) == [])
        #expect(!script.machine.awaitsLaunch)
        #expect(script.machine.record.state == .ended)
    }

    /// A launch that is under way when the program ends is not wanted any more.
    @Test func endOfTheProgramCallsOffALaunch() {
        var script = Script()
        script.open(.camera)
        script.end(.crash)
        #expect(script.machine.awaitsLaunch)
        #expect(script.handle(.finish) == [])
        #expect(!script.machine.awaitsLaunch)
    }

    // MARK: another process, as asked for

    @Test func replacementGoesOnAtOnceAndIsNoDeath() {
        var script = Script()
        script.open()
        script.sound(until: 100)
        script.picture(80)
        #expect(script.handle(.replace) == [.hangUp(1)])
        #expect(script.end(.released) == [.interrupt, .launch(after: .zero)])
        #expect(script.machine.resume == SourceResume(pts: 80_000_000, position: 80_000_000, audioSample: 4800))
        #expect(script.machine.record.restarts == 1)
    }

    @Test func replacementOfALiveInputDoesNotWait() {
        var script = Script()
        script.open(.camera)
        script.handle(.replace)
        #expect(script.end(.released) == [.interrupt, .launch(after: .zero)])
    }

    @Test func replacementThatDiesMeanwhileIsADeath() {
        var script = Script()
        script.open()
        script.picture(0)
        script.handle(.replace)
        #expect(script.end(.crash).first == .died(1, .crash))
    }

    @Test func nothingIsReplacedWhereNoProcessIs() {
        var script = Script()
        #expect(script.handle(.replace) == [])
        script.open(.camera)
        script.end(.crash)
        #expect(script.handle(.replace) == [])
    }

    // MARK: strangers

    @Test func lateWordsOfAProcessThatHasGoneChangeNothing() {
        var script = Script()
        script.open()
        script.picture(0)
        script.end(.crash)
        script.open()
        #expect(script.handle(.opened(1, .camera)) == [])
        #expect(script.handle(.atEnd(1)) == [])
        #expect(script.handle(.ended(1, .crash)) == [])
        #expect(script.machine.child == 2)
        #expect(script.machine.description == .file)
    }

    /// Another process of the same program would say the same: it is not started again and again.
    @Test func sourceOfAnotherVersionFailsTheStartAtOnce() {
        var script = Script()
        script.launch()
        let end = ChildEnd(cause: .otherVersion("the source is version 2 (schema 9), this is version 1 (schema 8)"))
        let actions = script.end(end)
        guard case .fail(let error)? = actions.last else {
            Issue.record("the start goes on: \(actions)")
            return
        }
        #expect(error.code == .childVersion && error.kind == .installation)
        #expect(error.problem.contains("schema 9"))
    }

    /// On air it is a death like others: the package may be in the middle of an upgrade.
    @Test func sourceOfAnotherVersionOnAirIsTriedAgain() {
        var script = Script()
        script.open()
        script.picture(0)
        script.end(.crash)
        script.launch()
        let actions = script.end(ChildEnd(cause: .otherVersion("schema 9")))
        #expect(actions.contains { if case .launch = $0 { true } else { false } })
        #expect(!actions.contains { if case .fail = $0 { true } else { false } })
    }
}
