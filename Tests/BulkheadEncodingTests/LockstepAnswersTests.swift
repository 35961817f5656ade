import BulkheadEncoding
import BulkheadFrames
import Testing

@Suite(.timeLimit(.minutes(10))) struct LockstepAnswersTests {
    /// All orders in which two encoders can give `count` answers each: true where it is the leader's turn.
    private static func orders(_ count: Int) -> [[Bool]] {
        func extend(_ order: [Bool]) -> [[Bool]] {
            let leading = order.count { $0 }
            if order.count == 2 * count { return [order] }
            return (leading < count ? extend(order + [true]) : [])
                + (order.count - leading < count ? extend(order + [false]) : [])
        }
        return extend([])
    }

    @Test func whicheverComesFirstTheyAgree() {
        for order in Self.orders(4) {
            var lockstep = Lockstep<Int>()
            var (leading, following) = (0, 0)
            for isLeading in order {
                if isLeading {
                    #expect(lockstep.lead(leading) == .agrees)
                    leading += 1
                } else {
                    #expect(lockstep.follow(following) == .agrees)
                    following += 1
                }
                #expect(lockstep.lag == max(0, leading - following))
            }
        }
    }

    /// The leader dies at each point of each order: what goes out is whole, and nothing twice.
    @Test func followerGoesOnWithoutAGapOrARepetition() {
        let count = 4
        for order in Self.orders(count) {
            for death in 0...order.count {
                var lockstep = Lockstep<Int>()
                var sent: [Int] = []
                var following = 0
                for isLeading in order[..<death] {
                    if isLeading {
                        #expect(lockstep.lead(sent.count) == .agrees)
                        sent.append(sent.count)
                    } else {
                        #expect(lockstep.follow(following) == .agrees)
                        following += 1
                    }
                }
                sent += lockstep.promote()
                while following < count {
                    switch lockstep.catchUp(following) {
                    case nil: sent.append(following)
                    case .agrees?: break
                    case .differs?: Issue.record("answer \(following) is said to differ")
                    }
                    following += 1
                }
                #expect(sent == Array(0..<count), "\(order) with a death after \(death)")
                #expect(lockstep.lag == 0)
            }
        }
    }

    /// Every place of a wrong answer, in every order, is seen by whoever comes second.
    @Test func wrongAnswerIsSeenInEveryOrder() {
        for order in Self.orders(3) {
            for wrong in 0..<3 {
                var lockstep = Lockstep<Int>()
                var (leading, following) = (0, 0)
                var differences = 0
                for isLeading in order {
                    if isLeading {
                        if lockstep.lead(leading) == .differs { differences += 1 }
                        leading += 1
                    } else {
                        if lockstep.follow(following == wrong ? 99 : following) == .differs { differences += 1 }
                        following += 1
                    }
                }
                #expect(differences == 1, "\(order), answer \(wrong)")
            }
        }
    }

    @Test func promotedFollowerMustStillAgreeWithTheDead() {
        var lockstep = Lockstep<Int>()
        for answer in 0..<3 { _ = lockstep.lead(answer) }
        #expect(lockstep.promote().isEmpty)
        #expect(lockstep.lag == 3)
        #expect(lockstep.catchUp(0) == .agrees)
        #expect(lockstep.catchUp(7) == .differs)
        #expect(lockstep.catchUp(2) == .agrees)
        #expect(lockstep.catchUp(3) == nil)
    }
}
