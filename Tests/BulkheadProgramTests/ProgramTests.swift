import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadProgram
import BulkheadRoom
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire
import Testing

/// The room itself, on a reactor, between an input and a next room that the test plays.
@Suite(.timeLimit(.minutes(1))) struct ProgramTests {
    /// The next room: it keeps what it is given.
    final class Sink: FrameOutlet {
        var frames: [TimelineFrame] = []
        var blocks: [AudioLedger.Block] = []
        var load = FrameLoad(frames: 0, held: 0, limit: 50, hasRoom: true, isWorking: true)
        var onFrame: () -> Void = {}

        func take(_ frame: TimelineFrame) {
            frames.append(frame)
            onFrame()
        }
        func take(_ block: AudioLedger.Block) { blocks.append(block) }
    }

    final class Supply: MediaSupply {
        func copy(until time: MediaTime, of input: InputID) {}
        var demands: [InputID: MediaDemand] = [:]
        var uses: [InputID: MediaUse] = [:]
        func demand(_ demand: MediaDemand, of input: InputID) { demands[input] = demand }
        func use(_ use: MediaUse, of input: InputID) { uses[input] = use }
        var wantsNames = false
        func wantNames() { wantsNames = true }
        var awake: Set<InputID> = []
        func wake(_ input: InputID) { awake.insert(input) }
        func rest(_ input: InputID) { awake.remove(input) }
    }

    /// All of one test, on the reactor's thread.
    actor Stage {
        nonisolated let reactor: Reactor
        nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }
        let events = EventLog()

        init() throws { reactor = try Reactor() }

        deinit { reactor.stop() }

        func run(_ body: @Sendable (Setting) throws -> Void, isFast: Bool = true) throws {
            let setting = try Setting(reactor, events, isFast: isFast)
            try body(setting)
            setting.program.close()
        }

        /// Lets the reactor's timers run until `isOver` is true or ten seconds have passed.
        func play(_ prepare: @Sendable (Setting) throws -> Void, until isOver: @Sendable (Setting) -> Bool) async throws
            -> (frames: Int, ends: Int)
        {
            let setting = try Setting(reactor, events, isFast: false)
            try prepare(setting)
            let deadline = MonotonicTime.now.advanced(by: .seconds(10))
            while !isOver(setting), MonotonicTime.now < deadline { await Task.yield() }
            setting.program.close()
            return (setting.sink.frames.count, setting.ends)
        }
    }

    /// A program of 25 frames a second for a tenth of a second.
    final class Setting {
        let context: RoomContext
        let pools = FramePools()
        let sink = Sink()
        let supply = Supply()
        let pool: UInt32
        let canvas: Canvas
        var mayBegin = true
        var begins = 0
        var ends = 0
        var slateChanges = 0
        var failures: [BroadcastError] = []
        private(set) var program: Program

        init(_ reactor: Reactor, _ events: EventLog, isFast: Bool) throws {
            canvas = try #require(Canvas(width: 64, height: 32))
            context = RoomContext(
                reactor: reactor, pools: pools, programs: Programs(folder: "/nonexistent"), events: events)
            pool = try pools.create(canvas, slotCount: 8)
            let settings = ProgramSettings(
                frameRate: try #require(FrameRate(25)), canvas: canvas, isFast: isFast, slateAfter: .seconds(3),
                durationSeconds: 0.12)
            let box = Box()
            program = try Program(
                context, settings, madeAt: .now, outlet: sink,
                requests: Program.Requests(
                    mayBegin: { box.setting?.mayBegin ?? false }, began: { box.setting?.begins += 1 },
                    ended: { box.setting?.ends += 1 }, progressed: {},
                    slateChanged: { _, _ in box.setting?.slateChanges += 1 },
                    failed: { box.setting?.failures.append($0) }))
            box.setting = self
            program.supply = supply
            context.mediaSeconds = { [weak program] in program?.mediaTime?.seconds }
        }

        /// The input opens and gives pictures, each in a slot that is held once.
        func open(pictures: Int) throws {
            program.expect(1, name: "source 1", isKept: false)
            program.opened(1, .file(audio: false))
            for number in 0..<pictures { try #require(try picture(Int64(number) * 40)) }
        }

        func picture(_ milliseconds: Int64) throws -> Bool {
            let slot = try pools.fill(pool) { _ in }
            let time = MediaTime(milliseconds: milliseconds)
            return program.take(Picture(slot: slot, pts: time, position: time), of: 1)
        }
    }

    private final class Box { weak var setting: Setting? }

    @Test func framesGoOutAndTheEndIsToldOnce() async throws {
        try await Stage().run { setting in
            try setting.open(pictures: 6)
            #expect(setting.begins == 1)
            #expect(setting.ends == 1)
            #expect(setting.sink.frames.map(\.frame) == [0, 1, 2])
            #expect(setting.sink.blocks.map(\.number) == [0, 1, 2, 3, 4])
            #expect(setting.program.nextFrame == 3)
            setting.program.end()
            #expect(setting.ends == 1)
        }
    }

    @Test func everyFrameHoldsItsSlot() async throws {
        try await Stage().run { setting in
            try setting.open(pictures: 6)
            // Three that are on their way, and what waits in the program; the shown one is held twice.
            #expect(setting.pools.heldCount == 6)
            for frame in setting.sink.frames { setting.pools.release(frame.slot) }
            #expect(setting.pools.heldCount == 4)
        }
    }

    @Test func startWaitsForTheBroadcast() async throws {
        try await Stage().run { setting in
            setting.mayBegin = false
            try setting.open(pictures: 6)
            #expect(!setting.program.hasBegun)
            #expect(setting.program.mediaTime == nil)
            setting.mayBegin = true
            setting.program.beginIfPossible()
            #expect(setting.program.hasBegun)
            #expect(setting.sink.frames.count == 3)
        }
    }

    @Test func roomBehindHoldsFastTicksUp() async throws {
        try await Stage().run { setting in
            setting.sink.onFrame = { setting.sink.load.frames += 1 }
            setting.sink.load.limit = 2
            try setting.open(pictures: 6)
            #expect(setting.sink.frames.count == 2)
            setting.sink.load.frames = 1
            setting.program.pump()
            #expect(setting.sink.frames.count == 3)
        }
    }

    /// A next room that has room again while it is given a frame must not be given the next one inside the first.
    @Test func ticksDoNotNest() async throws {
        try await Stage().run { setting in
            var depth = 0
            setting.sink.onFrame = {
                depth += 1
                #expect(depth == 1)
                setting.program.pump()
                depth -= 1
            }
            try setting.open(pictures: 6)
            #expect(setting.sink.frames.map(\.frame) == [0, 1, 2])
        }
    }

    @Test func inputsAreAskedForMore() async throws {
        try await Stage().run { setting in
            setting.mayBegin = false
            try setting.open(pictures: 2)
            #expect(setting.supply.demands[1]?.waiting == 0)
            setting.program.askInputs()
            #expect(setting.supply.demands[1] == MediaDemand(pictures: 16, waiting: 2, step: 5, soundEnd: 96_000))
        }
    }

    @Test func clockDrivesTheTicks() async throws {
        let stage = try Stage()
        let (frames, ends) = try await stage.play({ try $0.open(pictures: 6) }, until: { $0.ends > 0 })
        #expect(frames == 3)
        #expect(ends == 1)
    }

    // MARK: the slate

    @Test func slateIsShownWithoutInputs() async throws {
        try await Stage().run(
            { setting in
                try setting.program.drawSlate(setting.canvas)
                setting.program.beginIfPossible()
                let slate = try #require(setting.program.slate)
                #expect(setting.sink.frames.map(\.slot) == [slate])
                #expect(setting.program.snapshot.showing == .slate)
            }, isFast: false)
    }

    @Test func pictureOfAFileReplacesTheDrawnSlate() async throws {
        try await Stage().run { setting in
            try setting.program.drawSlate(setting.canvas)
            let drawn = try #require(setting.program.slate)
            let still = try setting.pools.fill(setting.pool) { _ in }
            setting.program.take(StillPicture(slot: still, canvas: setting.canvas), for: .slateFile(path: "/a.png"))
            #expect(setting.program.slate == still)
            #expect(setting.slateChanges == 2)
            #expect(setting.pools.shape(of: drawn.pool) == nil)
        }
    }

    @Test func pictureOfAnotherSizeIsLetGo() async throws {
        try await Stage().run { setting in
            try setting.program.drawSlate(setting.canvas)
            let held = setting.pools.heldCount
            let still = try setting.pools.fill(setting.pool) { _ in }
            let canvas = try #require(Canvas(width: 128, height: 64))
            setting.program.take(StillPicture(slot: still, canvas: canvas), for: .slate)
            #expect(setting.program.slate != still)
            #expect(setting.slateChanges == 1)
            #expect(setting.pools.heldCount == held)
        }
    }

    @Test func slateThatCannotBeReadFailsTheStartOnly() async throws {
        try await Stage().run { setting in
            let refusal = Refusal(.notFound, "there is no such file")
            setting.program.failed(.slateFile(path: "/a.png"), .refused(refusal))
            #expect(
                setting.failures == [
                    BroadcastError(
                        .input, "the slate /a.png can't be used: there is no such file",
                        advice: "name a picture, such as a PNG file")
                ])
            setting.program.failed(.slateFile(path: "/a.png"), .readerEnded("crashed"))
            setting.program.beginIfPossible()
            setting.program.failed(.slateFile(path: "/a.png"), .refused(refusal))
            #expect(setting.failures.count == 1)
        }
    }

    /// Cards are made ready before there is trouble, and not for a single input.
    @Test func namesAreWantedWhereSeveralCanBeShown() async throws {
        try await Stage().run { setting in
            try setting.program.drawSlate(setting.canvas)
            for input in [1, 2] as [InputID] { setting.program.expect(input, name: "input \(input)", isKept: true) }
            setting.program.opened(1, .file(audio: false))
            #expect(!setting.supply.wantsNames)
            setting.program.opened(2, .file(audio: false))
            #expect(setting.supply.wantsNames)
            // One of an input that has gone is let go, and so are others with their input.
            let held = setting.pools.heldCount
            for input in [2, 3] as [InputID] {
                let slot = try setting.pools.fill(setting.pool) { _ in }
                setting.program.take(StillPicture(slot: slot, canvas: setting.canvas), for: .name(input))
            }
            #expect(setting.pools.heldCount == held + 1)
            setting.program.removed(2)
            #expect(setting.pools.heldCount == held)
        }
    }

    /// The time of day is shown, and never encoded ahead: a loop of it would be wrong from its first second on.
    @Test func clockIsShownAndNotKept() async throws {
        try await Stage().run { setting in
            try setting.program.drawSlate(setting.canvas)
            func picture(isClock: Bool) throws -> StillPicture {
                StillPicture(
                    slot: try setting.pools.fill(setting.pool) { _ in }, canvas: setting.canvas, isClock: isClock)
            }
            setting.program.take(try picture(isClock: false), for: .slate)
            #expect(setting.slateChanges == 2)
            let held = setting.pools.heldCount
            for _ in 0..<3 {
                let clock = try picture(isClock: true)
                setting.program.take(clock, for: .slate)
                #expect(setting.program.slate == clock.slot)
            }
            #expect(setting.slateChanges == 2 && setting.pools.heldCount == held + 1)
            let next = try picture(isClock: false)
            setting.program.take(next, for: .slate)
            #expect(setting.program.slate == next.slot && setting.slateChanges == 3)
            #expect(setting.pools.heldCount == held)
        }
    }

    /// Without a typeface the letters of dots stay, and the broadcast goes on; a logo that is none is its user's mistake.
    @Test func plainLettersStayWhereNothingCanBeDrawn() async throws {
        let stage = try Stage()
        try await stage.run { setting in
            try setting.program.drawSlate(setting.canvas)
            setting.program.failed(.slate, .refused(Refusal(.settings, "no typeface")))
            setting.program.failed(.slate, .readerEnded("SIGSEGV"))
            setting.program.failed(.name(1), .readerEnded("SIGSEGV"))
            setting.program.noted(.slate, "letters are missing")
            #expect(setting.failures == [] && setting.program.slate != nil)
            setting.program.failed(.slate, .refused(Refusal(.notMedia, "the logo is no PNG file")))
            #expect(setting.failures.map(\.kind) == [.input])
        }
        let codes = stage.events.recent.map(\.code)
        #expect(codes == ["timeline.slate-undrawn", "timeline.slate-undrawn", "timeline.card-noted"])
    }
}
