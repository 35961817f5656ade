import BulkheadSystem
import BulkheadTestSupport
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
}
