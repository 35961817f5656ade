import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadProgram
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire
import Testing

/// When frames are left out, and what `--fast` waits for.
@Suite(.timeLimit(.minutes(1))) struct ProgramLoadTests {
    // MARK: overload

    @Test func everySecondFrameIsLeftOutWhileTheEncoderIsSlow() throws {
        var script = try ProgramMachineTests.started(pictures: 30)
        script.load.frames = 38
        var posts: [TimelineHappening] = []
        var shown: [String?] = []
        for _ in 0..<4 {
            let actions = script.tick()
            posts += actions.posts
            shown.append(actions.shown)
        }
        #expect(shown == [nil, "2", nil, "4"])
        #expect(posts == [.skipping(cause: .slowEncoder)])
        #expect(script.machine.framesSkipped == 2)
        script.load.frames = 12
        #expect(script.tick().posts == [.keepingUp(skipped: 2)])
    }

    @Test func fullRoomLeavesOutEveryFrame() throws {
        var script = try ProgramMachineTests.started(pictures: 30)
        script.load = FrameLoad(frames: 60, held: 10, limit: 60, hasRoom: true, isWorking: false)
        let first = script.tick()
        #expect(first.posts == [.skipping(cause: .noEncoder)])
        #expect(first.shown == nil)
        #expect(script.tick().shown == nil)
        #expect(script.machine.framesSkipped == 2)
    }

    /// What an encoder holds by its nature is no backlog.
    @Test func heldFramesAreNoBacklog() throws {
        var script = try ProgramMachineTests.started(pictures: 30)
        script.load = FrameLoad(frames: 40, held: 40, limit: 60, hasRoom: true, isWorking: true)
        #expect(script.tick().posts == [])
    }

    // MARK: --fast

    @Test func fastTicksComeAsSoonAsEverythingIsThere() throws {
        var script = try ProgramMachineTests.started(isFast: true, pictures: 2)
        // The second picture could still be followed by one that is due as well.
        #expect(script.isDue)
        script.tick()
        #expect(!script.isDue)
        script.picture(80)
        #expect(script.isDue)
        script.tick()
        #expect(!script.isDue)
        #expect(script.handle(.timer) == [])
    }

    static let loads: [(frames: Int, hasRoom: Bool, isDue: Bool)] = [
        (49, true, true), (50, true, false), (49, false, false),
    ]

    @Test(arguments: loads)
    func fastTicksWaitForRoom(frames: Int, hasRoom: Bool, isDue: Bool) throws {
        var script = try ProgramMachineTests.started(isFast: true)
        script.load.frames = frames
        script.load.hasRoom = hasRoom
        #expect(script.isDue == isDue)
    }

    @Test func fastTicksWaitForEveryInput() throws {
        var script = try Script(isFast: true)
        script.add(1, .file(audio: false))
        script.add(2, .file(video: false))
        script.picture(0)
        script.picture(40)
        script.sound(from: 0, to: 20, of: 2)
        script.handle(.begin)
        #expect(!script.isDue)
        script.sound(from: 20, to: 40, of: 2)
        #expect(script.isDue)
    }
}
