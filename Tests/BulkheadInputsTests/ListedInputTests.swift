import BulkheadEvents
import BulkheadInputs
import BulkheadMedia
import BulkheadWire
import Testing

/// The machine of an input that is a list of files.
@Suite(.timeLimit(.minutes(1))) struct ListedInputTests {
    private static func list(hasVideo: Bool = true, count: UInt32 = 3) -> SourceDescription {
        var description = SourceDescription(
            hasVideo: hasVideo, hasAudio: true, isLive: false, duration: -1, summary: "a list")
        description.entryCount = count
        return description
    }

    /// A process that has the list open, and has given pictures for a second of the first file.
    private static func script(loops: Bool = false) -> Script {
        var script = Script(loops: loops)
        script.open(list())
        script.wait(.seconds(3))
        script.picture(1000)
        return script
    }

    private static func enter(_ script: inout Script, _ entry: UInt32, at milliseconds: Int64) {
        script.handle(.entered(script.child, entry: entry, at: MediaTime(milliseconds: milliseconds)))
    }

    @Test func nextProcessGoesOnInTheSameFile() {
        var script = Self.script()
        Self.enter(&script, 1, at: 2000)
        script.picture(2400, position: 400)
        _ = script.end(.kill)
        #expect(
            script.machine.resume
                == SourceResume(pts: 2_400_000_000, position: 400_000_000, audioSample: 0, entry: 1))
    }

    /// It says which file it is about to open.
    @Test func fileThatKillsItsReaderBeforeItGivesAnythingIsLeftOut() {
        var script = Self.script()
        Self.enter(&script, 1, at: 2000)
        #expect(
            script.machine.resume == SourceResume(pts: 1_960_000_000, position: -40_000_000, audioSample: 0, entry: 1))
        _ = script.end(.crash)
        #expect(script.machine.resume?.entry == 1, "the first death costs nothing")
        script.open(Self.list())
        script.wait(.seconds(3))
        let actions = script.end(.crash)
        #expect(
            actions.contains(
                .post(.skipped(positionSeconds: 0, seconds: 0, isRepeated: false, goal: .nextFile, goalSeconds: nil))))
        #expect(
            script.machine.resume == SourceResume(pts: 1_960_000_000, position: -40_000_000, audioSample: 0, entry: 2))
    }

    @Test func placeInAFileIsSkippedWithinIt() {
        var script = Self.script()
        Self.enter(&script, 2, at: 2000)
        script.picture(2400, position: 400)
        _ = script.end(.crash)
        script.open(Self.list())
        script.wait(.seconds(3))
        let actions = script.end(.crash)
        #expect(
            actions.contains(
                .post(.skipped(positionSeconds: 0.4, seconds: 1, isRepeated: false, goal: .position, goalSeconds: 1.4)))
        )
        #expect(
            script.machine.resume
                == SourceResume(pts: 2_400_000_000, position: 1_400_000_000, audioSample: 0, entry: 2))
    }

    @Test func lastFileThatKillsItsReaderEndsTheListOrBeginsItAgain() {
        for loops in [false, true] {
            var script = Self.script(loops: loops)
            Self.enter(&script, 2, at: 2000)
            _ = script.end(.crash)
            script.open(Self.list())
            script.wait(.seconds(3))
            let actions = script.end(.crash)
            #expect(actions.contains(.finish) == !loops)
            #expect(actions.contains(.launch(after: .zero)) == loops)
            if loops { #expect(script.machine.resume?.entry == 0) }
        }
    }

    @Test func soundAloneHasItsPlaceInItsFile() {
        var script = Script()
        script.open(Self.list(hasVideo: false))
        script.sound(until: 2000)
        Self.enter(&script, 1, at: 2000)
        script.sound(until: 2500)
        #expect(
            script.machine.resume
                == SourceResume(pts: 2_500_000_000, position: 500_000_000, audioSample: 120_000, entry: 1))
    }
}
