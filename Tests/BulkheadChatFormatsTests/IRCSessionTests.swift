import BulkheadChatFormats
import BulkheadDanmaku
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct IRCSessionTests {
    private typealias Action = IRCSession.Action

    private static func cursor(_ id: String, _ milliseconds: Int64) throws -> ChatCursor {
        let text = #"{"lastID":"\#(id)","lastMilliseconds":\#(milliseconds)}"#
        return try JSONDecoder().decode(ChatCursor.self, from: Data(text.utf8))
    }

    private static func session(
        _ dialect: IRCSession.Settings.Dialect = .standard, cursor: ChatCursor? = nil, password: String = "",
        account: String = ""
    ) -> IRCSession {
        IRCSession(
            .init(dialect, source: "irc", channel: "room", nick: "bot", password: password, account: account),
            cursor: cursor, connection: "c1")
    }

    private static func lines(_ actions: [Action]) -> [String] {
        actions.compactMap { if case .send(let message) = $0 { String(message.line.dropLast(1)) } else { nil } }
            .map { $0.hasSuffix("\r") ? String($0.dropLast()) : $0 }
    }

    /// The session once it has joined, and what it answered last.
    private static func joined(
        _ capabilities: String = "message-tags server-time batch", cursor: ChatCursor? = nil, now: Int64 = 0
    ) -> (IRCSession, [Action]) {
        var session = session(cursor: cursor)
        var last: [Action] = []
        for line in [
            ":s CAP * LS :\(capabilities)", ":s CAP bot ACK :\(capabilities)", ":s 001 bot :hi",
            ":s 005 bot CHATHISTORY=50 :are supported", ":s 376 bot :end", ":bot!b@h JOIN #room",
            ":s 366 bot #room :End",
        ] { last = session.handle(line, now: now) }
        return (session, last)
    }

    @Test func registrationAsksForWhatIsOffered() {
        var session = Self.session()
        #expect(Self.lines(session.start()) == ["CAP LS :302", "NICK :bot", "USER bot 0 * :bot"])
        let more = session.handle(":s CAP * LS * :batch server-time=x", now: 0)
        #expect(more == [])
        let request = session.handle(":s CAP * LS :message-tags tls", now: 0)
        #expect(Self.lines(request) == ["CAP REQ :message-tags server-time batch"])
        let end = session.handle(":s CAP bot ACK :message-tags server-time batch", now: 0)
        #expect(Self.lines(end) == ["CAP :END"])
        let join = session.handle(":s 422 bot :no motd", now: 0)
        #expect(Self.lines(join) == ["JOIN :#room"])
        let twice = session.handle(":s 376 bot :end", now: 0)
        #expect(twice == [])
        let joined = session.handle(":s 366 bot #ROOM :End", now: 0)
        #expect(joined == [.joined] && session.state == .joined)
    }

    @Test func aPasswordIsGivenBeforeTheNick() {
        let session = Self.session(.twitch, password: "oauth:x")
        #expect(Self.lines(session.start())[1] == "PASS :oauth:x")
    }

    /// RFC 4616, and pieces of 400: an empty one follows a last one that is full.
    @Test func anAccountIsGivenByPlain() {
        var session = Self.session(password: "pencil", account: "tim")
        _ = session.handle(":s CAP * LS :sasl=PLAIN", now: 0)
        let mechanism = session.handle(":s CAP bot ACK :sasl", now: 0)
        #expect(Self.lines(mechanism) == ["AUTHENTICATE :PLAIN"])
        let answer = session.handle("AUTHENTICATE +", now: 0)
        #expect(Self.lines(answer) == ["AUTHENTICATE :AHRpbQBwZW5jaWw="])
        let done = session.handle(":s 903 bot :ok", now: 0)
        #expect(Self.lines(done) == ["CAP :END"])
        // 2 + 298 bytes are 400 digits.
        var long = Self.session(password: String(repeating: "p", count: 295), account: "abc")
        _ = long.handle(":s CAP * LS :sasl", now: 0)
        _ = long.handle(":s CAP bot ACK :sasl", now: 0)
        let pieces = Self.lines(long.handle("AUTHENTICATE +", now: 0))
        #expect(pieces.count == 2 && pieces[1] == "AUTHENTICATE :+")
    }

    @Test(arguments: [
        ":s 475 bot #room :Cannot join channel (+k)", ":s 904 bot :SASL authentication failed",
        ":bot!b@h PART #room", ":bot!b@h PART #room :by an operator", ":bot!b@h KICK #room bot :spam",
        ":op KICK #room bot :spam", "ERROR :Closing link",
        ":s 403 bot #room :No such channel", ":s 471 bot #room :Cannot join channel (+l)",
        ":s 473 bot #room :Cannot join channel (+i)", ":s 474 bot #room :Cannot join channel (+b)",
        ":s 432 bot x! :Erroneous nickname", ":s 905 bot :SASL message too long", ":s 465 bot :You are banned",
    ])
    func aRefusalIsNoOutage(line: String) {
        var session = Self.session()
        session = Self.afterMOTD(session)
        let actions = session.handle(line, now: 0)
        guard case .refused(let reason) = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(!reason.isEmpty && session.state == .refused)
        let later = session.handle("PING x", now: 0)
        #expect(later == [])
    }

    /// A server that was good says why it closes: the next one is tried as after any break.
    @Test func anErrorBehindTheJoinIsABreak() {
        var (session, _) = Self.joined()
        let actions = session.handle("ERROR :Server is shutting down", now: 0)
        #expect(actions == [.parting("Server is shutting down")] && session.state == .joined)
    }

    /// Nobody is taken in under another identity than the one that was wished.
    @Test(arguments: [
        [":s CAP * LS :batch", ":s CAP bot ACK :batch"],
        [":s CAP * LS :sasl", ":s CAP bot NAK :sasl", ":s 001 bot :hi"],
        [":s 421 bot CAP :Unknown command", ":s 001 bot :hi"], [":s CAP * LS :", ":s 001 bot :hi"],
    ])
    func aServerWithoutAccountsIsRefused(lines: [String]) {
        var session = Self.session(password: "pencil", account: "tim")
        var last: [Action] = []
        for line in lines { last = session.handle(line, now: 0) }
        #expect(last == [.refused("the server has no way to check an account")])
    }

    /// 16 KiB of a line are kept; what is longer is cut, and the connection goes on.
    @Test func aVeryLongLineIsAComment() {
        var (session, _) = Self.joined()
        var reader = LineReader()
        let bytes = Array((":a!a@h PRIVMSG #room :" + String(repeating: "字", count: 20_000) + "\r\n:a PING\r\n").utf8)
        var texts: [String] = []
        for line in reader.take(bytes) {
            for case .comment(let comment) in session.handle(line, now: 0) { texts.append(comment.text) }
        }
        #expect(texts.count == 1 && (5000...5461).contains(texts[0].count) && session.state == .joined)
    }

    private static func afterMOTD(_ session: IRCSession) -> IRCSession {
        var session = session
        _ = session.handle(":s 001 bot :hi", now: 0)
        _ = session.handle(":s 376 bot :end", now: 0)
        return session
    }

    @Test func aGhostKeepsItsNick() {
        var session = Self.session()
        let other = session.handle(":s 433 * bot :in use", now: 0)
        #expect(Self.lines(other) == ["NICK :bot_"])
    }

    @Test func aCommentHasWhatTheServerSays() {
        var (session, _) = Self.joined()
        let line = "@msgid=001~7;time=2026-11-28T10:00:00.547Z :ann!a@h PRIVMSG #room :hello 弹幕"
        let actions = session.handle(line, now: 5)
        #expect(
            actions == [
                .comment(
                    RoomComment(
                        id: "001~7", source: "irc", author: "ann", text: "hello 弹幕", sentMilliseconds: 1_795_860_000_547
                    ))
            ])
        let elsewhere = session.handle(":ann!a@h PRIVMSG #other :x", now: 5)
        #expect(elsewhere == [])
        let plain = session.handle(":ann!a@h PRIVMSG #room :\u{1}ACTION waves\u{1}", now: 5)
        guard case .comment(let comment) = plain.first else {
            Issue.record("\(plain)")
            return
        }
        #expect(comment.text == "waves" && comment.id == "c1-1" && comment.sentMilliseconds == nil)
        let taken = session.handle(":op!o@h REDACT #room 001~7 :spam", now: 5)
        #expect(taken == [.takenBack(.id("001~7"))])
    }

    // MARK: what was missed

    /// InspIRCd replays by itself at the join, with times cut to whole seconds.
    @Test func aReplayByTheServerIsTaken() throws {
        let cursor = try Self.cursor("m3", 1_795_860_003_547)
        for (ids, expected) in [([3, 4], false), ([5, 6], true)] {
            var (session, joined) = Self.joined(cursor: cursor)
            #expect(joined == [.joined])
            _ = session.handle("BATCH +1 chathistory :#room", now: 0)
            for id in ids {
                _ = session.handle(
                    "@batch=1;msgid=m\(id);time=2026-11-28T10:00:0\(id).000Z :a!a@h PRIVMSG #room :n", now: 0)
            }
            let end = session.handle("BATCH :-1", now: 9)
            #expect(
                end.filter { if case .caughtUp = $0 { false } else { true } }
                    == (expected ? [.gap(from: 1_795_860_003_547, until: 1_795_860_005_000)] : []))
            // The next connection goes on from the last line, though its time was cut.
            guard case .caughtUp(let last) = end.last else {
                Issue.record("\(end)")
                return
            }
            #expect(last.id == "m\(ids[1])" && session.isCaughtUp)
            let settled = session.settle(now: 99)
            #expect(settled == [])
        }
    }

    @Test func aServerWithoutHistoryLeavesAGap() throws {
        var (session, _) = Self.joined(cursor: try Self.cursor("m3", 3000))
        let settled = session.settle(now: 9000)
        #expect(settled == [.gap(from: 3000, until: 9000)])
        let twice = session.settle(now: 9999)
        #expect(twice == [])
        var (fresh, _) = Self.joined()
        let none = fresh.settle(now: 9000)
        #expect(none == [])
    }

    @Test func batchesOfOthersAndEndlessOnesAreBounded() {
        var (session, _) = Self.joined()
        for index in 0..<1000 { _ = session.handle("BATCH +\(index) netjoin", now: 0) }
        let end = session.handle("BATCH -unknown", now: 0)
        #expect(end == [])
    }

    // MARK: Twitch

    private static func twitch() -> IRCSession {
        var session = session(.twitch)
        for line in [
            ":tmi CAP * LS :twitch.tv/tags twitch.tv/commands twitch.tv/membership",
            ":tmi CAP * ACK :twitch.tv/tags twitch.tv/commands", ":tmi 001 bot :hi", ":tmi 376 bot :>",
            ":bot.tmi 366 bot #room :End",
        ] { _ = session.handle(line, now: 0) }
        return session
    }

    @Test func twitchAsksForItsOwnCapabilities() {
        var session = Self.session(.twitch)
        let request = session.handle(":tmi CAP * LS :twitch.tv/tags twitch.tv/commands twitch.tv/membership", now: 0)
        #expect(Self.lines(request) == ["CAP REQ :twitch.tv/tags twitch.tv/commands"])
        let failed = session.handle(":tmi NOTICE * :Login authentication failed", now: 0)
        #expect(failed == [.refused("Login authentication failed")])
    }

    @Test(arguments: [
        (":tmi NOTICE * :Improperly formatted auth", true),
        ("@msg-id=msg_channel_suspended :tmi NOTICE #room :This channel does not exist or has been suspended.", true),
        ("@msg-id=msg_banned :tmi NOTICE #room :You are permanently banned from talking in room.", true),
        ("@msg-id=slow_on :tmi NOTICE #room :This room is now in slow mode.", false),
    ])
    func twitchSaysWhatItDoesNotWant(line: String, isRefusal: Bool) {
        var session = Self.session(.twitch)
        let actions = session.handle(line, now: 0)
        #expect(actions.isEmpty != isRefusal && (session.state == .refused) == isRefusal)
    }

    /// Emotes are pictures of Twitch's own; their places, which are sometimes out of range, change no text.
    @Test(arguments: ["25:2-6", "25:0-4,90-999", "25:6-2", "x", "25:99999999999999999999-1"])
    func emotesChangeNoText(emotes: String) {
        var session = Self.twitch()
        let actions = session.handle("@id=1;emotes=\(emotes) :a!a@h PRIVMSG #room :🎉 Kappa", now: 0)
        #expect(actions == [.comment(RoomComment(id: "1", source: "irc", author: "a", text: "🎉 Kappa"))])
    }

    /// A comment of a chat that is shared goes by the id that it has in this room: by it, it is taken back.
    @Test func aTwinOfASharedChatHasItsOwnID() {
        var session = Self.twitch()
        let twin = session.handle(
            "@id=here;source-id=there;source-room-id=9;room-id=1 :a!a@h PRIVMSG #room :hi", now: 0)
        #expect(twin == [.comment(RoomComment(id: "here", source: "irc", author: "a", text: "hi"))])
        let taken = session.handle("@login=a;target-msg-id=here :tmi CLEARMSG #room :hi", now: 0)
        #expect(taken == [.takenBack(.id("here"))])
    }

    @Test func twitchLeavesAGapWithItsTimes() throws {
        var session = Self.session(.twitch, cursor: try Self.cursor("a", 3000))
        for line in [":tmi 001 bot :hi", ":tmi 376 bot :>"] { _ = session.handle(line, now: 0) }
        let joined = session.handle(":bot.tmi 366 bot #room :End", now: 8000)
        #expect(joined == [.joined, .gap(from: 3000, until: 8000)] && session.isCaughtUp)
    }

    /// The connection that was to be taken over from ended first.
    @Test func whatASecondConnectionMissedIsAGapToo() throws {
        var session = Self.session(.twitch)
        _ = session.handle(":tmi 376 bot :>", now: 0)
        session.resume(from: try Self.cursor("a", 3000))
        let joined = session.handle(":bot.tmi 366 bot #room :End", now: 8000)
        #expect(joined == [.joined, .gap(from: 3000, until: 8000)])
        session.resume(from: try Self.cursor("a", 3000))
        #expect(session.isCaughtUp)
    }

    @Test func aTwitchCommentIsRead() {
        var session = Self.twitch()
        let line =
            "@badges=broadcaster/1;color=#FF7F50;display-name=;id=b34c;mod=0;tmi-sent-ts=1642696567751;user-id=713 "
            + ":ronni!r@r PRIVMSG #room :Kappa"
        let actions = session.handle(line, now: 0)
        #expect(
            actions == [
                .comment(
                    RoomComment(
                        id: "b34c", source: "irc", authorID: "713", author: "ronni", text: "Kappa", rank: .staff,
                        color: 0xFF7F50, sentMilliseconds: 1_642_696_567_751))
            ])
    }

    @Test(arguments: [
        ("bits=500", 5_000_000, "USD"),
        ("pinned-chat-paid-amount=1400;pinned-chat-paid-currency=EUR;pinned-chat-paid-exponent=2", 14_000_000, "EUR"),
        ("pinned-chat-paid-amount=5;pinned-chat-paid-currency=JPY;pinned-chat-paid-exponent=0", 5_000_000, "JPY"),
    ])
    func whatWasPaidForIsRead(tags: String, micros: Int64, currency: String) {
        var session = Self.twitch()
        let actions = session.handle("@id=1;\(tags) :a!a@h PRIVMSG #room :x", now: 0)
        guard case .paid(_, micros, currency) = actions.first else {
            Issue.record("\(actions)")
            return
        }
    }

    @Test(arguments: ["bits=0", "bits=-5", "bits=99999999999999999999", "pinned-chat-paid-amount=9223372036854775807"])
    func impossibleAmountsAreOrdinaryComments(tags: String) {
        var session = Self.twitch()
        let actions = session.handle("@id=1;\(tags) :a!a@h PRIVMSG #room :x", now: 0)
        guard case .comment = actions.first else {
            Issue.record("\(actions)")
            return
        }
    }

    @Test func moderatorsTakeCommentsBack() {
        var session = Self.twitch()
        let user = session.handle("@target-user-id=7;ban-duration=1 :tmi CLEARCHAT #room :ronni", now: 0)
        #expect(user == [.takenBack(.author("7"))])
        let all = session.handle(":tmi CLEARCHAT #room", now: 0)
        #expect(all == [.takenBack(.all)])
        let one = session.handle("@login=x;target-msg-id=abc :tmi CLEARMSG #room :bad", now: 0)
        #expect(one == [.takenBack(.id("abc"))])
        let leaving = session.handle(":tmi RECONNECT", now: 0)
        #expect(leaving == [.reconnect])
    }
}
