import BulkheadChatFormats
import BulkheadDanmaku
import Foundation
import Testing

/// A client's side of Douyu's protocol.
@Suite(.timeLimit(.minutes(1))) struct DouyuSessionTests {
    private static let login = DouyuPackets.packet("type@=loginres/userid@=0/")

    private static func session(cursor: ChatCursor? = nil) throws -> DouyuSession {
        var session = DouyuSession(room: "288016", source: "douyu", cursor: cursor, connection: "c1")
        #expect(session.start() == [.send(DouyuPackets.packet("type@=loginreq/roomid@=288016/"))])
        _ = try session.take(login, now: 1_000_000)
        return session
    }

    @Test func roomIsJoinedAfterTheLogin() throws {
        var session = DouyuSession(room: "288016", source: "douyu", connection: "c1")
        #expect(session.state == .entering)
        let join = DouyuPackets.packet("type@=joingroup/rid@=288016/gid@=-9999/")
        #expect(try session.take(Self.login, now: 5) == [.send(join), .joined])
        #expect(session.state == .joined)
        // Said twice, it changes nothing.
        #expect(try session.take(Self.login, now: 6) == [])
    }

    @Test func whatWasSaidMeanwhileIsAGap() throws {
        let text = #"{"lastID":"abc","lastMilliseconds":400}"#
        let cursor = try JSONDecoder().decode(ChatCursor.self, from: Data(text.utf8))
        var session = DouyuSession(room: "288016", source: "douyu", cursor: cursor, connection: "c2")
        #expect(try session.take(Self.login, now: 900).last == .gap(from: 400, until: 900))
    }

    @Test func commentsAreRead() throws {
        var session = try Self.session()
        let text = "type@=chatmsg/rid@=288016/uid@=7/nn@=阿@Sb/txt@=你好@AS/cid@=abc/col@=1/cst@=1795826763000/"
        let bytes = DouyuPackets.packet(text)
        // In the midst of a character.
        #expect(try session.take(bytes[..<70], now: 1_000_001) == [])
        #expect(
            try session.take(bytes[70...], now: 1_000_002) == [
                .comment(
                    RoomComment(
                        id: "abc", source: "douyu", authorID: "7", author: "阿/b", text: "你好@S", color: 0xFF_0000,
                        sentMilliseconds: 1_795_826_763_000))
            ])
    }

    @Test func commentsWithoutIDsHaveOnesOfTheirOwn() throws {
        var session = try Self.session()
        let comment = DouyuPackets.packet("type@=chatmsg/uid@=7/nn@=a/txt@=hi/")
        let ids = try session.take(comment + comment, now: 1_000_001).compactMap { action -> String? in
            if case .comment(let comment) = action { comment.id } else { nil }
        }
        #expect(Set(ids) == ["c1-1", "c1-2"])
    }

    @Test(arguments: [
        "type@=chatmsg/rid@=99/txt@=other/", "type@=chatmsg/rid@=288016/", "type@=uenter/nn@=a/", "txt@=hi/", "",
        "////",
    ]) func othersArePassedOver(text: String) throws {
        var session = try Self.session()
        #expect(try session.take(DouyuPackets.packet(text), now: 1_000_001) == [])
    }

    @Test func busyRoomHearsHeartbeats() throws {
        var session = try Self.session()
        let other = DouyuPackets.packet("type@=uenter/")
        let beat = DouyuSession.Action.send(DouyuPackets.packet("type@=mrkl/"))
        #expect(try session.take(other, now: 1_039_999) == [])
        #expect(try session.take(other, now: 1_040_000) == [beat])
        #expect(try session.take(other, now: 1_040_001) == [])
        // A clock that was set back.
        #expect(try session.take(other, now: 900_000) == [beat])
    }

    @Test func errorsEndIt() throws {
        var session = try Self.session()
        let actions = try session.take(DouyuPackets.packet("type@=error/code@=52/"), now: 1_000_001)
        #expect(actions == [.ended("the server says error 52")])
        #expect(throws: ChatFormatError.packetLength(0)) { try session.take([UInt8](repeating: 0, count: 16), now: 0) }
    }
}
