import BulkheadChildren
import BulkheadEncoding
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

/// The room as a whole, with encoders that really run.
@Suite(.serialized, .timeLimit(.minutes(2))) struct EncodingTests {
    /// What the room gives to the outputs.
    private final class Outlet: PacketOutlet {
        var packets: [Packet] = []
        var configurations: [Int] = []

        func configure(_ configuration: StreamConfiguration, number: Int) { configurations.append(number) }
        func take(_ packet: Packet) { packets.append(packet) }
        var hasRoom: Bool { true }
    }

    /// Lives on a reactor's thread, as a broadcast does.
    private actor Owner {
        nonisolated let reactor: Reactor
        nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }
        private let outlet = Outlet()
        private var encoding: Encoding?
        private var context: RoomContext?
        private var pool: UInt32 = 0
        private var pictures: PoolMapping?
        private var nextFrame: FrameNumber = 0
        private(set) var isDrained = false
        private(set) var failure: BroadcastError?

        init(_ reactor: Reactor) { self.reactor = reactor }

        func start(_ change: @Sendable (inout BroadcastSettings) -> Void) throws {
            // What deaths leave behind must not meet the user's.
            setenv("XDG_STATE_HOME", BulkheadProgram.runtimeFolder + "/state", 1)
            let pools = FramePools()
            let context = RoomContext(
                reactor: reactor, pools: pools, programs: Programs(folder: BulkheadProgram.folder), events: EventLog())
            var settings = BroadcastSettings(
                inputs: [], destinations: [], canvas: try #require(Canvas("64x64")),
                frameRate: try #require(FrameRate("25")), preset: "ultrafast")
            change(&settings)
            pool = try pools.create(settings.canvas, slotCount: 200)
            let writing = try pools.writerDescriptor(of: pool)
            pictures = try PoolMapping(try #require(pools.shape(of: pool)), writing, access: .readWrite)
            writing.close()
            try pools.seal(pool)
            let encoding = Encoding(WantedEncoding(settings), context, outlet: outlet)
            let bound = ReactorBound(self, reactor)
            encoding.onFailure = { error in bound.value.assumeIsolated { $0.failure = error } }
            encoding.onDrained = { bound.value.assumeIsolated { $0.isDrained = true } }
            (self.context, self.encoding) = (context, encoding)
            try encoding.start()
        }

        func goOnAir() { encoding?.wentOnAir() }

        /// Puts pictures and blocks of sound into the room.
        func feed(_ count: Int) throws {
            guard let context, let encoding else { return }
            for _ in 0..<count {
                let number = try #require(context.pools.lend(from: pool))
                _ = pictures?.bytes(of: number)?.initializeMemory(as: UInt8.self, repeating: UInt8(nextFrame & 0x7F))
                let slot = SlotReference(pool: pool, slot: number)
                #expect(context.pools.takeFilled(slot))
                encoding.take(TimelineFrame(frame: nextFrame, slot: slot))
                encoding.take(AudioLedger.Block(number: nextFrame, samples: [Float](repeating: 0, count: 2048)))
                nextFrame += 1
            }
        }

        func finish() {
            encoding?.beginEnding()
            encoding?.finish()
        }

        func end() {
            encoding?.close()
            encoding?.hangUp()
        }

        func look() { encoding?.look() }

        var hasEncoded: Bool { encoding?.hasEncoded ?? false }
        var isEmpty: Bool { encoding?.isEmpty ?? true }
        var load: FrameLoad? { encoding?.load }
        var snapshot: EncodingSnapshot? { encoding?.snapshot }
        var onAir: Int32? { snapshot?.children.first { $0.part.duty == .onAir }?.pid }
        var pictureTimes: [MediaTime] { outlet.packets.filter(\.isVideo).map(\.pts) }
        var decodingTimes: [MediaTime] { outlet.packets.filter(\.isVideo).map(\.dts) }
        var configurations: [Int] { outlet.configurations }
        var heldCount: Int { context?.pools.heldCount ?? 0 }
    }

    private func withEncoding(
        _ change: @Sendable (inout BroadcastSettings) -> Void = { _ in }, _ body: (Owner) async throws -> Void
    ) async throws {
        let reactor = try Reactor()
        let owner = Owner(reactor)
        try await owner.start(change)
        #expect(await eventually { await owner.hasEncoded })
        await owner.goOnAir()
        try await body(owner)
        await owner.end()
        #expect(await eventually { await owner.isEmpty }, "all encoders end")
        #expect(await owner.failure == nil)
        reactor.stop()
    }

    /// Waits until all that was given is out: each picture once, and none of them held any more.
    private func expectAll(_ count: Int, from owner: Owner) async {
        await owner.finish()
        #expect(
            await eventually(within: .seconds(20)) {
                await owner.look()
                return await owner.isDrained
            })
        let shown = await owner.pictureTimes.map(\.nanoseconds).sorted()
        #expect(shown.count == count && zip(shown, shown.dropFirst()).allSatisfy { $1 - $0 == 40_000_000 }, "\(shown)")
        let times = await owner.decodingTimes
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
        #expect(await owner.heldCount == 0, "no slot is held")
    }

    @Test func everyFrameGoesOutOnce() async throws {
        try await withEncoding { owner in
            try await owner.feed(20)
            await expectAll(20, from: owner)
            #expect(await owner.configurations.count == 1)
            #expect(await owner.snapshot?.framesCommitted == 20)
            #expect(await owner.load?.frames == 0)
        }
    }

    /// With B-frames and without, the successor is given again what was not safe.
    @Test(arguments: [0, 2]) func framesOfAKilledEncoderComeFromTheNext(bframes: UInt8) async throws {
        try await withEncoding({
            $0.bframes = bframes
            $0.tune = bframes == 0 ? "zerolatency" : ""
        }) { owner in
            try await owner.feed(20)
            #expect(await eventually { await !owner.pictureTimes.isEmpty || bframes > 0 })
            let first = try #require(await owner.onAir)
            kill(first, SIGKILL)
            try await owner.feed(20)
            #expect(
                await eventually(within: .seconds(20)) {
                    await owner.look()
                    let next = await owner.onAir
                    return next != nil && next != first
                })
            try await owner.feed(20)
            await expectAll(60, from: owner)
            #expect(await owner.snapshot?.framesSkipped == 0)
            #expect(await owner.snapshot?.framesSlated == 0)
        }
    }
}
