import BulkheadChatFormats
import BulkheadDanmaku
import Foundation
import Testing

/// A client's side of Douyu's protocol.
@Suite(.timeLimit(.minutes(1))) struct DouyuSessionTests {
    private static let login = DouyuPackets.packet("type@=loginres/userid@=0/")

    private static func moment(_ milliseconds: Int64) -> ChatMoment {
        ChatMoment(wall: milliseconds, steady: milliseconds)
    }

    private static func session(cursor: ChatCursor? = nil) throws -> DouyuSession {
        var session = DouyuSession(room: "288016", source: "douyu", cursor: cursor, connection: "c1")
        let first = DouyuPackets.packet("type@=loginreq/roomid@=288016/")
        #expect(session.opened(at: moment(0)) == [.send(first)])
        _ = session.take(login, at: moment(1_000_000))
        return session
    }

    @Test func roomIsJoinedAfterTheLogin() throws {
        var session = DouyuSession(room: "288016", source: "douyu", connection: "c1")
        #expect(session.state == .entering && session.due == nil)
        let join = DouyuPackets.packet("type@=joingroup/rid@=288016/gid@=-9999/")
        #expect(session.take(Self.login, at: Self.moment(5)) == [.chosen, .send(join), .joined])
        #expect(session.state == .joined)
        // Said twice, it changes nothing.
        #expect(session.take(Self.login, at: Self.moment(6)) == [])
    }

    @Test func whatWasSaidMeanwhileIsAGap() throws {
        let text = #"{"lastID":"abc","lastMilliseconds":400}"#
        let cursor = try JSONDecoder().decode(ChatCursor.self, from: Data(text.utf8))
        var session = DouyuSession(room: "288016", source: "douyu", cursor: cursor, connection: "c2")
        #expect(session.take(Self.login, at: Self.moment(900)).last == .gap(from: 400, until: 900))
    }

    @Test func commentsAreRead() throws {
        var session = try Self.session()
        let text = "type@=chatmsg/rid@=288016/uid@=7/nn@=阿@Sb/txt@=你好@AS/cid@=abc/col@=1/cst@=1795826763000/"
        let bytes = DouyuPackets.packet(text)
        // In the midst of a character.
        #expect(session.take(Array(bytes[..<70]), at: Self.moment(1_000_001)) == [])
        #expect(
            session.take(Array(bytes[70...]), at: Self.moment(1_000_002)) == [
                .comment(
                    RoomComment(
                        id: "abc", source: "douyu", authorID: "7", author: "阿/b", text: "你好@S", color: 0xFF_0000,
                        sentMilliseconds: 1_795_826_763_000))
            ])
    }

    @Test func commentsWithoutIDsHaveOnesOfTheirOwn() throws {
        var session = try Self.session()
        let comment = DouyuPackets.packet("type@=chatmsg/uid@=7/nn@=a/txt@=hi/")
        let ids = session.take(comment + comment, at: Self.moment(1_000_001)).compactMap { action -> String? in
            if case .comment(let comment) = action { comment.id } else { nil }
        }
        #expect(Set(ids) == ["c1-1", "c1-2"])
    }

    @Test(arguments: [
        "type@=chatmsg/rid@=99/txt@=other/", "type@=chatmsg/rid@=288016/", "type@=uenter/nn@=a/", "txt@=hi/", "",
        "////",
    ]) func othersArePassedOver(text: String) throws {
        var session = try Self.session()
        #expect(session.take(DouyuPackets.packet(text), at: Self.moment(1_000_001)) == [])
    }

    /// Two gifts of one person in one moment are two: nothing tells them apart, and nothing is passed over.
    @Test func aGiftThatComesTwiceIsTwo() throws {
        var session = try Self.session()
        let gift = DouyuPackets.packet("type@=dgb/rid@=288016/gfid@=824/gfn@=火箭/gfcnt@=2/uid@=7/nn@=a/hits@=1/")
        let comments = session.take(gift + gift, at: Self.moment(1_000_005)).compactMap { action -> RoomComment? in
            if case .comment(let comment) = action { comment } else { nil }
        }
        #expect(comments.map(\.text) == ["火箭 ×2", "火箭 ×2"] && Set(comments.map(\.id)).count == 2)
        #expect(comments.allSatisfy { $0.authorID == "7" && $0.sentMilliseconds == 1_000_005 })
    }

    /// Whether the room is busy or silent.
    @Test func heartbeatsAreSentByTheClock() throws {
        var session = try Self.session()
        let beat = ChatAction.send(DouyuPackets.packet("type@=mrkl/"))
        #expect(session.due == 1_040_000)
        #expect(session.wake(at: Self.moment(1_039_999)) == [])
        // The clock of the world was set back.
        #expect(session.wake(at: ChatMoment(wall: 5, steady: 1_040_000)) == [beat])
        #expect(session.due == 1_080_000)
        #expect(session.ping(at: Self.moment(1_050_000)) == [beat])
        #expect(session.due == 1_090_000)
    }

    @Test func errorsEndIt() throws {
        var session = try Self.session()
        let error = DouyuPackets.packet("type@=error/code@=52/")
        #expect(session.take(error + error, at: Self.moment(1_000_001)) == [.ended("the server says error 52")])
        #expect(session.due == nil && session.wake(at: Self.moment(2_000_000)) == [])
    }

    @Test func whatIsNoPacketEndsItBehindWhatWasOne() throws {
        var session = try Self.session()
        let comment = DouyuPackets.packet("type@=chatmsg/txt@=hi/cid@=1/")
        let actions = session.take(comment + [UInt8](repeating: 0, count: 16), at: Self.moment(1_000_001))
        #expect(actions.count == 2 && actions.last == .ended("a packet says that it has 0 bytes"))
        #expect(session.take(comment, at: Self.moment(1_000_002)) == [])
    }
}
