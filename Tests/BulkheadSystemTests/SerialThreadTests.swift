import BulkheadSystem
import BulkheadTestSupport
import Dispatch
import Glibc
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct SerialThreadTests {
    @Test func workIsDoneInItsOrder() {
        let thread = SerialThread()
        let done = Mutex<[Int]>([])
        for number in 0..<1000 { thread.run { done.withLock { $0.append(number) } } }
        #expect(thread.drain(within: .seconds(30)))
        #expect(done.withLock { $0 } == Array(0..<1000))
    }

    /// Whoever hands work over goes on, however long the work takes.
    @Test func workThatBlocksHoldsNobodyUp() {
        let thread = SerialThread()
        let gate = Mutex(false)
        thread.run { while !gate.withLock({ $0 }) {} }
        #expect(!thread.drain(within: .milliseconds(50)))
        gate.withLock { $0 = true }
        #expect(thread.drain(within: .seconds(30)))
    }

    @Test func whatWasHandedOverIsDoneAfterTheOwnerIsGone() async {
        let done = Mutex(0)
        var thread: SerialThread? = SerialThread()
        for _ in 0..<100 { thread?.run { done.withLock { $0 += 1 } } }
        thread = nil
        _ = thread
        #expect(await eventually { done.withLock { $0 } == 100 })
    }

    /// A value that knows no lock is made and used on its thread alone.
    @Test func aThreadBoundValueIsTouchedInTurnByItsThread() {
        final class Tally {
            let madeOn = pthread_self()
            var count = 0
            var strays = 0
        }
        let made = Mutex(0)
        let tally = ThreadBound(SerialThread()) {
            made.withLock { $0 += 1 }
            return Tally()
        }
        #expect(made.withLock { $0 } == 0)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<100 {
                tally.run { tally in
                    tally.count += 1
                    if pthread_self() != tally.madeOn { tally.strays += 1 }
                }
            }
        }
        #expect(tally.drain(within: .seconds(30)))
        let seen = Mutex((0, 0))
        tally.run { tally in seen.withLock { $0 = (tally.count, tally.strays) } }
        #expect(tally.drain(within: .seconds(30)))
        #expect(seen.withLock { $0.0 } == 800)
        #expect(seen.withLock { $0.1 } == 0)
        #expect(made.withLock { $0 } == 1)
    }
}
