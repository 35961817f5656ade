import BulkheadProbe
import Testing

@Suite(.timeLimit(.minutes(2))) struct JudgeTests {
    @Test func timestampsThatRiseEvenlyAreRight() {
        var judge = TimestampJudge()
        for index in 0..<100 { #expect(judge.take(UInt32(index * 33)).fault == nil) }
        #expect(judge.last == 3267)
        #expect(judge.usualStep == 33)
    }

    @Test func timestampsGoOnOverTheWrap() {
        var judge = TimestampJudge()
        #expect(judge.take(.max - 10).fault == nil)
        #expect(judge.take(22).fault == nil)
        #expect(judge.last == Int64(UInt32.max) + 23)
    }

    @Test func backwardsRepeatedAndJumps() {
        var judge = TimestampJudge()
        for index in 0..<10 { _ = judge.take(UInt32(index * 40)) }
        #expect(judge.take(300).fault == .backwards(milliseconds: 60))
        #expect(judge.take(300).fault == .repeated)
        #expect(judge.take(340).fault == nil)
        #expect(judge.take(840).fault == .jump(milliseconds: 500))
        #expect((judge.backwards, judge.repeated, judge.jumps) == (1, 1, 1))
    }

    @Test func anotherConnectionHasItsOwnTimestamps() {
        var judge = TimestampJudge()
        for index in 0..<10 { _ = judge.take(UInt32(index * 40)) }
        judge.beginAnew()
        #expect(judge.take(0).fault == nil)
        #expect(judge.take(40).fault == nil)
        #expect(judge.backwards == 0)
    }

    @Test func theLongestGapIsKnownWithItsFrame() {
        var judge = GapJudge()
        #expect(judge.take(unit: 0, at: 0) == nil)
        for unit in 1...10 { judge.take(unit: Int64(unit), at: Double(unit) * 0.033) }
        judge.take(unit: 11, at: 0.83)
        judge.take(unit: 12, at: 0.863)
        judge.name(unit: 11, frame: 111)
        #expect(judge.longest?.unit == 11)
        #expect(judge.longest?.frame == 111)
        #expect((499.0...501).contains(judge.longest?.milliseconds ?? 0))
        #expect((32.0...33).contains(judge.percentile(0.5) ?? 0))
        #expect(judge.longest(overlapping: [0.5...0.6])?.unit == 11)
        #expect((judge.longest(overlapping: [0.5...0.6], outside: true)?.milliseconds ?? 0) < 40)
        #expect(judge.noteworthy.contains { $0.unit == 11 && $0.frame == 111 })
    }

    @Test func beepsAreComparedWithTheirFlashes() {
        var judge = SyncJudge()
        judge.take(flashLuma: 235, at: 0)
        judge.take(beepAt: 5)
        #expect(judge.offsets.isEmpty, "what was white from the start did not flash")
        for second in 1...4 {
            judge.take(flashLuma: 16, at: Double(second) * 1000 - 500)
            if second == 3 { judge.take(beepAt: 2920) }
            judge.take(flashLuma: 235, at: Double(second) * 1000)
            if second != 3 { judge.take(beepAt: Double(second) * 1000 + 20) }
        }
        #expect(judge.offsets == [20, 20, -80, 20])
        #expect(judge.typical == 20)
        #expect(judge.worst == -80)
    }

    @Test func ratesAreThoseOfTheLastTwoSeconds() {
        var judge = RateJudge()
        for index in 0..<100 { judge.take(byteCount: 1000, at: Double(index) * 0.1) }
        let (perSecond, bits) = judge.recentRate(at: 9.9)
        #expect(perSecond == 10)
        #expect(bits == 80_000)
        #expect(judge.byteCount == 100_000)
    }
}
