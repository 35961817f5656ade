import BulkheadChatFormats
import BulkheadDanmaku
import Foundation
import Testing

/// CHATHISTORY as draft/chathistory has it.
@Suite(.timeLimit(.minutes(1))) struct IRCHistoryTests {
    private typealias Action = IRCSession.Action

    private static let standard = "message-tags server-time batch draft/chathistory"

    private static func cursor(_ id: String, second: Int) throws -> ChatCursor {
        let milliseconds = 1_795_860_000_000 + second * 1000
        let text = #"{"lastID":"\#(id)","lastMilliseconds":\#(milliseconds)}"#
        return try JSONDecoder().decode(ChatCursor.self, from: Data(text.utf8))
    }

    private static func sent(_ actions: [Action]) -> [String] {
        actions.compactMap {
            if case .send(let message) = $0 { message.line.trimmingCharacters(in: .newlines) } else { nil }
        }
    }

    /// What a session has joined with, and the question that it asked then.
    private static func joined(
        _ cursor: ChatCursor, capabilities: String = standard, support: String = "CHATHISTORY=50"
    ) -> (IRCSession, [String]) {
        var session = IRCSession(.init(source: "irc", channel: "room", nick: "bot"), cursor: cursor, connection: "c1")
        var last: [Action] = []
        for line in [
            ":s CAP * LS :\(capabilities)", ":s CAP bot ACK :\(capabilities)", ":s 001 bot :hi",
            ":s 005 bot \(support) :are supported", ":s 376 bot :end", ":s 366 bot #room :End",
        ] { last = session.handle(line, now: 0) }
        return (session, sent(last))
    }

    private static func line(_ id: Int, in batch: String) -> String {
        let second = id < 10 ? "0\(id)" : "\(id)"
        return "@batch=\(batch);msgid=m\(id);time=2026-11-28T10:00:\(second).000Z :a!a@h PRIVMSG #room :line \(id)"
    }

    /// Answers the last question with these lines.
    private static func answer(
        _ session: inout IRCSession, _ ids: some Sequence<Int>, label: String? = nil
    ) -> [Action] {
        let tag = label.map { "@label=\($0) " } ?? ""
        _ = session.handle("\(tag)BATCH +h chathistory #room", now: 0)
        for id in ids { _ = session.handle(line(id, in: "h"), now: 0) }
        return session.handle("BATCH :-h", now: 99)
    }

    private static func last(_ actions: [Action]) -> String? {
        guard case .caughtUp(let comment) = actions.last else { return nil }
        return comment.id
    }

    @Test func whatCameBehindTheLastKnownLineIsReadInOrder() throws {
        var (session, first) = Self.joined(try Self.cursor("m3", second: 3))
        #expect(first == ["CHATHISTORY AFTER #room msgid=m3 :50"])
        let second = Self.answer(&session, 4...6)
        #expect(Self.sent(second) == ["CHATHISTORY AFTER #room msgid=m6 :50"])
        #expect(!session.isCaughtUp)
        let end = Self.answer(&session, [])
        #expect(Self.last(end) == "m6" && end.count == 1 && session.isCaughtUp)
        let late = Self.answer(&session, 1...2)
        #expect(late == [])
    }

    /// A busy channel never answers with nothing: what came by itself is known.
    @Test func liveLinesEndTheReading() throws {
        var (session, _) = Self.joined(try Self.cursor("m3", second: 3))
        _ = session.handle("@msgid=m6;time=2026-11-28T10:00:06.000Z :a!a@h PRIVMSG #room :line 6", now: 0)
        let end = Self.answer(&session, 4...7)
        #expect(Self.last(end) == "m6" && end.count == 1)
    }

    /// Nothing came behind it, or the server has forgotten the line: the latest ones tell.
    @Test func anEmptyAnswerIsLookedAtTwice() throws {
        var (session, _) = Self.joined(try Self.cursor("m3", second: 3))
        let second = Self.answer(&session, [])
        #expect(Self.sent(second) == ["CHATHISTORY LATEST #room * :50"])
        let known = Self.answer(&session, 1...3)
        #expect(Self.last(known) == "m3" && known.count == 1)
    }

    @Test(arguments: ["FAIL CHATHISTORY MESSAGE_ERROR AFTER #room :no", ":s 421 bot CHATHISTORY :Unknown command"])
    func aForgottenLineIsLookedForBackwards(failure: String) throws {
        var (session, _) = Self.joined(try Self.cursor("m3", second: 3))
        let latest = session.handle(failure, now: 0)
        #expect(Self.sent(latest) == ["CHATHISTORY LATEST #room * :50"])
        let second = Self.answer(&session, 30...32)
        #expect(Self.sent(second) == ["CHATHISTORY BEFORE #room msgid=m30 :50"])
        let third = Self.answer(&session, 28...29)
        #expect(Self.sent(third) == ["CHATHISTORY BEFORE #room msgid=m28 :50"])
        let end = Self.answer(&session, [])
        #expect(end.first == .gap(from: 1_795_860_003_000, until: 1_795_860_028_000))
        #expect(Self.last(end) == "m32")
    }

    /// Clocks of servers differ by up to ten seconds.
    @Test(arguments: [(20, true), (19, false)]) func aLineThatIsOldEnoughIsTheEnd(known: Int, isEnd: Bool) throws {
        var (session, _) = Self.joined(try Self.cursor("gone", second: known + 2))
        _ = session.handle("FAIL CHATHISTORY MESSAGE_ERROR AFTER #room :no", now: 0)
        let page = Self.answer(&session, 12...20)
        #expect((Self.last(page) == "m20") == isEnd)
        #expect(Self.sent(page).isEmpty == isEnd)
    }

    /// A server that knows no ids, by what it says or by what it refuses.
    @Test(arguments: ["CHATHISTORY=50 MSGREFTYPES=timestamp", "CHATHISTORY=50"])
    func timesDoWhereIDsDoNot(support: String) throws {
        var (session, first) = Self.joined(try Self.cursor("m3", second: 3), support: support)
        if support.contains("MSGREFTYPES") {
            #expect(first == ["CHATHISTORY LATEST #room * :50"])
        } else {
            let latest = session.handle("FAIL CHATHISTORY INVALID_MSGREFTYPE AFTER #room :by times only", now: 0)
            #expect(Self.sent(latest) == ["CHATHISTORY LATEST #room * :50"])
        }
        let second = Self.answer(&session, 8...9)
        // Others may have been written in the same millisecond.
        #expect(Self.sent(second) == ["CHATHISTORY BEFORE #room timestamp=2026-11-28T10:00:08.001Z :50"])
        let third = Self.answer(&session, [8])
        #expect(Self.sent(third) == ["CHATHISTORY BEFORE #room timestamp=2026-11-28T10:00:08.000Z :50"])
        let fourth = Self.answer(&session, 3...7)
        #expect(Self.last(fourth) == "m9")
    }

    /// More lines in one millisecond than an answer holds: nobody knows whether all have come.
    @Test func aCrowdedMillisecondIsToldAsAGap() throws {
        var (session, _) = Self.joined(
            try Self.cursor("m3", second: 3), support: "CHATHISTORY=3 MSGREFTYPES=timestamp")
        let second = Self.answer(&session, [8, 8, 8])
        #expect(Self.sent(second) == ["CHATHISTORY BEFORE #room timestamp=2026-11-28T10:00:08.001Z :3"])
        let third = Self.answer(&session, [8, 8, 8])
        #expect(Self.sent(third) == ["CHATHISTORY BEFORE #room timestamp=2026-11-28T10:00:08.000Z :3"])
        let end = Self.answer(&session, [2, 3])
        #expect(end.first == .gap(from: 1_795_860_008_000, until: 1_795_860_008_000))
    }

    @Test func refusalsWithoutEndEndInAGap() throws {
        var (session, _) = Self.joined(try Self.cursor("m3", second: 3))
        var actions: [Action] = []
        for _ in 0..<3 {
            actions += session.handle("FAIL CHATHISTORY INVALID_MSGREFTYPE X #room :no", now: 1_795_860_009_000)
        }
        #expect(actions.last == .gap(from: 1_795_860_003_000, until: 1_795_860_009_000) && session.isCaughtUp)
    }

    @Test(arguments: [
        ("CHATHISTORY=7", "7"), ("CHATHISTORY=0", "100"), ("CHATHISTORY=9999", "100"), ("X=1", "100"),
        ("CHATHISTORY=-3", "100"),
    ])
    func noMoreIsAskedForThanIsGiven(support: String, count: String) throws {
        let (_, first) = Self.joined(try Self.cursor("m3", second: 3), support: support)
        #expect(first == ["CHATHISTORY AFTER #room msgid=m3 :\(count)"])
    }

    /// What stands for an id where there was none is no id of the server's, and gives no orders.
    @Test(arguments: ["1\u{0}ann\u{0}hi", "a b", "a\r\nQUIT"]) func ownIDsAreNotAskedFor(id: String) throws {
        var cursor = ChatCursor()
        cursor.advance(to: RoomComment(id: id, source: "", author: "", text: "", sentMilliseconds: 5))
        let (_, first) = Self.joined(cursor)
        #expect(first == ["CHATHISTORY LATEST #room * :50"])
    }

    // MARK: batches

    /// With labels the answer is known among histories that a server sends by itself.
    @Test func theAnswerIsKnownByItsLabel() throws {
        var (session, first) = Self.joined(
            try Self.cursor("m3", second: 3), capabilities: Self.standard + " labeled-response")
        #expect(first == ["@label=history-1 CHATHISTORY AFTER #room msgid=m3 :50"])
        let other = Self.answer(&session, 1...3)
        #expect(other == [] && !session.isCaughtUp)
        let old = Self.answer(&session, [], label: "history-9")
        #expect(old == [])
        let second = Self.answer(&session, 4...5, label: "history-1")
        #expect(Self.sent(second) == ["@label=history-2 CHATHISTORY AFTER #room msgid=m5 :50"])
        // An answer without content may be one line.
        let end = session.handle("@label=history-2 :s ACK", now: 0)
        #expect(Self.last(end) == "m5")
    }

    /// What is in a batch within belongs to the answer; batches interleave.
    @Test func batchesNestAndInterleave() throws {
        var (session, _) = Self.joined(try Self.cursor("m3", second: 3))
        let lines = [
            "BATCH +n netsplit a b", "BATCH +h chathistory #room", Self.line(4, in: "h"),
            "@batch=h BATCH +i draft/multiline #room",
            Self.line(5, in: "i"), "@batch=n :x QUIT :split", "BATCH -i", "BATCH :-n",
            // A page of notices is not empty.
            "@batch=h;msgid=m6;time=2026-11-28T10:00:06.000Z :a!a@h NOTICE #room :psst",
        ]
        var ids: [String] = []
        for text in lines {
            for case .comment(let comment) in session.handle(text, now: 0) { ids.append(comment.id) }
        }
        #expect(ids == ["m4", "m5"])
        let next = session.handle("BATCH -h", now: 0)
        #expect(Self.sent(next) == ["CHATHISTORY AFTER #room msgid=m6 :50"])
    }

    /// A connection may end within a batch: what was in it has come, and the next one begins where the last one had come to.
    @Test func anUnfinishedBatchCountsAndMovesNothing() throws {
        var (session, _) = Self.joined(try Self.cursor("m3", second: 3))
        _ = session.handle("BATCH +h chathistory #room", now: 0)
        let line = session.handle(Self.line(4, in: "h"), now: 0)
        guard case .comment(let comment) = line.first else {
            Issue.record("\(line)")
            return
        }
        #expect(comment.id == "m4" && !session.isCaughtUp)
    }

    /// A server that never answers is given up, and one that goes on is not.
    @Test func anAnswerThatNeverComesIsAGap() throws {
        var (session, _) = Self.joined(try Self.cursor("m3", second: 3))
        _ = Self.answer(&session, 4...5)
        let patient = session.settle(now: 1_795_860_009_000)
        #expect(patient == [] && !session.isCaughtUp)
        let over = session.settle(now: 1_795_860_014_000)
        #expect(over.first == .gap(from: 1_795_860_005_000, until: 1_795_860_014_000) && session.isCaughtUp)
        #expect(Self.last(over) == "m5")
    }

    @Test func openBatchesAreBounded() throws {
        var (session, _) = Self.joined(try Self.cursor("m3", second: 3))
        for index in 0..<1000 { _ = session.handle("BATCH +\(index) netjoin", now: 0) }
        for index in 0..<1000 { _ = session.handle("@batch=0 BATCH +w\(index) netjoin", now: 0) }
        let end = session.handle("BATCH -unknown", now: 0)
        #expect(end == [] && !session.isCaughtUp)
    }
}
