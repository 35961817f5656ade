import BulkheadChildren
import BulkheadInputs
import BulkheadMedia
import BulkheadModel
import BulkheadTimeline
import BulkheadWire
import Testing

/// Inputs that a later broadcast goes on with.
@Suite(.timeLimit(.minutes(1))) struct ContinuedInputTests {
    private static func place(_ milliseconds: Int64?, position: Int64? = nil, heard: Int64) -> FeedPlace {
        FeedPlace(
            shown: milliseconds.map {
                .init(pts: MediaTime(milliseconds: $0), position: MediaTime(milliseconds: position ?? $0))
            }, sample: heard * 48)
    }

    private static func list(at number: UInt32 = 0, file: String) -> SourceDescription {
        var description = SourceDescription(
            hasVideo: true, hasAudio: true, isLive: false, duration: -1, summary: "a list")
        description.place = PlaylistPlace(number: number, count: 3, file: file)
        return description
    }

    /// What has been read is ahead of what was shown.
    @Test func aFileGoesOnBehindWhatWasShown() {
        var script = Script()
        script.open()
        for time in stride(from: Int64(0), through: 2000, by: 40) { script.picture(time) }
        script.sound(until: 2500)
        #expect(
            script.machine.resume(behind: Self.place(1000, heard: 1040))
                == SourceResume(pts: 1_000_000_000, position: 1_000_000_000, audioSample: 1040 * 48))
        #expect(script.machine.resume(behind: nil) == nil, "nothing of it was shown")
    }

    @Test func soundAloneGoesOnInItsPass() {
        var script = Script(loops: true)
        script.open(.soundFile)
        script.sound(until: 130_000)
        #expect(
            script.machine.resume(behind: Self.place(nil, heard: 125_000))
                == SourceResume(pts: 125_000_000_000, position: 5_000_000_000, audioSample: 125_000 * 48))
    }

    @Test func whatIsLiveHasNoPlace() {
        var script = Script()
        script.open(.camera)
        script.picture(100)
        #expect(script.machine.resume(behind: Self.place(100, heard: 100)) == nil)
    }

    /// The next file is being read while the end of the one before it is shown.
    @Test func aListGoesOnInTheFileThatIsShown() {
        var script = Script()
        script.open(Self.list(file: "/a"))
        script.picture(960)
        script.handle(
            .entered(
                script.child, PlaylistPlace(number: 1, count: 3, file: "/b"), at: MediaTime(milliseconds: 1000)))
        script.picture(1000, position: 0)
        let before = script.machine.resume(behind: Self.place(960, heard: 1000))
        #expect(before?.entry == 0 && before?.file == "/a" && before?.position == 960_000_000)
        let behind = script.machine.resume(behind: Self.place(1000, position: 0, heard: 1040))
        #expect(behind?.entry == 1 && behind?.file == "/b" && behind?.position == 0)
    }

    /// The second broadcast is interrupted before, and behind, the first picture of it.
    @Test func itGoesOnAgainAndAgain() {
        let resume = SourceResume(pts: 5_000_000_000, position: 1_000_000_000, audioSample: 240_000)
        var script = Script(continuing: resume)
        #expect(script.machine.resume == resume && script.machine.resume(behind: nil) == resume)
        script.open()
        #expect(script.machine.continued == resume && script.machine.resume(behind: nil) == resume)
        script.picture(5040, position: 1040)
        #expect(script.machine.resume(behind: nil) == resume)
        #expect(script.machine.resume(behind: Self.place(5040, position: 1040, heard: 5080))?.position == 1_040_000_000)
        // Its beginning is wanted now.
        script.handle(.reopen)
        script.end(.released)
        #expect(script.machine.continued == nil && script.machine.resume == nil)
    }

    @Test func aListThatGoesOnKnowsWhereItsFileBegan() {
        var script = Script(
            continuing: SourceResume(
                pts: 9_000_000_000, position: 2_000_000_000, audioSample: 432_000, entry: 1, file: "/b"))
        script.open(Self.list(at: 1, file: "/b"))
        script.picture(9040, position: 2040)
        let next = script.machine.resume(behind: Self.place(9040, position: 2040, heard: 9080))
        #expect(next?.entry == 1 && next?.file == "/b" && next?.position == 2_040_000_000)
    }

    private static func isLeftOut(_ actions: [InputMachine.Action]) -> Bool {
        actions.contains { if case .leaveOut = $0 { true } else { false } }
    }

    private static func isFatal(_ actions: [InputMachine.Action]) -> Bool {
        actions.contains { if case .fail = $0 { true } else { false } }
    }

    /// A file that is gone, or no film any more, ends no broadcast that goes on, whether it was shown before or not.
    @Test(arguments: [nil, SourceResume(pts: 1, position: 1, audioSample: 0)], [false, true])
    func aFileThatIsGoneIsLeftOut(continued: SourceResume?, hasBegun: Bool) {
        for code in [Refusal.Code.notFound, .accessDenied, .notMedia, .unsupportedCodec, .other] {
            var script = Script(isResumed: true, continuing: continued)
            script.launch()
            let actions = script.handle(.refused(script.child, Refusal(code, "it is gone"), hasBegun: hasBegun))
            #expect(Self.isLeftOut(actions) && !Self.isFatal(actions), "\(code): \(actions)")
            #expect(script.machine.isEnded && script.machine.failure == "it is gone")
            #expect(script.machine.record.state == .failed)
            // Its process is dismissed, and has no successor.
            #expect(script.end(ChildEnd(cause: .dismissed("it is gone"))).isEmpty && !script.machine.awaitsLaunch)
        }
    }

    /// Servers and cameras come back: they are tried for as long as the broadcast lasts.
    @Test(arguments: [Refusal.Code.unreachable, .nameNotResolved, .deviceBusy, .timedOut])
    func whatIsOutOfReachIsAwaited(code: Refusal.Code) {
        var script = Script(isResumed: true)
        for _ in 0..<20 {
            script.launch()
            let refused = script.handle(.refused(script.child, Refusal(code, "not there"), hasBegun: false))
            #expect(!Self.isLeftOut(refused) && !Self.isFatal(refused), "\(refused)")
            let ended = script.end(ChildEnd(cause: .dismissed("not there")))
            #expect(ended.contains { if case .launch = $0 { true } else { false } }, "\(ended)")
            script.wait(.seconds(1))
        }
        #expect(script.open(.camera).contains(.open(.camera)))
    }

    @Test func whatKillsItsReaderIsLeftOut() {
        var script = Script(isResumed: true)
        var actions: [InputMachine.Action] = []
        for _ in 0..<InputMachine.mostDeathsBeforeOpening {
            script.launch()
            actions += script.end(.crash)
        }
        #expect(Self.isLeftOut(actions) && !Self.isFatal(actions) && script.machine.isEnded, "\(actions)")
    }

    /// One that begins is not given what was not there.
    @Test func aFileThatIsGoneFailsABroadcastThatBegins() {
        var script = Script()
        script.launch()
        let actions = script.handle(.refused(script.child, Refusal(.notFound, "no such file"), hasBegun: false))
        #expect(Self.isFatal(actions))
    }

    @Test func numbersOfInputsStay() throws {
        var directory = InputDirectory()
        directory.skip(to: 3)
        let entry = try directory.add(InputSettings(url: "a"), isAlone: false)
        #expect(entry.id == 3 && entry.name == "source 3")
        directory.skip(to: 2)
        #expect(try directory.add(InputSettings(url: "b"), isAlone: false).id == 4)
    }
}
