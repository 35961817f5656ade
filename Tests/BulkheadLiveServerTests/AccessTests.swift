import BulkheadHTTP
import BulkheadLiveServer
import BulkheadModel
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadTestSupport
import Foundation
import NIOCore
import NIOPosix
import Testing

private let group = MultiThreadedEventLoopGroup.singleton

/// Hooks, tokens and limits at a server, with our publisher, our player and raw HTTP.
@Suite(.timeLimit(.minutes(2))) struct AccessTests {
    private let log = EventLog()

    private func start(_ change: (inout LiveServerOptions) -> Void) async throws -> LiveServer {
        var options = LiveServerOptions()
        change(&options)
        return try await LiveServer.start(port: 0, options: options, onEvent: log.append)
    }

    private func publisher(to server: LiveServer, _ key: String) async throws -> RTMPPublisher {
        try await RTMPPublisher.connect(to: IngestTarget("\(server.address)/live", key: key), group: group)
    }

    private func play(_ server: LiveServer, _ key: String) async throws {
        try await RTMPPlayer.play(IngestTarget("\(server.address)/live", key: key), group: group) { _ in }
    }

    /// How a publisher is refused, or empty.
    private func refusal(_ server: LiveServer, _ key: String) async -> String {
        do {
            let publisher = try await publisher(to: server, key)
            await publisher.close(goodbye: true)
            return ""
        } catch { return "\(error)" }
    }

    private static func hooks(_ port: Int, _ calls: [OriginHooks.Call] = [.publish, .play, .publishDone, .playDone])
        throws
        -> AccessOptions.Hooks
    {
        var addresses: [OriginHooks.Call: HTTPAddress] = [:]
        for call in calls {
            let address = try #require(HTTPAddress("http://127.0.0.1:\(port)/\(call.rawValue)"))
            addresses[call] = address
        }
        return .init(addresses)
    }

    @Test func hooksOfNginxAreCalled() async throws {
        let peer = try await HookPeer()
        let hooks = try Self.hooks(peer.port)
        let server = try await start { $0.access.hooks = hooks }
        let publisher = try await publisher(to: server, "good?user=ann&call=play&name=bad&x=%0D%0Ay")
        try await play(server, "good?user=bob")
        await publisher.close(goodbye: true)
        #expect(await peer.has("publish_done", "good"))
        #expect(await peer.has("play_done", "good"))
        let call = try #require(peer.calls.first { $0["call"] == "publish" })
        #expect(call["path"] == "/on_publish" && call["app"] == "live" && call["name"] == "good")
        #expect(call["addr"] == "127.0.0.1" && call["type"] == "live" && call["clientid"].flatMap { Int($0) } != nil)
        #expect(call["tcurl"] == "\(server.address)/live" && call["flashver"]?.contains("FMLE") == true)
        // What is behind the name is passed on, but for what names the peer otherwise.
        #expect(call["user"] == "ann" && call["x"] == "\r\ny")
        #expect(peer.calls.first { $0["call"] == "play" }?["user"] == "bob")
        await server.stop()
        await peer.end()
    }

    /// Whoever keeps accounts by hooks has them closed when the server is stopped.
    @Test func hooksHearOfTheEndsThatAStopBrings() async throws {
        let peer = try await HookPeer()
        let hooks = try Self.hooks(peer.port)
        let server = try await start { $0.access.hooks = hooks }
        let publisher = try await publisher(to: server, "good")
        let playing = (0..<3).map { _ in
            Task {
                _ = try? await RTMPPlayer.play(IngestTarget("\(server.address)/live/good"), group: group) { events in
                    while try await events.next() != nil {}
                }
            }
        }
        #expect(await eventually { peer.calls.count { $0["call"] == "play" } == 3 && log.playCount == 3 })
        await server.stop()
        // Nothing is waited for: it has been told.
        #expect(peer.calls.count { $0["call"] == "publish_done" } == 1)
        #expect(peer.calls.count { $0["call"] == "play_done" } == 3)
        for task in playing { await task.value }
        await publisher.close(goodbye: false)
        await peer.end()
    }

    @Test func aStopWaitsForNoHookForLong() async throws {
        let peer = try await HookPeer()
        var hooks = try Self.hooks(peer.port)
        hooks.timeout = .seconds(60)
        let chosen = hooks
        let server = try await start { $0.access.hooks = chosen }
        let publisher = try await publisher(to: server, "lingering")
        let start = ContinuousClock.now
        await server.stop()
        #expect(ContinuousClock.now - start < .seconds(20))
        #expect(
            log.all.contains { "\($0)".contains("not all ends could be told before the server stopped: 1 left") },
            "\(log.all)")
        await publisher.close(goodbye: false)
        await peer.end()
    }

    @Test func hooksDecide() async throws {
        let peer = try await HookPeer()
        var hooks = try Self.hooks(peer.port)
        hooks.timeout = .seconds(5)
        let chosen = hooks
        let server = try await start { $0.access.hooks = chosen }
        #expect(await refusal(server, "bad").contains("Not allowed"))
        for name in ["slow", "broken", "circle", "strange"] {
            #expect(await refusal(server, name).contains("could not be found out"), "\(name)")
        }
        // A body without an end is not read.
        #expect(await refusal(server, "long") == "")
        await #expect(throws: PlayError.self) { try await play(server, "bad") }
        let renamed = try await publisher(to: server, "renamed")
        #expect(
            log.all.contains(.publishStarted(StreamName(app: "live", name: "other"), peer: log.peer(.publish) ?? "")))
        await renamed.close(goodbye: true)
        #expect(log.count { if case .hookFailed = $0 { true } else { false } } >= 1)
        await server.stop()
        await peer.end()
    }

    @Test func aHookThatIsNotThereRefusesOrIsPassedOver() async throws {
        let port = try FreePort.take()
        var hooks = try Self.hooks(port)
        hooks.isJSON = true
        let strict = hooks
        let server = try await start { $0.access.hooks = strict }
        #expect(await refusal(server, "key").contains("could not be found out"))
        await server.stop()
        hooks.admitsWithoutAnswer = true
        let mild = hooks
        let other = try await start { $0.access.hooks = mild }
        #expect(await refusal(other, "key") == "")
        await other.stop()
    }

    @Test func aHookEndsWhatItDoesNotRenew() async throws {
        let peer = try await HookPeer()
        var hooks = try Self.hooks(peer.port, [.update])
        hooks.updateInterval = .seconds(1)
        hooks.isJSON = true
        let chosen = hooks
        let server = try await start {
            $0.access.hooks = chosen
            $0.publisherIdleTimeout = .seconds(60)
        }
        let brief = try await publisher(to: server, "brief")
        let other = try await publisher(to: server, "good")
        var last: PublishEvent?
        for await event in brief.events { last = event }
        guard case .ended(.failed)? = last else {
            Issue.record("\(String(describing: last))")
            return
        }
        #expect(await peer.has("update_publish", "good"))
        #expect(other.statistics.end == nil)
        #expect(peer.calls.first { $0["call"] == "update_publish" }?["time"].flatMap { Int($0) } != nil)
        await other.close(goodbye: true)
        await server.stop()
        await peer.end()
    }

    // MARK: tokens

    private func secret() throws -> (TemporaryFolder, String, [UInt8]) {
        let folder = try TemporaryFolder()
        let path = folder.path("secret")
        try "  0123456789abcdef\n\nfedcba9876543210\n".write(toFile: path, atomically: true, encoding: .utf8)
        return (folder, path, Array("0123456789abcdef".utf8))
    }

    private func token(
        _ action: AccessToken.Action, _ name: String, _ secret: [UInt8], for seconds: Int64 = 60, address: String? = nil
    ) throws -> String {
        let expires = Int64(Date().timeIntervalSince1970) + seconds
        let query = AccessToken.query(
            action, app: "live", name: name, expires: expires, address: address, secret: secret)
        return try #require(query)
    }

    @Test func tokensAreNeeded() async throws {
        let (folder, path, secret) = try secret()
        let server = try await start {
            $0.access.publishSecretPath = path
            $0.access.playSecretPath = path
        }
        #expect(await refusal(server, "key").contains("A token is needed"))
        #expect(await refusal(server, "key?\(try token(.publish, "key", secret))") == "")
        #expect(await refusal(server, "key?\(try token(.publish, "key", Array("fedcba9876543210".utf8)))") == "")
        #expect(await refusal(server, "key?\(try token(.play, "key", secret))").contains("not for this"))
        #expect(await refusal(server, "other?\(try token(.publish, "key", secret))").contains("not for this"))
        #expect(await refusal(server, "key?\(try token(.publish, "key", secret, for: -60))").contains("expired"))
        let bound = try token(.publish, "key", secret, address: "127.0.0.1")
        #expect(await refusal(server, "key?\(bound)") == "")
        let foreign = try token(.publish, "key", secret, address: "10.0.0.1")
        #expect(await refusal(server, "key?\(foreign)").contains("not for this"))
        // Behind the application it holds as well.
        let query = try token(.publish, "key", secret)
        let publisher = try await RTMPPublisher.connect(
            to: IngestTarget("\(server.address)/live?\(query)", key: "key"), group: group)
        await publisher.close(goodbye: true)
        await #expect(throws: PlayError.self) { try await play(server, "key") }
        try await play(server, "key?\(try token(.play, "key", secret))")
        #expect(!log.all.contains { "\($0)".contains("token=") || "\($0)".contains("0123456789abcdef") })
        await server.stop()
        _ = folder
    }

    @Test func segmentsNeedASession() async throws {
        let (folder, path, secret) = try secret()
        let server = try await start { $0.access.playSecretPath = path }
        let clip = try await MediaClip.make(seconds: 2)
        let publisher = try await publisher(to: server, "key")
        let sending = Task { try await publish(clip, with: publisher) }
        let raw = RawHTTP(port: server.port)
        let end = "HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        for path in ["key.flv", "key.mp4", "key/index.m3u8", "key/live.m3u8", "key/s1.m4s"] {
            #expect(try await raw.ask("GET /live/\(path) \(end)").hasPrefix("HTTP/1.1 403"), "\(path)")
        }
        let query = try token(.play, "key", secret)
        let moved = try await raw.ask("GET /live/key.m3u8?\(query) \(end)")
        #expect(moved.contains("Location: key/index.m3u8?\(query)\r\n"), "\(moved)")
        let all = try await raw.get("/live/key/index.m3u8?\(query)")
        let place = try #require(all.split(separator: "\n").first { $0.hasPrefix("live.m3u8?session=") })
        let media = try await raw.get("/live/key/\(place)")
        let segment = try #require(media.split(separator: "\n").first { $0.hasPrefix("s") })
        #expect(segment.contains(".m4s?session=") && media.contains("\"init-") && !media.contains(".mp4\""))
        #expect(try await raw.bytes("/live/key/\(segment)").dropFirst(4).starts(with: "moof".utf8))
        // FFmpeg plays it with nothing but the first address.
        let probe = try RunningProcess(
            "ffprobe",
            ["-v", "error", "-show_entries", "stream=codec_name", "\(server.httpAddress)/live/key/index.m3u8?\(query)"])
        #expect(await probe.wait() == 0, "\(probe.errorText)")
        #expect(probe.outputText.contains("h264"))
        sending.cancel()
        await publisher.close(goodbye: true)
        await server.stop()
        _ = folder
    }

    @Test func aSecretThatIsTooShortIsSaid() async throws {
        let folder = try TemporaryFolder()
        try "short".write(toFile: folder.path("s"), atomically: true, encoding: .utf8)
        var options = LiveServerOptions()
        options.access.playSecretPath = folder.path("s")
        let chosen = options
        await #expect {
            _ = try await LiveServer.start(port: 0, options: chosen)
        } throws: { "\($0)".contains("fewer than 16 characters") }
        options.access.playSecretPath = folder.path("missing")
        let missing = options
        await #expect {
            _ = try await LiveServer.start(port: 0, options: missing)
        } throws: { "\($0)".contains("no such file") }
    }

    // MARK: limits

    @Test func playersAreCounted() async throws {
        let server = try await start { $0.rates.playerLimit = 1 }
        let target = try IngestTarget("\(server.address)/live", key: "key")
        _ = try await RTMPPlayer.play(target, group: group) { _ in
            await #expect {
                try await play(server, "other")
            } throws: { "\($0)".contains("Too many players") }
        }
        #expect(await eventually { log.all.contains { if case .playEnded = $0 { true } else { false } } })
        try await play(server, "other")
        await server.stop()
    }

    @Test func attemptsAreCounted() async throws {
        let server = try await start { $0.rates.publishesPerMinute = 1 }
        #expect(await refusal(server, "a") == "")
        #expect(await refusal(server, "b").contains("Too many attempts"))
        await server.stop()
    }

    /// Connections that are opened and left have no place that somebody else wants.
    @Test func halfOpenConnectionsMakeRoom() async throws {
        let server = try await start {
            $0.connectionLimit = 8
            $0.publisherIdleTimeout = .seconds(60)
        }
        let good = try await publisher(to: server, "good")
        let target = try IngestTarget("\(server.address)/live", key: "key")
        var idle: [any Channel] = []
        for _ in 0..<200 {
            idle.append(
                try await ClientBootstrap(group: group).connect(host: target.host, port: target.port).get())
        }
        #expect(await refusal(server, "late") == "")
        #expect(good.statistics.end == nil)
        for channel in idle { try? await channel.close() }
        await good.close(goodbye: true)
        await server.stop()
    }
}

extension EventLog {
    /// Who published last.
    func peer(_ action: AccessToken.Action) -> String? {
        all.reversed().compactMap { if case .publishStarted(_, let peer) = $0 { peer } else { nil } }.first
    }
}
