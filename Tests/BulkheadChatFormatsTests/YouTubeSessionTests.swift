import BulkheadChatFormats
import BulkheadDanmaku
import Testing

/// A client's side of YouTube's live chat, beside an API that is played by the test.
@Suite(.timeLimit(.minutes(1))) struct YouTubeSessionTests {
    private static let server = ChatTarget.Server(host: "api.example", port: 443, isSecure: true)
    private static let chat = "Cg0KCzZwX0pNLUk3RlVnKicKGFVDdmpnWHZCbGJRaXlkZmZaVTdtMV9h"

    private static func moment(_ milliseconds: Int64) -> ChatMoment {
        ChatMoment(wall: 1_795_826_000_000 + milliseconds, steady: milliseconds)
    }

    private static func cursor(_ id: String = "known", token: String? = nil) -> ChatCursor {
        var cursor = ChatCursor()
        cursor.advance(
            to: RoomComment(id: id, source: "", author: "", text: "", sentMilliseconds: 1_594_389_000_000))
        cursor.pageToken = token
        return cursor
    }

    private static func session(_ channel: String = chat, key: String = "KEY", cursor: ChatCursor? = nil)
        -> YouTubeSession
    { YouTubeSession(channel: channel, key: key, source: "y", cursor: cursor) }

    private static func item(_ id: String, _ text: String, at time: String = "2020-07-10T14:00:30.645000Z") -> String {
        """
        {"kind":"youtube#liveChatMessage","id":"\(id)","snippet":{"type":"textMessageEvent","liveChatId":"c",
         "authorChannelId":"u1","publishedAt":"\(time)","hasDisplayContent":true,"displayMessage":"\(text)",
         "textMessageDetails":{"messageText":"\(text)"}},
         "authorDetails":{"channelId":"u1","displayName":"Ann","isChatOwner":false,"isChatModerator":false}}
        """
    }

    private static func page(_ items: String..., token: String = "T2", more: String = "") -> ChatAnswer {
        let json = """
            {"kind":"youtube#liveChatMessageListResponse","pollingIntervalMillis":4813,"nextPageToken":"\(token)"\(more),
             "items":[\(items.joined(separator: ","))]}
            """
        return ChatAnswer("list", status: 200, body: Array(json.utf8))
    }

    private static func failure(_ status: Int, _ reason: String) -> ChatAnswer {
        let json = #"{"error":{"code":\#(status),"message":"words","errors":[{"reason":"\#(reason)","domain":"d"}]}}"#
        return ChatAnswer("list", status: status, body: Array(json.utf8))
    }

    /// What is wanted besides questions.
    private static func plain(_ actions: [ChatAction]) -> [ChatAction] {
        actions.filter { if case .request = $0 { false } else { true } }
    }

    /// The stream does not work here: it goes on by asking.
    private static func withoutStream(_ session: inout YouTubeSession, at milliseconds: Int64) {
        #expect(session.answered(ChatAnswer("stream", status: 501), at: moment(milliseconds)) == [])
    }

    private static func path(_ actions: [ChatAction]) -> String? {
        for case .request(let request) in actions { return request.path }
        return nil
    }

    // MARK: questions

    @Test func theQuestionIsThatOfTheAPI() {
        var session = Self.session()
        guard case .request(let request)? = session.begin(Self.server, at: Self.moment(0)).first else {
            Issue.record("it asks nothing")
            return
        }
        #expect(
            request.path
                == "/youtube/v3/liveChat/messages?liveChatId=\(Self.chat)&part=id%2Csnippet%2CauthorDetails&maxResults=2000"
        )
        #expect(request.headers == ["x-goog-api-key: KEY", "Accept: application/json"] && request.body == nil)
        var other = Self.session(key: "Bearer ya29.x")
        guard case .request(let authorized)? = other.begin(Self.server, at: Self.moment(0)).first else {
            Issue.record("it asks nothing")
            return
        }
        #expect(authorized.headers.first == "Authorization: Bearer ya29.x")
    }

    @Test func aVideoLeadsToItsChat() {
        var session = Self.session("6p_JM-I7FUg")
        #expect(
            Self.path(session.begin(Self.server, at: Self.moment(0)))
                == "/youtube/v3/videos?part=liveStreamingDetails&id=6p_JM-I7FUg")
        let json = #"{"items":[{"id":"6p_JM-I7FUg","liveStreamingDetails":{"activeLiveChatId":"\#(Self.chat)"}}]}"#
        let actions = session.answered(ChatAnswer("video", status: 200, body: Array(json.utf8)), at: Self.moment(1))
        #expect(actions.first == .reached && Self.path(actions)?.contains("liveChatId=\(Self.chat)&") == true)
        for body in [#"{"items":[]}"#, #"{"items":[{"liveStreamingDetails":{}}]}"#, #"{"items":[{}]}"#] {
            var other = Self.session("6p_JM-I7FUg")
            _ = other.begin(Self.server, at: Self.moment(0))
            #expect(
                other.answered(ChatAnswer("video", status: 200, body: Array(body.utf8)), at: Self.moment(1))
                    == [.refused("the video 6p_JM-I7FUg has no live chat now")])
        }
    }

    /// Not more often than the API says, and one question at a time.
    @Test func itAsksAsOftenAsTheAPISays() {
        var session = Self.session()
        _ = session.begin(Self.server, at: Self.moment(0))
        let actions = session.answered(Self.page(), at: Self.moment(100))
        #expect(Self.plain(actions) == [.reached, .chosen, .joined, .token("T2")])
        Self.withoutStream(&session, at: 200)
        #expect(session.due == 4913)
        #expect(session.wake(at: Self.moment(4912)) == [])
        #expect(Self.path(session.wake(at: Self.moment(4913)))?.hasSuffix("&pageToken=T2") == true)
        #expect(session.due == nil && session.wake(at: Self.moment(9999)) == [])
        #expect(session.answered(Self.page(token: "T2"), at: Self.moment(5000)) == [])
        #expect(session.due == 9813)
    }

    @Test(
        arguments: [
            (#","pollingIntervalMillis":-5"#, 500), (#","pollingIntervalMillis":9223372036854775807"#, 600_000),
            (#","pollingIntervalMillis":"x""#, 5000), ("", 5000), (#","offlineAt":"2026-11-28T20:00:00Z""#, 30_000),
        ] as [(String, Int64)])
    func strangeIntervalsAreKeptWithinBounds(more: String, interval: Int64) {
        var session = Self.session()
        _ = session.begin(Self.server, at: Self.moment(0))
        let json = #"{"nextPageToken":"T"\#(more),"items":[]}"#
        _ = session.answered(ChatAnswer("list", status: 200, body: Array(json.utf8)), at: Self.moment(0))
        Self.withoutStream(&session, at: 0)
        #expect(session.due == interval)
    }

    // MARK: going on

    @Test func theTokenGoesOnWhereItWasLeft() {
        var session = Self.session(cursor: Self.cursor(token: "T/1="))
        #expect(Self.path(session.begin(Self.server, at: Self.moment(0)))?.hasSuffix("&pageToken=T%2F1%3D") == true)
        let actions = Self.plain(session.answered(Self.page(Self.item("new", "hi")), at: Self.moment(1)))
        #expect(actions.count == 5 && actions.last == .token("T2"))
        for case .gap in actions { Issue.record("nothing was missed") }
    }

    /// The history shows whether something was missed.
    @Test func aForgottenTokenIsReplacedByTheHistory() {
        for (id, isMissed) in [("known", false), ("other", true)] {
            var session = Self.session(cursor: Self.cursor(token: "T1"))
            _ = session.begin(Self.server, at: Self.moment(0))
            let path = Self.path(session.answered(Self.failure(400, "pageTokenInvalid"), at: Self.moment(1)))
            #expect(path?.contains("pageToken") == false)
            let actions = session.answered(Self.page(Self.item(id, "hi")), at: Self.moment(2))
            let gap = ChatAction.gap(from: 1_594_389_000_000, until: 1_594_389_630_645)
            #expect(actions.contains(gap) == isMissed)
        }
        // Once, and not for ever.
        var session = Self.session(cursor: Self.cursor(token: "T1"))
        _ = session.begin(Self.server, at: Self.moment(0))
        _ = session.answered(Self.failure(400, "pageTokenInvalid"), at: Self.moment(1))
        #expect(
            session.answered(Self.failure(400, "pageTokenInvalid"), at: Self.moment(2))
                == [.refused("the API answers HTTP 400: pageTokenInvalid")])
    }

    @Test func whereNothingHadBeenWrittenNothingIsMissed() {
        var session = Self.session(cursor: Self.cursor(""))
        _ = session.begin(Self.server, at: Self.moment(0))
        for case .gap in session.answered(Self.page(), at: Self.moment(1)) { Issue.record("nothing was missed") }
    }

    /// A token that is forgotten later on: what was missed is counted from the last message that came, not from the first.
    @Test func whatHasComeIsNotMissed() {
        var session = Self.session(cursor: Self.cursor(token: "T1"))
        _ = session.begin(Self.server, at: Self.moment(0))
        _ = session.answered(Self.page(Self.item("m1", "hi")), at: Self.moment(1))
        Self.withoutStream(&session, at: 2)
        _ = session.wake(at: Self.moment(9000))
        _ = session.answered(Self.failure(400, "pageTokenInvalid"), at: Self.moment(9001))
        for case .gap in session.answered(Self.page(Self.item("m1", "hi")), at: Self.moment(9002)) {
            Issue.record("nothing was missed")
        }
    }

    // MARK: the stream

    /// Five messages and a token, written by hand after `stream_list.proto`.
    private static let pushed = bytes(
        """
        000000013ffa3e39aa06026d31122308012214323032302d30372d31305431343a30303a33305a9a01080a06e4bda0e5a5bd1a0daaf7040175ba0603
        416e6e2801fa3e41aa060170122c080f2214323032302d30372d31305431343a30303a33305ada011108c096b1021203455552220379657328031a0d
        aaf7040175ba0603416e6e2801fa3e44aa060173122f08102214323032302d30372d31305431343a30303a33305ae2011408f0ba7912035553442002
        2a07120561206361741a0daaf7040175ba0603416e6e2801fa3e35aa060164122008082214323032302d30372d31305431343a30303a33305aa20105
        aa06026d311a0daaf7040175ba0603416e6e2801fa3e37aa0601621222080a2214323032302d30372d31305431343a30303a33305ab201070a05aa06
        0275391a0daaf7040175ba0603416e6e2801d28f31025432
        """)

    private static func bytes(_ text: String) -> [UInt8] {
        let digits = text.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    private static func streaming(cursor: ChatCursor? = nil) -> YouTubeSession {
        var session = session(cursor: cursor)
        _ = session.begin(server, at: moment(0))
        _ = session.answered(page(token: "T1"), at: moment(0))
        return session
    }

    private static func ended(_ code: Int?, _ message: String = "", status: Int? = 200) -> ChatAnswer {
        let trailers = code.map { ["grpc-status": "\($0)", "grpc-message": message] } ?? [:]
        return ChatAnswer("stream", status: status, problem: "it broke", trailers: trailers)
    }

    @Test func theStreamIsOpenedBehindTheFirstAnswer() {
        var session = Self.session("chat")
        _ = session.begin(Self.server, at: Self.moment(0))
        let actions = session.answered(Self.page(token: "T1"), at: Self.moment(0))
        guard case .request(let request)? = actions.last else {
            Issue.record("it asks nothing")
            return
        }
        #expect(request.isStream && request.path == "/youtube.api.v3.V3DataLiveChatMessageService/StreamList")
        #expect(request.headers == ["x-goog-api-key: KEY", "Content-Type: application/grpc", "TE: trailers"])
        let body =
            "0a0463686174" + "9a06025431" + "a206026964" + "a20607736e6970706574" + "a2060d617574686f7244657461696c73"
        let message = Self.bytes(body)
        #expect(request.body == [0, 0, 0, 0, UInt8(message.count)] + message)
        #expect(session.due == 120_000)
    }

    @Test(arguments: [1, 3, 100, 10_000]) func messagesArePushedHoweverTheyCome(size: Int) {
        var session = Self.streaming()
        var actions: [ChatAction] = []
        for start in stride(from: 0, to: Self.pushed.count, by: size) {
            let piece = Array(Self.pushed[start..<min(start + size, Self.pushed.count)])
            actions += session.streamed(piece, at: Self.moment(10))
        }
        func comment(_ id: String, _ text: String) -> RoomComment {
            RoomComment(
                id: id, source: "y", authorID: "u", author: "Ann", text: text, rank: .staff,
                sentMilliseconds: 1_594_389_630_000)
        }
        #expect(
            actions == [
                .comment(comment("m1", "你好")),
                .paid(comment("p", "yes"), amountMicros: 5_000_000, currency: "EUR", seconds: 120),
                .paid(comment("s", "a cat"), amountMicros: 1_990_000, currency: "USD", seconds: 60),
                .takenBack(.id("m1")), .takenBack(.author("u9")), .token("T2"),
            ])
        #expect(session.due == 600_010)
        // Silent for long: it is opened again, and goes on where it was.
        guard case .request(let request)? = session.wake(at: Self.moment(600_010)).first else {
            Issue.record("it asks nothing")
            return
        }
        #expect(request.isStream && request.body?.contains(UInt8(ascii: "2")) == true)
    }

    /// One that gives nothing while there is something is no use.
    @Test func aStreamThatGivesNothingIsLookedAt() {
        var session = Self.streaming()
        #expect(Self.path(session.wake(at: Self.moment(120_000)))?.hasPrefix("/youtube/v3/liveChat/messages?") == true)
        // There was nothing.
        #expect(
            Self.path(session.answered(Self.page(token: "T1"), at: Self.moment(120_100)))?.hasSuffix("List") == true)
        _ = session.wake(at: Self.moment(240_100))
        let actions = session.answered(Self.page(Self.item("m", "x")), at: Self.moment(240_200))
        #expect(Self.path(actions) == nil && session.due == 245_013)
        #expect(session.streamed(Self.pushed, at: Self.moment(240_300)) == [])
    }

    @Test(arguments: [ended(nil, status: nil), ended(nil, status: 502), ended(12), ended(nil)])
    func withoutAStreamItAsks(answer: ChatAnswer) {
        var session = Self.streaming()
        #expect(session.answered(answer, at: Self.moment(10)) == [])
        #expect(session.due == 4813)
    }

    @Test(arguments: [
        (7, "no", true), (16, "", true), (9, "The live chat is no longer live.", true), (5, "", true),
        (8, "Quota exceeded", true), (8, "too fast", false), (14, "", false), (13, "", false), (99, "", false),
    ]) func codesOfGRPCAreRefusalsOrOutages(code: Int, message: String, isRefusal: Bool) {
        var session = Self.streaming()
        _ = session.streamed(Self.pushed, at: Self.moment(1))
        let actions = session.answered(Self.ended(code, message), at: Self.moment(10))
        switch actions.first {
        case .refused: #expect(isRefusal && actions.count == 1)
        case .ended: #expect(!isRefusal && actions.count == 1)
        default: Issue.record("\(actions)")
        }
        #expect(session.due == nil)
    }

    @Test func aStreamThatEndsIsOpenedAgain() {
        var session = Self.streaming()
        _ = session.streamed(Self.pushed, at: Self.moment(1))
        #expect(Self.path(session.answered(Self.ended(0), at: Self.moment(60_000)))?.hasSuffix("List") == true)
        // Not at once again.
        #expect(session.answered(Self.ended(0), at: Self.moment(60_100)) == [] && session.due == 65_000)
        // A break is an outage, and the next connection goes on by the token.
        var other = Self.streaming()
        _ = other.streamed(Self.pushed, at: Self.moment(1))
        #expect(other.answered(Self.ended(nil, status: nil), at: Self.moment(2)) == [.ended("it broke")])
    }

    @Test func aTokenThatTheStreamHasForgottenIsLeftOut() {
        var session = Self.streaming(cursor: Self.cursor(token: "T0"))
        _ = session.streamed(Self.pushed, at: Self.moment(1))
        guard case .request(let request)? = session.answered(Self.ended(3), at: Self.moment(9)).first else {
            Issue.record("it asks nothing")
            return
        }
        #expect(request.isStream && request.body?.count == Self.chat.utf8.count + 2 + 5 + 5 + 10 + 16)
        // It begins with the history, in which the last message is.
        for case .gap in session.streamed(Self.pushed, at: Self.moment(10)) { Issue.record("nothing was missed") }
    }

    @Test(arguments: [
        "0100000000", "00ffffffff", "0000000001ff", "00000000030a05aa", "000000000a" + "ffffffffffffffffffff",
    ])
    func aStreamThatCanNotBeReadIsLeft(text: String) {
        var session = Self.streaming()
        #expect(session.streamed(Self.bytes(text), at: Self.moment(1)) == [] && session.due == 4813)
        var proven = Self.streaming()
        _ = proven.streamed(Self.pushed, at: Self.moment(1))
        #expect(proven.streamed(Self.bytes(text), at: Self.moment(2)) == [.ended("the API's stream can't be read")])
    }

    // MARK: refusals and outages

    @Test(arguments: [
        (failure(401, "authError"), true), (failure(403, "forbidden"), true), (failure(403, "liveChatEnded"), true),
        (failure(403, "quotaExceeded"), true), (failure(404, "liveChatNotFound"), true),
        (failure(403, "rateLimitExceeded"), false), (failure(429, "x"), false), (failure(503, "backendError"), false),
        (ChatAnswer("list", status: nil, problem: "timeout"), false),
        (ChatAnswer("list", status: 200, body: Array("<html>".utf8)), false),
    ]) func refusalsAreToldFromOutages(answer: ChatAnswer, isRefusal: Bool) {
        var session = Self.session()
        _ = session.begin(Self.server, at: Self.moment(0))
        let actions = session.answered(answer, at: Self.moment(1))
        switch actions.first {
        case .refused(let text): #expect(isRefusal && actions.count == 1 && !text.contains("KEY"))
        case .ended: #expect(!isRefusal && actions.count == 1)
        default: Issue.record("\(actions)")
        }
        #expect(session.due == nil)
    }

    @Test func theQuotaIsNamed() {
        var session = Self.session()
        _ = session.begin(Self.server, at: Self.moment(0))
        let text = "the quota of the API's key is used up for today (HTTP 403: quotaExceeded)"
        #expect(session.answered(Self.failure(403, "quotaExceeded"), at: Self.moment(1)) == [.refused(text)])
    }

    @Test func theEndOfTheChatEndsIt() {
        var session = Self.session()
        _ = session.begin(Self.server, at: Self.moment(0))
        let end = #"{"id":"e","snippet":{"type":"chatEndedEvent"}}"#
        let actions = session.answered(Self.page(Self.item("1", "bye"), end), at: Self.moment(1))
        #expect(actions.last == .refused("the chat has ended") && session.due == nil)
        #expect(actions.contains { if case .comment = $0 { true } else { false } })
    }

    // MARK: what comes

    private static func read(_ items: String) -> [ChatAction] {
        var session = session()
        _ = session.begin(server, at: moment(0))
        return plain(session.answered(page(items), at: moment(1))).filter {
            ![.reached, .chosen, .joined, .token("T2")].contains($0)
        }
    }

    @Test func commentsAreRead() {
        #expect(
            Self.read(Self.item("m1", "hello")) == [
                .comment(
                    RoomComment(
                        id: "m1", source: "y", authorID: "u1", author: "Ann", text: "hello",
                        sentMilliseconds: 1_594_389_630_645))
            ])
        let times = ["2023-05-25T20:08:08.479833+00:00", "2026-11-28T19:53:24Z", "2026-11-28T19:53:24.5Z"]
        let read = times.map { time in
            Self.read(Self.item("m", "x", at: time)).compactMap { action -> Int64? in
                if case .comment(let comment) = action { comment.sentMilliseconds } else { nil }
            }.first
        }
        // 479.833 ms, in whichever direction they are rounded.
        #expect(read[0].map { (1_685_045_288_479...1_685_045_288_480).contains($0) } == true)
        #expect(read[1...] == [1_795_895_604_000, 1_795_895_604_500])
    }

    @Test func paidOnesHaveTheTimeOfTheirTier() {
        let chat = """
            {"id":"p","snippet":{"type":"superChatEvent","publishedAt":"2020-07-10T14:00:30Z","superChatDetails":
             {"amountMicros":"5000000","currency":"EUR","amountDisplayString":"5 €","userComment":"yes","tier":3}},
             "authorDetails":{"channelId":"u","displayName":"Bob","isChatModerator":true}}
            """
        let comment = RoomComment(
            id: "p", source: "y", authorID: "u", author: "Bob", text: "yes", rank: .staff,
            sentMilliseconds: 1_594_389_630_000)
        #expect(Self.read(chat) == [.paid(comment, amountMicros: 5_000_000, currency: "EUR", seconds: 120)])
        let sticker = """
            {"id":"s","snippet":{"type":"superStickerEvent","superStickerDetails":{"amountMicros":1990000,"currency":"USD",
             "tier":99,"superStickerMetadata":{"stickerId":"x","altText":"a cat","language":"en"}}}}
            """
        #expect(
            Self.read(sticker) == [
                .paid(
                    RoomComment(id: "s", source: "y", author: "", text: "a cat"), amountMicros: 1_990_000,
                    currency: "USD", seconds: 18_000)
            ])
    }

    @Test(arguments: [
        (
            #"{"type":"messageDeletedEvent","messageDeletedDetails":{"deletedMessageId":"m1"}}"#,
            ChatAction.takenBack(.id("m1"))
        ),
        (
            #"{"type":"userBannedEvent","userBannedDetails":{"bannedUserDetails":{"channelId":"u9"},"banType":"permanent"}}"#,
            .takenBack(.author("u9"))
        ), (#"{"type":"tombstone"}"#, .takenBack(.id("i"))),
        (
            #"{"type":"memberMilestoneChatEvent","memberMilestoneChatDetails":{"userComment":"a year","memberMonth":12}}"#,
            .comment(RoomComment(id: "i", source: "y", author: "", text: "a year"))
        ),
    ]) func whatIsTakenBackIs(snippet: String, action: ChatAction) {
        #expect(Self.read(#"{"id":"i","snippet":\#(snippet)}"#) == [action])
    }

    /// One that can't be read costs nothing but itself.
    @Test func strangeMessagesArePassedOver() {
        let strange =
            #"7,{},{"id":1},{"id":"a"},{"id":"a","snippet":{"type":"newSponsorEvent"}},{"id":"b","snippet":7}"#
        #expect(Self.read(strange + "," + Self.item("m", "x")).count == 1)
    }
}
