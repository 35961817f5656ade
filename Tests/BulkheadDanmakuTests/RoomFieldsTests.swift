import BulkheadDanmaku
import BulkheadMedia
import BulkheadModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct RoomFieldsTests {
    private var record: RoomRecord

    init() throws { record = RoomRecord(try #require(Canvas(width: 1280, height: 720))) }

    private func fields(_ change: (inout RoomFields) -> Void) -> RoomFields {
        var fields = RoomFields()
        change(&fields)
        return fields
    }

    /// Starting again with the same file undoes nothing, and an edited file counts.
    @Test mutating func aConfigurationHoldsWhereItHasChanged() throws {
        let file = fields { ($0.title, $0.size, $0.notice) = ("Evening", 40, "Be kind") }
        let first = record.takeUp(file)
        #expect(first == file && record.title == "Evening" && record.stage.settings.size == 40)
        record.apply(fields { ($0.title, $0.opacity) = ("Night", 0.5) })
        // The record is read from its file again.
        record = try JSONLine.decode(RoomRecord.self, from: JSONLine.encode(record))
        let again = record.takeUp(file)
        #expect(again.isEmpty && record.title == "Night" && record.stage.settings.opacity == 0.5)
        let edited = record.takeUp(fields { ($0.title, $0.size, $0.notice) = ("Evening", 40, "Be very kind") })
        #expect(edited.names == ["notice"] && record.notice == "Be very kind" && record.title == "Night")
    }

    /// Nobody may write before somebody says so, and a record that knows nothing of it is read.
    @Test mutating func viewersMayWriteWhereItWasSaid() throws {
        #expect(!record.isOpenToViewers)
        let text = String(decoding: JSONLine.encode(record), as: UTF8.self)
        #expect(!text.contains("viewers"))
        let set = fields { $0.viewers = true }
        #expect(set.names == ["viewers"])
        record.apply(set)
        record = try JSONLine.decode(RoomRecord.self, from: JSONLine.encode(record))
        #expect(record.isOpenToViewers && record.isOfThisVersion)
        record.apply(fields { $0.title = "a" })
        #expect(record.isOpenToViewers)
        record.apply(fields { $0.viewers = false })
        #expect(!record.isOpenToViewers)
    }

    @Test func whatCannotBeIsNamed() {
        #expect(fields { $0.size = 3 }.outside == "size")
        #expect(fields { $0.scrollSeconds = .nan }.outside != nil)
        #expect(fields { $0.title = "a\u{1B}[2J" }.outside == "title")
        #expect(fields { $0.notice = "one\ntwo" }.outside == nil)
        #expect(fields { $0.title = String(repeating: "a", count: 501) }.outside == "title")
        #expect(fields { $0.blockedWords = [""] }.outside == "blockedWords")
        #expect(fields { $0.color = 0x1000000 }.outside == "color")
        #expect(fields { $0.boardWidth = 0 }.outside == "board" && fields { $0.boardSize = .nan }.outside == "board")
        #expect(fields { $0.boardBox = 0 }.outside == nil)
    }

    /// The machine went down for two seconds: what flew is where it would be, and what was over is gone.
    @Test mutating func commentsInFlightGoOnOnANewTimeline() throws {
        record.change(to: record.stage.settings)
        let early = RoomComment(id: "1", source: "irc", author: "a", text: "early")
        let late = RoomComment(id: "2", source: "irc", author: "b", text: "late")
        _ = record.take(early, at: MediaTime(nanoseconds: 100_000_000_000), now: 1_000_000)
        _ = record.take(late, at: MediaTime(nanoseconds: 107_000_000_000), now: 1_007_000)
        let flown = try #require(record.stage.flying.last)
        let width = 1920.0
        let expected = flown.x(at: MediaTime(nanoseconds: 110_000_000_000), pictureWidth: width)
        record.beginTimeline(at: .zero, now: 1_010_000)
        #expect(record.stage.flying.map(\.text) == ["late"])
        let moved = try #require(record.stage.flying.first)
        #expect(abs(moved.x(at: .zero, pictureWidth: width) - expected) < 0.01)
        // The last timeline is counted on until the next one begins: what comes between is on it as well.
        #expect(record.time(at: 1_012_000) == MediaTime(milliseconds: 2000))
        _ = record.take(
            RoomComment(id: "3", source: "irc", author: "c", text: "between"), at: record.time(at: 1_012_000),
            now: 1_012_000)
        record.beginTimeline(at: MediaTime(milliseconds: 500_000), now: 1_013_000)
        let between = try #require(record.stage.flying.first { $0.text == "between" })
        #expect(between.start == 499_000_000_000)
        #expect(record.stage.flying.first { $0.text == "late" }.map { $0.start } == 494_000_000_000)
        #expect(record.time(at: 1_000) == MediaTime(milliseconds: 500_000), "a clock that was set back")
        #expect(record.time(at: .max).nanoseconds >= 0)
        record.beginTimeline(at: .zero, now: 1_000)
        #expect(record.stage.flying.isEmpty)
    }
}
