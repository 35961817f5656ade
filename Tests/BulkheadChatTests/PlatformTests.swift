import BulkheadChatFormats
import BulkheadDanmaku
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Glibc
import Testing

/// The chat process's loop against servers that others wrote, or that play a platform over real sockets and real TLS.
@Suite(.serialized, .timeLimit(.minutes(3))) struct PlatformTests {
    // MARK: Douyu

    private static func douyu(_ ports: [UInt16]) -> ChatTarget {
        ChatTarget(
            "douyu", .douyu, servers: ports.map { .init(host: "127.0.0.1", port: $0, isSecure: false) },
            channel: "288016", nick: "")
    }

    /// A host where nobody listens, a break, bytes that are no packet: each comment comes once, each gift as often as it came, and
    /// each break is a gap.
    @Test func commentsComeFromAnothersServerOfDouyu() async throws {
        let server = try ChatPeer("douyu-server")
        let dead = UInt16(try FreePort.take())
        let chat = try ChatUnderTest(Self.douyu([dead, try await server.port]))
        #expect(await eventually(within: .seconds(60)) { chat.seen.texts.contains("three") }, "\(server.errorText)")
        let seen = chat.seen
        #expect(seen.texts == ["one @AS/ 🎉", "rocket", "rocket", "two", "three"])
        #expect(seen.again == 1 && seen.gaps.count == 2)
        // What was listened to was not missed.
        #expect(seen.gaps.allSatisfy { $0.from <= $0.until } && seen.gaps[0].until <= seen.gaps[1].from)
        #expect(seen.words.contains("a packet says that it has 8 bytes"))
        #expect(seen.states.filter { $0 == .joined }.count == 3 && seen.states.contains(.failing))
        #expect(!server.lines.contains { $0.hasPrefix("error") }, "\(server.lines)")
    }

    /// What is written here, another client reads.
    @Test func anothersClientOfDouyuReadsOurPackets() async throws {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = try withUnsafeMutablePointer(to: &address) {
            try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                try #require(bind(listener, pointer, length) == 0 && listen(listener, 1) == 0)
                try #require(getsockname(listener, pointer, &length) == 0)
                return UInt16(bigEndian: UnsafeRawPointer(pointer).load(as: sockaddr_in.self).sin_port)
            }
        }
        let texts = ["plain", "@AS/ @S@A@", "你好 🎉 \u{301}x", "type@=rss/"]
        Thread.detachNewThread {
            let connection = accept(listener, nil, nil)
            defer { close(connection) }
            var packets = DouyuPackets()
            var asked: [String] = []
            func wait(for type: String) -> Bool {
                var bytes = [UInt8](repeating: 0, count: 4096)
                while !asked.contains(type) {
                    let count = recv(connection, &bytes, bytes.count, 0)
                    guard count > 0 else { return false }
                    guard (try? packets.take(bytes[..<count], { asked.append(STT.read($0)["type"] ?? "") })) != nil
                    else { return false }
                }
                return true
            }
            func say(_ pairs: [(key: String, value: String)]) {
                var packet = DouyuPackets.packet(STT.write(pairs))
                // The kind that a server sends.
                packet[8] = 0xB2
                _ = packet.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            }
            guard wait(for: "loginreq") else { return }
            say([("type", "loginres"), ("userid", "0")])
            guard wait(for: "joingroup") else { return }
            for text in texts { say([("type", "chatmsg"), ("nn", "a/@"), ("txt", text)]) }
            _ = wait(for: "logout")
        }
        let client = try ChatPeer("douyu-client", ["\(port)", "288016"])
        #expect(await eventually(within: .seconds(60)) { client.lines.count == texts.count }, "\(client.errorText)")
        let read = client.lines.compactMap { try? JSONDecoder().decode([String].self, from: Data($0.utf8)) }
        #expect(read == texts.map { ["a/@", $0] })
    }

    // MARK: Bilibili

    private static func target(
        _ dialect: ChatTarget.Dialect, _ port: UInt16, _ identity: TLSIdentity, channel: String, password: String
    ) throws -> ChatTarget {
        ChatTarget(
            dialect.rawValue, dialect, servers: [.init(host: "localhost", port: port, isSecure: true)],
            channel: channel, nick: "", password: password,
            authorities: try String(contentsOfFile: identity.certificate, encoding: .utf8))
    }

    /// Four games: one whose connection is reset, one that the platform ends, one with a bomb, and one that we end.
    @Test func gamesOfBilibiliAreStartedAgain() async throws {
        let folder = try TemporaryFolder()
        let identity = try await TLSIdentity(in: folder)
        let server = try ChatPeer("bilibili", identity: identity)
        let port = try await server.port
        let chat = try ChatUnderTest(
            try Self.target(.bilibili, port, identity, channel: "1234567890", password: "AK SECRET ABCDEF"))
        #expect(
            await eventually(within: .seconds(90)) { chat.seen.texts.contains("line 6") && chat.isJoined },
            "\(server.lines) \(server.errorText) \(chat.seen.words)")
        #expect(await eventually(within: .seconds(30)) { server.lines.contains("beat 4") })
        let seen = chat.seen
        #expect(seen.texts == ["line 1", "line 2", "line 3", "short", "long", "line 4", "line 5", "line 6"])
        // The third one came again.
        #expect(seen.again == 1 && seen.gaps.count == 3)
        #expect(seen.payments["long"] == ChatPayment(amountMicros: 100_000_000, currency: "CNY", seconds: 600))
        #expect(seen.removed == [.comment(id: "sc-8")])
        #expect(seen.words.contains("the platform has stopped sending"))
        #expect(seen.words.contains("a packet can't be unpacked"))
        #expect(seen.tokens == (1...4).map { "game-\($0)" })
        chat.hangUp()
        #expect(
            await eventually(within: .seconds(30)) { chat.seen.isOver && server.lines.last == "/v2/app/end game-4" })
        let asked = server.lines.filter { $0.hasPrefix("/v2/app/") }
        let starts = (1...4).flatMap { number in
            (number == 1 ? [] : ["/v2/app/end game-\(number - 1)"]) + ["/v2/app/start"]
        }
        #expect(asked == starts + ["/v2/app/end game-4"])
        #expect(!seen.words.joined().contains("SECRET") && !seen.words.joined().contains("ABCDEF"))
    }

    @Test func aWrongSecretOfBilibiliIsARefusal() async throws {
        let folder = try TemporaryFolder()
        let identity = try await TLSIdentity(in: folder)
        let server = try ChatPeer("bilibili", identity: identity)
        let port = try await server.port
        let chat = try ChatUnderTest(
            try Self.target(.bilibili, port, identity, channel: "1234567890", password: "AK WRONG ABCDEF"))
        #expect(await eventually(within: .seconds(60)) { chat.seen.states.contains(.rejected) })
        let words = chat.seen.words.filter { !$0.isEmpty }
        #expect(words == ["the platform refuses to start, with code 4002: signature"])
    }

    // MARK: YouTube

    /// An answer that breaks off, a server that is busy, a chat process that dies: each message comes once, and nothing is missed.
    @Test func messagesOfYouTubeComeOnceOverBreaks() async throws {
        let folder = try TemporaryFolder()
        let identity = try await TLSIdentity(in: folder)
        let server = try ChatPeer("youtube", identity: identity)
        let target = try Self.target(
            .youtube, try await server.port, identity, channel: "6p_JM-I7FUg", password: "KEY")
        let first = try ChatUnderTest(target)
        #expect(
            await eventually(within: .seconds(60)) { first.seen.tokens.contains("T4") },
            "\(server.lines) \(server.errorText) \(first.seen.words)")
        first.hangUp()
        #expect(await eventually(within: .seconds(30)) { first.seen.isOver })
        let second = try ChatUnderTest(target, after: first.seen.record)
        #expect(await eventually(within: .seconds(60)) { second.seen.tokens.contains("T8") }, "\(server.lines)")
        let (before, after) = (first.seen, second.seen)
        #expect(before.texts + after.texts == [1, 2, 3, 4, 5, 7, 8].map { "line \($0)" })
        #expect(before.again + after.again == 0 && before.gaps.isEmpty && after.gaps.isEmpty)
        let paid = before.payments["line 4"] ?? after.payments["line 4"]
        #expect(paid == ChatPayment(amountMicros: 5_000_000, currency: "USD", seconds: 120))
        #expect(after.removed == [.comment(id: "id4")])
        // The connection broke, and its server's troubles were seen.
        #expect((before.states + after.states).contains(.lost))
        #expect((before.words + after.words).contains { $0.contains("HTTP 503") })
        #expect(!(before.words + after.words).joined().contains("KEY"))
    }

    /// Pushed over HTTP/2: a connection that breaks, a stream that ends with a code, and one that goes on.
    @Test func messagesOfYouTubeArePushed() async throws {
        let folder = try TemporaryFolder()
        let identity = try await TLSIdentity(in: folder)
        let server = try ChatPeer("youtube-stream", identity: identity)
        let chat = try ChatUnderTest(
            try Self.target(.youtube, try await server.port, identity, channel: "the-id-of-a-chat", password: "KEY"))
        #expect(
            await eventually(within: .seconds(60)) { chat.seen.texts.contains("line 9") },
            "\(server.lines) \(server.errorText) \(chat.seen.words)")
        let seen = chat.seen
        #expect(seen.texts == (1...9).map { "line \($0)" } && seen.again == 0 && seen.gaps.isEmpty)
        #expect(server.lines.dropFirst() == ["list", "stream T0", "list", "stream T3", "list", "stream T6"])
        #expect(seen.words.contains("the API ends its stream with code 14: away for a moment"))
        #expect(seen.tokens.last == "T9" && chat.isJoined)
        #expect(seen.words.contains("the answer broke off") || seen.words.contains { $0.contains("receiving") })
        chat.hangUp()
        #expect(await eventually(within: .seconds(30)) { chat.seen.isOver })
    }
}
