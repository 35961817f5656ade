import BulkheadChat
import BulkheadDanmaku
import BulkheadFaults
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Testing

/// The loop against a real server.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ChatServiceTests {
    static func target(_ port: Int) -> ChatTarget {
        ChatTarget(
            "irc", .irc, servers: [.init(host: "127.0.0.1", port: UInt16(clamping: port), isSecure: false)],
            channel: "room", nick: "viewer")
    }

    /// A server that keeps so many lines, a way to it that can be broken, a chat that is joined by it, and somebody who speaks.
    private static func stage(
        keeping count: Int
    ) async throws -> (server: IRCServer, path: FaultyPath, chat: ChatUnderTest, speaker: IRCClient) {
        let server = try await IRCServer(keeping: count)
        let path = try await FaultyPath.start(port: server.port)
        let chat = try ChatUnderTest(target(path.port))
        #expect(await eventually(within: .seconds(30)) { chat.isJoined })
        let speaker = try #require(IRCClient(port: server.port))
        #expect(speaker.join(as: "speaker"))
        return (server, path, chat, speaker)
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

    /// Of a gap of N lines the server has kept all, but not the line that is known: it can't tell that nothing is missing.
    @Test(arguments: [(9, true), (10, false), (11, false)])
    func whatTheServerKeepsDecidesWhetherAGapIsTold(missed: Int, isWhole: Bool) async throws {
        let (server, path, chat, speaker) = try await Self.stage(keeping: 10)
        defer { withExtendedLifetime(server) {} }
        speaker.say("before")
        #expect(await eventually(within: .seconds(30)) { chat.seen.texts == ["before"] })
        let start = Int64(Date().timeIntervalSince1970 * 1000)
        // Twice: a break begins where the last one has ended, also where nothing was written between them.
        for round in 0...1 {
            let joined = chat.seen.states.count { $0 == .joined }
            try await path.set(.refusing)
            #expect(await eventually(within: .seconds(30)) { chat.seen.states.last == .failing })
            for number in 1...missed { speaker.say("line \(round * missed + number)") }
            let last = round * missed + missed
            try await path.set(.open)
            #expect(
                await eventually(within: .seconds(30)) {
                    chat.seen.texts.contains("line \(last)") && chat.seen.states.count { $0 == .joined } > joined
                })
            let first = round * missed + max(0, missed - 10) + 1
            #expect(Set((first...last).map { "line \($0)" }).isSubset(of: chat.seen.texts))
            #expect(chat.seen.gaps.count == (isWhole ? 0 : round + 1))
        }
        #expect(chat.seen.texts.count == 1 + 2 * min(missed, 10))
        #expect(chat.seen.gaps.allSatisfy { $0.from <= $0.until && $0.until >= start - 2000 }, "\(chat.seen.gaps)")
        await path.stop()
    }

    /// A server that was started anew has forgotten all, and its ids begin with another word.
    @Test func aServerThatWasStartedAnewLeavesAGap() async throws {
        let (server, path, chat, speaker) = try await Self.stage(keeping: 10)
        defer { withExtendedLifetime(server) {} }
        for number in 1...3 { speaker.say("line \(number)") }
        #expect(await eventually(within: .seconds(30)) { chat.seen.texts.count == 3 })
        try await path.set(.refusing)
        let other = try await IRCServer(keeping: 10)
        defer { withExtendedLifetime(other) {} }
        let another = try #require(IRCClient(port: other.port))
        #expect(another.join(as: "speaker"))
        for number in 4...5 { another.say("line \(number)") }
        await path.lead(to: other.port)
        try await path.set(.open)
        #expect(await eventually(within: .seconds(30)) { chat.seen.gaps.count == 1 && chat.seen.texts.count == 5 })
        another.say("line 6")
        #expect(await eventually(within: .seconds(30)) { chat.seen.texts == (1...6).map { "line \($0)" } })
        await path.stop()
    }
}
