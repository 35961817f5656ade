import BulkheadDanmaku
import BulkheadMedia
import BulkheadModel
import BulkheadTestSupport
import Foundation
import Testing

private func time(_ seconds: Double) -> MediaTime { MediaTime(nanoseconds: Int64((seconds * 1e9).rounded())) }

private func comment(
    _ text: String, id: String = UUID().uuidString, mode: CommentMode = .scroll, place: CommentPlace? = nil,
    rank: RoomComment.Rank = .ordinary
) -> RoomComment {
    RoomComment(id: id, source: "test", authorID: "7", author: "ann", text: text, mode: mode, place: place, rank: rank)
}

private let width = 1920.0

@Suite(.timeLimit(.minutes(3))) struct DanmakuStageTests {
    private var stage: DanmakuStage

    init() throws { stage = DanmakuStage(try #require(Canvas(width: 1920, height: 1080))) }

    @Test mutating func aCommentCrossesThePictureAtOneSpeed() throws {
        let outcome = stage.offer(comment("弹幕弹幕弹幕弹幕弹幕"), at: time(1))
        #expect(outcome == .flies)
        let flying = try #require(stage.flying.first)
        #expect(flying.x(at: time(1), pictureWidth: width) == 1920)
        #expect(flying.x(at: time(2), pictureWidth: width) == 1920 - 240)
        #expect(flying.top == 0)
        // Ten letters of 36 lines and an outline, at 240 lines a second.
        #expect(abs(flying.width - 367.2) < 1e-9)
        #expect(flying.end == Int64((1 + (1920 + 367.2) / 240) * 1e9))
        stage.advance(to: MediaTime(nanoseconds: flying.end))
        #expect(stage.flying.isEmpty)
    }

    @Test mutating func theFirstFreeLaneIsTaken() {
        for index in 0..<3 { _ = stage.offer(comment("comment \(index)"), at: time(0)) }
        #expect(stage.flying.map(\.top) == [0, 48.6, 97.2])
        // By then the end of the first has come in: (0.6 × 9 × 36 + 7.2 + 20) / 240 s.
        _ = stage.offer(comment("too early"), at: time(0.9))
        _ = stage.offer(comment("in time"), at: time(0.93))
        #expect(stage.flying.map(\.top).suffix(2).elementsEqual([145.8, 0], by: { abs($0 - $1) < 1e-9 }))
    }

    @Test mutating func modesHaveLanesOfTheirOwn() {
        for mode in CommentMode.allCases where mode != .positioned {
            _ = stage.offer(comment(mode.rawValue, mode: mode), at: time(0))
        }
        #expect(stage.flying.filter { $0.mode != .bottom }.allSatisfy { $0.top == 0 })
        let bottom = stage.flying.first { $0.mode == .bottom }
        #expect(bottom.map { abs($0.top + $0.height - 1080) < 1e-9 } == true)
        _ = stage.offer(comment("second", mode: .bottom), at: time(0))
        #expect(stage.flying.last.map { abs($0.top + 2 * $0.height - 1080) < 1e-9 } == true)
        #expect(stage.flying.first { $0.mode == .top }?.x(at: time(1), pictureWidth: width) ?? 0 > 900)
        let reverse = stage.flying.first { $0.mode == .reverse }
        #expect(reverse.map { $0.x(at: time(0), pictureWidth: width) == -$0.width } == true)
    }

    @Test mutating func whatIsPositionedStandsInItsPlace() throws {
        func at(_ x: Double, _ y: Double) -> CommentPlace? { CommentPlace(x: x, y: y) }
        _ = stage.offer(comment("middle", mode: .positioned, place: at(0.5, 0.25)), at: time(0))
        let middle = try #require(stage.flying.first)
        #expect(middle.x(at: time(3), pictureWidth: width) == 960 && middle.top == 270 && middle.speed == 0)
        // Whole on the picture, where it fits.
        _ = stage.offer(comment("corner", mode: .positioned, place: at(1, 1)), at: time(0))
        let corner = try #require(stage.flying.last)
        #expect(corner.x(at: time(0), pictureWidth: width) + corner.width == 1920)
        #expect(corner.top + corner.height == 1080)
        // One over another waits for its place, and others do not wait behind it.
        let over = stage.offer(comment("over", mode: .positioned, place: at(0.51, 0.26)), at: time(1))
        let beside = stage.offer(comment("beside", mode: .positioned, place: at(0.1, 0.25)), at: time(1))
        #expect(over == .waits && beside == .flies)
        let again = stage.offer(comment("middle", mode: .positioned, place: at(0.5, 0.25)), at: time(1))
        let elsewhere = stage.offer(comment("middle", mode: .positioned, place: at(0, 0)), at: time(1))
        #expect(again == .merged && elsewhere == .flies)
        let placeless = stage.offer(comment("placeless", mode: .positioned), at: time(1))
        #expect(placeless == .flies && stage.flying.last?.mode == .scroll)
        #expect(CommentPlace(x: 1.1, y: 0) == nil && CommentPlace(x: .nan, y: 0) == nil)
        for text in [#"{"x":-1,"y":0}"#, #"{"x":0.5}"#] {
            #expect(throws: DecodingError.self) { try JSONLine.decode(CommentPlace.self, from: Array(text.utf8)) }
        }
    }

    @Test mutating func modesThatAreOffScroll() {
        var settings = DanmakuSettings()
        settings.modes = [.scroll]
        stage.change(to: settings)
        _ = stage.offer(comment("top", mode: .top), at: time(0))
        #expect(stage.flying.first?.mode == .scroll)
    }

    /// The property that is looked at: no two of one mode overlap, at any time, whatever comes and is changed.
    @Test(arguments: 1...3) mutating func nothingEverOverlaps(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var offered = 0
        var overlaps: [String] = []
        var settings = DanmakuSettings()
        for frame in 0..<900 {
            let now = time(Double(frame) / 30)
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                let length = Int.random(in: 1...40, using: &random)
                let text = String((0..<length).map { _ in "ab字弹w ".randomElement(using: &random) ?? "a" })
                let mode = CommentMode.allCases.randomElement(using: &random) ?? .scroll
                let rank: RoomComment.Rank = Int.random(in: 0..<50, using: &random) == 0 ? .staff : .ordinary
                let place = CommentPlace(
                    x: .random(in: 0...1, using: &random), y: .random(in: 0...1, using: &random))
                _ = stage.offer(comment(text, mode: mode, place: place, rank: rank), at: now)
                offered += 1
            }
            if frame % 111 == 110 {
                settings.size = Double.random(in: 16...80, using: &random)
                settings.scrollSeconds = Double.random(in: 3...14, using: &random)
                settings.area = Double.random(in: 0.2...1, using: &random)
                stage.change(to: settings)
            }
            stage.advance(to: now)
            guard frame % 15 == 0 else { continue }
            for (index, one) in stage.flying.enumerated() {
                for other in stage.flying[(index + 1)...] where one.mode == other.mode {
                    let (a, b) = (one.x(at: now, pictureWidth: width), other.x(at: now, pictureWidth: width))
                    let isApart =
                        a + one.width <= b + 0.01 || b + other.width <= a + 0.01
                        || one.top + one.height <= other.top + 0.01 || other.top + other.height <= one.top + 0.01
                    if !isApart { overlaps.append("\(one.text) and \(other.text) at frame \(frame)") }
                }
            }
        }
        #expect(overlaps == [])
        let counts = stage.counts
        #expect(counts.shown + counts.merged + counts.shed + counts.blocked + stage.waitingCount == offered)
        #expect(counts.shown > 250)
    }

    /// 200 a second: as many as fit are shown, the rest is counted.
    @Test mutating func aCrowdIsShownAsFarAsItFits() {
        var settings = DanmakuSettings()
        settings.size = 24
        stage.change(to: settings)
        var number = 0
        for frame in 0..<900 {
            let now = time(Double(frame) / 30)
            for _ in 0..<(frame % 3 == 0 ? 6 : 7) {
                number += 1
                _ = stage.offer(comment(String(format: "弹幕弹幕%04d", number % 10_000)), at: now)
            }
            stage.advance(to: now)
            #expect(stage.flying.count <= settings.density)
            #expect(stage.waitingCount <= DanmakuStage.mostWaiting)
        }
        let counts = stage.counts
        // 33 lanes of (1920 + w) / (T (w + gap)), with w = 4 + 4 × 0.6 ems and the outline: 40 a second.
        #expect((36 * 30...44 * 30).contains(counts.shown), "\(counts)")
        #expect(counts.merged == 0)
        #expect(number - counts.shown - counts.shed == stage.waitingCount)
    }

    @Test mutating func equalCommentsAreOneWithANumber() {
        for index in 0..<37 { _ = stage.offer(comment("666"), at: time(Double(index) / 10)) }
        #expect(stage.flying.count == 1)
        #expect(stage.flying.first?.count == 37)
        #expect(stage.counts.merged == 36)
        let late = stage.offer(comment("666"), at: time(5.1))
        #expect(late == .flies)
        let paid = stage.offer(comment("666", rank: .paid), at: time(5.2))
        #expect(paid == .flies)
    }

    @Test mutating func whoFindsNoPlaceWaitsASecondAndPaidOnesLonger() {
        var settings = DanmakuSettings()
        settings.size = 200
        stage.change(to: settings)
        for index in 0..<4 { _ = stage.offer(comment(String(repeating: "字", count: 90) + "\(index)"), at: time(0)) }
        #expect(stage.flying.count == 4)
        let ordinary = stage.offer(comment("ordinary"), at: time(0))
        let staff = stage.offer(comment("staff", rank: .staff), at: time(0.1))
        #expect(ordinary == .waits && staff == .waits)
        stage.advance(to: time(1))
        #expect(stage.waitingCount == 1)
        #expect(stage.counts.shed == 1)
        stage.advance(to: time(10.2))
        #expect(stage.waitingCount == 0)
        #expect(stage.counts.shed == 2)
    }

    /// Every comment meets one end, also those that were merged with one that found no place.
    @Test mutating func whatBecameOfThemAddsUp() {
        var settings = DanmakuSettings()
        (settings.size, settings.area) = (200, 0.1)
        stage.change(to: settings)
        for index in 0..<40 { _ = stage.offer(comment("\(index % 4)"), at: time(0)) }
        #expect(stage.counts.shown == 1 && stage.counts.merged == 36 && stage.waitingCount == 3)
        settings.blockedWords = ["2"]
        stage.change(to: settings)
        #expect(stage.counts.blocked == 10 && stage.counts.merged == 27)
        stage.advance(to: time(1))
        let counts = stage.counts
        #expect(counts.shown == 2 && counts.shed == 10 && counts.merged == 18 && stage.waitingCount == 0)
        #expect(counts.shown + counts.merged + counts.shed + counts.blocked == 40)
        stage.clear()
        #expect(stage.counts == counts, "nothing waited")
    }

    @Test mutating func theOneOfHigherRankIsGivenThePlace() throws {
        var settings = DanmakuSettings()
        settings.area = 0.1
        settings.size = 80
        stage.change(to: settings)
        _ = stage.offer(comment("first"), at: time(0))
        _ = stage.offer(comment("ordinary"), at: time(0.1))
        _ = stage.offer(comment("staff", rank: .staff), at: time(0.2))
        let first = try #require(stage.flying.first)
        stage.advance(to: time((first.width + DanmakuStage.gap) / first.speed))
        #expect(stage.flying.map(\.text) == ["first", "staff"])
    }

    @Test mutating func blockedWordsAndUsersAreNotSeen() {
        _ = stage.offer(comment("Buy GOLD now"), at: time(0))
        var settings = DanmakuSettings()
        settings.blockedWords = ["gold"]
        stage.change(to: settings)
        #expect(stage.flying.isEmpty)
        let blocked = stage.offer(comment("gOlD"), at: time(0))
        #expect(blocked == .blocked)
        settings.blockedUsers = ["7"]
        stage.change(to: settings)
        let byUser = stage.offer(comment("hello"), at: time(0))
        #expect(byUser == .blocked)
        #expect(stage.counts.blocked == 2)
    }

    @Test mutating func whatIsTakenBackGoes() {
        _ = stage.offer(comment("one", id: "1"), at: time(0))
        _ = stage.offer(comment("two", id: "2"), at: time(0))
        stage.remove { $0.id == "1" }
        #expect(stage.flying.map(\.text) == ["two"])
    }

    /// A process that died and came back lays out as if nothing had been.
    @Test mutating func aSavedStageGoesOnAsIfNothingHadBeen() throws {
        var random = SeededGenerator(seed: 4)
        var other = stage
        for frame in 0..<600 {
            let now = time(Double(frame) / 30)
            for index in 0..<Int.random(in: 0...6, using: &random) {
                let new = comment(
                    "text \(Int.random(in: 0...400, using: &random))", id: "\(frame).\(index)",
                    mode: CommentMode.allCases.randomElement(using: &random) ?? .scroll)
                let outcome = stage.offer(new, at: now)
                let otherOutcome = other.offer(new, at: now)
                #expect(outcome == otherOutcome)
            }
            stage.advance(to: now)
            other.advance(to: now)
            if frame % 50 == 49 {
                other = try JSONLine.decode(DanmakuStage.self, from: JSONLine.encode(other))
                #expect(other == stage)
            }
        }
    }

    @Test func settingsHaveRanges() {
        var settings = DanmakuSettings()
        #expect(settings.outside == nil)
        settings.size = 5
        #expect(settings.outside == "size")
        settings = DanmakuSettings()
        settings.scrollSeconds = .nan
        #expect(settings.outside == "scrollSeconds")
        settings = DanmakuSettings()
        settings.blockedWords = [""]
        #expect(settings.outside == "blockedWords")
    }
}
