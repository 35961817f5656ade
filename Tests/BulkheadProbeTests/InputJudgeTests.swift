import BulkheadProbe
import Testing

/// The numbers of one input in its place, at rates of its own.
@Suite(.timeLimit(.minutes(1))) struct InputJudgeTests {
    /// Shows numbers that rise by `rate` a frame, in `frames` frames from `start` on; `change` puts another in their place.
    private func judge(
        _ rate: Double, frames: Int = 300, _ change: (Int, UInt32) -> UInt32? = { $1 }
    ) -> StreamReport.InputNumbers {
        var judge = InputJudge(framesPerSecond: 30)
        for frame in 0..<frames {
            judge.take(change(frame, UInt32(Double(frame) * rate + 0.001)), frame: Int64(frame))
        }
        return judge.report
    }

    /// Numbers in each frame.
    static let rates: [Double] = [0.8333, 1, 2, 0.8, 1.6667, 0.5, 4]

    @Test(arguments: rates)
    func whatItsRateHasIsNoLoss(rate: Double) {
        let report = judge(rate)
        #expect(report.lost == 0 && report.repeated == 0 && report.disordered == 0 && report.unread == 0)
        #expect(report.shown == 300 && abs(report.numbersPerFrame - rate) < 0.01)
    }

    @Test(arguments: rates.prefix(3)) func numbersThatAreLeftOutAreLost(rate: Double) {
        let report = judge(rate) { frame, number in frame < 100 ? number : number + 7 }
        #expect((6...7).contains(report.lost) && report.lostRanges.count == 1)
    }

    /// Every tenth number of thirty a second: 27 are no rate in use.
    @Test func whatIsLeftOutAgainAndAgainIsNoRate() {
        #expect(judge(1) { frame, number in number + UInt32(frame / 10) }.lost == 29)
    }

    /// 29.97 in 30 shows one again now and then, and leaves none out.
    @Test func aClockThatIsOffRepeats() {
        let report = judge(29.97 / 30, frames: 3000)
        #expect(report.lost == 0 && report.repeated == 3)
    }

    @Test func framesThatShowANumberAgainAreCounted() {
        let report = judge(1) { frame, number in frame < 100 ? number : number - UInt32(min(3, frame - 99)) }
        #expect(report.repeated == 3 && report.lost == 0)
    }

    @Test func numbersThatFallAreOutOfOrder() {
        let report = judge(1) { frame, number in frame == 100 ? number - 5 : number }
        #expect(report.disordered == 1)
    }

    /// Frames in which nothing can be read hide no loss, and are none.
    @Test func whatCanNotBeReadIsNotLost() {
        let report = judge(1) { frame, number in (100..<104).contains(frame) ? nil : number }
        #expect(report.lost == 0 && report.repeated == 0 && report.unread == 4)
        let lost = judge(1) { frame, number in (100..<104).contains(frame) ? nil : frame < 100 ? number : number + 2 }
        #expect(lost.lost == 2)
    }

    /// What is not shown waits, and goes on where it was.
    @Test func anInputThatIsHiddenWaits() {
        var judge = InputJudge(framesPerSecond: 30)
        for frame in 0..<50 { judge.take(UInt32(frame), frame: Int64(frame)) }
        for _ in 50..<90 { judge.hide() }
        for frame in 90..<140 { judge.take(UInt32(frame - 40), frame: Int64(frame)) }
        #expect(judge.report.lost == 0 && judge.report.repeated == 0 && judge.report.shown == 100)
        judge.hide()
        judge.take(130, frame: 150)
        #expect(judge.report.lost > 20)
    }

    @Test func expectationsAskForNumbersThatCouldBeRead() throws {
        var judge = InputJudge(framesPerSecond: 30)
        for frame in 0..<100 { judge.take(frame.isMultiple(of: 2) ? nil : 0, frame: Int64(frame)) }
        #expect(judge.report.unread == 50)
        let measures: [Measure] = [.missing, .inputLost, .inputRepeated]
        #expect(measures.map(\.rawValue) == ["missing", "input-lost", "input-repeated"])
        #expect(try Expectation.list("missing=0,input-lost=0").map(\.measure) == [.missing, .inputLost])
    }
}
