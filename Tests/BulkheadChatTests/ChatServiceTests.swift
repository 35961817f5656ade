import BulkheadChat
import BulkheadDanmaku
import BulkheadFaults
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Testing

/// The loop against a real server.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ChatServiceTests {
    private static func connection(_ port: Int) -> ChatConnection {
        ChatConnection(
            ChatTarget(
                "irc", .irc, servers: [.init(host: "127.0.0.1", port: UInt16(clamping: port), isSecure: false)],
                channel: "room", nick: "viewer"))
    }

    /// A server that keeps so many lines, a way to it that can be broken, a chat that is joined by it, and somebody who speaks.
    private static func stage(
        keeping count: Int
    ) async throws -> (server: IRCServer, path: FaultyPath, chat: ChatUnderTest, speaker: IRCClient) {
        let server = try await IRCServer(keeping: count)
        let path = try await FaultyPath.start(port: server.port)
        let chat = try ChatUnderTest(connection(path.port).target)
        #expect(await eventually(within: .seconds(30)) { chat.isJoined })
        let speaker = try #require(IRCClient(port: server.port))
        #expect(speaker.join(as: "speaker"))
        return (server, path, chat, speaker)
    }

    /// Cut at random instants, each numbered line comes once.
    @Test func eachLineComesOnceHoweverOftenTheConnectionBreaks() async throws {
        let (server, path, chat, speaker) = try await Self.stage(keeping: 500)
        defer { withExtendedLifetime(server) {} }
        var random = SeededGenerator(seed: 20_261_128)
        var said = 0
        for _ in 0..<50 {
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                said += 1
                speaker.say("line \(said)")
            }
            // Half of the cuts hit a connection that is on its way in, the others one that is joined.
            if Bool.random(using: &random) { #expect(await eventually(within: .seconds(20)) { chat.isJoined }) }
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...40, using: &random)))
            await path.reset()
        }
        speaker.say("the last one")
        #expect(await eventually(within: .seconds(60)) { chat.seen.texts.contains("the last one") })
        let seen = chat.seen
        #expect(seen.texts.filter { $0.hasPrefix("line ") }.count == said)
        #expect(Set(seen.texts) == Set((1...said).map { "line \($0)" } + ["the last one"]))
        // It was put to the test: many connections, and lines that came again.
        #expect(await path.connectionCount > 10)
        #expect(seen.again > 0 && seen.gaps.isEmpty, "\(seen.gaps)")
        await path.stop()
    }

    /// Nothing had been written before the break: what is written meanwhile is asked for all the same.
    @Test func aBreakBeforeTheFirstCommentLosesNothing() async throws {
        let (server, path, chat, speaker) = try await Self.stage(keeping: 10)
        defer { withExtendedLifetime(server) {} }
        try await path.set(.refusing)
        #expect(await eventually(within: .seconds(30)) { chat.seen.states.contains(.failing) })
        for number in 1...12 { speaker.say("line \(number)") }
        try await path.set(.open)
        #expect(await eventually(within: .seconds(30)) { chat.seen.texts.contains("line 12") })
        // Ten are kept, and two were written besides.
        #expect(await eventually(within: .seconds(30)) { chat.seen.gaps.count == 1 })
        #expect(chat.seen.texts == (3...12).map { "line \($0)" })
        await path.stop()
    }

    /// What the server did not keep is a gap, and told as one.
    @Test func aGapLongerThanTheServersMemoryIsTold() async throws {
        let (server, path, chat, speaker) = try await Self.stage(keeping: 10)
        defer { withExtendedLifetime(server) {} }
        speaker.say("before")
        #expect(await eventually(within: .seconds(30)) { chat.seen.texts == ["before"] })
        try await path.set(.refusing)
        #expect(await eventually(within: .seconds(30)) { chat.seen.states.contains(.failing) })
        for number in 1...11 { speaker.say("line \(number)") }
        speaker.send("PING done")
        try await path.set(.open)
        #expect(await eventually(within: .seconds(30)) { chat.seen.texts.contains("line 11") })
        #expect(await eventually(within: .seconds(30)) { chat.seen.gaps.count == 1 })
        // The server keeps ten.
        #expect(chat.seen.texts == ["before"] + (2...11).map { "line \($0)" })
        await path.stop()
    }
}
