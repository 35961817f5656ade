import BulkheadChildren
import BulkheadEvents
import BulkheadInputs
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadWire
import Testing

/// How an input goes on past a place at which process after process dies.
@Suite(.timeLimit(.minutes(1))) struct CrashPlaceTests {
    private static func skipped(
        at seconds: Double, _ length: Double, repeated: Bool = false, to goal: SkipGoal = .position,
        _ goalSeconds: Double? = nil
    ) -> InputMachine.Action {
        .post(
            .skipped(
                positionSeconds: seconds, seconds: length, isRepeated: repeated, goal: goal, goalSeconds: goalSeconds))
    }

    private static func skips(_ actions: [InputMachine.Action]) -> [InputMachine.Action] {
        actions.filter { if case .post(.skipped) = $0 { true } else { false } }
    }

    @Test func secondDeathAtOnePlaceSkipsASecond() {
        var script = Script()
        #expect(script.dieAfter(12_000) == [.died(1, .crash), .interrupt, .launch(after: .zero)])
        #expect(
            script.dieAfter(12_040) == [
                .died(2, .crash), .interrupt, Self.skipped(at: 12.04, 1, to: .position, 13.04), .launch(after: .zero),
            ])
        // Source time goes on without a gap; only the place in the file has moved.
        #expect(script.machine.resume == SourceResume(pts: 12_040_000_000, position: 13_040_000_000, audioSample: 0))
    }

    @Test func furtherDeathsSkipTwiceAsMuchEachTime() {
        var script = Script()
        var skips: [InputMachine.Action] = []
        for time in [1000, 1040, 1080, 1120] as [Int64] { skips += Self.skips(script.dieAfter(time)) }
        #expect(
            skips == [
                Self.skipped(at: 1.04, 1, to: .position, 2.04),
                Self.skipped(at: 1.08, 2, repeated: true, to: .position, 3.08),
                Self.skipped(at: 1.12, 4, repeated: true, to: .position, 5.12),
            ])
    }

    @Test func deathsApartSkipNothing() {
        var script = Script()
        for time in [1000, 3000, 5000, 7000] as [Int64] { #expect(Self.skips(script.dieAfter(time)).isEmpty) }
    }

    /// What a person kills by hand loses nothing as long as the next one gives anything.
    @Test func killingSkipsNothingWhereThereIsProgress() {
        var script = Script()
        for time in [1000, 1040, 1080] as [Int64] { #expect(Self.skips(script.dieAfter(time, .kill)).isEmpty) }
    }

    /// A process that is killed for the memory that a place makes it ask for dies by the same signal.
    @Test func killingWithoutProgressIsThePlacesFault() {
        var script = Script()
        _ = script.dieAfter(1000, .kill)
        script.open()
        script.wait(.milliseconds(2001))
        #expect(Self.skips(script.end(.kill)) == [Self.skipped(at: 1, 1, to: .position, 2)])
    }

    @Test func killingRightAfterOpeningIsNot() {
        var script = Script()
        _ = script.dieAfter(1000, .kill)
        script.open()
        script.wait(.seconds(2))
        #expect(Self.skips(script.end(.kill)).isEmpty)
        #expect(script.machine.resume?.position == 1_000_000_000)
    }

    @Test func deathBeforeOpeningBlamesNoPlace() {
        var script = Script()
        _ = script.dieAfter(1000)
        for _ in 0..<10 {
            script.launch()
            script.wait(.seconds(4))
            #expect(Self.skips(script.end(.crash)).isEmpty)
        }
        #expect(script.machine.resume?.position == 1_000_000_000)
    }

    @Test func placeAtTheVeryStartIsSkippedToo() {
        var script = Script()
        script.open()
        #expect(script.end(.crash) == [.died(1, .crash), .interrupt, .launch(after: .zero)])
        script.open()
        #expect(Self.skips(script.end(.crash)) == [Self.skipped(at: 0, 1, to: .position, 0.96)])
        #expect(
            script.machine.resume == SourceResume(pts: -40_000_000, position: 960_000_000, audioSample: 0))
    }

    @Test func soundAloneIsJudgedByWhatWasHeard() {
        var script = Script()
        for _ in 0..<2 {
            script.open(.soundFile)
            script.sound(until: 5000)
            script.end(.crash)
        }
        #expect(script.machine.resume?.position == 6_000_000_000)
        #expect(script.machine.resume?.audioSample == 240_000)
    }

    // MARK: near the end

    @Test func placeInTheLastSecondEndsAFile() {
        var script = Script()
        _ = script.dieAfter(59_500)
        #expect(
            script.dieAfter(59_540) == [
                .died(2, .crash), .interrupt, Self.skipped(at: 59.54, 1, to: .end), .post(.ended), .finish,
            ])
        #expect(!script.machine.awaitsLaunch)
        #expect(script.machine.record.state == .ended)
    }

    @Test func placeInTheLastSecondOfALoopLeadsToItsNextPass() {
        var script = Script(loops: true)
        _ = script.dieAfter(59_500)
        #expect(
            script.dieAfter(59_540) == [
                .died(2, .crash), .interrupt, Self.skipped(at: 59.54, 1, to: .nextPass), .launch(after: .zero),
            ])
        #expect(script.machine.resume?.position == -40_000_000)
        #expect(script.machine.resume?.pts == 59_540_000_000)
    }

    @Test(arguments: [SourceDescription.testPicture, .camera])
    func whatHasNoPlacesIsNeverSkipped(description: SourceDescription) {
        var script = Script()
        for _ in 0..<6 {
            script.open(description)
            script.wait(.seconds(3))
            script.picture(1000)
            #expect(Self.skips(script.end(.crash)).isEmpty)
        }
    }

    @Test func restartOnRequestBlamesNoPlace() {
        var script = Script()
        for _ in 0..<6 {
            script.open()
            script.picture(1000)
            script.handle(.replace)
            #expect(Self.skips(script.end(.released)).isEmpty)
        }
    }
}
