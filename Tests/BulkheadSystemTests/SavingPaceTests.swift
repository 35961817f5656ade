import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct SavingPaceTests {
    private var saving = SavingPace()
    private let start = MonotonicTime.now

    private func after(_ duration: Duration) -> MonotonicTime { start.advanced(by: duration) }

    @Test mutating func thereIsOneSaveASecondAtMost() {
        let first = saving.changed(isUrgent: false, at: start)
        #expect(first == [.save])
        let while1 = saving.changed(isUrgent: false, at: after(.milliseconds(5)))
        #expect(while1.isEmpty)
        // What changed meanwhile waits for its second, once.
        let ended = saving.ended(isDone: true, at: after(.milliseconds(10)))
        #expect(ended == [.wake(at: after(.milliseconds(1010)))])
        let more = saving.changed(isUrgent: false, at: after(.milliseconds(20)))
        #expect(more.isEmpty)
        let woke = saving.woke(at: after(.milliseconds(1010)))
        #expect(woke == [.save])
        let done = saving.ended(isDone: true, at: after(.milliseconds(1020)))
        #expect(done.isEmpty && !saving.isBusy)
    }

    @Test mutating func whatPeopleSetIsSavedAtOnceButNeverBesideAnother() {
        _ = saving.changed(isUrgent: false, at: start)
        let busy = saving.changed(isUrgent: true, at: after(.milliseconds(1)))
        #expect(busy.isEmpty)
        let ended = saving.ended(isDone: true, at: after(.milliseconds(2)))
        #expect(ended == [.save])
        _ = saving.ended(isDone: true, at: after(.milliseconds(3)))
        let urgent = saving.changed(isUrgent: true, at: after(.milliseconds(4)))
        #expect(urgent == [.save])
    }

    @Test mutating func aDiskThatTakesNothingIsTriedAgainAndTold() {
        _ = saving.changed(isUrgent: true, at: start)
        let failed = saving.ended(isDone: false, at: start)
        #expect(failed == [.wake(at: after(.seconds(5)))] && saving.isBusy)
        // Nobody's wish makes the disk take more.
        let urgent = saving.changed(isUrgent: true, at: after(.seconds(1)))
        #expect(urgent.isEmpty)
        let woke = saving.woke(at: after(.seconds(5)))
        #expect(woke == [.save])
        let done = saving.ended(isDone: true, at: after(.seconds(6)))
        #expect(done == [.recovered] && !saving.isBusy)
    }
}
