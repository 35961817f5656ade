import BulkheadFrames
import BulkheadTimeline
import Testing

@Suite(.timeLimit(.minutes(10))) struct OverloadRuleTests {
    /// Standbys need time: half the room may fill without a frame being left out.
    @Test(arguments: [4, 16, 60, 61, 240])
    func takeoverDropsNothing(room: Int) {
        var rule = OverloadRule()
        for backlog in Array(0...room / 2) + Array((0...room / 2).reversed()) {
            let admits = rule.admits(backlog: backlog, room: room)
            #expect(admits && !rule.isThinning)
        }
    }

    @Test func everySecondFrameIsLeftOutFromThreeQuartersToOneQuarter() {
        var rule = OverloadRule()
        let atFirst = rule.admits(backlog: 44, room: 60)
        #expect(atFirst && !rule.isThinning)
        let thinned = (0..<6).map { _ in rule.admits(backlog: 45, room: 60) }
        #expect(thinned.count { $0 } == 3)
        #expect(zip(thinned, thinned.dropFirst()).allSatisfy { $0 != $1 }, "every second one: \(thinned)")
        // It goes on until there is real room again.
        let stillThinned = (0..<2).map { _ in rule.admits(backlog: 16, room: 60) }
        #expect(stillThinned.count { $0 } == 1 && rule.isThinning)
        let later = [15, 44].map { rule.admits(backlog: $0, room: 60) }
        #expect(later == [true, true] && !rule.isThinning)
    }

    @Test func fullRoomAdmitsNothing() {
        var rule = OverloadRule()
        let admitted = [60, 61, 1000, 60].count { rule.admits(backlog: $0, room: 60) }
        #expect(admitted == 0 && rule.isThinning)
    }

    /// An encoder of any constant slowness: the room is never full, and thinning fits the rate to what it can do.
    @Test(arguments: [50, 60, 75, 90, 99])
    func slowEncoderNeverFillsTheRoomForGood(percent: Int) {
        var rule = OverloadRule()
        let room = 60
        var (backlog, credit, highest, admitted, refusedInARow, longestRefusal) = (0, 0, 0, 0, 0, 0)
        for _ in 0..<10_000 {
            if rule.admits(backlog: backlog, room: room) {
                backlog += 1
                admitted += 1
                refusedInARow = 0
            } else {
                refusedInARow += 1
                longestRefusal = max(longestRefusal, refusedInARow)
            }
            credit += percent
            if credit >= 100, backlog > 0 {
                credit -= 100
                backlog -= 1
            }
            credit = min(credit, 200)
            highest = max(highest, backlog)
        }
        #expect(highest < room)
        // Nothing that the encoder could do is left undone, and no gap is longer than one frame.
        #expect(admitted >= 10_000 * percent / 100 - room)
        #expect(longestRefusal == 1)
    }

    /// An encoder that does nothing for a while, and then twice as much as needed: the rule lets go of thinning.
    @Test func recoversAfterAStandstill() {
        var rule = OverloadRule()
        var backlog = 0
        for _ in 0..<300 where rule.admits(backlog: backlog, room: 60) { backlog += 1 }
        #expect(backlog == 60)
        var leftOut = 0
        for _ in 0..<300 {
            backlog = max(0, backlog - 2)
            if rule.admits(backlog: backlog, room: 60) { backlog += 1 } else { leftOut += 1 }
        }
        #expect(!rule.isThinning)
        #expect(leftOut < 60)
        #expect(backlog <= 15)
    }

    /// A backlog below nothing is what an encoder within its usual delay has.
    @Test func negativeBacklogIsNoOverload() {
        var rule = OverloadRule()
        let admits = rule.admits(backlog: -40, room: 60)
        #expect(admits && !rule.isThinning)
    }
}
