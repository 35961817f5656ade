import BulkheadChat
import BulkheadChildRuntime
import BulkheadDanmaku
import BulkheadFaults
import BulkheadMedia
import BulkheadSelection
import BulkheadSystem
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Glibc
import Synchronization
import Testing

/// The chat process's loop in this process, and a record on the other side, as the master has it.
private final class ChatUnderTest: Sendable {
    struct Seen {
        var record: RoomRecord
        /// Each comment that had not come before.
        var texts: [String] = []
        var again = 0
        var gaps: [ChatGap] = []
        var states: [ChatState] = []
    }

    private let state: Mutex<Seen>

    init(_ connection: ChatConnection, lastID: String = "") throws {
        state = Mutex(Seen(record: RoomRecord(try #require(Canvas(width: 1280, height: 720)))))
        var pair: [CInt] = [-1, -1]
        try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &pair) == 0)
        let (master, child) = (pair[0], pair[1])
        Thread.detachNewThread {
            let socket = WireSocket(OwnedDescriptor(adopting: child))
            // The way back is short: a thousand breaks are wanted, not a thousand waits.
            try? ChatService(socket, backoff: .exact(milliseconds: [3])).run()
        }
        Thread.detachNewThread { [self] in
            let socket = WireSocket(OwnedDescriptor(adopting: master))
            try? socket.send(ChatRequest.configure([connection]))
            while let received = try? socket.receive(ChatReply.self, timeoutMilliseconds: 60_000) {
                take(received.message)
            }
        }
    }

    private func take(_ reply: ChatReply) {
        state.withLock { seen in
            switch reply {
            case .comment(_, var comment, _, let isReplayed):
                comment.source = "irc"
                let outcome = seen.record.take(comment, at: .zero, now: .max, isReplayed: isReplayed)
                if outcome == .known { seen.again += 1 } else { seen.texts.append(comment.text) }
            case .gap(_, let from, let until): seen.gaps.append(ChatGap(source: "irc", from: from, until: until))
            case .state(_, let state, _, _): seen.states.append(state)
            case .ready, .takenBack: break
            }
        }
    }

    var seen: Seen { state.withLock { $0 } }
    var isJoined: Bool { seen.states.last == .joined }
}

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
        let chat = try ChatUnderTest(connection(path.port))
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
