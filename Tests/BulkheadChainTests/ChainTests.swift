import BulkheadChain
import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadRoom
import BulkheadSystem
import BulkheadTestSupport
import BulkheadTimeline
import BulkheadWire
import Glibc
import Testing

/// The room as a whole, with plugin hosts that really run.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ChainTests {
    /// What the chain gives to the encoding.
    private final class Outlet: FrameOutlet {
        let pools: FramePools
        var frames: [TimelineFrame] = []
        var blocks: [Int64] = []

        init(_ pools: FramePools) { self.pools = pools }

        func take(_ frame: TimelineFrame) {
            frames.append(frame)
            pools.release(frame.slot)
        }

        func take(_ block: AudioLedger.Block) { blocks.append(block.number) }

        var load: FrameLoad {
            FrameLoad(frames: 2, held: 0, limit: 60, hasRoom: true, isWorking: true)
        }
    }

    /// Lives on a reactor's thread, as a broadcast does.
    private actor Owner {
        nonisolated let reactor: Reactor
        nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }
        private var chain: Chain?
        private var outlet: Outlet?
        private var context: RoomContext?
        private var pool: UInt32 = 0
        /// The pool as its writer has it.
        private var pictures: PoolMapping?
        private var nextFrame: FrameNumber = 0
        private(set) var failure: BroadcastError?
        private(set) var choices: [String] = []

        init(_ reactor: Reactor) { self.reactor = reactor }

        func start(_ names: [String], _ isolation: PluginIsolation) throws {
            // What plugins and deaths leave behind must not meet the user's.
            setenv("XDG_STATE_HOME", BulkheadProgram.runtimeFolder + "/state", 1)
            let pools = FramePools()
            let context = RoomContext(
                reactor: reactor, pools: pools, programs: Programs(folder: BulkheadProgram.folder), events: EventLog())
            let outlet = Outlet(pools)
            let canvas = try #require(Canvas("64x64"))
            pool = try pools.create(canvas, slotCount: 200)
            let writing = try pools.writerDescriptor(of: pool)
            pictures = try PoolMapping(try #require(pools.shape(of: pool)), writing, access: .readWrite)
            writing.close()
            try pools.seal(pool)
            let settings = ChainSettings(
                plugins: names.map { Self.border($0) }, isolation: isolation, canvas: canvas,
                frameRate: try #require(FrameRate("25")))
            let bound = ReactorBound(self, reactor)
            let chain = Chain(
                settings, in: context, outlet: outlet,
                requests: ChainRequests(
                    progressed: {}, failed: { error in bound.value.assumeIsolated { $0.failure = error } },
                    changed: { choices in bound.value.assumeIsolated { $0.choices = choices.map(\.name) } },
                    find: { choice, done in
                        done(
                            choice.identity == "border"
                                ? .success(Self.border(choice.name)) : .failure(BroadcastError(.plugin, "no plugin")))
                    }))
            (self.context, self.outlet, self.chain) = (context, outlet, chain)
            try chain.start()
        }

        private static func border(_ name: String) -> PluginFinder.Found {
            PluginFinder.Found(
                choice: PluginChoice("border", name: name, deadlineMicroseconds: 1_000_000),
                library: PluginLibrary(
                    PluginDescription(
                        identity: "border", kind: .bulkhead, path: BulkheadProgram.path("libBorder.so"), name: "border",
                        version: "1", takesVideo: true)))
        }

        func goOnAir() { chain?.enter(.live) }

        /// Puts pictures and blocks into the chain.
        func feed(_ count: Int) throws {
            guard let context, let chain else { return }
            for _ in 0..<count {
                let number = try #require(context.pools.lend(from: pool))
                _ = pictures?.bytes(of: number)?.initializeMemory(as: UInt8.self, repeating: 16)
                let slot = SlotReference(pool: pool, slot: number)
                #expect(context.pools.takeFilled(slot))
                chain.take(TimelineFrame(frame: nextFrame, slot: slot))
                chain.take(AudioLedger.Block(number: nextFrame, samples: [Float](repeating: 0, count: 2048)))
                nextFrame += 1
            }
        }

        func change(_ change: PluginChange) async -> BroadcastError? {
            await withCheckedContinuation { continuation in
                chain?.change(change) { continuation.resume(returning: $0) }
            }
        }

        func end() {
            chain?.end()
            chain?.hangUp()
            chain?.close()
        }

        func restart() throws { try chain?.restart() }
        func use(_ canvas: Canvas) { chain?.change(canvas) }
        func watch() { chain?.watch(at: .now.advanced(by: .seconds(2))) }

        var isSettled: Bool { chain?.isSettled ?? false }
        var isDrained: Bool { chain?.isDrained ?? true }
        var isEmpty: Bool { chain?.isEmpty ?? true }
        var load: FrameLoad? { chain?.load }
        var snapshot: ChainSnapshot? { chain?.snapshot }
        var frames: [FrameNumber] { outlet?.frames.map(\.frame) ?? [] }
        var blocks: [Int64] { outlet?.blocks ?? [] }
        /// Pictures that a host has changed: they are in its own pool.
        var changedCount: Int { outlet?.frames.count { $0.slot.pool != pool } ?? 0 }
        var onAir: Int32? { snapshot?.children.first { $0.part.duty == .onAir }?.pid }
        func hasReplaced(_ old: Int32?) -> Bool { onAir.map { $0 != old } ?? false }
        var heldCount: Int { context?.pools.heldCount ?? 0 }
    }

    private func withChain(
        _ names: [String], _ isolation: PluginIsolation, _ body: (Owner) async throws -> Void
    ) async throws {
        let reactor = try Reactor()
        let owner = Owner(reactor)
        try await owner.start(names, isolation)
        #expect(await eventually { await owner.snapshot?.children.first?.state == .ready || names.isEmpty })
        await owner.goOnAir()
        try await body(owner)
        await owner.end()
        #expect(await eventually { await owner.isEmpty }, "all hosts end")
        reactor.stop()
    }

    /// Feeds and waits until all has come out, each once and in order.
    private func pass(_ count: Int, through owner: Owner) async throws {
        try await owner.feed(count)
        #expect(await eventually { await owner.isDrained })
        let frames = await owner.frames
        #expect(frames == Array(0..<FrameNumber(frames.count)))
        #expect(await owner.blocks == frames)
        #expect(await owner.heldCount == 0, "no slot is held")
    }

    @Test(arguments: PluginIsolation.allCases) func picturesPassAllPlugins(isolation: PluginIsolation) async throws {
        try await withChain(["a", "b"], isolation) { owner in
            #expect(await eventually { await owner.snapshot?.plugins.allSatisfy { $0.state == .working } ?? false })
            try await pass(20, through: owner)
            #expect(await owner.changedCount == 20)
            #expect(await owner.snapshot?.framesUnfiltered == 0)
            #expect(await owner.snapshot?.plugins.map(\.calls) == [20, 20])
            #expect(await owner.load?.frames == 2)
            #expect(await owner.isSettled)
        }
    }

    @Test func withoutPluginsAllPassesAtOnce() async throws {
        try await withChain([], .each) { owner in
            try await owner.feed(3)
            #expect(await owner.frames == [0, 1, 2])
            #expect(await owner.blocks == [0, 1, 2])
            #expect(await owner.snapshot?.children.isEmpty ?? false)
            await #expect(throws: BroadcastError.self) { try await owner.restart() }
        }
    }

    /// Hosts are killed while pictures are with them: none is lost, and the standby goes on.
    @Test func aKilledHostLosesNothing() async throws {
        try await withChain(["a"], .all) { owner in
            for round in 1...3 {
                #expect(await eventually { await owner.snapshot?.children.map(\.state) == [.ready, .ready] })
                let pid = try #require(await owner.onAir)
                try await owner.feed(5)
                kill(pid, SIGKILL)
                #expect(await eventually { await owner.snapshot?.children.first?.restarts == round })
                try await pass(5, through: owner)
            }
            #expect(await owner.snapshot?.plugins.first?.state == .working)
        }
    }

    /// With a host for each, a move is answered when the order has changed, which takes until nothing is in the chain.
    @Test(arguments: PluginIsolation.allCases)
    func changesAreAnsweredInEffect(isolation: PluginIsolation) async throws {
        try await withChain(["a", "b"], isolation) { owner in
            #expect(await eventually { await owner.snapshot?.plugins.allSatisfy { $0.state == .working } ?? false })
            try await owner.feed(10)
            #expect(await owner.change(.move(name: "b", position: 1)) == nil)
            #expect(await owner.snapshot?.plugins.map(\.name) == ["b", "a"])
            #expect(await owner.choices == ["b", "a"])
            try await pass(5, through: owner)
            #expect(await owner.change(.add(PluginChoice("border", name: "c"), position: 2)) == nil)
            #expect(await owner.snapshot?.plugins.map(\.name) == ["b", "c", "a"])
            #expect(await owner.change(.enable(name: "a", false)) == nil)
            #expect(await owner.change(.reload(name: "b")) == nil)
            try await pass(5, through: owner)
            #expect(await owner.change(.remove(name: "b")) == nil)
            #expect(await owner.change(.add(PluginChoice("nosuch"), position: nil))?.kind == .plugin)
            #expect(await owner.change(.remove(name: "b"))?.kind == .usage)
            #expect(await owner.choices == ["c", "a"])
            try await pass(5, through: owner)
        }
    }

    @Test func aRestartReplacesTheHostBetweenTwoPictures() async throws {
        try await withChain(["a"], .all) { owner in
            let old = await owner.onAir
            try await owner.restart()
            try await pass(10, through: owner)
            #expect(await eventually { await owner.hasReplaced(old) })
            try await pass(10, through: owner)
        }
    }

    /// A host for pictures of another size lets those of the old one pass unfiltered.
    @Test func anotherSizeNeedsAnotherHost() async throws {
        try await withChain(["a"], .all) { owner in
            let old = await owner.onAir
            await owner.use(try #require(Canvas("32x32")))
            #expect(await eventually { await owner.hasReplaced(old) })
            try await pass(4, through: owner)
            #expect(await owner.changedCount == 0)
            #expect(await owner.snapshot?.framesUnfiltered == 4)
        }
    }

    /// A host that stands still is ended when its patience is over.
    @Test func aHostThatStandsStillIsReplaced() async throws {
        try await withChain(["a"], .all) { owner in
            #expect(await eventually { await owner.snapshot?.children.map(\.state) == [.ready, .ready] })
            let pid = try #require(await owner.onAir)
            kill(pid, SIGSTOP)
            try await owner.feed(2)
            await owner.watch()
            #expect(await eventually { await owner.snapshot?.children.first?.restarts == 1 })
            try await pass(2, through: owner)
            #expect(await owner.snapshot?.children.first?.lastEnd.contains("no answer within") ?? false)
        }
    }

    @Test func theEndAnswersChangesThatWait() async throws {
        try await withChain(["a"], .all) { owner in
            async let first = owner.change(.reload(name: "a"))
            #expect(await eventually { await owner.snapshot?.children.first?.state == .ready })
            await owner.end()
            // It was made before the end, or it is told of the end; it is never forgotten.
            let error = await first
            #expect(error == nil || error?.kind == .control)
            #expect(await owner.change(.reload(name: "a"))?.kind == .control)
        }
    }
}
