import BulkheadAudience
import BulkheadDanmaku
import BulkheadMedia
import BulkheadModel
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct RoomBoardTests {
    private var record: RoomRecord
    private var board = RoomBoard()

    init() throws { record = RoomRecord(try #require(Canvas(width: 1920, height: 1080))) }

    private func text(_ events: [RoomEvent]) -> [String] { events.map { String(decoding: $0.bytes, as: UTF8.self) } }

    @Test mutating func endsAreTimesOfTheTimeline() {
        record.title = "A \"show\""
        let comment = RoomComment(id: "1", source: "irc", author: "Bob", text: "well\ndone")
        _ = record.take(
            paid: PaidComment(comment, amountMicros: 4_990_000, currency: "EUR", from: 0, until: 61_000), at: .zero,
            now: 1000)
        record.pin(RoomComment(id: "2", source: "room", author: "", text: "rules"))
        let time = MediaTime(nanoseconds: 5_000_000_000)
        let events = board.update(record, at: time, now: 1000)
        #expect(
            text(events) == [
                #"{"title":"A \"show\"","notice":"","until":0,"pinned":"rules","until":65000000000,"#
                    + #""paid0":"4.99 EUR  Bob: well done"}"#
            ])
        #expect(events.first?.time == time && events.first?.name == "room" && events.first?.kind == .roomData)
        // Nothing new is nothing to tell, whatever the time.
        #expect(board.update(record, at: MediaTime(nanoseconds: 9_000_000_000), now: 5000).isEmpty)
        #expect(board.all == events)
    }

    /// A comment that was paid for has 3 s left when the machine goes down: after 2 s it has one left, after 5 it is gone.
    @Test(arguments: [(2000 as Int64, 1_000_000_000 as Int64?), (2950, 50_000_000), (5000, nil)])
    mutating func whatWasPaidForRunsOutDuringABreak(milliseconds: Int64, left: Int64?) throws {
        let comment = RoomComment(id: "1", source: "irc", author: "Bob", text: "hi")
        _ = record.take(
            paid: PaidComment(comment, amountMicros: 5_000_000, currency: "EUR", from: 0, until: 63_000),
            at: MediaTime(nanoseconds: 9_000_000_000), now: 60_000)
        record.title = "Show"
        var resumed = try JSONLine.decode(RoomRecord.self, from: JSONLine.encode(record))
        let now = 60_000 + milliseconds
        resumed.beginTimeline(at: .zero, now: now)
        _ = resumed.advance(to: .zero, now: now)
        let told = try #require(text(board.update(resumed, at: .zero, now: now)).first)
        #expect(told.contains(#""title":"Show""#))
        #expect(told.contains("paid0") == (left != nil))
        if let left { #expect(told.contains(#""until":\#(left),"paid0""#), "\(told)") }
    }

    @Test mutating func theLookIsToldWhereItWasSet() throws {
        var fields = RoomFields()
        (fields.boardPosition, fields.boardWidth) = (.bottomRight, 0.5)
        record.apply(fields)
        record = try JSONLine.decode(RoomRecord.self, from: JSONLine.encode(record))
        let told = text(board.update(record, at: .zero, now: 0))
        #expect(told == [#"{"position":"bottom-right","width":0.5,"title":"","notice":""}"#])
    }

    @Test mutating func aNewTimelineTellsAllAnew() {
        record.title = "Show"
        _ = board.update(record, at: MediaTime(nanoseconds: 9_000_000_000), now: 0)
        board.beginTimeline()
        let again = board.update(record, at: .zero, now: 0)
        #expect(again.count == 1 && board.all == again)
    }

    @Test mutating func whatWasTellsASuccessorForAWhile() {
        for second in 0..<100 {
            record.title = "Show \(second)"
            _ = board.update(record, at: MediaTime(nanoseconds: Int64(second) * 1_000_000_000), now: 0)
        }
        #expect(text(board.all).map { $0.contains("Show 9") } == [Bool](repeating: true, count: board.all.count))
        #expect((4...6).contains(board.all.count))
    }
}
