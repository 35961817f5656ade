import BulkheadChildren
import BulkheadEvents
import BulkheadModel
import BulkheadSystem
import Testing

/// A crash, without a process and without a clock.
@Suite(.timeLimit(.minutes(1))) struct PostTests {
    private static func moment(_ milliseconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: milliseconds * 1_000_000)
    }

    /// A post with children of these duties, numbered from 1, all ready.
    private static func post(_ duties: Duty...) -> Post {
        var post = Post()
        for (index, duty) in duties.enumerated() {
            let child = ChildID(index + 1)
            post.assign(duty, to: child)
            post.becameReady(child)
        }
        return post
    }

    /// What the post says to these deaths, one after the other.
    private static func steps(_ post: inout Post, _ deaths: [ChildID], _ end: String? = "SIGSEGV") -> [Post.Step] {
        deaths.map { post.ended($0, end, at: moment(0)) }
    }

    @Test func theTwinGoesBeforeAnyStandby() {
        var post = Self.post(.onAir, .standby, .twin)
        let steps = Self.steps(&post, [1])
        #expect(steps == [.promote(3, was: .twin)])
        #expect(post.duty(of: 3) == .onAir && post.duty(of: 2) == .standby && post.duty(of: 1) == nil)
    }

    @Test func aStandbyThatIsReadyGoesBeforeAnOlderOneThatIsNot() {
        var post = Post()
        for (child, duty) in [(1, Duty.onAir), (2, .standby), (3, .standby)] { post.assign(duty, to: ChildID(child)) }
        post.becameReady(3)
        let first = Self.steps(&post, [1])
        #expect(first == [.promote(3, was: .standby)])
        #expect(post.record(of: .onAir).state == .ready && post.record(of: .onAir).lastEnd == "SIGSEGV")
        // A standby that is still opening is there sooner than one that would be launched now.
        let second = Self.steps(&post, [3])
        #expect(second == [.promote(2, was: .standby)])
        #expect(post.record(of: .onAir).state == .starting && post.record(of: .onAir).restarts == 2)
        #expect(post.record(of: .standby).state == .restarting)
    }

    @Test func withoutAnotherChildOneIsLaunchedAtOnceAndLaterWithDelays() {
        var post = Post()
        let steps = (1...8).map { child in
            post.assign(.onAir, to: ChildID(child))
            return post.ended(ChildID(child), "1", at: Self.moment(Int64(child)))
        }
        let delays: [Int64] = [0, 0, 0, 0, 0, 100, 250, 500]
        #expect(steps == delays.map { .launch(.onAir, after: .milliseconds($0)) })
        #expect(post.recentDeaths == 8 && post.isEmpty)
    }

    @Test func workEndsAllDelays() {
        var post = Post()
        for child in 1...30 {
            post.assign(.onAir, to: ChildID(child))
            let works = [post.worked(ChildID(child)), post.worked(ChildID(child))]
            #expect(works == [true, false], "the first work comes once")
            let step = post.ended(ChildID(child), "9", at: Self.moment(Int64(child)))
            #expect(step == .launch(.onAir, after: .zero))
        }
    }

    @Test func deathsBesideTheOneOnAirNeverTouchIt() {
        var post = Self.post(.onAir, .standby, .next, .retired, .twin)
        // The sixth was never at this post.
        let steps = Self.steps(&post, [2, 3, 4, 5, 6])
        #expect(
            steps == [
                .launch(.standby, after: .zero), .forgetNext, .nothing, .launch(.standby, after: .zero), .nothing,
            ])
        #expect(post.children == [1] && post.holder(of: .onAir) == 1)
        #expect(post.record(of: .onAir).restarts == 0 && post.record(of: .standby).restarts == 2)
    }

    @Test func theNextChildTakesOverWhereTheOneOnAirIsRetired() {
        var post = Self.post(.onAir, .standby, .next)
        post.assign(.retired, to: 1)
        post.assign(.onAir, to: 3)
        #expect(post.holder(of: .onAir) == 3 && post.holder(of: .next) == nil)
        let steps = Self.steps(&post, [1], nil)
        #expect(steps == [.nothing])
        #expect(post.record(of: .onAir).restarts == 0 && post.record(of: .onAir).lastEnd.isEmpty)
    }

    @Test func oneIsExpectedAtATime() {
        var post = Post()
        let answers = [post.expect(.standby), post.expect(.standby), post.expect(.onAir)]
        #expect(answers == [true, false, true])
        post.assign(.standby, to: 1)
        #expect(!post.isExpecting(.standby) && post.isExpecting(.onAir))
        post.stopExpecting(.onAir)
        #expect(!post.isExpecting(.onAir))
    }

    /// Whatever dies in whatever order: there is never more than one child on air, and never none while another could be.
    @Test func noOrderOfDeathsLeavesThePostEmptyBesideAStandby() {
        let duties: [Duty] = [.onAir, .standby, .standby, .twin, .next, .retired]
        for first in 1...6 {
            for second in 1...6 where second != first {
                for third in 1...6 where third != first && third != second {
                    var post = Post()
                    for (index, duty) in duties.enumerated() { post.assign(duty, to: ChildID(index + 1)) }
                    for child in [first, second, third] { _ = post.ended(ChildID(child), "9", at: Self.moment(0)) }
                    let standing = post.holders(of: .standby).count + post.holders(of: .twin).count
                    #expect(post.holders(of: .onAir).count == 1 || standing == 0, "\(first), \(second), \(third)")
                }
            }
        }
    }
}
