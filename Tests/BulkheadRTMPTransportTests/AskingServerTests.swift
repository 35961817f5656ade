import BulkheadFLV
import BulkheadLiveServer
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadTestSupport
import NIOPosix
import Testing

private let group = MultiThreadedEventLoopGroup.singleton

/// Servers that ask who we are, or to be left.
@Suite(.timeLimit(.minutes(1))) struct AskingServerTests {
    /// A server of Adobe's kind, which answers the third connect well if `isGood`.
    private func adobe(isGood: Bool) async throws -> ScriptedPeer {
        try await ScriptedPeer { moment in
            guard case .command(let command, _) = moment else { return [] }
            guard command.name == "connect" else { return ScriptedPeer.answer(to: command) }
            let app = command.argument(0)?["app"]?.string ?? ""
            func reject(_ text: String) -> [ScriptedPeer.Action] {
                let info = AMF0Value.object([
                    "level": "error", "code": "NetConnection.Connect.Rejected",
                    "description": .string("[ AccessManager.Reject ] : " + text),
                ])
                return [.command(Command("_error", transactionID: 1, .null, info)), .close]
            }
            guard app.contains("?authmod=adobe&user=anchor") else {
                return reject("[ code=403 need auth; authmod=adobe ] : ")
            }
            guard app.contains("&response=") else {
                return reject(
                    "[ authmod=adobe ] : ?reason=needauth&user=anchor&salt=SALT==&challenge=CHAL=&opaque=OPAQ")
            }
            guard isGood else { return reject("[ authmod=adobe ] : ?reason=authfailed&opaque=OPAQ") }
            return ScriptedPeer.answer(to: command)
        }
    }

    private func connect(_ peer: ScriptedPeer, as user: String) async throws -> RTMPPublisher {
        try await RTMPPublisher.connect(
            to: IngestTarget("rtmp://\(user)127.0.0.1:\(peer.port)/live/key"), group: group)
    }

    @Test func userIsProvedInThreeSteps() async throws {
        let peer = try await adobe(isGood: true)
        let publisher = try await connect(peer, as: "anchor:p%40ss@")
        await publisher.close(goodbye: false)
        #expect(peer.connectionCount == 3)
        let apps = peer.commands.filter { $0.name == "connect" }.compactMap { $0.argument(0)?["app"]?.string }
        #expect(apps.first == "live" && apps.dropFirst().first == "live?authmod=adobe&user=anchor")
        #expect(apps.last?.hasSuffix("&opaque=OPAQ") == true)
        #expect(!apps.contains { $0.contains("p@ss") })
        await peer.stop()
    }

    @Test func wrongOrMissingPasswordIsNamed() async throws {
        let peer = try await adobe(isGood: false)
        let server = "127.0.0.1:\(peer.port)"
        await #expect(throws: PublishError.notAuthenticated(server: server, .wrongCredentials)) {
            _ = try await connect(peer, as: "anchor:word@")
        }
        await #expect(throws: PublishError.notAuthenticated(server: server, .credentialsMissing)) {
            _ = try await connect(peer, as: "")
        }
        await peer.stop()
    }

    @Test func embeddedServerAsksItsPublishersToGoOn() async throws {
        let server = try await LiveServer.start(port: 0)
        let publisher = try await RTMPPublisher.connect(
            to: IngestTarget("\(server.address)/live/key"), group: group)
        let session = PublishingSession(publisher)
        #expect(await server.askPublishersToReconnect(to: "/other", text: "maintenance") == 1)
        #expect(
            await eventually(within: .seconds(30)) {
                session.events.contains {
                    if case .reconnectRequested(let target?, "maintenance") = $0 {
                        target.app == "other"
                    } else {
                        false
                    }
                }
            })
        #expect(session.end == nil)
        await session.finish()
        await server.stop()
    }
}
