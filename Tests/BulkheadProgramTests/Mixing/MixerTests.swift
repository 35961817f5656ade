import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadProgram
import BulkheadRoom
import BulkheadSystem
import BulkheadTestSupport
import BulkheadTimeline
import BulkheadWire
import Glibc
import Testing

/// The stage with mixers that really run, between a program and a next room that the test plays.
@Suite(.serialized, .timeLimit(.minutes(2))) struct MixerTests {
    /// The next room: it looks at one pixel of each picture, and lets it go.
    private final class Sink: FrameOutlet {
        let pools: FramePools
        let canvas: Canvas
        var frames: [FrameNumber] = []
        /// The luma in the middle of the left half and of the right half, by frame.
        var lumas: [[UInt8]] = []
        private var mappings: [UInt32: PoolMapping] = [:]

        init(_ pools: FramePools, _ canvas: Canvas) {
            self.pools = pools
            self.canvas = canvas
        }

        func take(_ frame: TimelineFrame) {
            frames.append(frame.frame)
            lumas.append(look(at: frame.slot))
            pools.release(frame.slot)
        }

        private func look(at slot: SlotReference) -> [UInt8] {
            if mappings[slot.pool] == nil, let shape = pools.shape(of: slot.pool),
                let descriptor = try? pools.readerDescriptor(of: slot.pool)
            {
                mappings[slot.pool] = try? PoolMapping(shape, descriptor, access: .readOnly)
                descriptor.close()
            }
            guard let bytes = mappings[slot.pool]?.bytes(of: slot.slot) else { return [] }
            let row = canvas.height / 2 * canvas.layout.luma.stride
            return [bytes[row + canvas.width / 4], bytes[row + canvas.width * 3 / 4]]
        }

        func take(_ block: AudioLedger.Block) {}

        var load: FrameLoad { FrameLoad(frames: 2, held: 0, limit: 60, hasRoom: true, isWorking: true) }
    }

    /// Lives on a reactor's thread, as a broadcast does.
    private actor Owner {
        nonisolated let reactor: Reactor
        nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }
        private var mixer: Mixer?
        private var sink: Sink?
        private var context: RoomContext?
        /// A white picture, and a grey one.
        private var slots: [SlotReference] = []
        private let canvas: Canvas
        private var nextFrame: FrameNumber = 0

        init(_ reactor: Reactor, _ canvas: Canvas) {
            self.reactor = reactor
            self.canvas = canvas
        }

        func start(deadline: Duration) throws {
            // What deaths leave behind must not meet the user's.
            setenv("XDG_STATE_HOME", BulkheadTestSupport.BulkheadProgram.runtimeFolder + "/state", 1)
            let pools = FramePools()
            let context = RoomContext(
                reactor: reactor, pools: pools, programs: Programs(folder: productFolder), events: EventLog())
            let sink = Sink(pools, canvas)
            let mixer = Mixer(
                canvas: canvas, terms: MixerMachine.Terms(deadline: deadline), in: context, outlet: sink,
                progressed: {})
            pools.onRemoved = { [weak mixer] in mixer?.drop(pool: $0) }
            (self.context, self.sink, self.mixer) = (context, sink, mixer)
            for color in [VideoColor.white, VideoColor(y: 100, cb: 128, cr: 128)] {
                let pool = try pools.create(canvas, slotCount: 1)
                slots.append(try pools.fill(pool) { PicturePainter($0, canvas: canvas)?.fill(color) })
                try pools.seal(pool)
                pools.retire(pool)
            }
        }

        func want(_ isWanted: Bool) { mixer?.want(isWanted) }

        /// Gives frames that show the white picture on the left and the grey one on the right; the white one stands in.
        func mix(_ count: Int) {
            let half = PixelRectangle(x: 0, y: 0, width: canvas.width / 2, height: canvas.height)
            var right = half
            right.x = half.width
            typealias Slots = Composition<SlotReference>
            let group = Slots.Group(
                [
                    Slots.Layer(slots[0], PictureLayer(source: half, target: half)),
                    Slots.Layer(slots[1], PictureLayer(source: half, target: right)),
                ], clip: canvas.rectangle)
            for _ in 0..<count {
                mixer?.mix(nextFrame, Slots([group]), fallback: slots[0])
                nextFrame += 1
            }
        }

        func pass(_ count: Int) {
            for _ in 0..<count {
                mixer?.pass(nextFrame, slots[1])
                nextFrame += 1
            }
        }

        func change(_ canvas: Canvas) { mixer?.change(canvas) }

        func end() {
            mixer?.end()
            mixer?.hangUp()
        }

        func close() { mixer?.close() }

        /// Lets go of the pictures, after which nothing may be held.
        func letGo() -> Int {
            for slot in slots { context?.pools.release(slot) }
            slots.removeAll()
            return context?.pools.heldCount ?? -1
        }

        var isDrained: Bool { mixer?.isDrained ?? true }
        var isEmpty: Bool { mixer?.isEmpty ?? true }
        var snapshot: MixerSnapshot? { mixer?.snapshot }
        var frames: [FrameNumber] { sink?.frames ?? [] }
        var lumas: [[UInt8]] { sink?.lumas ?? [] }
        var states: [ChildState] { snapshot?.children.map(\.state) ?? [] }
        func pid(_ duty: Duty) -> Int32? { snapshot?.children.first { $0.part.duty == duty }?.pid }
    }

    private static let mixed: [UInt8] = [235, 100]
    private static let alone: [UInt8] = [235, 235]
    private static let other: [UInt8] = [100, 100]

    private func withMixers(
        deadline: Duration = .seconds(60), _ body: (Owner) async throws -> Void
    ) async throws {
        let reactor = try Reactor()
        let owner = Owner(reactor, try #require(Canvas("64x64")))
        try await owner.start(deadline: deadline)
        await owner.want(true)
        #expect(await eventually { await owner.states == [.ready, .ready] })
        try await body(owner)
        #expect(await eventually { await owner.isDrained })
        await owner.end()
        #expect(await eventually { await owner.isEmpty }, "all mixers end")
        await owner.close()
        let frames = await owner.frames
        #expect(frames == Array(0..<FrameNumber(frames.count)))
        #expect(await owner.letGo() == 0, "no slot is held")
        reactor.stop()
    }

    @Test func framesAreMixedAndPass() async throws {
        try await withMixers { owner in
            await owner.mix(5)
            await owner.pass(2)
            await owner.mix(1)
            #expect(await eventually { await owner.isDrained })
            #expect(
                await owner.lumas
                    == [[UInt8]](repeating: Self.mixed, count: 5) + [Self.other, Self.other, Self.mixed])
            #expect(await owner.snapshot?.framesMixed == 6)
            #expect(await owner.snapshot?.framesUnmixed == 0)
        }
    }

    /// Mixers are killed while frames are with them: none is missing, and the standby goes on.
    @Test func killedMixersLoseNothing() async throws {
        try await withMixers { owner in
            for round in 1...4 {
                #expect(await eventually { await owner.states == [.ready, .ready] })
                let pid = try #require(await owner.pid(.onAir))
                // It stands still first, so that it surely has a frame in hand when it dies.
                kill(pid, SIGSTOP)
                await owner.mix(10)
                kill(pid, SIGKILL)
                #expect(await eventually { await owner.isDrained })
                await owner.mix(10)
                #expect(await eventually { await owner.isDrained })
                #expect(await owner.frames.count == 20 * round)
                #expect(await owner.snapshot?.children.first?.restarts == round)
            }
            // Where nobody waits, even the frame that a mixer took into its grave is mixed.
            #expect(await owner.lumas.allSatisfy { $0 == Self.mixed })
        }
    }

    /// One that stands still is late: that frame shows the main input alone, and the standby mixes the next one.
    @Test func aMixerThatStandsStillIsReplaced() async throws {
        try await withMixers(deadline: .seconds(3)) { owner in
            let pid = try #require(await owner.pid(.onAir))
            kill(pid, SIGSTOP)
            await owner.mix(3)
            #expect(await eventually(within: .seconds(20)) { await owner.isDrained })
            #expect(await owner.lumas == [Self.alone, Self.mixed, Self.mixed])
            #expect(await owner.snapshot?.framesUnmixed == 1)
            // When its patience is over too, another one comes in its place.
            #expect(
                await eventually {
                    let standby = await owner.pid(.standby)
                    return await owner.states == [.ready, .ready] && standby != nil && standby != pid
                })
            await owner.mix(1)
        }
    }

    /// What is laid out for the old size shows the main input alone, and ends no mixer.
    @Test func anotherSizeTakesOtherMixers() async throws {
        try await withMixers { owner in
            let old = await owner.pid(.onAir)
            await owner.change(try #require(Canvas("32x32")))
            await owner.mix(1)
            #expect(
                await eventually {
                    let new = await owner.pid(.onAir)
                    return await owner.states == [.ready, .ready] && new != nil && new != old
                })
            await owner.mix(2)
            #expect(await owner.lumas == [[UInt8]](repeating: Self.alone, count: 3))
            #expect(await owner.snapshot?.children.map(\.restarts) == [0, 0])
            #expect(await owner.snapshot?.framesUnmixed == 3)
        }
    }

    @Test func withoutMixersTheMainInputIsShown() async throws {
        try await withMixers { owner in
            await owner.want(false)
            await owner.mix(2)
            await owner.pass(1)
            #expect(await owner.lumas == [Self.alone, Self.alone, Self.other])
            #expect(await eventually { await owner.isEmpty })
            await owner.want(true)
            #expect(await eventually { await owner.states.first == .ready })
            await owner.mix(1)
            #expect(await eventually { await owner.isDrained })
            #expect(await owner.lumas.last == Self.mixed)
        }
    }
}
