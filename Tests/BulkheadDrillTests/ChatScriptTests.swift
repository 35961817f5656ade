import BulkheadChatFormats
import BulkheadDanmaku
import BulkheadDrill
import BulkheadProbe
import Testing

/// The chat server of a drill, and the client of the product on it.
@Suite(.timeLimit(.minutes(1))) struct ChatScriptTests {
    private static let registration = ["CAP LS 302", "NICK a", "USER a 0 * :a", "CAP REQ :batch", "CAP END"]

    private static func lines(_ actions: [ChatScript.Action]) -> [String] {
        actions.map { if case .send(_, let line) = $0 { String(line.dropLast()) } else { "" } }
    }

    /// A script with `count` lines, which client 1 has joined.
    private static func script(saying count: Int) -> ChatScript {
        var script = ChatScript(channel: "drill")
        script.opened(1)
        for line in registration + ["JOIN #drill"] { _ = script.take(line, from: 1) }
        for number in 0..<count { _ = script.say(at: 1_795_860_000_000 + Int64(number)) }
        return script
    }

    @Test func nothingIsSaidBeforeSomebodyListens() {
        var script = ChatScript(channel: "drill")
        script.opened(1)
        #expect(script.say(at: 0).isEmpty && script.said == 0)
        let refused = script.take("JOIN #other", from: 1)
        #expect(Self.lines(refused).first?.contains(" 403 ") ?? false)
        let joined = script.take("JOIN #DRILL", from: 1)
        #expect(Self.lines(joined) == [":drill.invalid 366 * #drill :End of /NAMES list."])
        let said = script.say(at: 1_795_860_000_547)
        #expect(
            Self.lines(said) == [
                "@msgid=drill-1;time=2026-11-28T10:00:00.547Z :speaker!drill@drill.invalid PRIVMSG #drill :line 1"
            ])
        #expect(Self.lines(script.leave()) == [":drill.invalid RECONNECT"])
        script.ended(1)
        #expect(script.say(at: 0).isEmpty && script.said == 2 && script.leave().isEmpty)
    }

    @Test(arguments: [
        ("LATEST #drill * 2", [9, 10]), ("LATEST #drill * 100", Array(1...10)),
        ("BEFORE #drill msgid=drill-4 2", [2, 3]),
        ("BEFORE #drill msgid=drill-1 5", []), ("AFTER #drill msgid=drill-8 5", [9, 10]),
        ("AFTER #drill msgid=drill-2 3", [3, 4, 5]), ("AFTER #drill msgid=drill-10 5", []),
    ])
    func historyIsGivenAsAsked(question: String, numbers: [Int]) {
        var script = Self.script(saying: 10)
        let answer = Self.lines(script.take("@label=x CHATHISTORY \(question)", from: 1))
        #expect(answer.first == "@label=x :drill.invalid BATCH +b1 chathistory :#drill")
        #expect(answer.last == ":drill.invalid BATCH :-b1")
        #expect(
            answer.dropFirst().dropLast().map { $0.split(separator: ":").last ?? "" } == numbers.map { "line \($0)" })
        #expect(answer.dropFirst().dropLast().allSatisfy { $0.hasPrefix("@batch=b1;msgid=drill-") })
    }

    @Test(arguments: [
        ("LATEST #drill * 101", "INVALID_PARAMS"), ("LATEST #drill * 0", "INVALID_PARAMS"),
        ("LATEST", "INVALID_PARAMS"),
        ("LATEST #other * 5", "INVALID_TARGET"), ("AFTER #drill msgid=drill-11 5", "MESSAGE_ERROR"),
        ("AFTER #drill msgid=x 5", "MESSAGE_ERROR"),
        ("AFTER #drill timestamp=2026-11-28T10:00:00.000Z 5", "INVALID_MSGREFTYPE"),
        ("AROUND #drill msgid=drill-1 5", "INVALID_PARAMS"),
    ])
    func whatCannotBeAnsweredFails(question: String, code: String) {
        var script = Self.script(saying: 10)
        let answer = Self.lines(script.take("CHATHISTORY \(question)", from: 1))
        #expect(answer.count == 1 && answer[0].hasPrefix(":drill.invalid FAIL CHATHISTORY \(code) "), "\(answer)")
        var empty = Self.script(saying: 0)
        let none = Self.lines(empty.take("CHATHISTORY AFTER #drill msgid=drill-1 5", from: 1))
        #expect(none.first?.contains("MESSAGE_ERROR") ?? false)
        let latest = Self.lines(empty.take("CHATHISTORY LATEST #drill * 5", from: 1))
        #expect(latest.count == 2)
    }

    /// The product's own client, cut again and again, has each line once.
    @Test func theProductReadsIt() {
        var script = ChatScript(channel: "drill")
        var cursor: ChatCursor?
        var ids: Set<String> = []
        for life in 1...20 {
            var session = IRCSession(
                .init(source: "", channel: "drill", nick: "a"), cursor: cursor, connection: "\(life)")
            script.opened(life)
            func take(_ actions: [IRCSession.Action]) {
                for action in actions {
                    switch action {
                    case .send(let message): answer(script.take(String(message.line.dropLast()), from: life))
                    case .comment(let comment): ids.insert(comment.id)
                    case .caughtUp(let comment):
                        cursor = cursor ?? ChatCursor()
                        cursor?.advance(to: comment)
                    default: break
                    }
                }
            }
            func answer(_ actions: [ChatScript.Action]) {
                for case .send(life, let line) in actions {
                    take(session.handle(String(line.dropLast()), now: 0))
                }
            }
            take(session.start())
            #expect(session.isCaughtUp)
            for _ in 0..<life {
                for case .send(_, let line) in script.say(at: Int64(script.said)) {
                    for case .comment(let comment) in session.handle(
                        String(line.dropLast()), now: 0)
                    {
                        ids.insert(comment.id)
                        cursor = cursor ?? ChatCursor()
                        cursor?.advance(to: comment)
                    }
                }
            }
            script.ended(life)
            for _ in 0..<life * 10 { _ = script.say(at: Int64(script.said)) }
        }
        // All but those that were said behind the last connection.
        #expect(ids.count == script.said - 200)
    }

    // MARK: the judgement

    private static func log(_ numbers: [Int], source: String = "drill") -> [UInt8] {
        Array(
            numbers.map { #"{"number":1,"comment":{"source":"\#(source)","text":"line \#($0)","id":"x"}}"# + "\n" }
                .joined().utf8)
    }

    @Test func linesAreCounted() {
        #expect(ChatTally.count(Self.log([1, 2]), of: "drill", said: 0) == nil)
        #expect(ChatTally.count(Self.log([1, 2, 3]), of: "drill", said: 3) == StreamReport.Comments(said: 3))
        let log = Self.log([2, 2, 5, 5, 5, 9, 11]) + Array("no json\n{\n".utf8) + Self.log([1], source: "other")
        var comments = StreamReport.Comments(said: 10, twice: 2)
        (comments.lost, comments.lostRanges) = (7, ["1", "3-4", "6-8", "10"])
        #expect(ChatTally.count(log, of: "drill", said: 10) == comments)
    }
}
