import BulkheadDanmaku
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Testing

/// `bulkhead-chat` itself, with this test as its master.
private final class ChatProcess {
    let child: ChildUnderTest<ChatReply>
    /// Each comment that had not come before, in the order in which they came.
    private(set) var texts: [String] = []
    private(set) var gaps: [ClosedRange<Int64>] = []
    private(set) var states: [ChatState] = []
    private(set) var servers: [String] = []
    private(set) var words: [String] = []
    private var cursor = ChatCursor()
    private var seen = SeenIDs()

    init(_ ports: [Int], _ dialect: ChatTarget.Dialect = .irc, nick: String = "viewer", account: String = "") throws {
        let servers = ports.map { ChatTarget.Server(host: "127.0.0.1", port: UInt16(clamping: $0), isSecure: false) }
        child = try ChildUnderTest(.chat)
        let target = ChatTarget(
            "irc", dialect, servers: servers, channel: "room", nick: nick, account: account,
            password: account.isEmpty ? "" : "pencil")
        try child.send(ChatRequest.configure([ChatConnection(target)]))
    }

    private func take(_ reply: ChatReply) {
        switch reply {
        case .comment(_, let comment, _, let isReplayed):
            if !isReplayed { cursor.advance(to: comment) }
            if seen.note(comment.id, of: "irc") { texts.append(comment.text) }
        case .gap(_, let from, let until): gaps.append(from...until)
        case .state(_, let state, let server, let text):
            states.append(state)
            servers.append(server)
            words.append(text)
        case .ready, .alive, .takenBack, .token: break
        }
    }

    /// Reads what the process says until `condition` holds; false where it does not within 20 s.
    func reads(until condition: () -> Bool) throws -> Bool {
        try eventuallyOnThisThread(within: .seconds(20)) {
            for reply in try child.repliesSoFar() { take(reply) }
            return condition()
        }
    }

    /// The id of the last line, up to which all is known.
    var lastID: String { cursor.lastID }
}

/// CHATHISTORY over a socket, between the program and a server that was written from the specification.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ChatHistoryTests {
    private static func habits(_ change: (inout HistoryServer.Habits) -> Void) -> HistoryServer.Habits {
        var habits = HistoryServer.Habits()
        change(&habits)
        return habits
    }

    /// What servers differ in, and whether a line that was forgotten must be told.
    private static let servers: [HistoryServer.Habits] = [
        habits { _ in },
        habits { $0.hasLabels = false },
        habits { $0.announced = "timestamp,msgid" },
        habits { ($0.announced, $0.takesIDs) = ("timestamp", false) },
        habits { ($0.takesIDs, $0.hasLabels) = (false, false) },
        habits { $0.tearsAnswer = 2 },
        habits { ($0.tearsAnswer, $0.hasLabels, $0.limit) = (1, false, 3) },
    ]

    @Test(arguments: servers.indices) func whatWasMissedIsReadPageByPage(index: Int) throws {
        let server = try HistoryServer(Self.servers[index])
        let chat = try ChatProcess([server.port])
        #expect(try chat.reads { chat.states.last == .joined })
        server.say(3)
        #expect(try chat.reads { chat.texts.count == 3 })
        // A second break begins where the first one has ended.
        for round in 1...(index == 0 ? 2 : 1) {
            server.cut(saying: 34)
            server.say(2)
            let count = 3 + 36 * round
            #expect(try chat.reads { chat.texts.count == count && chat.lastID == "id-\(count)" })
            #expect(Set(chat.texts) == Set((1...count).map { "line \($0)" }))
        }
        #expect(chat.gaps.isEmpty, "\(chat.gaps)")
        #expect(server.questions.count >= 4, "\(server.questions)")
        #expect(chat.states.contains(.lost) && chat.states.contains(.reached) && chat.states.contains(.chosen))
    }

    /// What the server has forgotten is told with its times, and all else comes.
    @Test(arguments: [true, false]) func whatWasForgottenIsToldWithItsTimes(takesIDs: Bool) throws {
        let server = try HistoryServer(
            Self.habits {
                ($0.keeps, $0.takesIDs) = (20, takesIDs)
            })
        let chat = try ChatProcess([server.port])
        #expect(try chat.reads { chat.states.last == .joined })
        server.say()
        #expect(try chat.reads { chat.texts == ["line 1"] })
        let before = Int64(Date().timeIntervalSince1970 * 1000)
        server.cut(saying: 30)
        #expect(try chat.reads { chat.gaps.count == 1 && chat.lastID == "id-31" })
        #expect(Set(chat.texts) == Set(["line 1"] + (12...31).map { "line \($0)" }))
        #expect(chat.gaps.allSatisfy { $0.lowerBound <= before && $0.upperBound - before < 20_000 }, "\(chat.gaps)")
        // The next break begins where this one ended.
        server.cut()
        #expect(try chat.reads { chat.states.count(where: { $0 == .joined }) == 3 })
        server.say()
        #expect(try chat.reads { chat.lastID == "id-32" })
        #expect(chat.gaps.count == 1)
    }

    /// Both connections run for a while, and no line is lost or comes twice.
    @Test func aServerThatAnnouncesItsLeaveIsLeftWithoutAGap() throws {
        let server = try HistoryServer(Self.habits { ($0.hasHistory, $0.hasLabels) = (false, false) })
        let chat = try ChatProcess([server.port], .twitch)
        #expect(try chat.reads { chat.states.last == .joined })
        server.say(2)
        server.leave(saying: 2)
        var said = 4
        #expect(
            try chat.reads {
                server.say()
                said += 1
                return chat.states.last == .moved
            })
        #expect(try chat.reads { chat.texts.count == said })
        #expect(chat.texts == (1...said).map { "line \($0)" } && chat.gaps.isEmpty && !chat.states.contains(.lost))
    }

    /// Twitch keeps nothing: what was written until the join is a gap, also where a second connection was on its way.
    @Test func aServerThatLeavesAtOnceLeavesAGap() throws {
        let server = try HistoryServer(Self.habits { ($0.hasHistory, $0.hasLabels) = (false, false) })
        let chat = try ChatProcess([server.port], .twitch)
        #expect(try chat.reads { chat.states.last == .joined })
        server.say()
        #expect(try chat.reads { chat.texts == ["line 1"] })
        server.leave(isAbrupt: true, saying: 3)
        #expect(try chat.reads { chat.states.count(where: { $0 == .joined }) == 2 && chat.gaps.count == 1 })
        server.say()
        #expect(try chat.reads { chat.texts.last == "line 5" })
        #expect(chat.texts == ["line 1", "line 5"])
        #expect(chat.states.filter { $0 != .failing }.suffix(4) == [.lost, .reached, .chosen, .joined])
    }

    /// A ghost of ours has the nick, the first server is away, and an account is refused in the server's words.
    @Test func whatStandsInTheWayIsToldApart() throws {
        let away = try FreePort.take()
        let server = try HistoryServer(Self.habits { $0.takenNick = "viewer" })
        let chat = try ChatProcess([away, server.port])
        #expect(try chat.reads { chat.states.last == .joined })
        #expect(chat.states.first == .failing && chat.servers.first == "127.0.0.1:\(away)")
        #expect(chat.servers.last == "127.0.0.1:\(server.port)")
        for (number, text) in [("903", ""), ("904", "the account or its password is wrong: SASL"), ("", "no way")] {
            let guarded = try HistoryServer(Self.habits { $0.accounts = number })
            let other = try ChatProcess([guarded.port], account: "tim")
            #expect(try other.reads { other.states.last == (number == "903" ? .joined : .rejected) })
            #expect(other.words.last?.contains(text) ?? false || text.isEmpty, "\(other.words)")
        }
    }
}
