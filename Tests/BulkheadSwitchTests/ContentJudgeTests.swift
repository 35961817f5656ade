import BulkheadModel
import BulkheadSwitch
import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct ContentJudgeTests {
    private static func time(_ seconds: Double) -> MonotonicTime {
        MonotonicTime(nanoseconds: Int64((seconds * 1e9).rounded()))
    }

    private static func report(_ judge: ContentJudge, _ time: MonotonicTime) -> WayReport {
        var report = WayReport(isOnAir: true)
        judge.fill(&report, at: time)
        return report
    }

    private static let grid = 1000
    private static func picture(_ luma: UInt8, changed: Int = 0, to other: UInt8 = 200) -> [UInt8] {
        (0..<grid).map { $0 < changed ? other : luma }
    }

    /// What is seen for ten seconds, and for how long it is then black.
    static let blacks: [(luma: UInt8, others: Int, isBlack: Bool)] = [
        (16, 0, true), (0, 0, true), (38, 0, true), (39, 0, false), (16, 20, true), (16, 21, false), (128, 0, false),
    ]

    @Test(arguments: blacks) func blackIsWhatBlackdetectCallsSo(row: (luma: UInt8, others: Int, isBlack: Bool)) {
        var judge = ContentJudge()
        #expect(judge.black(at: Self.time(0)) == nil)
        for step in 0...40 {
            judge.take(luma: Self.picture(row.luma, changed: row.others), at: Self.time(Double(step) / 4))
        }
        #expect(judge.black(at: Self.time(10)) == (row.isBlack ? 10 : 0))
        judge.take(luma: Self.picture(90), at: Self.time(10.25))
        #expect(judge.black(at: Self.time(10.25)) == 0)
    }

    @Test func pictureIsFrozenUntilMoreThanASpeckChanges() {
        var judge = ContentJudge()
        judge.take(luma: Self.picture(90), at: Self.time(1))
        judge.take(luma: Self.picture(95), at: Self.time(2))
        judge.take(luma: Self.picture(90, changed: 2), at: Self.time(3))
        #expect(judge.frozen(at: Self.time(4)) == 3)
        judge.take(luma: Self.picture(90, changed: 3), at: Self.time(5))
        #expect(judge.frozen(at: Self.time(5)) == 0)
        judge.take(luma: Self.picture(90), at: Self.time(6))
        #expect(judge.frozen(at: Self.time(7)) == 1)
        // A slow fade is no freeze: it is compared with the picture that has stood, not with the last one.
        for step in 0..<40 { judge.take(luma: Self.picture(UInt8(90 + step)), at: Self.time(8 + Double(step))) }
        #expect(judge.frozen(at: Self.time(47)).map { $0 < 11 } == true)
        // Another size is another picture.
        judge.take(luma: [90], at: Self.time(48))
        #expect(judge.frozen(at: Self.time(48)) == 0)
    }

    @Test func silenceIsBelowMinusSixtyDecibels() {
        var judge = ContentJudge()
        judge.take(sound: [0, 0.000_9, -0.000_9], at: Self.time(1))
        #expect(judge.silent(at: Self.time(3)) == 2)
        judge.take(sound: [0, 0.0011], at: Self.time(4))
        #expect(judge.silent(at: Self.time(4)) == 0)
        judge.take(sound: [.nan], at: Self.time(5))
        #expect(judge.silent(at: Self.time(5)) == 0)
    }

    @Test func clippingNeedsMoreThanOnePeakAndLastsOverPauses() {
        var judge = ContentJudge()
        judge.take(sound: [1, -1, 1, 0.5], at: Self.time(1))
        #expect(judge.clipped(at: Self.time(2)) == 0)
        for second in 2...6 { judge.take(sound: [1, -1, 1, -1, 0.5], at: Self.time(Double(second))) }
        #expect(judge.clipped(at: Self.time(6)) == 4)
        judge.take(sound: [0.5], at: Self.time(6.9))
        #expect(judge.clipped(at: Self.time(6.9)).map { $0 > 4.8 } == true)
        judge.take(sound: [0.5], at: Self.time(7.1))
        #expect(judge.clipped(at: Self.time(7.1)) == 0)
    }

    @Test func alarmsAreRaisedOnceAndCleared() throws {
        let black = try SwitchCondition("black 2s")
        let silence = try SwitchCondition("silence 1s")
        var (judge, alarms) = (ContentJudge(), ConditionAlarms([black, silence]))
        var news: [ConditionAlarms.News] = []
        for step in 0...40 {
            let time = Self.time(Double(step) / 4)
            judge.take(luma: Self.picture(step < 8 || step > 30 ? 100 : 16), at: time)
            judge.take(sound: [step == 1 ? 0 : 0.5], at: time)
            news += alarms.take(Self.report(judge, time), at: time)
        }
        #expect(news == [.raised(black, seconds: 2, text: nil), .cleared(black, seconds: 5.75)])
        #expect(alarms.met == [])
    }

    @Test func conditionThatIsTakenAwayIsCleared() throws {
        let frozen = try SwitchCondition("frozen 1s")
        var (judge, alarms) = (ContentJudge(), ConditionAlarms([frozen]))
        judge.take(luma: Self.picture(90), at: Self.time(0))
        let now = Self.time(3)
        #expect(alarms.take(Self.report(judge, now), at: now) == [.raised(frozen, seconds: 3, text: nil)])
        #expect(alarms.met == [frozen])
        #expect(alarms.change(to: [], at: Self.time(4)) == [.cleared(frozen, seconds: 4)])
        #expect(alarms.take(Self.report(judge, Self.time(5)), at: Self.time(5)) == [])
    }
}
