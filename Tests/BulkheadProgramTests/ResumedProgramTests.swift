import BulkheadMedia
import BulkheadModel
import BulkheadProgram
import BulkheadTimeline
import BulkheadWire
import Testing

/// A timeline that goes on from that of an interrupted broadcast.
@Suite(.timeLimit(.minutes(1))) struct ResumedProgramTests {
    @Test func framesAreCountedOn() throws {
        var script = try Script(firstFrame: 100)
        script.add(1, .file(audio: false))
        script.handle(.inputGoesOn(1, from: 7000 * 48))
        for index in 0..<5 { script.picture(7000 + Int64(index) * 40) }
        #expect(script.handle(.begin).contains(.begin))
        #expect(script.machine.nextDue == script.now)
        #expect(script.machine.clock.nextFrame == 100)
        // The first that comes is shown at once, whatever its time is.
        #expect(script.tick().shown == "1")
        script.wait(40)
        #expect(script.isDue && script.tick().shown == "2")
        #expect(script.machine.clock.nextFrame == 102)
        #expect(
            script.machine.places[1]
                == FeedPlace(
                    shown: .init(pts: MediaTime(milliseconds: 7040), position: MediaTime(milliseconds: 7040)),
                    sample: 7080 * 48))
    }

    /// Block 188 holds the sound at 4 s; with frame 99 sound up to there has gone out.
    @Test func soundGoesOnBehindWhatWasSent() throws {
        var script = try Script(firstFrame: 100)
        script.add(1, .file())
        script.handle(.inputGoesOn(1, from: 7000 * 48))
        let demands = script.machine.demands()
        #expect(
            demands.contains {
                if case .demand(1, let demand) = $0 { demand.soundEnd >= 8000 * 48 } else { false }
            }, "more is asked for than was heard before: \(demands)")
        for index in 0..<10 { script.picture(7000 + Int64(index) * 40) }
        script.sound(from: 7000, to: 8000)
        script.handle(.begin)
        let blocks = script.tick().sound
        #expect(blocks.first?.number == 188 && SoundDesk.block(behind: MediaTime(milliseconds: 4000)) == 188)
        #expect(blocks.first?.samples.contains(Script.level) == true)
        #expect(SoundDesk.block(behind: .zero) == 0)
    }

    @Test(arguments: [(0, 24), (10, 14), (24, 0), (100, 0)])
    func lengthCountsWhatWasBefore(before: Int64, last: Int64) throws {
        var script = try Script(seconds: 1, framesBefore: before)
        script.add(1, .file(audio: false))
        script.picture(0)
        script.handle(.begin)
        #expect(script.machine.clock.lastFrame == last)
    }

    @Test func lengthIsCountedOverTheWholeTimeline() throws {
        var script = try Script(seconds: 5, firstFrame: 100)
        script.add(1, .file(audio: false))
        script.picture(0)
        script.handle(.begin)
        #expect(script.machine.clock.lastFrame == 124)
    }

    /// What has not been shown has no place; what waits keeps its own.
    @Test func placesAreThoseOfWhatWasShown() throws {
        var script = try Script()
        script.add(1, .file(audio: false))
        script.add(2, .camera())
        script.picture(0)
        script.picture(40)
        script.wait(4000)
        script.handle(.begin)
        #expect(script.machine.places.isEmpty)
        script.tick()
        script.wait(40)
        script.tick()
        #expect(script.machine.places.keys.sorted() == [1])
    }
}
