import BulkheadMedia
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Testing

/// The plugin that draws comments: where it is told, and the same again in another process.
@Suite(.timeLimit(.minutes(2))) struct DanmakuPluginTests {
    private static func show(
        _ key: Int, _ text: String, mode: String = "scroll", top: Double = 0, size: Double = 200, width: Double = 800,
        speed: Double = 240, start: Int64 = 0, end: Int64 = 20_000_000_000, color: Int = 0xFFFFFF, at time: Int64 = 0
    ) throws -> PluginRequest {
        let object: [String: Any] = [
            "key": key, "text": text, "mode": mode, "top": top, "height": size * 1.35, "size": size, "width": width,
            "speed": speed, "start": start, "end": end, "color": color, "opacity": 1, "font": "",
        ]
        let bytes = Array(try JSONSerialization.data(withJSONObject: object))
        return .event(kind: 4, pts: time, name: "show", bytes: bytes)
    }

    private static func remove(_ key: Int, at time: Int64) -> PluginRequest {
        .event(kind: 4, pts: time, name: "remove", bytes: Array("{\"key\":\(key)}".utf8))
    }

    private func loaded(_ events: [PluginRequest]) throws -> PluginHostChild {
        let host = try PluginHostChild()
        let reply = try host.load("Danmaku")
        guard case .loaded = reply else { throw ChildTestFailure.unexpected(reply) }
        for event in events { try host.child.send(event) }
        return host
    }

    private func black(_ host: PluginHostChild) -> Picture {
        Picture(host.canvas).mapped { plane, _, _, _ in plane == 0 ? 16 : 128 }
    }

    /// Where letters are, in pixels.
    private func columns(_ picture: Picture) -> ClosedRange<Int>? {
        let bright = picture.planes[0].flatMap { row in row.enumerated().filter { $0.element > 120 }.map(\.offset) }
        guard let first = bright.min(), let last = bright.max() else { return nil }
        return first...last
    }

    @Test func aCommentMovesFromRightToLeft() throws {
        let host = try loaded([try Self.show(1, "Hallo", start: 1_000_000_000)])
        let picture = black(host)
        let before = try host.process(picture, pts: 999_999_999)
        #expect(before == nil, "it has not begun")
        var last = Int.max
        for second in 2...6 {
            guard let drawn = try host.process(picture, pts: Int64(second) * 1_000_000_000) else { continue }
            let left = try #require(columns(drawn)).lowerBound
            #expect(left < last || left == 0)
            last = left
        }
        #expect(last < host.canvas.width / 2)
        #expect(try host.process(picture, pts: 20_000_000_000) == nil, "it is over")
    }

    @Test func standingCommentsStandInTheMiddle() throws {
        let host = try loaded([try Self.show(1, "Hallo", mode: "top", speed: 0)])
        let picture = black(host)
        let drawn = try #require(try host.process(picture, pts: 5))
        let letters = try #require(columns(drawn))
        let width = host.canvas.width
        #expect(abs(letters.lowerBound + letters.upperBound + 1 - width) <= width / 4)
        #expect(try host.process(picture, pts: 10_000_000_000) == drawn)
    }

    @Test func positionedCommentsStandInTheirPlace() throws {
        let request = PluginRequest.event(
            kind: 4, pts: 0, name: "show",
            bytes: Array(
                """
                {"key":1,"text":"HH","mode":"positioned","top":540,"left":960,"height":270,"size":200,"width":700,"speed":0,\
                "start":0,"end":9000000000,"color":16777215,"opacity":1,"font":""}
                """.utf8))
        let host = try loaded([request])
        let drawn = try #require(try host.process(black(host), pts: 5))
        let letters = try #require(columns(drawn))
        #expect(letters.lowerBound >= host.canvas.width / 2)
        #expect(drawn.planes[0].prefix(host.canvas.height / 2).allSatisfy { $0.allSatisfy { $0 == 16 } })
    }

    /// What lies over what does not depend on when it was told.
    @Test func theOrderOfTellingIsNotSeen() throws {
        let events = [
            try Self.show(1, "666", mode: "top", speed: 0),
            try Self.show(2, "HHHH", mode: "bottom", speed: 0, color: 0xFF),
            try Self.show(1, "666 ×2", mode: "top", speed: 0, at: 1),
        ]
        let picture = black(try loaded([]))
        let drawn = try loaded(events).process(picture, pts: 5)
        #expect(try loaded(events.reversed()).process(picture, pts: 5) == drawn)
        #expect(try loaded(events + events).process(picture, pts: 5) == drawn)
    }

    /// A killed host's successor is told all again, and draws each picture as the first one did.
    @Test func anotherProcessDrawsTheSamePixels() throws {
        let events = [
            try Self.show(1, "Hello 你好 🎉", speed: 480), try Self.show(2, "مرحبا world", top: 300, speed: 480),
            try Self.show(3, "666", mode: "bottom", top: 700, speed: 0, color: 0xFF0000),
            try Self.show(3, "666 ×2", mode: "bottom", top: 700, speed: 0, color: 0xFF0000, at: 2_000_000_000),
            Self.remove(1, at: 3_000_000_000),
        ]
        let first = try loaded(events)
        let picture = black(first)
        let times = stride(from: Int64(0), through: 4_000_000_000, by: 500_000_000)
        let drawn = try times.map { try first.process(picture, pts: $0) }
        // In another process, from the middle on, and backwards.
        let second = try loaded(events)
        for (time, expected) in zip(times, drawn).reversed() {
            #expect(try second.process(picture, pts: time) == expected, "at \(time)")
        }
        #expect(drawn[2] != nil && drawn[2] != drawn[5])
    }

    @Test func whatIsNoCommentIsPassedOver() throws {
        let host = try PluginHostChild()
        _ = try host.load("Danmaku")
        for text in ["", "{", "[]", "{\"key\":}", "{\"text\":\"\\ud800\"}", "{\"size\":1e999,\"text\":\"a\"}", "\u{0}"]
        {
            for name in ["show", "remove", "else"] {
                try host.child.send(PluginRequest.event(kind: 4, pts: 0, name: name, bytes: Array(text.utf8)))
            }
        }
        try host.child.send(PluginRequest.event(kind: 9, pts: 0, name: "show", bytes: []))
        #expect(try host.process(black(host), pts: 1) == nil)
    }

    @Test(arguments: [
        "", " ", "👨‍👩‍👧‍👦🇩🇪", "a\u{301}\u{302}\u{303}", "\u{202E}abc", String(repeating: "漢", count: 100), "\u{FDFD}\u{12219}",
        "\t\n",
    ])
    func everyTextCanBeDrawn(text: String) throws {
        let host = try loaded([try Self.show(1, text, mode: "top", width: 1000, speed: 0)])
        _ = try host.process(black(host), pts: 1)
        // It still lives.
        try host.child.send(try Self.show(2, "Hallo", mode: "top", top: 400, speed: 0))
        #expect(try host.process(black(host), pts: 1) != nil)
    }
}
