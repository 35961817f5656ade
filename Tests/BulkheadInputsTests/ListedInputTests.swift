import BulkheadEvents
import BulkheadInputs
import BulkheadMedia
import BulkheadModel
import BulkheadWire
import Testing

/// The machine of an input that is a list of files.
@Suite(.timeLimit(.minutes(1))) struct ListedInputTests {
    private static func list(hasVideo: Bool = true, at number: UInt32 = 0) -> SourceDescription {
        var description = SourceDescription(
            hasVideo: hasVideo, hasAudio: true, isLive: false, duration: -1, summary: "a list")
        description.place = PlaylistPlace(number: number, count: 3)
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
        script.handle(
            .entered(
                script.child, PlaylistPlace(number: entry, count: 3), at: MediaTime(milliseconds: milliseconds)))
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
        script.open(Self.list(at: 1))
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
        script.open(Self.list(at: 2))
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
            script.open(Self.list(at: 2))
            script.wait(.seconds(3))
            let actions = script.end(.crash)
            #expect(actions.contains(.finish) == !loops)
            #expect(actions.contains(.launch(after: .zero)) == loops)
            if loops { #expect((script.machine.resume?.entry, script.machine.resume?.round) == (0, 1)) }
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

    /// What ends two processes while it is opened beside the file at hand is not played; that file has no part in it.
    @Test func fileThatKillsItsReaderWhileItIsOpenedAheadIsLeftOut() {
        var script = Self.script()
        for death in 1...2 {
            script.picture(1000 + 400 * Int64(death))
            script.handle(.preparing(script.child, file: "/srv/bad.mp4"))
            let actions = script.end(.crash)
            #expect(script.machine.resume?.entry == 0)
            #expect(script.machine.resume?.pts == 1_000_000_000 + 400_000_000 * Int64(death), "nothing is skipped")
            let told = actions.contains {
                if case .post(.leftOut("bad.mp4", _)) = $0 { true } else { false }
            }
            #expect(told == (death == 2) && script.machine.avoided == (death == 2 ? ["/srv/bad.mp4"] : []))
            script.open(Self.list())
            script.wait(.seconds(3))
        }
    }

    /// What ends a process behind that is not charged to the file that was opened; a kill from outside neither.
    @Test func openedFileIsNotToBlame() {
        var script = Self.script()
        script.handle(.preparing(script.child, file: "/srv/good.mp4"))
        _ = script.end(.kill)
        for _ in 1...2 {
            script.open(Self.list())
            script.handle(.preparing(script.child, file: "/srv/good.mp4"))
            script.handle(.prepared(script.child, next: "/srv/good.mp4"))
            script.wait(.seconds(3))
            _ = script.end(.crash)
        }
        #expect(script.machine.avoided.isEmpty && script.machine.playlist?.next == "good.mp4")
    }

    @Test func fileIsNamedWhenTheFirstOfItComes() {
        var script = Script()
        var description = Self.list()
        description.place = PlaylistPlace(number: 0, count: 2, file: "/srv/a.mp4", title: "Ay", next: "/srv/b.mp4")
        script.open(description)
        let first = SourceHappening.playing(file: "a.mp4", title: "Ay", number: 1, count: 2, next: "b.mp4")
        #expect(script.picture(0).contains(.post(first)))
        #expect(!script.picture(40).contains(.post(first)), "once")
        script.handle(
            .entered(
                script.child, PlaylistPlace(number: 1, count: 2, file: "/srv/b.mp4", length: 10_000_000_000),
                at: MediaTime(milliseconds: 2000)))
        #expect(script.machine.playlist?.secondsLeft == 10)
        let second = SourceHappening.playing(file: "b.mp4", title: nil, number: 2, count: 2, next: nil)
        #expect(script.picture(2000, position: 2500).contains(.post(second)))
        #expect(script.machine.playlist?.secondsLeft == 7.5)
        #expect(script.machine.playlist?.number == 2 && script.machine.playlist?.next == nil)
    }

    /// What was to be gone on with is not there any more: the process says where it begins instead.
    @Test func successorMayBeginElsewhere() {
        var script = Self.script()
        Self.enter(&script, 1, at: 2000)
        script.picture(2400, position: 400)
        _ = script.end(.kill)
        script.open(Self.list(at: 2))
        #expect(
            script.machine.resume == SourceResume(pts: 2_400_000_000, position: -40_000_000, audioSample: 0, entry: 2))
    }
}
