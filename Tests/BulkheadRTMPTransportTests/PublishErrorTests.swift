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

/// Each way to fail, as a person reads it.
@Suite(.timeLimit(.minutes(1))) struct PublishErrorTests {
    private func error(
        of server: ScriptedServer, timeout: Duration = .seconds(10)
    ) async throws -> PublishError? {
        let target = try IngestTarget("rtmp://127.0.0.1:\(server.port)/app", key: "secret")
        var options = PublishOptions()
        options.connection.timeout = timeout
        do {
            let publisher = try await RTMPPublisher.connect(to: target, options: options, group: group)
            await publisher.close(goodbye: false)
            await server.stop()
            return nil
        } catch {
            #expect(!"\(error)".contains("secret"))
            await server.stop()
            return error
        }
    }

    private func server(
        answering name: String, with replies: [ScriptedServer.Reply]
    ) async throws -> ScriptedServer {
        try await ScriptedServer { asked, command in
            asked == name ? replies : ScriptedServer.welcome(asked, command)
        }
    }

    private func status(_ code: String, level: String = "error", _ text: String = "") -> AMF0Value {
        .object(["level": .string(level), "code": .string(code), "description": .string(text)])
    }

    @Test func welcomingServerIsPublishedTo() async throws {
        let server = try await ScriptedServer(script: ScriptedServer.welcome)
        #expect(try await error(of: server) == nil)
        #expect(
            server.names.prefix(6) == [
                "(handshake)", "connect", "releaseStream", "FCPublish", "createStream", "publish",
            ])
    }

    @Test func nobodyListens() async throws {
        let port = try FreePort.take()
        let target = try IngestTarget("rtmp://127.0.0.1:\(port)/app/key")
        await #expect(throws: PublishError.unreachable(server: "127.0.0.1:\(port)", reason: "Connection refused")) {
            _ = try await RTMPPublisher.connect(to: target, group: group)
        }
    }

    @Test func nameIsUnknown() async throws {
        let target = try IngestTarget("rtmp://no-such-host.invalid/app/key")
        await #expect(throws: PublishError.nameNotResolved(host: "no-such-host.invalid")) {
            _ = try await RTMPPublisher.connect(to: target, group: group)
        }
    }

    @Test func applicationIsRejected() async throws {
        let reply = Command(
            "_error", transactionID: 1, .null, status("NetConnection.Connect.InvalidApp", "no such app"))
        let found = try await error(of: server(answering: "connect", with: [.command(reply)]))
        #expect(
            found?.description.hasSuffix(
                "rejected the application \"app\": it said NetConnection.Connect.InvalidApp, \"no such app\"") == true)
        #expect(found?.advice == .giveUp)
    }

    @Test func keyIsInUse() async throws {
        let reply = Command("onStatus", .null, status("NetStream.Publish.BadName", "Already publishing"))
        let found = try await error(of: server(answering: "publish", with: [.command(reply, streamID: 1)]))
        #expect(found?.description.contains("is being published already") == true)
        #expect(found?.advice == .awaitRelease)
    }

    @Test func keyIsDenied() async throws {
        let reply = Command("onStatus", .null, status("NetStream.Publish.Denied", "bad\u{1B}[31m key"))
        let found = try await error(of: server(answering: "publish", with: [.command(reply)]))
        #expect(
            found?.description.hasSuffix("refused the stream: it said NetStream.Publish.Denied, \"bad[31m key\"")
                == true)
        #expect(found?.advice == .giveUp)
    }

    @Test func serverClosesWithoutAWord() async throws {
        let found = try await error(of: server(answering: "publish", with: [.close]))
        guard case .closedByServer(_, .publishing, nil) = found else {
            Issue.record("\(String(describing: found))")
            return
        }
    }

    @Test func serverClosesWithACommand() async throws {
        let found = try await error(of: server(answering: "connect", with: [.command(Command("close", .null))]))
        guard case .closedByServer(_, .openingApplication, nil) = found else {
            Issue.record("\(String(describing: found))")
            return
        }
    }

    @Test(arguments: [Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), [0x15, 3, 1, 0, 2, 2, 22]])
    func serverSpeaksSomethingElse(bytes: [UInt8]) async throws {
        let found = try await error(of: ScriptedServer(raw: bytes))
        guard case .notRTMP(_, .unknownVersion(let byte)) = found else {
            Issue.record("\(String(describing: found))")
            return
        }
        #expect(byte == bytes[0])
    }

    @Test(arguments: [
        ("connect", ConnectionPhase.openingApplication), ("createStream", .creatingStream), ("publish", .publishing),
    ])
    func serverIsSilent(at name: String, phase: ConnectionPhase) async throws {
        let found = try await error(of: server(answering: name, with: []), timeout: .milliseconds(4500))
        guard case .timedOut(_, phase, after: .milliseconds(4500)) = found else {
            Issue.record("\(String(describing: found))")
            return
        }
        #expect(found?.description.contains("within 4500 ms") == true)
    }

    @Test func serverSaysNothingAtAll() async throws {
        let found = try await error(of: ScriptedServer(raw: []), timeout: .milliseconds(1500))
        guard case .timedOut(_, .shakingHands, _) = found else {
            Issue.record("\(String(describing: found))")
            return
        }
    }

    @Test func serverSendsNonsense() async throws {
        let found = try await error(of: server(answering: "connect", with: [.bytes([0xC3])]))
        guard case .protocolViolation(_, .chunk(.chunkWithoutPredecessor)) = found else {
            Issue.record("\(String(describing: found))")
            return
        }
    }

    @Test func cancellationClosesTheConnection() async throws {
        let server = try await server(answering: "connect", with: [])
        let target = try IngestTarget("rtmp://127.0.0.1:\(server.port)/app/key")
        let task = Task { () -> PublishError? in
            do throws(PublishError) {
                _ = try await RTMPPublisher.connect(to: target, group: group)
                return nil
            } catch { return error }
        }
        #expect(await eventually { server.names.contains("connect") })
        task.cancel()
        #expect(await task.value == .cancelled)
        await server.stop()
    }

    // MARK: - After Publish.Start

    private func end(of server: ScriptedServer, after start: (RTMPPublisher) -> Void = { _ in }) async throws
        -> [PublishEvent]
    {
        let target = try IngestTarget("rtmp://127.0.0.1:\(server.port)/app/key")
        let publisher = try await RTMPPublisher.connect(to: target, group: group)
        start(publisher)
        var events: [PublishEvent] = []
        for await event in publisher.events { events.append(event) }
        await server.stop()
        return events
    }

    private static let frame = Packet(
        kind: .video(isIDR: true, isDisposable: false), dts: .zero, pts: .zero, bytes: [0, 0, 0, 1, 0x65])

    @Test func serverClosesAfterStart() async throws {
        let server = try await ScriptedServer { name, command in
            let replies = ScriptedServer.welcome(name, command)
            return name == "publish" ? replies + [.close] : replies
        }
        guard case .ended(.failed(.closedBeforeAcceptance))? = try await end(of: server).last else {
            Issue.record("another end")
            return
        }
    }

    @Test func serverIsHeardWhenItRefusesLate() async throws {
        let refusal = Command("onStatus", .null, status("NetStream.Publish.BadName", "busy"))
        let server = try await server(answering: "(media)", with: [.command(refusal, streamID: 1)])
        let events = try await end(of: server) { $0.send(packet: Self.frame) }
        guard case .ended(.failed(.closedByServer(_, .live, let status?)))? = events.last else {
            Issue.record("\(events)")
            return
        }
        #expect(status.text == "busy")
    }

    @Test func acknowledgementBeyondTheFirstIDRIsAcceptance() async throws {
        // An acknowledgement of what has not been sent yet would be a lie.
        let mediaCount = Mutex(0)
        let server = try await ScriptedServer { name, command in
            guard name == "(media)" else { return ScriptedServer.welcome(name, command) }
            let count = mediaCount.withLock { count in
                count += 1
                return count
            }
            return count < 3 ? [] : [.control(.acknowledgement(sequenceNumber: 12_000)), .close]
        }
        let large = Packet(
            kind: .video(isIDR: true, isDisposable: false), dts: .zero, pts: .zero,
            bytes: [UInt8](repeating: 1, count: 5000))
        let events = try await end(of: server) { publisher in
            for _ in 0..<3 { publisher.send(packet: large) }
        }
        #expect(events.contains(.accepted), "\(events)")
        // Whether as an end or as a reset is a matter of what was under way.
        guard case .ended(.failed)? = events.last else {
            Issue.record("\(events)")
            return
        }
    }
}
