import BulkheadChildren
import BulkheadFrames
import BulkheadInputs
import BulkheadMedia
import BulkheadSystem
import BulkheadTestSupport
import BulkheadTimeline
import BulkheadWire
import Glibc
import Testing

/// The master's face of a source, before a source that says what the test wants.
@Suite(.timeLimit(.minutes(1))) struct SourceStubTests {
    /// What a report came to, without what it carries.
    private enum Heard: Hashable {
        case opened, picture(slot: UInt32), sound(from: Int64), entered(UInt32), caughtUp, notice(String), atEnd,
            refused
        case ended(ChildEnd.Cause)
    }

    /// The stub on its reactor, and the other end of its socket.
    private actor Stage {
        nonisolated let reactor: Reactor
        nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }
        private let pools = FramePools()
        private var stub: SourceStub?
        private var source: WireConnection?
        private var decoder = WireDecoder()
        private var held: [SlotReference] = []
        private(set) var requests: [SourceRequest] = []
        private(set) var reports: [Heard] = []

        init() throws { reactor = try Reactor() }

        deinit { reactor.stop() }

        /// Makes a source that has said hello.
        func begin() throws {
            let pair = try SocketPair()
            let ours = try pair.ours.duplicate()
            let source = try WireConnection(try pair.theirs.duplicate())
            pair.close()
            let settings = SourceSettings(
                url: "/film.mp4", inputFormat: "", canvas: try Self.canvas, frameRate: try Self.frameRate, loops: false)
            let stub = SourceStub(
                try Child(.source, connected: ours, pid: getpid(), on: reactor), settings, pools: pools)
            stub.onReport = { [weak self] report in self?.assumeIsolated { $0.hear(report) } }
            (self.stub, self.source) = (stub, source)
            stub.activate()
            source.send(Hello(role: .source, pid: getpid()))
        }

        private static var canvas: Canvas { get throws { try #require(Canvas(width: 64, height: 64)) } }
        private static var frameRate: FrameRate { get throws { try #require(FrameRate(25)) } }

        private func hear(_ report: SourceStub.Report) {
            switch report {
            case .opened: reports.append(.opened)
            case .picture(let picture):
                held.append(picture.slot)
                reports.append(.picture(slot: picture.slot.slot))
            case .sound(let start, _): reports.append(.sound(from: start))
            case .entered(let place, _): reports.append(.entered(place.number))
            case .prepared(let next): reports.append(.notice("prepared \(next)"))
            case .preparing(let file): reports.append(.notice("preparing \(file)"))
            case .leftOut(let file, _): reports.append(.notice("left out \(file)"))
            case .skipping(let refusal): reports.append(.notice("skipping, \(refusal?.description ?? "yes")"))
            case .copies: reports.append(.notice("copies"))
            case .copied: reports.append(.notice("copied"))
            case .counted: reports.append(.notice("counted"))
            case .thumbnail: reports.append(.notice("a thumbnail"))
            case .caughtUp: reports.append(.caughtUp)
            case .notice(let text): reports.append(.notice(text))
            case .atEnd: reports.append(.atEnd)
            case .refused: reports.append(.refused)
            case .ended(let end): reports.append(.ended(end.cause))
            }
        }

        func say(_ replies: SourceReply...) { for reply in replies { source?.send(reply) } }

        /// Reads what the source was asked.
        func listen() {
            guard let source else { return }
            var chunk = [UInt8](repeating: 0, count: 1 << 16)
            // Descriptors that come along are closed by the kernel.
            let count = recv(source.descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
            if count > 0 { decoder.append(Array(chunk[..<count])) }
            while let frame = try? decoder.next() {
                if let request = try? SourceRequest(frame) { requests.append(request) }
            }
        }

        func play() throws { stub?.play(try Self.canvas, try Self.frameRate, slotCount: 4) }
        func ask(pictures: Int, soundEnd: Int64 = 0) {
            stub?.ask(MediaDemand(pictures: pictures, waiting: 0, step: 1, soundEnd: soundEnd))
        }
        func use(_ use: MediaUse) { stub?.use(use) }
        func checkDeadline(after time: Duration) { stub?.checkDeadline(at: .now.advanced(by: time)) }
        func hangUpSource() { source = nil }
        func releaseAll() {
            for slot in held { pools.release(slot) }
            held = []
        }
        var heldCount: Int { pools.heldCount }
        /// Pools that others may read.
        var sealedCount: Int { pools.shapes.count }
        /// The cause of its end, where the master has ended it.
        var dismissal: String? {
            guard case .ended(.dismissed(let reason))? = reports.last else { return nil }
            return reason
        }
    }

    /// A stage whose source has opened its input, and is to make pictures.
    private func openStage() async throws -> Stage {
        let stage = try Stage()
        try await stage.begin()
        await stage.say(.opened(.file))
        #expect(await eventually { await stage.reports == [.opened] })
        try await stage.play()
        return stage
    }

    /// Waits until the source has been asked `count` times.
    private func requests(_ count: Int, _ stage: Stage) async -> [SourceRequest] {
        #expect(
            await eventually {
                await stage.listen()
                return await stage.requests.count >= count
            })
        return await stage.requests
    }

    @Test func sourceIsToldWhatToOpenAndThenWhatToMake() async throws {
        let stage = try Stage()
        try await stage.begin()
        let first = await requests(1, stage)
        guard case .open(let settings)? = first.first else {
            Issue.record("the input is named first")
            return
        }
        #expect(settings.url == "/film.mp4" && first.count == 1)
        await stage.ask(pictures: 3)
        await stage.say(.opened(.file))
        #expect(await eventually { await stage.reports == [.opened] })
        try await stage.play()
        await stage.ask(pictures: 3, soundEnd: 48_000)
        let all = await requests(7, stage)
        guard case .pool(let shape) = all[1], case .play(let canvas, _, _) = all[2] else {
            Issue.record("the pool comes before what is to be in it")
            return
        }
        #expect(shape.slotCount == 4 && canvas.width == 64)
        let lent = all[3...5].compactMap { if case .lend(let slot) = $0 { slot } else { nil } }
        #expect(Set(lent).count == 3, "as many as are wanted, and none before the input is open")
        #expect(all[6] == .audioCredit(untilSample: 48_000))
    }

    @Test func picturesAreHeldForTheReceiverAndTheirPoolIsSealed() async throws {
        let stage = try await openStage()
        await stage.ask(pictures: 2)
        let lent = await requests(5, stage).compactMap { if case .lend(let slot) = $0 { slot } else { nil } }
        #expect(await stage.sealedCount == 0, "the source may not have mapped it yet")
        await stage.say(.video(slot: lent[1], pts: 0, position: 0), .video(slot: lent[0], pts: 40_000_000, position: 0))
        #expect(await eventually { await stage.reports.count == 3 })
        #expect(await stage.reports == [.opened, .picture(slot: lent[1]), .picture(slot: lent[0])])
        #expect(await stage.heldCount == 2)
        #expect(await stage.sealedCount == 1)
        // It outlives the source, as long as a picture of it is held.
        await stage.hangUpSource()
        #expect(await eventually { await stage.reports.count == 4 })
        #expect(await stage.sealedCount == 1)
        await stage.releaseAll()
        #expect(await stage.sealedCount == 0)
    }

    /// What a source that was taken over may say.
    @Test(
        arguments: [
            (.opened(.file), "it opened twice"),
            (.video(slot: 3, pts: 0, position: 0), "it sent a picture in slot 3, which it was not lent"),
            (.audio(start: 1 << 40, samples: [0, 0]), "it sent sound that it was not asked for"),
        ] as [(SourceReply, String)])
    func replyThatWasNotAskedForEndsTheSource(reply: SourceReply, reason: String) async throws {
        let stage = try await openStage()
        await stage.ask(pictures: 1)
        await stage.say(reply)
        #expect(await eventually { await stage.dismissal == reason })
    }

    /// A slot of its own pool, but one that it has given back already.
    @Test func noSlotIsFilledTwice() async throws {
        let stage = try await openStage()
        await stage.ask(pictures: 2)
        let lent = await requests(5, stage).compactMap { if case .lend(let slot) = $0 { slot } else { nil } }
        let picture = SourceReply.video(slot: lent[0], pts: 0, position: 0)
        await stage.say(picture, picture)
        #expect(
            await eventually {
                await stage.dismissal == "it sent a picture in slot \(lent[0]), which it was not lent"
            })
        #expect(await stage.reports.count { $0 == .picture(slot: lent[0]) } == 1)
    }

    @Test func everythingElseIsPassedOn() async throws {
        let stage = try await openStage()
        await stage.use(MediaUse(pictures: true, sound: false))
        await stage.say(
            .audio(start: 0, samples: [0, 0]), .entered(PlaylistPlace(number: 2, count: 3), at: 5),
            .preparing(file: "a"),
            .leftOut(file: "b", Refusal(.notMedia, "no film")), .skipping(nil), .waiting, .thumbnail([1]),
            .notice("a word"), .ended)
        #expect(await eventually { await stage.reports.count == 10 })
        #expect(
            await stage.reports == [
                .opened, .sound(from: 0), .entered(2), .notice("preparing a"), .notice("left out b"),
                .notice("skipping, yes"), .caughtUp, .notice("a thumbnail"), .notice("a word"), .atEnd,
            ])
        let all = await requests(4, stage)
        #expect(all.last == .use(pictures: true, sound: false))
        await stage.hangUpSource()
        #expect(await eventually { await stage.reports.last == .ended(.disconnected) })
    }

    /// A stream can have a source say anything, as often as it likes.
    @Test func noticesHaveABudget() async throws {
        let stage = try await openStage()
        for number in 0..<200 { await stage.say(.notice("\(number)")) }
        await stage.say(.ended)
        #expect(await eventually { await stage.reports.last == .atEnd })
        #expect(await stage.reports.count == 22, "opened, twenty of them, and the end")
    }

    @Test func aSourceThatOwesPicturesHasThreeSeconds() async throws {
        let stage = try await openStage()
        await stage.checkDeadline(after: .seconds(60))
        #expect(await stage.dismissal == nil, "nothing is owed")
        await stage.ask(pictures: 1)
        await stage.checkDeadline(after: .seconds(60))
        #expect(await eventually { await stage.dismissal == "nothing came within 3 s" })
    }
}
