import BulkheadChildren
import BulkheadMedia
import BulkheadModel
import BulkheadProgram
import BulkheadSystem
import BulkheadTestSupport
import BulkheadTimeline
import BulkheadWire
import Testing

/// What becomes of frames and mixers, in every order of answers, deaths and lateness.
@Suite(.timeLimit(.minutes(1))) struct MixerMachineTests {
    private func desk(_ body: (inout MixerDesk) -> Void) -> MixerDesk {
        var desk = MixerDesk()
        desk.open()
        desk.clearLog()
        body(&desk)
        return desk
    }

    // MARK: one after the other

    @Test func framesAreMixedInOrder() {
        var desk = desk { desk in
            for _ in 0..<3 { desk.frame() }
            #expect(desk.machine.waitingCount == 3)
            for _ in 0..<3 { desk.answer(1) }
        }
        #expect(desk.pools == [101, 101, 101])
        #expect(desk.unmixed == [])
        desk.finish()
        #expect(desk.faults == [])
    }

    @Test func whatNeedsNoMixerPassesBehindWhatDoes() {
        var desk = desk { desk in
            desk.frame(isMixed: false)
            #expect(desk.pools == [1])
            desk.frame()
            desk.frame(isMixed: false)
            desk.frame(isMixed: false)
            #expect(desk.pools == [1])
            desk.answer(1)
        }
        #expect(desk.pools == [1, 101, 1, 1])
        desk.finish()
        #expect(desk.faults == [])
    }

    @Test func noMixerIsStartedUntilOneIsWanted() {
        var desk = MixerDesk()
        desk.frame(isMixed: false)
        desk.frame()
        #expect(desk.log.allSatisfy { if case .launch = $0 { false } else { true } })
        #expect(desk.unmixed == [1])
        desk.handle(.want(true))
        desk.handle(.want(true))
        #expect(desk.launches == [.onAir])
        desk.launch()
        desk.frame()
        #expect(desk.unmixed == [1, 2])
        #expect(!desk.machine.isReady)
        desk.ready(1)
        #expect(desk.machine.isReady)
        #expect(desk.launches == [.standby])
        desk.finish()
        #expect(desk.faults == [])
    }

    // MARK: deaths

    @Test func mixersThatEndWithTheBroadcastAreNoLoss() {
        var desk = desk { desk in
            desk.handle(.stop)
            for child in desk.living.sorted() { desk.end(child) }
        }
        #expect(desk.launches == [])
        #expect(desk.log.allSatisfy { if case .tookOver = $0 { false } else { true } })
        #expect(desk.machine.record(of: .onAir).restarts == 0)
        desk.finish()
        #expect(desk.faults == [])
    }

    @Test func theStandbyMixesTheFrameThatADeadMixerHad() {
        var desk = desk { desk in
            desk.frame()
            desk.frame()
            desk.end(1)
            #expect(desk.hands[2]?.frame == 0)
            desk.answer(2)
            desk.answer(2)
        }
        #expect(desk.pools == [102, 102])
        #expect(desk.unmixed == [])
        #expect(desk.log.contains(.tookOver(2, was: .standby)))
        #expect(desk.log.contains(.worked(2)))
        #expect(desk.launches == [.standby])
        desk.finish()
        #expect(desk.faults == [])
    }

    // MARK: planned takeovers

    @Test func freshMixersTakeOverWithoutAFrameThatIsNotMixed() {
        var desk = desk { desk in
            desk.frame()
            desk.frame()
            desk.handle(.restart)
            #expect(desk.doomed == [2] && desk.launches == [.standby])
            desk.launch()
            #expect(desk.hands[1]?.frame == 0)
            desk.ready(3)
            // The old one still has a frame in hand, and answers.
            #expect(desk.machine.holder(of: .onAir) == 3 && !desk.doomed.contains(1))
            desk.answer(1)
            #expect(desk.doomed.contains(1) && desk.hands[3]?.frame == 1)
            desk.answer(3)
            desk.launch()
            desk.ready(4)
            desk.end(1)
            desk.end(2)
        }
        #expect(desk.pools == [101, 103])
        #expect(desk.unmixed == [])
        #expect(desk.machine.holder(of: .standby) == 4)
        #expect(desk.machine.record(of: .onAir).restarts == 0)
        desk.finish()
        #expect(desk.faults == [])
    }

    @Test func aMixerAtRestIsReplacedAtOnce() {
        var desk = desk { desk in
            desk.handle(.restart)
            desk.launch()
            desk.ready(3)
            #expect(desk.doomed == [1, 2])
            desk.frame()
            desk.answer(3)
        }
        #expect(desk.pools == [103] && desk.unmixed == [])
        desk.finish()
        #expect(desk.faults == [])
    }

    /// A build that does not start: the one on air stays, and is replaced by the first that does.
    @Test func aFreshMixerThatDiesChangesNothing() {
        var desk = desk { desk in
            desk.handle(.restart)
            desk.launch()
            desk.end(3)
            desk.frame()
            desk.answer(1)
            desk.launch()
            desk.ready(4)
            desk.frame()
            desk.answer(4)
        }
        #expect(desk.pools == [101, 104] && desk.unmixed == [])
        desk.finish()
        #expect(desk.faults == [])
    }

    /// The fresh one dies while the old one still has a frame: the old one goes on.
    @Test func theOldMixerStaysWhereTheFreshOneDies() {
        var desk = desk { desk in
            desk.frame()
            desk.handle(.restart)
            desk.launch()
            desk.ready(3)
            desk.end(3)
            #expect(desk.machine.holder(of: .onAir) == 1)
            desk.answer(1)
            desk.frame()
            desk.answer(1)
        }
        #expect(desk.pools == [101, 101] && desk.unmixed == [])
        desk.finish()
        #expect(desk.faults == [])
    }

    @Test func theFirstMixerIsOnItsWayUntilItIsReadyOrDies() {
        var desk = MixerDesk()
        #expect(!desk.machine.isStarting)
        desk.handle(.want(true))
        desk.launch()
        #expect(desk.machine.isStarting)
        desk.end(1)
        #expect(!desk.machine.isStarting)
        desk.launch()
        desk.ready(2)
        #expect(!desk.machine.isStarting && desk.machine.isReady)
        desk.finish()
        #expect(desk.faults == [])
    }

    @Test func aFrameThatEndsTwoMixersShowsTheMainInput() {
        var desk = desk { desk in
            desk.frame()
            desk.frame()
            desk.end(1)
            desk.launch()
            desk.ready(3)
            desk.end(2)
            #expect(desk.pools == [1])
            desk.answer(3)
        }
        #expect(desk.pools == [1, 103])
        #expect(desk.unmixed == [0])
        desk.finish()
        #expect(desk.faults == [])
    }

    @Test func aFrameGetsNoMoreTimeFromTheSecondMixer() {
        var desk = desk { desk in
            desk.frame()
            desk.wait(30)
            desk.end(1)
            desk.wait(10)
            #expect(desk.pools == [1])
            desk.answer(2)
            desk.frame()
            desk.answer(2)
        }
        #expect(desk.pools == [1, 102])
        desk.finish()
        #expect(desk.faults == [])
    }

    @Test func withoutMixersFramesShowTheMainInput() {
        var desk = desk { desk in
            desk.frame()
            desk.end(2)
            desk.end(1)
            desk.frame()
            #expect(desk.pools == [1, 1])
            desk.launch()
            desk.ready(3)
            desk.frame()
            desk.answer(3)
        }
        #expect(desk.pools == [1, 1, 103])
        #expect(desk.unmixed == [0, 1])
        desk.finish()
        #expect(desk.faults == [])
    }

    @Test func aStandbyIsReplacedInPeace() {
        var desk = desk { $0.end(2) }
        #expect(desk.log.contains(.launch(.standby, after: .milliseconds(250))))
        desk.launch()
        desk.ready(3)
        #expect(desk.log.contains(.standbyReady(3)))
        desk.finish()
        #expect(desk.faults == [])
    }

    /// Mixers that die before they have worked are started with growing delays.
    @Test func mixersThatAlwaysDieAreNotStartedWithoutEnd() {
        var desk = MixerDesk()
        desk.handle(.want(true))
        for child in 1...8 {
            desk.launch()
            desk.end(ChildID(child))
        }
        let delays = desk.log.compactMap { if case .launch(.onAir, let delay) = $0 { delay } else { nil } }
        #expect(delays.first == .zero)
        #expect(delays.last == .milliseconds(500))
        desk.finish()
        #expect(desk.faults == [])
    }

    // MARK: lateness

    @Test func aLateMixerChangesPlacesWithTheStandby() {
        var desk = desk { desk in
            desk.frame()
            desk.frame()
            desk.wait(39)
            #expect(desk.pools == [])
            desk.wait(1)
            #expect(desk.pools == [1])
            #expect(desk.hands[2]?.frame == 1)
            #expect(desk.machine.holder(of: .standby) == 1)
            desk.answer(2)
            // It answers at last, and what it has made is let go of.
            desk.answer(1)
        }
        #expect(desk.pools == [1, 102])
        #expect(desk.unmixed == [0])
        #expect(desk.doomed == [])
        desk.finish()
        #expect(desk.faults == [])
    }

    @Test func aMixerThatNeverAnswersIsDismissed() {
        var desk = desk { desk in
            desk.frame()
            desk.wait(40)
            desk.wait(999)
            #expect(desk.doomed == [])
            desk.wait(1)
            #expect(desk.doomed == [1])
            desk.wait(5000)
            let dismissals = desk.log.count { if case .dismiss = $0 { true } else { false } }
            #expect(dismissals == 1)
            desk.end(1)
        }
        #expect(desk.launches == [.standby])
        desk.finish()
        #expect(desk.faults == [])
    }

    @Test func twoLateMixersAreGivenNothing() {
        var desk = desk { desk in
            for _ in 0..<4 { desk.frame() }
            desk.wait(40)
            desk.wait(40)
            #expect(desk.pools == [1, 1, 1, 1])
            desk.answer(2)
            desk.frame()
            desk.answer(2)
        }
        #expect(desk.pools == [1, 1, 1, 1, 102])
        desk.finish()
        #expect(desk.faults == [])
    }

    @Test func aMixerThatIsLateItselfIsNoSuccessor() {
        var desk = desk { desk in
            desk.frame()
            desk.wait(40)
            desk.end(2)
            #expect(desk.launches == [.onAir])
            #expect(!desk.machine.isReady)
            // It answers before another one is there, and is as good as any.
            desk.answer(1)
            #expect(desk.machine.isReady)
            desk.launch()
            desk.frame()
            desk.answer(1)
        }
        #expect(desk.pools == [1, 101])
        desk.finish()
        #expect(desk.faults == [])
    }

    @Test func aMixerThatIsNotReadyInTimeIsDismissed() {
        var desk = MixerDesk()
        desk.handle(.want(true))
        desk.launch()
        desk.wait(4999)
        #expect(desk.doomed == [])
        desk.wait(1)
        #expect(desk.doomed == [1])
        desk.end(1)
        desk.finish()
        #expect(desk.faults == [])
    }

    // MARK: wishes

    @Test func mixersThatAreNotWantedGo() {
        var desk = desk { desk in
            desk.frame()
            desk.handle(.want(false))
            #expect(desk.pools == [1])
            #expect(desk.doomed == [1, 2])
            desk.frame(isMixed: false)
            desk.end(1)
            desk.end(2)
        }
        #expect(desk.launches == [])
        #expect(desk.pools == [1, 1])
        desk.handle(.want(true))
        #expect(desk.launches == [.onAir])
        desk.finish()
        #expect(desk.faults == [])
    }

    @Test func anotherSizeTakesOtherMixers() {
        var desk = desk { desk in
            desk.frame()
            desk.handle(.renew)
            #expect(desk.pools == [1])
            #expect(desk.launches == [.onAir])
            desk.launch()
            desk.ready(3)
            desk.end(1)
            desk.frame()
            desk.answer(3)
        }
        #expect(desk.pools == [1, 103])
        desk.finish()
        #expect(desk.faults == [])
    }

    @Test func aFrameThatCantBeGivenShowsTheMainInput() {
        var desk = desk { desk in
            desk.frame()
            desk.handle(.notGiven(1))
            desk.frame(isMixed: false)
        }
        #expect(desk.unmixed == [0])
        #expect(desk.pools == [1, 1])
        // The room has not really given it.
        desk.end(1)
        desk.finish()
        #expect(desk.faults.filter { !$0.contains("while") } == [])
    }

    // MARK: every order

    /// What can happen, by number.
    private static func happen(_ what: Int, to desk: inout MixerDesk) {
        let hands = desk.hands.keys.sorted()
        switch what {
        case 0: desk.frame()
        case 1: desk.frame(isMixed: false)
        case 2: if let child = hands.first { desk.answer(child) }
        case 3: if let child = hands.last { desk.answer(child) }
        case 4: if let child = desk.machine.holder(of: .onAir) { desk.end(child) }
        case 5: if let child = desk.machine.holder(of: .standby) { desk.end(child) }
        case 6:
            desk.launch()
            for child in desk.living.sorted() where desk.machine.record(of: .onAir).state != .ready {
                desk.ready(child)
            }
        case 7: desk.wait(40)
        case 8: desk.wait(1100)
        case 9: for child in desk.living.sorted() { desk.ready(child) }
        case 10: for child in desk.doomed.sorted() { desk.end(child) }
        case 11: desk.handle(.want(false))
        case 12: desk.handle(.want(true))
        default: desk.handle(.renew)
        }
    }

    @Test func everyShortOrderLosesNothing() {
        let kinds = 9
        for code in 0..<kinds * kinds * kinds * kinds {
            var desk = MixerDesk()
            desk.open()
            desk.frame()
            var rest = code
            var order: [Int] = []
            for _ in 0..<4 {
                order.append(rest % kinds)
                rest /= kinds
            }
            for what in order { Self.happen(what, to: &desk) }
            desk.finish()
            if !desk.faults.isEmpty {
                Issue.record("\(order): \(desk.faults)")
                return
            }
        }
    }

    @Test(arguments: 1...24) func longOrdersLoseNothing(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var desk = MixerDesk()
        desk.open()
        for _ in 0..<500 {
            // Frames and answers are more frequent than deaths.
            let what = [0, 0, 0, 1, 2, 2, 2, 3, 4, 5, 6, 6, 7, 8, 9, 9, 10, 10, 11, 12, 12, 13]
            Self.happen(what[Int.random(in: what.indices, using: &random)], to: &desk)
            #expect(desk.living.count <= 40)
        }
        #expect(desk.deaths > 5)
        desk.finish()
        #expect(desk.faults == [])
    }
}
