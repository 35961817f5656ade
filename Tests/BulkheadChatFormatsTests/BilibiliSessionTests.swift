import BulkheadChatFormats
import BulkheadDanmaku
import Foundation
import Testing

/// A client's side of Bilibili's open platform, beside a platform that is played by the test.
@Suite(.timeLimit(.minutes(1))) struct BilibiliSessionTests {
    private static let server = ChatTarget.Server(host: "api.example", port: 443, isSecure: true)
    private static let settings = BilibiliSession.Settings(application: "1234567890", words: "AK SECRET ABCDEF")
    private static let handshake = Array(
        """
        HTTP/1.1 101 Switching Protocols\r
        Upgrade: websocket\r
        Connection: Upgrade\r
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r
        \r\n
        """.utf8)

    private static func moment(_ milliseconds: Int64) -> ChatMoment {
        ChatMoment(wall: 1_795_826_000_000 + milliseconds, steady: milliseconds)
    }

    private static func cursor(game: String? = nil) -> ChatCursor {
        var cursor = ChatCursor()
        cursor.advance(
            to: RoomComment(id: "a", source: "", author: "", text: "", sentMilliseconds: 1_795_825_000_000))
        cursor.pageToken = game
        return cursor
    }

    private static func session(
        cursor: ChatCursor? = nil, unpack: @escaping @Sendable ([UInt8], Int) -> [UInt8]? = { _, _ in nil }
    ) -> BilibiliSession {
        BilibiliSession(
            settings, source: "b", cursor: cursor, connection: "c", unpack: unpack, nonce: { "n-1" },
            makeSocket: {
                WebSocketClient(host: $0, path: $1, key: Array("the sample nonce".utf8), limit: 1 << 24) { 0 }
            })
    }

    private static func answer(_ name: String, _ json: String, status: Int = 200) -> ChatAnswer {
        ChatAnswer(name, status: status, body: Array(json.utf8))
    }

    private static let started = answer(
        "start",
        """
        {"code":0,"message":"ok","data":{"game_info":{"game_id":"g-1"},"anchor_info":{"room_id":5,"open_id":"anchor"},
         "websocket_info":{"auth_body":"{\\"key\\":1}","wss_link":["wss://a.example:444/sub","ws://plain/sub","wss://b.example/sub"]}}}
        """)
    private static let accepted = frame(BilibiliPacket(.authReply, body: Array(#"{"code":0}"#.utf8)).bytes)
    private static let beat = ChatAction.send(
        [0x82, 0x90, 0, 0, 0, 0] + BilibiliPacket(.heartbeat).bytes)

    /// A frame of the server's.
    private static func frame(_ payload: [UInt8]) -> [UInt8] {
        let length = payload.count
        let head = length < 126 ? [UInt8(length)] : [126, UInt8(length >> 8), UInt8(length & 0xFF)]
        return [0x82] + head + payload
    }

    private static func message(_ json: String) -> [UInt8] {
        BilibiliPacket(.message, body: Array(json.utf8)).bytes
    }

    private static func joined(
        cursor: ChatCursor? = nil, unpack: @escaping @Sendable ([UInt8], Int) -> [UInt8]? = { _, _ in nil }
    ) -> BilibiliSession {
        var session = session(cursor: cursor, unpack: unpack)
        if cursor?.pageToken != nil {
            _ = session.begin(server, at: moment(0))
            _ = session.answered(answer("end", #"{"code":0}"#), at: moment(0))
        } else {
            _ = session.begin(server, at: moment(0))
        }
        _ = session.answered(started, at: moment(0))
        _ = session.opened(at: moment(0))
        _ = session.take(handshake, at: moment(0))
        _ = session.take(accepted, at: moment(0))
        return session
    }

    // MARK: the way in

    @Test func theRequestIsSigned() throws {
        var session = Self.session()
        guard case .request(let request)? = session.begin(Self.server, at: Self.moment(763_999)).first else {
            Issue.record("it asks nothing")
            return
        }
        #expect(request.name == "start" && request.path == "/v2/app/start" && request.server == Self.server)
        #expect(request.body == Array(#"{"app_id":1234567890,"code":"ABCDEF"}"#.utf8))
        // Of Python's hashlib and hmac.
        #expect(
            request.headers == [
                "x-bili-accesskeyid: AK", "x-bili-content-md5: f1273eadf08388671e2e595fa5144d8d",
                "x-bili-signature-method: HMAC-SHA256", "x-bili-signature-nonce: n-1",
                "x-bili-signature-version: 1.0", "x-bili-timestamp: 1795826763",
                "Authorization: ea5056c46cd8a1392912909d6b7cb43abc8919f94dc610d8fd4d12fdaabdcad4",
                "Content-Type: application/json", "Accept: application/json",
            ])
    }

    @Test func theRoomIsJoinedByTheFirstAddress() {
        var session = Self.session()
        _ = session.begin(Self.server, at: Self.moment(0))
        #expect(
            session.answered(Self.started, at: Self.moment(1)) == [
                .reached, .token("g-1"), .connect(.init(host: "a.example", port: 444, isSecure: true)),
            ])
        guard case .send(let bytes)? = session.opened(at: Self.moment(2)).first else {
            Issue.record("it says nothing")
            return
        }
        #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("GET /sub HTTP/1.1\r\nHost: a.example:444\r\n"))
        let key = BilibiliPacket(.auth, body: Array(#"{"key":1}"#.utf8)).bytes
        #expect(
            session.take(Self.handshake, at: Self.moment(3)) == [
                .send([0x82, 0x80 | UInt8(key.count), 0, 0, 0, 0] + key)
            ])
        #expect(session.take(Self.accepted, at: Self.moment(4)) == [.chosen, .joined, Self.beat])
        #expect(session.due == 20_004)
    }

    /// One that gives no connection, one that does not speak WebSocket: the next one, and in the end another attempt.
    @Test func addressesAreTriedInTurn() {
        var session = Self.session()
        _ = session.begin(Self.server, at: Self.moment(0))
        _ = session.answered(Self.started, at: Self.moment(1))
        let next = ChatAction.connect(.init(host: "b.example", port: 443, isSecure: true))
        #expect(session.closed("connection refused", at: Self.moment(2)) == [next])
        _ = session.opened(at: Self.moment(3))
        let actions = session.take(Array("HTTP/1.1 503 Busy\r\n\r\n".utf8), at: Self.moment(4))
        #expect(actions == [.ended("the server answers HTTP 503")])
    }

    @Test func aGameOfBeforeIsEndedFirst() {
        var session = Self.session(cursor: Self.cursor(game: "g-0"))
        guard case .request(let request)? = session.begin(Self.server, at: Self.moment(0)).first else {
            Issue.record("it asks nothing")
            return
        }
        #expect(request.path == "/v2/app/end")
        #expect(request.body == Array(#"{"app_id":1234567890,"game_id":"g-0"}"#.utf8))
        // Whatever comes of it.
        let actions = session.answered(ChatAnswer("end", status: nil, problem: "timeout"), at: Self.moment(1))
        guard case .request(let next)? = actions.first else {
            Issue.record("it asks nothing more")
            return
        }
        #expect(next.path == "/v2/app/start" && actions.count == 1)
    }

    @Test func whatWasWrittenMeanwhileIsAGap() {
        var session = Self.session(cursor: Self.cursor())
        _ = session.begin(Self.server, at: Self.moment(0))
        _ = session.answered(Self.started, at: Self.moment(0))
        _ = session.opened(at: Self.moment(0))
        _ = session.take(Self.handshake, at: Self.moment(0))
        #expect(
            session.take(Self.accepted, at: Self.moment(0)).contains(
                .gap(from: 1_795_825_000_000, until: 1_795_826_000_000)))
    }

    // MARK: refusals and outages

    @Test(arguments: [
        (answer("start", #"{"code":4002,"message":"sign"}"#), true),
        (answer("start", #"{"code":7007,"message":"身份码错误"}"#), true), (answer("start", "", status: 403), true),
        (answer("start", #"{"code":7002,"message":"重复游戏"}"#), false), (answer("start", #"{"code":5000}"#), false),
        (answer("start", #"{"code":4009}"#), false), (answer("start", "<html>", status: 502), false),
        (answer("start", #"{"code":0,"data":null}"#), false), (ChatAnswer("start", status: nil, problem: "no"), false),
    ]) func refusalsAreToldFromOutages(answer: ChatAnswer, isRefusal: Bool) {
        var session = Self.session()
        _ = session.begin(Self.server, at: Self.moment(0))
        let actions = session.answered(answer, at: Self.moment(1))
        guard actions.count == 1 else {
            Issue.record("\(actions)")
            return
        }
        switch actions[0] {
        case .refused(let text): #expect(isRefusal && !text.contains("SECRET") && !text.contains("ABCDEF"))
        case .ended(let text): #expect(!isRefusal && !text.isEmpty)
        default: Issue.record("\(actions)")
        }
        #expect(session.due == nil && session.farewell(at: Self.moment(2)) == [])
    }

    @Test func aTokenThatIsNotTakenIsARefusal() {
        for (code, isRefusal) in [(-101, true), (7, false)] {
            var session = Self.session()
            _ = session.begin(Self.server, at: Self.moment(0))
            _ = session.answered(Self.started, at: Self.moment(0))
            _ = session.opened(at: Self.moment(0))
            _ = session.take(Self.handshake, at: Self.moment(0))
            let reply = BilibiliPacket(.authReply, body: Array("{\"code\":\(code)}".utf8)).bytes
            let text = "the server does not take the platform's token (\(code))"
            #expect(
                session.take(Self.frame(reply), at: Self.moment(0)) == [isRefusal ? .refused(text) : .ended(text)])
        }
    }

    @Test func settingsThatAreMissingAreARefusal() {
        var session = BilibiliSession(nil, source: "b", cursor: nil, connection: "c", unpack: { _, _ in nil })
        guard case .refused? = session.begin(Self.server, at: Self.moment(0)).first else {
            Issue.record("it goes on")
            return
        }
        for words in ["", "a", "a b", "a b c d"] {
            #expect(BilibiliSession.Settings(application: "1", words: words) == nil)
        }
        #expect(BilibiliSession.Settings(application: "x", words: "a b c") == nil)
    }

    // MARK: heartbeats

    @Test func bothHeartbeatsAreSent() {
        var session = Self.joined()
        #expect(session.wake(at: Self.moment(19_999)) == [])
        guard case .request(let request)? = session.wake(at: Self.moment(20_000)).first else {
            Issue.record("no heartbeat")
            return
        }
        #expect(request.path == "/v2/app/heartbeat" && request.body == Array(#"{"game_id":"g-1"}"#.utf8))
        #expect(session.due == 30_000)
        #expect(session.wake(at: Self.moment(30_000)) == [Self.beat])
        #expect(session.due == 40_000)
        #expect(session.ping(at: Self.moment(31_000)) == [Self.beat])
    }

    @Test func aClosedGameIsStartedAgain() {
        var session = Self.joined()
        _ = session.wake(at: Self.moment(20_000))
        let actions = session.answered(Self.answer("heartbeat", #"{"code":7003}"#), at: Self.moment(20_001))
        #expect(actions == [.ended("the platform has closed the game (7003)")])
        #expect(session.due == nil)
    }

    /// A heartbeat that fails is sent again, and the socket lives on meanwhile.
    @Test func threeLostHeartbeatsEndIt() {
        var session = Self.joined()
        let lost = ChatAnswer("heartbeat", status: nil, problem: "timeout")
        #expect(session.answered(lost, at: Self.moment(1)) == [])
        #expect(session.answered(Self.answer("heartbeat", #"{"code":5000}"#), at: Self.moment(2)) == [])
        #expect(session.answered(Self.answer("heartbeat", #"{"code":0}"#), at: Self.moment(3)) == [])
        for _ in 0..<2 { #expect(session.answered(lost, at: Self.moment(4)) == []) }
        #expect(session.answered(lost, at: Self.moment(5)) == [.ended("3 heartbeats were not taken")])
    }

    @Test func theEndOfSendingStartsAgain() {
        let over = Self.message(#"{"cmd":"LIVE_OPEN_PLATFORM_INTERACTION_END","data":{"game_id":"g-1"}}"#)
        let other = Self.message(#"{"cmd":"LIVE_OPEN_PLATFORM_INTERACTION_END","data":{"game_id":"g-0"}}"#)
        var session = Self.joined()
        #expect(session.take(Self.frame(other), at: Self.moment(1)) == [])
        // What stands behind it in the frame is nobody's any more.
        #expect(
            session.take(Self.frame(over + Self.comment), at: Self.moment(2)) == [
                .ended("the platform has stopped sending")
            ])
    }

    @Test func theEndIsTold() {
        let session = Self.joined()
        guard case .request(let request)? = session.farewell(at: Self.moment(9)).first else {
            Issue.record("it leaves without a word")
            return
        }
        #expect(request.path == "/v2/app/end" && request.body == Array(#"{"app_id":1234567890,"game_id":"g-1"}"#.utf8))
    }

    // MARK: what comes

    private static let comment = message(
        """
        {"cmd":"LIVE_OPEN_PLATFORM_DM:4:0","data":{"room_id":5,"open_id":"o1","uname":"安","msg":"你好","msg_id":"m1",
         "timestamp":1795826763,"dm_type":0,"is_admin":0}}
        """)
    private static let comments = (1...3).map { number in
        message(#"{"cmd":"LIVE_OPEN_PLATFORM_DM","data":{"msg":"\#(number)","msg_id":"m\#(number)"}}"#)
    }

    private static func texts(_ actions: [ChatAction]) -> [String] {
        actions.compactMap { if case .comment(let comment) = $0 { comment.text } else { nil } }
    }

    @Test func commentsAreRead() {
        var session = Self.joined()
        let read = RoomComment(
            id: "m1", source: "b", authorID: "o1", author: "安", text: "你好", sentMilliseconds: 1_795_826_763_000)
        #expect(session.take(Self.frame(Self.comment), at: Self.moment(1)) == [.comment(read)])
    }

    @Test func threeInAFrameAreThree() {
        var session = Self.joined()
        let frame = Self.frame(Self.comments.flatMap { $0 })
        #expect(Self.texts(session.take(frame, at: Self.moment(1))) == ["1", "2", "3"])
    }

    @Test func packedOnesAreUnpacked() {
        let comments = Self.comments
        var session = Self.joined { bytes, limit in
            bytes == [1, 2] && limit == 16 << 20 ? comments.flatMap { $0 } : nil
        }
        let head: [UInt8] = [0, 0, 0, 18, 0, 16, 0, 2, 0, 0, 0, 5, 0, 0, 0, 1]
        #expect(Self.texts(session.take(Self.frame(head + [1, 2]), at: Self.moment(1))) == ["1", "2", "3"])
        // What can't be unpacked ends the connection.
        #expect(
            session.take(Self.frame(head + [3, 4]), at: Self.moment(1)) == [.ended("a packet can't be unpacked")])
    }

    /// The client's own heartbeat comes back behind the stated length.
    @Test func theEchoOfAHeartbeatIsPassedOver() {
        var session = Self.joined()
        let reply: [UInt8] = [0, 0, 0, 20, 0, 16, 0, 1, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 7]
        let echo = Array("[object Object]".utf8)
        #expect(session.take(Self.frame(reply + echo) + Self.frame(Self.comments[0]), at: Self.moment(1)).count == 1)
    }

    @Test func superChatsStayAsLongAsThePlatformSays() {
        var session = Self.joined()
        let chat = Self.message(
            """
            {"cmd":"LIVE_OPEN_PLATFORM_SUPER_CHAT","data":{"message_id":77,"message":"加油","rmb":30,"uname":"a","open_id":"o",
             "start_time":1795826000,"end_time":1795826060,"timestamp":1795826001}}
            """)
        let read = RoomComment(
            id: "sc-77", source: "b", authorID: "o", author: "a", text: "加油", sentMilliseconds: 1_795_826_000_000)
        #expect(
            session.take(Self.frame(chat), at: Self.moment(1)) == [
                .paid(read, amountMicros: 30_000_000, currency: "CNY", seconds: 60)
            ])
        let back = Self.message(#"{"cmd":"LIVE_OPEN_PLATFORM_SUPER_CHAT_DEL","data":{"message_ids":[77,78]}}"#)
        #expect(
            session.take(Self.frame(back), at: Self.moment(2)) == [.takenBack(.id("sc-77")), .takenBack(.id("sc-78"))])
    }

    @Test func giftsAndMembersArePaid() {
        var session = Self.joined()
        let gift = Self.message(
            """
            {"cmd":"LIVE_OPEN_PLATFORM_SEND_GIFT","data":{"msg_id":"m9","gift_name":"小花","gift_num":3,"price":200,"r_price":100,
             "paid":true,"uname":"a","timestamp":1795826001}}
            """)
        let free = Self.message(
            #"{"cmd":"LIVE_OPEN_PLATFORM_SEND_GIFT","data":{"msg_id":"m8","gift_name":"辣条","gift_num":3,"price":100,"paid":false}}"#
        )
        let member = Self.message(
            """
            {"cmd":"LIVE_OPEN_PLATFORM_GUARD","data":{"msg_id":"m7","guard_level":3,"guard_num":1,"price":198000,
             "user_info":{"uname":"b","open_id":"o2"}}}
            """)
        let actions = session.take(Self.frame(gift + free) + Self.frame(member), at: Self.moment(1))
        let paid = actions.compactMap { action -> String? in
            guard case .paid(let comment, let amount, let currency, let seconds) = action else { return nil }
            return "\(comment.author): \(comment.text) \(amount) \(currency) \(seconds == nil)"
        }
        #expect(paid == ["a: 小花 ×3 300000 CNY true", "b: 舰长 198000000 CNY true"] && actions.count == 2)
    }

    @Test func staffIsKnown() {
        var session = Self.joined()
        let admin = Self.message(#"{"cmd":"LIVE_OPEN_PLATFORM_DM","data":{"msg":"1","msg_id":"1","is_admin":1}}"#)
        let anchor = Self.message(
            #"{"cmd":"LIVE_OPEN_PLATFORM_DM","data":{"msg":"2","msg_id":"2","open_id":"anchor"}}"#)
        let ranks = session.take(Self.frame(admin + anchor), at: Self.moment(1)).compactMap { action in
            if case .comment(let comment) = action { comment.rank } else { nil }
        }
        #expect(ranks == [.staff, .staff])
    }

    /// Members of another kind than was meant cost nothing but themselves; what is no comment is none.
    @Test(arguments: [
        (
            #"{"cmd":"LIVE_OPEN_PLATFORM_DM","data":{"msg":"x","is_admin":"yes","timestamp":"1795826763","open_id":7}}"#,
            1
        ),
        (#"{"cmd":"LIVE_OPEN_PLATFORM_DM","data":{"msg":[7]}}"#, 0), (#"{"cmd":"LIVE_OPEN_PLATFORM_DM"}"#, 0),
        (#"{"cmd":"LIVE_OPEN_PLATFORM_DM_MIRROR","data":{"msg":"x"}}"#, 0), (#"{"cmd":"DANMU_MSG","info":[]}"#, 0),
        (#"{"cmd":"LIVE_OPEN_PLATFORM_LIKE","data":{"uname":"a"}}"#, 0), ("[]", 0), ("", 0),
        (
            #"{"cmd":"LIVE_OPEN_PLATFORM_SUPER_CHAT","data":{"message":"x","rmb":1e300,"start_time":9e18,"end_time":-1}}"#,
            1
        ),
        (
            #"{"cmd":"LIVE_OPEN_PLATFORM_SEND_GIFT","data":{"paid":true,"price":9223372036854775807,"gift_num":9223372036854775807}}"#,
            0
        ),
        (#"{"cmd":"LIVE_OPEN_PLATFORM_DM","data":{"msg":"x","timestamp":9223372036854775807}}"#, 1),
    ]) func strangeMessagesAreReadAsFarAsTheyGo(json: String, count: Int) {
        var session = Self.joined()
        #expect(session.take(Self.frame(Self.message(json)), at: Self.moment(1)).count == count)
    }

    @Test(arguments: 1...40) func framesMayBeCutAnywhere(size: Int) {
        var session = Self.joined()
        let stream = Self.comments.flatMap { Self.frame($0) }
        var texts: [String] = []
        for start in stride(from: 0, to: stream.count, by: size) {
            let piece = Array(stream[start..<min(start + size, stream.count)])
            texts += Self.texts(session.take(piece, at: Self.moment(1)))
        }
        #expect(texts == ["1", "2", "3"])
    }
}
