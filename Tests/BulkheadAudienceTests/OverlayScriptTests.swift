import BulkheadAudience
import BulkheadDanmaku
import BulkheadMedia
import BulkheadModel
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct OverlayScriptTests {
    private var stage: DanmakuStage
    private var script = OverlayScript()

    init() throws { stage = DanmakuStage(try #require(Canvas(width: 1920, height: 1080))) }

    private func time(_ seconds: Double) -> MediaTime { MediaTime(nanoseconds: Int64(seconds * 1e9)) }

    private func comment(_ id: String, _ text: String) -> RoomComment {
        RoomComment(id: id, source: "irc", author: "a", text: text)
    }

    private func words(_ events: [RoomEvent]) throws -> [String] {
        try events.map { event in
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(event.bytes)) as? [String: Any])
            return "\(event.name) \(object["key"] ?? "") \(object["text"] ?? "") \(event.time.seconds)"
        }
    }

    @Test mutating func whatIsNewIsToldOnceAndAllAgainToASuccessor() throws {
        _ = stage.offer(comment("1", "666"), at: time(1))
        let first = try words(script.update(stage, at: time(1)))
        #expect(first == ["show 1 666 1.0"])
        #expect(script.update(stage, at: time(1.1)).isEmpty)
        _ = stage.offer(comment("2", "666"), at: time(2))
        let merged = try words(script.update(stage, at: time(2)))
        #expect(merged == ["show 1 666 ×2 2.0"])
        _ = stage.offer(comment("3", "hello"), at: time(3))
        let second = try words(script.update(stage, at: time(3)))
        #expect(second == ["show 2 hello 3.0"])
        stage.remove { $0.id == "3" }
        let removed = try words(script.update(stage, at: time(4)))
        #expect(removed == ["remove 2  4.0"])
        let all = try words(script.all)
        #expect(all == ["show 1 666 1.0", "show 1 666 ×2 2.0", "show 2 hello 3.0", "remove 2  4.0"])
    }

    /// Ten thousand equal comments in two seconds are one that is drawn some times, and has the right number at the end.
    @Test mutating func aFloodOfEqualCommentsIsToldNowAndThen() throws {
        var told: [RoomEvent] = []
        for number in 0..<10_000 {
            let now = time(Double(number) / 5000)
            _ = stage.offer(comment("\(number)", "666"), at: now)
            told += script.update(stage, at: now)
        }
        told += script.update(stage, at: time(2.1))
        #expect((15...22).contains(told.count), "\(told.count)")
        #expect(try words(told).last == "show 1 666 ×10000 2.1")
        // How it looked seconds ago is told to no successor.
        _ = stage.offer(comment("last", "666"), at: time(4.9))
        _ = script.update(stage, at: time(4.9))
        let all = try words(script.all)
        #expect(all.first == "show 1 666 ×9501 1.9" && all.last == "show 1 666 ×10001 4.9", "\(all)")
    }

    /// Who draws a picture of a moment ago again must know what was on it.
    @Test mutating func whatHasEndedIsRememberedForAWhile() throws {
        _ = stage.offer(comment("1", "hi"), at: time(0))
        _ = script.update(stage, at: time(0))
        let end = Double(try #require(stage.flying.first).end) / 1e9
        stage.advance(to: time(end + 0.1))
        #expect(script.update(stage, at: time(end + 0.1)).isEmpty, "it ends by itself")
        #expect(script.all.count == 1)
        #expect(script.update(stage, at: time(end + 3.1)).isEmpty)
        #expect(script.all.isEmpty)
    }

    @Test mutating func anotherTimelineTakesTheOldOnesOff() throws {
        var record = RoomRecord(try #require(Canvas(width: 1920, height: 1080)))
        _ = record.take(comment("1", "hi"), at: time(100), now: 1_000_000)
        _ = script.update(record.stage, at: time(0))
        record.beginTimeline(at: time(0), now: 1_001_000)
        let events = try words(script.update(record.stage, at: time(0)))
        #expect(events == ["remove 1  0.0", "show 2 hi -1.0"])
        #expect(try words(script.all) == ["show 2 hi -1.0"])
    }
}
