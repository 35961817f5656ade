import BulkheadFLV
import BulkheadMedia
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadTestSupport
import NIOCore
import NIOPosix
import Synchronization
import Testing

private let group = MultiThreadedEventLoopGroup.singleton

/// What servers are known to do.
@Suite(.timeLimit(.minutes(1))) struct MisbehaviourTests {
    private func connect(
        _ peer: ScriptedPeer, host: String = "127.0.0.1", key: String = "key",
        options: PublishOptions = PublishOptions()
    ) async throws -> RTMPPublisher {
        let target = try IngestTarget("rtmp://\(host):\(peer.port)/app", key: key)
        return try await RTMPPublisher.connect(to: target, options: options, group: group)
    }

    private func session(_ peer: ScriptedPeer, first: Int64 = 0) async throws -> PublishingSession {
        PublishingSession(try await connect(peer), first: first)
    }

    /// A script that welcomes, and does more at some commands.
    private static func welcome(
        _ more: @escaping @Sendable (Command) -> [ScriptedPeer.Action]
    ) -> ScriptedPeer.Script {
        { moment in
            guard case .command(let command, _) = moment else { return [] }
            return ScriptedPeer.answer(to: command) + more(command)
        }
    }

    // MARK: - Handshake

    @Test(arguments: [ScriptedPeer.Greeting.bytewise, .wrongEcho])
    func oddHandshakeIsGoodEnough(greeting: ScriptedPeer.Greeting) async throws {
        let peer = try await ScriptedPeer(greeting: greeting)
        let session = try await session(peer)
        #expect(await eventually(within: .seconds(30)) { peer.media.count > 5 })
        await session.finish()
        await peer.stop()
    }

    @Test func addressOfVersionSixIsConnectedTo() async throws {
        let peer = try await ScriptedPeer(host: "::1")
        let publisher = try await connect(peer, host: "[::1]")
        await publisher.close(goodbye: false)
        #expect(peer.commands.first?.argument(0)?["tcUrl"] == .string("rtmp://[::1]:\(peer.port)/app"))
        await peer.stop()
    }

    // MARK: - Commands

    @Test func errorsInHistoricalCommandsAreOverlooked() async throws {
        let peer = try await ScriptedPeer(
            script: Self.welcome { command in
                guard ["releaseStream", "FCPublish", "_checkbw"].contains(command.name) else { return [] }
                let info = AMF0Value.object(["level": "error", "code": "NetConnection.Call.Failed"])
                return [.command(Command("_error", transactionID: command.transactionID, .null, info))]
            })
        let session = try await session(peer)
        #expect(await eventually(within: .seconds(30)) { peer.media.count > 5 })
        #expect(session.end == nil)
        await session.finish(goodbye: true)
        // No onFCPublish has ever come, and none onFCUnpublish.
        #expect(await eventually(within: .seconds(30)) { peer.commandNames.last == "deleteStream" })
        await peer.stop()
    }

    @Test func statusInTheWrapperOfAMF3IsUnderstood() async throws {
        let peer = try await ScriptedPeer { moment in
            guard case .command(let command, _) = moment else { return [] }
            guard command.name == "publish" else { return ScriptedPeer.answer(to: command) }
            return [.wrappedCommand(ScriptedPeer.status("NetStream.Publish.Start"), streamID: 1)]
        }
        let publisher = try await connect(peer)
        await publisher.close(goodbye: false)
        await peer.stop()
    }

    @Test func keyArrivesAsItIs() async throws {
        let key = "?streamname=a&key=b#c/d=/e?f"
        let peer = try await ScriptedPeer()
        let publisher = try await connect(peer, key: key)
        await publisher.close(goodbye: false)
        #expect(peer.commands.first { $0.name == "publish" }?.argument(1) == .string(key))
        await peer.stop()
    }

    @Test func ghostOfOurOwnIsWaitedFor() async throws {
        let peer = try await ScriptedPeer { moment in
            guard case .command(let command, let connection) = moment else { return [] }
            guard command.name == "publish", connection <= 2 else { return ScriptedPeer.answer(to: command) }
            let status = ScriptedPeer.status("NetStream.Publish.BadName", level: "error", text: "Already publishing")
            return [.command(status, streamID: 1)]
        }
        for _ in 0..<2 {
            do {
                _ = try await connect(peer)
                Issue.record("the key was taken")
            } catch let error as PublishError {
                #expect(error.advice == .awaitRelease)
                #expect(error.cause == "in-use")
                #expect("\(error)".contains("already"))
            }
        }
        let publisher = try await connect(peer)
        await publisher.close(goodbye: false)
        await peer.stop()
    }

    @Test func wrongKeyIsNotTakenForAGhost() async throws {
        let peer = try await ScriptedPeer { moment in
            guard case .command(let command, _) = moment else { return [] }
            guard command.name == "publish" else { return ScriptedPeer.answer(to: command) }
            let status = ScriptedPeer.status("NetStream.Publish.BadName", level: "error", text: "invalid stream key")
            return [.command(status, streamID: 1)]
        }
        await #expect { _ = try await connect(peer) } throws: { ($0 as? PublishError)?.advice == .retrySlowly }
        await peer.stop()
    }

    @Test func redirectionIsFollowed() async throws {
        let second = try await ScriptedPeer()
        let port = second.port
        let first = try await ScriptedPeer { moment in
            guard case .command(let command, _) = moment, command.name == "connect" else { return [] }
            let info = AMF0Value.object([
                "level": "error", "code": "NetConnection.Connect.Rejected",
                "ex": .object(["code": 302, "redirect": .string("rtmp://127.0.0.1:\(port)/other")]),
            ])
            return [.command(Command("_error", transactionID: 1, .null, info)), .close]
        }
        let publisher = try await connect(first)
        #expect(publisher.target.port == port)
        #expect(second.commands.first?.argument(0)?["app"] == "other")
        await publisher.close(goodbye: false)
        await first.stop()
        await second.stop()
    }

    @Test func circleOfRedirectionsEnds() async throws {
        let peer = try await ScriptedPeer { moment in
            guard case .command(let command, _) = moment, command.name == "connect" else { return [] }
            let info = AMF0Value.object([
                "level": "error", "code": "NetConnection.Connect.Rejected",
                "ex": .object(["code": 302, "redirect": "/app"]),
            ])
            return [.command(Command("_error", transactionID: 1, .null, info))]
        }
        await #expect(throws: PublishError.redirectedInVain(server: "127.0.0.1:\(peer.port)")) {
            _ = try await connect(peer)
        }
        await peer.stop()
    }

    // MARK: - Reconnect requests

    @Test func reconnectRequestsAreTold() async throws {
        let peer = try await ScriptedPeer()
        let session = try await session(peer)
        for url in ["/live2", "http://nowhere", "rtmp://127.0.0.1:1/app", nil] {
            let code: AMF0Value = "NetConnection.Connect.ReconnectRequest"
            let info: AMF0Object =
                url.map { ["level": "status", "code": code, "description": "maintenance", "tcUrl": .string($0)] }
                ?? ["level": "status", "code": code, "description": "maintenance"]
            peer.perform(.command(Command("onStatus", .null, .object(info))))
        }
        func requests() -> [IngestTarget?] {
            session.events.compactMap { event in
                if case .reconnectRequested(let target, "maintenance") = event { .some(target) } else { nil }
            }
        }
        #expect(await eventually(within: .seconds(30)) { requests().count == 4 })
        #expect(requests().map { $0?.app } == ["live2", nil, "app", "app"])
        #expect(requests().map { $0?.port } == [peer.port, nil, 1, peer.port])
        // It is for the link to go: the connection stays.
        #expect(session.end == nil)
        await session.finish()
        await peer.stop()
    }

    // MARK: - Chunks and control messages

    @Test func pingsAreAnsweredHoweverManyComeAtOnce() async throws {
        let peer = try await ScriptedPeer()
        let session = try await session(peer)
        for number in 0..<1000 { peer.perform(.control(.userControl(.ping(UInt32(number))))) }
        func pongs() -> [UInt32] {
            peer.controls.compactMap { if case .userControl(.pong(let value)) = $0 { value } else { nil } }
        }
        #expect(await eventually(within: .seconds(30)) { pongs().count == 1000 })
        #expect(pongs() == (0..<1000).map { UInt32($0) })
        #expect(session.end == nil)
        await session.finish()
        await peer.stop()
    }

    @Test func chunkSizeMayChangeAtAnyTime() async throws {
        let peer = try await ScriptedPeer()
        let session = try await session(peer)
        let text = String(repeating: "words ", count: 400)
        for byteCount: UInt32 in [1, 7, 128, 65_536, 3] {
            guard let size = ChunkSize(byteCount) else { continue }
            peer.perform(
                .control(.setChunkSize(size)), .command(ScriptedPeer.status("NetStream.Play.Nothing", text: text)))
        }
        // Whether all of it was understood tells what comes behind it.
        peer.perform(.control(.userControl(.ping(77))))
        #expect(await eventually(within: .seconds(30)) { peer.controls.contains(.userControl(.pong(77))) })
        #expect(session.end == nil)
        await session.finish()
        await peer.stop()
    }

    @Test func windowOfOneByteIsEndured() async throws {
        let peer = try await ScriptedPeer(
            script: Self.welcome { $0.name == "connect" ? [.control(.windowAcknowledgementSize(1))] : [] })
        let session = try await session(peer)
        for number in 0..<20 { peer.perform(.control(.userControl(.ping(UInt32(number))))) }
        #expect(await eventually(within: .seconds(30)) { peer.controls.contains(.userControl(.pong(19))) })
        #expect(
            await eventually(within: .seconds(30)) {
                peer.controls.contains { if case .acknowledgement = $0 { true } else { false } }
            })
        #expect(session.end == nil)
        await session.finish()
        await peer.stop()
    }

    // MARK: - Timestamps and headers

    /// The walls of 24, 31 and 32 bits, crossed within three seconds of stream.
    @Test(arguments: [16_776_000, 2_147_483_648 - 1000, 4_294_967_296 - 1000] as [Int64])
    func timestampsGoOnOverTheirWalls(first: Int64) async throws {
        let peer = try await ScriptedPeer()
        let publisher = try await connect(peer)
        publisher.send(configuration: try #require(PublishingSession.configuration))
        let times = (0..<90).map { first + $0 * 1000 / 30 }
        for (number, time) in times.enumerated() {
            publisher.send(packet: PublishingSession.picture(Int64(number), at: time, byteCount: 10_000))
        }
        func pictures() -> [UInt32] {
            peer.media.filter { $0.type == .video && $0.payload.readableBytes > 1000 }.map(\.timestampMilliseconds)
        }
        #expect(await eventually(within: .seconds(30)) { pictures().count == 90 })
        #expect(pictures() == times.map { UInt32(truncatingIfNeeded: $0) })
        await publisher.close(goodbye: false)
        await peer.stop()
    }

    @Test func headersAreSentAgainBeforeThePictureThatNeedsThem() async throws {
        let peer = try await ScriptedPeer()
        let publisher = try await connect(peer)
        for number in 0..<2 {
            publisher.send(
                configuration: try #require(PublishingSession.configuration),
                at: MediaTime(milliseconds: Int64(number) * 1000))
            publisher.send(packet: PublishingSession.picture(0, at: Int64(number) * 1000))
        }
        #expect(await eventually(within: .seconds(30)) { peer.media.count == 8 })
        let types: [MessageType] = [.data, .video, .audio, .video]
        #expect(peer.media.map(\.type) == types + types)
        #expect(peer.media.map(\.timestampMilliseconds) == [0, 0, 0, 0, 0, 1000, 1000, 1000])
        await publisher.close(goodbye: false)
        await peer.stop()
    }

    // MARK: - Ends

    @Test func resetInTheMiddleOfAMessageIsNamed() async throws {
        let peer = try await ScriptedPeer(acknowledging: .every(byteCount: 1000)) { moment in
            switch moment {
            case .command(let command, _): ScriptedPeer.answer(to: command)
            case .media(_, number: 20, _): [.reset]
            default: []
            }
        }
        let session = try await session(peer)
        #expect(await eventually(within: .seconds(30)) { session.end != nil })
        #expect(session.events.contains(.accepted))
        // Where nothing was under way at that moment the system tells of an end only.
        #expect(["reset", "closed"].contains(session.error?.cause))
        #expect(session.error?.advice == .retry)
        await session.finish()
        await peer.stop()
    }

    /// A server that is restarted right after publishing began must not be called a wrong key.
    @Test func earlyCloseBlamesNobody() async throws {
        let peer = try await ScriptedPeer(script: Self.welcome { $0.name == "publish" ? [.close] : [] })
        let session = try await session(peer)
        #expect(await eventually(within: .seconds(30)) { session.end != nil })
        guard case .closedBeforeAcceptance? = session.error else {
            Issue.record("\(String(describing: session.end))")
            return
        }
        #expect(session.error.map { !"\($0)".contains("key") } == true)
        await session.finish()
        await peer.stop()
    }

    @Test func acknowledgementsTellWhatTheServerHas() async throws {
        let peer = try await ScriptedPeer(acknowledging: .everyWithHandshake(byteCount: 10_000))
        let session = try await session(peer)
        #expect(
            await eventually(within: .seconds(30)) {
                let statistics = session.publisher.statistics
                return (statistics.acknowledgedDTS.map { $0 > .zero } ?? false) && statistics.roundTrip != nil
            })
        let statistics = session.publisher.statistics
        // Never more than what has arrived: pictures of 3 kB, each with its sound.
        let arrived = peer.media.last { $0.type == .video }?.timestampMilliseconds ?? 0
        #expect(statistics.acknowledgedDTS.map { $0.milliseconds <= Int64(arrived) } == true)
        #expect((statistics.acknowledgedByteCount ?? 0) > 0)
        await session.finish()
        await peer.stop()
    }

    // MARK: - Preparation

    @Test func preparedConnectionPublishesInOneStep() async throws {
        let peer = try await ScriptedPeer()
        let target = try IngestTarget("rtmp://127.0.0.1:\(peer.port)/app/key")
        let prepared = try await RTMPPublisher.prepare(for: target, group: group)
        #expect(peer.commandNames == ["connect", "createStream"])
        #expect(prepared.end == nil)
        let session = PublishingSession(try await prepared.publish())
        #expect(await eventually(within: .seconds(30)) { peer.media.count > 3 })
        #expect(peer.commandNames == ["connect", "createStream", "FCPublish", "publish"])
        await session.finish()

        let unused = try await RTMPPublisher.prepare(for: target, group: group)
        peer.perform(.close)
        await unused.waitForEnd()
        #expect(unused.end != nil)
        await #expect(throws: PublishError.self) { _ = try await unused.publish() }
        await peer.stop()
    }

    @Test func probeMeasuresWithoutPublishing() async throws {
        let peer = try await ScriptedPeer()
        let target = try IngestTarget("rtmp://127.0.0.1:\(peer.port)/app/key")
        let result = await RTMPProbe.measure(target, group: group)
        #expect(try result.get() > .zero)
        #expect(peer.commandNames == ["connect"])
        await peer.stop()
        guard case .failure(.unreachable) = await RTMPProbe.measure(target, group: group) else {
            Issue.record("somebody answers")
            return
        }
    }
}
