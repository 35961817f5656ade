import BulkheadMedia
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Testing

/// The plugin that shows what the room says beside its comments.
@Suite(.timeLimit(.minutes(2))) struct RoomPluginTests {
    private static func board(_ text: String, at time: Int64 = 0) -> PluginRequest {
        .event(kind: 2, pts: time, name: "room", bytes: Array(text.utf8))
    }

    private func loaded(_ events: [PluginRequest]) throws -> PluginHostChild {
        let host = try PluginHostChild(width: 640, height: 360)
        let reply = try host.load("Room", ["size": "60", "box": "0"])
        guard case .loaded = reply else { throw ChildTestFailure.unexpected(reply) }
        for event in events { try host.child.send(event) }
        return host
    }

    private func black(_ host: PluginHostChild) -> Picture {
        Picture(host.canvas).mapped { plane, _, _, _ in plane == 0 ? 16 : 128 }
    }

    @Test func whatWasPaidForGoesWhenItsTimeIsOver() throws {
        let host = try loaded([Self.board(#"{"until":10000000000,"paid0":"5.00 EUR  Bob: hi"}"#, at: 1_000_000_000)])
        let picture = black(host)
        #expect(try host.process(picture, pts: 999_999_999) == nil, "it has not been told for then")
        let first = try #require(try host.process(picture, pts: 1_100_000_000))
        // The seconds that are left stand beside it.
        #expect(try host.process(picture, pts: 1_900_000_000) == first)
        #expect(try host.process(picture, pts: 2_100_000_000) != first)
        #expect(try host.process(picture, pts: 9_999_999_999) != nil)
        #expect(try host.process(picture, pts: 10_000_000_000) == nil)
    }

    /// What the room says of its look holds from then on, before what the plugin was given.
    @Test func theRoomSaysWhereAndHow() throws {
        let host = try loaded([
            Self.board(#"{"title":"HH"}"#),
            Self.board(#"{"position":"bottom-right","size":60,"width":0.5,"box":1,"title":"HH"}"#, at: 1_000_000_000),
            Self.board(#"{"position":"elsewhere","size":60,"title":"HH"}"#, at: 2_000_000_000),
        ])
        let picture = black(host).mapped { plane, _, _, pixel in plane == 0 ? 100 : pixel }
        func changed(_ time: Int64) throws -> (rows: [Int], columns: [Int], isDark: Bool) {
            let drawn = try #require(try host.process(picture, pts: time))
            let rows = drawn.planes[0].indices.filter { drawn.planes[0][$0] != picture.planes[0][$0] }
            let columns = drawn.planes[0][0].indices.filter { x in rows.contains { drawn.planes[0][$0][x] != 100 } }
            let corner = drawn.planes[0][rows[rows.count - 1]][columns[columns.count - 1]]
            return (rows, columns, corner == 16)
        }
        let first = try changed(0)
        #expect(first.rows.allSatisfy { $0 < 180 } && first.columns.allSatisfy { $0 < 320 })
        let second = try changed(1_000_000_000)
        #expect(second.rows.allSatisfy { $0 >= 180 } && second.columns.allSatisfy { $0 >= 320 } && second.isDark)
        let third = try changed(2_000_000_000)
        #expect(third.rows == first.rows && third.columns == first.columns, "no such corner is the parameter's")
    }

    @Test func anotherProcessDrawsTheSamePixels() throws {
        let events = [
            Self.board(#"{"title":"Evening 晚间","notice":"one\ntwo","until":0,"pinned":"Ann: rules 🙂"}"#),
            Self.board(#"{"title":"Night","until":3000000000,"paid0":"5 EUR"}"#, at: 2_000_000_000),
        ]
        let first = try loaded(events)
        let picture = black(first)
        let times: [Int64] = [0, 1_999_999_999, 2_000_000_000, 2_999_999_999, 3_000_000_000]
        let drawn = try times.map { try first.process(picture, pts: $0) }
        let second = try loaded(events)
        for (time, expected) in zip(times, drawn).reversed() {
            #expect(try second.process(picture, pts: time) == expected, "at \(time)")
        }
        #expect(drawn.allSatisfy { $0 != nil } && drawn[0] == drawn[1] && drawn[1] != drawn[2] && drawn[3] != drawn[4])
    }

    @Test func whatIsNoBoardIsPassedOver() throws {
        let host = try loaded(
            ["", "{", "[]", #"{"until":"a"}"#, "\u{0}", #"{"until":1e999,"pinned":""}"#].map { Self.board($0) })
        #expect(try host.process(black(host), pts: 1) == nil)
        // It still lives.
        try host.child.send(Self.board(#"{"title":"\#(String(repeating: "很长", count: 200))"}"#))
        #expect(try host.process(black(host), pts: 1) != nil)
    }
}
