import BulkheadModel
import BulkheadProbe
import BulkheadTestSupport
import Testing

/// The judges under any order of pictures and times, against plain counting.
@Suite(.timeLimit(.minutes(1))) struct JudgeModelTests {
    /// Each number at most once, in any order within a window, some left out: lost is what never came, and nothing is
    /// repeated.
    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64]) func lostNumbersAreThoseThatNeverCame(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            var numbers = (100..<400).map { UInt32($0) }.filter { _ in Int.random(in: 0..<12, using: &random) > 0 }
            guard let first = numbers.first else { continue }
            // Swaps of neighbours, so that some come late. The first stays first.
            for index in numbers.indices.dropFirst().dropLast() where Int.random(in: 0..<8, using: &random) == 0 {
                numbers.swapAt(index, index + 1)
            }
            var judge = NumberJudge()
            for number in numbers { _ = judge.take(number) }
            let highest = numbers.max() ?? first
            let missing = (first...highest).filter { !numbers.contains($0) }
            #expect(judge.lost == missing.count)
            #expect(judge.lostRanges.flatMap { Array($0) }.sorted() == missing)
            #expect(judge.numbered == numbers.count && judge.repeated == 0 && judge.restarts == 0)
            let stepsBack = zip(numbers, numbers.dropFirst()).count { $0 > $1 }
            #expect(judge.disordered == stepsBack)
        }
    }

    /// Pictures shown more than once, in order: as many are repeated as there are too many.
    @Test(arguments: [1, 2, 3] as [UInt64]) func repeatedPicturesAreCounted(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var judge = NumberJudge()
        var surplus = 0
        for number in 0..<500 as Range<UInt32> {
            let times = Int.random(in: 1...3, using: &random)
            surplus += times - 1
            for _ in 0..<times { _ = judge.take(number) }
        }
        #expect(judge.repeated == surplus && judge.lost == 0 && judge.disordered == 0 && judge.restarts == 0)
        #expect(judge.numbered == 500 + surplus)
    }

    /// A picture that could not be looked at is neither lost nor seen, wherever it stands.
    @Test(arguments: [1, 2, 3] as [UInt64]) func whatWasNotLookedAtIsNeverLost(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var judge = NumberJudge()
        var skipped = 0
        for number in 0..<600 as Range<UInt32> {
            if number > 0, Int.random(in: 0..<4, using: &random) == 0 {
                judge.skip(1)
                skipped += 1
            } else {
                _ = judge.take(number)
            }
        }
        #expect(judge.lost == 0 && judge.unread == skipped && judge.repeated == 0)
    }

    /// Whatever numbers come, the counts add up and nothing traps.
    @Test(arguments: [1, 2, 3] as [UInt64]) func anyNumbersAreCounted(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var judge = NumberJudge()
        var taken = 0
        for _ in 0..<5000 {
            switch Int.random(in: 0..<8, using: &random) {
            case 0: judge.skip(Int.random(in: 0...3, using: &random))
            case 1: judge.reconnected()
            case 2: _ = judge.take(nil)
            case 3:
                taken += 1
                _ = judge.take([0, 1, .max, .max - 1, 600, 601][Int.random(in: 0..<6, using: &random)])
            default:
                taken += 1
                _ = judge.take(UInt32.random(in: 0...2000, using: &random))
            }
            #expect(judge.lost >= 0 && judge.lostRanges.count <= NumberJudge.rangeLimit)
            #expect(judge.numbered == taken)
            #expect(judge.repeated + judge.disordered + judge.restarts + judge.replayed <= 2 * taken)
        }
    }

    /// The span is the sum of all steps, and each step is one of the four kinds.
    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func timestampsAddUpOverTheWrap(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var judge = TimestampJudge()
        var now = Int64.random(in: 4_294_960_000...4_294_967_000, using: &random)
        let first = now
        _ = judge.take(UInt32(truncatingIfNeeded: now))
        var (backwards, repeated) = (0, 0)
        for _ in 0..<1000 {
            let step = [0, -40, 33, 33, 33, 34, 5000][Int.random(in: 0..<7, using: &random)]
            now += Int64(step)
            if step < 0 { backwards += 1 }
            if step == 0 { repeated += 1 }
            let (_, fault) = judge.take(UInt32(truncatingIfNeeded: now))
            if step < 0 { #expect(fault == .backwards(milliseconds: 40)) }
            if step == 0 { #expect(fault == .repeated) }
            if step == 33 || step == 34 { #expect(fault == nil) }
        }
        #expect(judge.span == now - first && judge.count == 1001)
        #expect(judge.backwards == backwards && judge.repeated == repeated)
        #expect(judge.longestJumpMilliseconds == 5000 || judge.jumps == 0)
    }

    /// Between two connections lies no time.
    @Test func spanLeavesOutWhatLiesBetweenConnections() {
        var judge = TimestampJudge()
        for time in [0, 40, 80] as [UInt32] { _ = judge.take(time) }
        judge.beginAnew()
        for time in [1_000_000, 1_000_040] as [UInt32] { _ = judge.take(time) }
        #expect(judge.span == 120 && judge.count == 5 && judge.jumps == 0)
    }

    /// The share of all gaps that a percentile promises does not exceed it.
    @Test(arguments: [1, 2, 3] as [UInt64]) func percentilesHoldWhatTheyPromise(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var judge = GapJudge()
        #expect(judge.percentile(0.5) == nil && judge.longest == nil)
        var now = 0.0
        judge.take(unit: 0, at: now)
        #expect(judge.percentile(0.5) == nil)
        var gaps: [Double] = []
        for unit in 1...500 {
            let gap = Double(Int.random(in: 0...200, using: &random)) / 1000
            gaps.append(gap * 1000)
            now += gap
            judge.take(unit: Int64(unit), at: now)
        }
        for share in [0.01, 0.5, 0.9, 0.99, 1] {
            let limit = try #require(judge.percentile(share))
            // Gaps are counted in whole milliseconds.
            #expect(gaps.count { $0 < limit + 1.5 } >= Int((share * 500).rounded(.up)))
            #expect(gaps.count { $0 < limit - 1 } < Int((share * 500).rounded(.up)))
        }
        let longest = try #require(judge.longest)
        #expect(abs(longest.milliseconds - (gaps.max() ?? 0)) < 0.001)
    }

    /// A gap that overlaps a fault counts as felt there, and any other as undisturbed.
    @Test func gapsBelongToTheFaultsThatTheyOverlap() {
        var judge = GapJudge()
        for (unit, seconds) in [0, 0.03, 0.06, 0.2, 0.23, 0.53, 0.56].enumerated() {
            judge.take(unit: Int64(unit), at: seconds)
        }
        #expect(judge.longest(overlapping: [0.1...0.15])?.unit == 3)
        #expect(judge.longest(overlapping: [0.1...0.15], outside: true)?.unit == 5)
        #expect(judge.longest(overlapping: [0...1])?.unit == 5)
        #expect(judge.longest(overlapping: [0...1], outside: true) == nil)
        #expect(judge.longest(overlapping: []) == nil)
        #expect(judge.longest(overlapping: [2...3]) == nil)
    }

    @Test func clockThatGoesBackGivesNoNegativeGap() {
        var judge = GapJudge()
        judge.take(unit: 0, at: 5)
        #expect(judge.take(unit: 1, at: 4)?.milliseconds == 0)
    }

    /// A beep and a flash of the same second, in either order, up to the reach; each is used once.
    @Test(arguments: [(-449.0, true), (-451, false), (0, true), (449, true), (451, false)])
    func flashesAndBeepsAreMatchedWithinTheReach(offset: Double, matches: Bool) {
        var judge = SyncJudge()
        judge.take(flashLuma: 16, at: 900)
        judge.take(flashLuma: 235, at: 1000)
        let found = judge.take(beepAt: 1000 + offset)
        #expect((found != nil) == matches && (found == nil || found == offset))
        let again = judge.take(beepAt: 1000 + offset)
        #expect(again == nil)
    }

    /// Grey is neither dark nor a flash, and a picture that stays white flashes once.
    @Test func onlyTheStepFromDarkToWhiteIsAFlash() {
        var judge = SyncJudge()
        for (luma, time) in [(16, 0.0), (120, 20), (235, 40), (235, 60), (120, 80), (235, 100)] as [(UInt8, Double)] {
            judge.take(flashLuma: luma, at: time)
        }
        let first = judge.take(beepAt: 50)
        let second = judge.take(beepAt: 110)
        #expect(first == 10 && second == nil)
        judge.take(flashLuma: 16, at: 900)
        judge.beginAnew()
        judge.take(flashLuma: 235, at: 1000)
        let third = judge.take(beepAt: 1000)
        #expect(third == nil, "what was dark before the timestamps began anew says nothing")
    }

    @Test func ratesForgetWhatIsOlderThanTwoSeconds() {
        var judge = RateJudge()
        #expect(judge.recentRate(at: 0).bitsPerSecond == 0 && judge.recentRate(at: 0).perSecond == 0)
        judge.take(byteCount: 1000, at: 1)
        #expect(judge.recentRate(at: 2).bitsPerSecond == 4000 && judge.recentRate(at: 2).perSecond == 0.5)
        #expect(judge.recentRate(at: 3.5).bitsPerSecond == 0 && judge.count == 1 && judge.byteCount == 1000)
    }

    // MARK: expectations

    /// What is written for a person is read as the same expectation.
    @Test(arguments: Measure.allCases) func expectationsAreReadAsTheyAreWritten(measure: Measure) throws {
        for relation in Expectation.Relation.allCases {
            for limit in [0, 1, 200, 86_400] as [Double] {
                let expectation = BulkheadProbe.Expectation(measure, relation, limit)
                #expect(try Expectation.list("\(expectation)") == [expectation])
            }
        }
    }

    @Test(arguments: [
        (BulkheadProbe.Expectation.Relation.atMost, true, true, false), (.atLeast, false, true, true),
        (.less, true, false, false),
        (.more, false, false, true), (.equal, false, true, false),
    ]) func relationsAreThoseOfNumbers(relation: BulkheadProbe.Expectation.Relation, below: Bool, at: Bool, above: Bool)
    {
        #expect(relation.holds(1, 2) == below && relation.holds(2, 2) == at && relation.holds(3, 2) == above)
        #expect(!relation.holds(Double.nan, 2))
    }

    @Test(arguments: ["gap<=1.5", "gap<=1s500ms", "gap<=1500ms"]) func timesHaveAnyForm(text: String) throws {
        #expect(try Expectation.list(text) == [Expectation(.gap, .atMost, 1500)])
    }

    @Test(arguments: [
        "gap<200 ms", "lost=1.5", "lost=1ms", "lost=5000000000", "gap=1x", "lost = 0", "LOST=0", ",", "gap",
    ])
    func strangeWordsAreRefusedWithTheMeasures(text: String) {
        let error = #expect(throws: BroadcastError.self) { try Expectation.list(text) }
        #expect(error?.kind == .usage && error?.advice.isEmpty == false)
    }
}
