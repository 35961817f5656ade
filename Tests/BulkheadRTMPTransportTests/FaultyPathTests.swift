import BulkheadFaults
import BulkheadLiveServer
import BulkheadMedia
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadTestSupport
import NIOCore
import NIOPosix
import Synchronization
import Testing

private let group = MultiThreadedEventLoopGroup.singleton

/// What networks do.
@Suite(.timeLimit(.minutes(1))) struct FaultyPathTests {
    private func session(over path: FaultyPath, byteCount: Int = 3000) async throws -> PublishingSession {
        let target = try IngestTarget("rtmp://127.0.0.1:\(path.port)/app/key")
        let publisher = try await RTMPPublisher.connect(to: target, group: group)
        return PublishingSession(publisher, byteCount: byteCount)
    }

    @Test func blackholeIsSuspectedAndThenLost() async throws {
        let peer = try await ScriptedPeer()
        let path = try await FaultyPath.start(port: peer.port)
        let session = try await session(over: path)
        #expect(await eventually(within: .seconds(30)) { peer.media.count > 10 })
        try await path.set(.blackhole)
        #expect(await eventually(within: .seconds(30)) { session.end != nil })
        #expect(session.events.contains(.suspected(.noAnswer)))
        guard case .connectionLost(_, .silence(.noAnswer, let duration))? = session.error else {
            Issue.record("\(String(describing: session.end))")
            return
        }
        #expect(session.error?.cause == "blackhole")
        #expect(duration < .seconds(2))
        // New connections get no answer either: not even a refusal.
        let target = try IngestTarget("rtmp://127.0.0.1:\(path.port)/app/key")
        var options = ConnectionOptions()
        options.timeout = .milliseconds(300)
        guard
            case .failure(.timedOut(_, .connecting, _)) = await RTMPProbe.measure(
                target, options: options, group: group)
        else {
            Issue.record("a blackhole answers")
            return
        }
        // And when it is over, they are taken again.
        try await path.set(.open)
        #expect(
            await eventually(within: .seconds(30)) {
                if case .success = await RTMPProbe.measure(target, group: group) { true } else { false }
            })
        await session.finish()
        await path.stop()
        await peer.stop()
    }

    @Test func shortBlackholeIsForgiven() async throws {
        let peer = try await ScriptedPeer()
        let path = try await FaultyPath.start(port: peer.port)
        let session = try await session(over: path)
        #expect(await eventually(within: .seconds(30)) { peer.media.count > 10 })
        try await path.set(.blackhole)
        #expect(await eventually(within: .seconds(30)) { session.events.contains(.suspected(.noAnswer)) })
        try await path.set(.open)
        let isOver = await eventually(within: .seconds(30)) {
            session.events.contains(.recovered) || session.end != nil
        }
        #expect(isOver)
        // On a machine that was busy elsewhere meanwhile the line may be lost; then it must be for its silence.
        if let error = session.error { #expect(error.cause == "blackhole") }
        await session.finish()
        await path.stop()
        await peer.stop()
    }

    @Test func serverThatReadsNothingIsTold() async throws {
        let peer = try await ScriptedPeer(receiveBufferByteCount: 8192)
        let session = try await PublishingSession(
            RTMPPublisher.connect(to: IngestTarget("rtmp://127.0.0.1:\(peer.port)/app/key"), group: group),
            byteCount: 50_000)
        #expect(await eventually(within: .seconds(30)) { peer.media.count > 10 })
        peer.perform(.stopReading)
        #expect(await eventually(within: .seconds(30)) { session.events.contains(.suspected(.notReading)) })
        // It comes to itself, and gets everything that waited, in order.
        peer.perform(.readOn)
        #expect(await eventually(within: .seconds(30)) { session.events.contains(.recovered) })
        let sound = peer.media.filter { $0.type == .audio && $0.payload.readableBytes > 100 }
        let expected = sound.indices.map { UInt32($0 * 1000 / 30) }
        #expect(sound.map(\.timestampMilliseconds) == expected)
        #expect(session.end == nil)
        await session.finish()
        await peer.stop()
    }

    @Test func serverThatNeverReadsAgainIsLost() async throws {
        let peer = try await ScriptedPeer(receiveBufferByteCount: 8192)
        var options = PublishOptions()
        options.connection.patience.stall = .seconds(1)
        let session = try await PublishingSession(
            RTMPPublisher.connect(
                to: IngestTarget("rtmp://127.0.0.1:\(peer.port)/app/key"), options: options, group: group),
            byteCount: 50_000)
        #expect(await eventually(within: .seconds(30)) { peer.media.count > 10 })
        peer.perform(.stopReading)
        #expect(await eventually(within: .seconds(30)) { session.end != nil })
        #expect(session.error?.cause == "stalled")
        await session.finish()
        await peer.stop()
    }

    /// Something between takes everything, or the server's program hangs behind its own buffers: only its
    /// acknowledgements tell.
    @Test func serverThatAcknowledgesNoMoreIsSuspected() async throws {
        let peer = try await ScriptedPeer(acknowledging: .every(byteCount: 60_000))
        let publisher = try await RTMPPublisher.connect(
            to: IngestTarget("rtmp://127.0.0.1:\(peer.port)/app/key"), group: group)
        let session = PublishingSession(publisher, byteCount: 30_000)
        #expect(
            await eventually(within: .seconds(30)) {
                (publisher.statistics.acknowledgement?.byteCount ?? 0) > 6 * 60_000
            })
        peer.perform(.stopAcknowledging)
        #expect(await eventually(within: .seconds(30)) { session.events.contains(.suspected(.notAcknowledging)) })
        await session.finish()
        await peer.stop()
    }

    /// A server's program is stopped, and its kernel goes on: at a low bitrate it takes long until that is full.
    @Test func serverThatAnswersNoPingAnyMoreIsLost() async throws {
        let isAnswering = Mutex(true)
        let peer = try await ScriptedPeer { moment in
            switch moment {
            case .command(let command, _): ScriptedPeer.answer(to: command)
            case .control(.userControl(.ping(let value)), _):
                isAnswering.withLock { $0 } ? [.control(.userControl(.pong(value)))] : []
            default: []
            }
        }
        func pings() -> Int { peer.controls.count { if case .userControl(.ping) = $0 { true } else { false } } }
        let publisher = try await RTMPPublisher.connect(
            to: IngestTarget("rtmp://127.0.0.1:\(peer.port)/app/key"), group: group)
        let session = PublishingSession(publisher, byteCount: 500)
        #expect(await eventually(within: .seconds(30)) { pings() >= 4 })
        #expect(!session.events.contains { if case .suspected = $0 { true } else { false } })
        isAnswering.withLock { $0 = false }
        #expect(await eventually(within: .seconds(30)) { session.events.contains(.suspected(.notAnswering)) })
        #expect(await eventually(within: .seconds(30)) { session.end != nil })
        #expect(session.error?.cause == "stalled")
        await session.finish()
        await peer.stop()
    }

    @Test func silentEncoderMakesNoSuspicion() async throws {
        let peer = try await ScriptedPeer()
        let publisher = try await RTMPPublisher.connect(
            to: IngestTarget("rtmp://127.0.0.1:\(peer.port)/app/key"), group: group)
        let session = PublishingSession(publisher, sends: false)
        publisher.send(packet: PublishingSession.picture(0, at: 0))
        #expect(await eventually(within: .seconds(30)) { !peer.media.isEmpty })
        let start = ContinuousClock.now
        // Twice as long as it takes to suspect a line that carries something.
        #expect(await eventually(within: .seconds(30)) { ContinuousClock.now - start > .seconds(1) })
        #expect(session.end == nil)
        #expect(!session.events.contains { if case .suspected = $0 { true } else { false } })
        publisher.send(packet: PublishingSession.picture(1, at: 4900))
        #expect(await eventually(within: .seconds(30)) { peer.media.count == 2 })
        await session.finish()
        await peer.stop()
    }

    @Test func pathThatIsResetIsNamed() async throws {
        let server = try await LiveServer.start(port: 0)
        let path = try await FaultyPath.start(port: server.port)
        let target = try IngestTarget("rtmp://127.0.0.1:\(path.port)/live/key")
        var options = PublishOptions()
        options.windowByteCount = 5000
        let session = PublishingSession(
            try await RTMPPublisher.connect(to: target, options: options, group: group))
        #expect(await eventually(within: .seconds(30)) { session.events.contains(.accepted) })
        await path.reset()
        #expect(await eventually(within: .seconds(30)) { session.end != nil })
        #expect(["reset", "closed"].contains(session.error?.cause))
        try await path.set(.refusing)
        guard case .failure(.unreachable) = await RTMPProbe.measure(target, group: group) else {
            Issue.record("somebody listens")
            return
        }
        try await path.set(.open)
        guard case .success = await RTMPProbe.measure(target, group: group) else {
            Issue.record("nobody listens")
            return
        }
        await session.finish()
        await path.stop()
        await server.stop()
    }
}
