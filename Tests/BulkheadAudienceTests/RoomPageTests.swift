import BulkheadAudience
import BulkheadDanmaku
import BulkheadMedia
import BulkheadModel
import Foundation
import Testing

/// What viewers of the watch page are told of a room.
@Suite(.timeLimit(.minutes(1))) struct RoomPageTests {
    private static func record() throws -> RoomRecord { RoomRecord(try #require(Canvas(width: 1280, height: 720))) }

    private static func json(_ news: RoomNews?) throws -> (board: [String: Any], isOpen: Bool) {
        guard case .board(let text, let isOpen)? = news else { throw CancellationError() }
        return (try #require(try JSONSerialization.jsonObject(with: Data(text)) as? [String: Any]), isOpen)
    }

    private static func comment(_ text: String, _ author: String = "Ann", late: Int64? = nil) -> RoomLogEntry {
        let comment = RoomComment(id: "1", source: "irc", author: author, text: text, sentMilliseconds: late)
        return RoomLogEntry(7, comment, time: 100_000)
    }

    private static func told(_ entry: RoomLogEntry, _ settings: DanmakuSettings = .init()) throws -> [String: Any]? {
        guard let text = RoomPage.comment(entry, settings) else { return nil }
        #expect(!text.contains(0x0A) && !text.contains(0x0D))
        return try JSONSerialization.jsonObject(with: Data(text)) as? [String: Any]
    }

    @Test func whatChangesIsToldOnce() throws {
        var (record, page) = (try Self.record(), RoomPage("evening"))
        let first = try Self.json(page.update(record))
        #expect(first.board["room"] as? String == "evening" && !first.isOpen)
        #expect(page.update(record) == nil)
        record.title = "Evening\u{202E}"
        record.pin(RoomComment(id: "1", source: "room", author: "A\nB", text: "<b>read</b>"), until: 5)
        let second = try Self.json(page.update(record)).board
        #expect(second["title"] as? String == "Evening")
        let pinned = try #require(second["pinned"] as? [String: Any])
        #expect(pinned["author"] as? String == "A B" && pinned["text"] as? String == "<b>read</b>")
        #expect(pinned["until"] as? Int == 5)
        var fields = RoomFields()
        fields.viewers = true
        record.apply(fields)
        let third = try Self.json(page.update(record))
        #expect(third.isOpen && third.board["mayWrite"] as? Bool == true)
        let paid = PaidComment(
            RoomComment(id: "2", source: "irc", author: "Bo", text: "well done"), amountMicros: 5_050_000,
            currency: "EUR", from: 0, until: 90)
        let isShown = record.take(paid: paid, at: .zero, now: 1)
        #expect(isShown)
        let lines = try #require(try Self.json(page.update(record)).board["paid"] as? [[String: Any]])
        #expect(lines.first?["amount"] as? String == "5.05 EUR")
    }

    /// What is written to break pages, pictures and lines is text, and short.
    @Test(arguments: [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"), ("a\u{0}b\r\n\u{2028}c", "ab c"),
        ("\u{202E}evil\u{2066}", "evil"), (String(repeating: "x", count: 10_000), String(repeating: "x", count: 100)),
        ("e" + String(repeating: "\u{301}", count: 50), "e\u{301}\u{301}\u{301}"),
    ])
    func wordsAreCleaned(text: String, clean: String) throws {
        let comment = try #require(try Self.told(Self.comment(text, text)))
        #expect(comment["text"] as? String == clean && comment["author"] as? String == clean)
    }

    @Test func whatIsBlockedIsToldNobody() throws {
        var settings = DanmakuSettings()
        settings.blockedWords = ["spoiler"]
        settings.blockedUsers = ["Mallory"]
        #expect(try Self.told(Self.comment("a SPOILER"), settings) == nil)
        #expect(try Self.told(Self.comment("hello", "Mallory"), settings) == nil)
        #expect(try Self.told(Self.comment("\u{202E}"), settings) == nil)
        #expect(try Self.told(Self.comment("hello"), settings) != nil)
    }

    /// A backlog stands in the list, and does not burst onto the picture.
    @Test func whatComesLateDoesNotFly() throws {
        #expect(try Self.told(Self.comment("hello", late: 99_000))?["isLate"] == nil)
        #expect(try Self.told(Self.comment("hello", late: 90_000))?["isLate"] as? Bool == true)
        let replayed = RoomLogEntry(
            7, RoomComment(id: "1", source: "irc", author: "", text: "x"), time: 1, isReplayed: true)
        #expect(try Self.told(replayed)?["isLate"] as? Bool == true)
    }
}
