import BulkheadRoom
import Testing

@Suite(.timeLimit(.minutes(1))) struct ActionQueueTests {
    /// An action that brings others about is done before them, and they come behind those that were there already.
    @Test func anActionIsNeverCarriedOutWithinAnother() {
        let queue = ActionQueue<Int>()
        var (done, depth, deepest) = ([Int](), 0, 0)
        func carryOut(_ action: Int) {
            depth += 1
            deepest = max(deepest, depth)
            done.append(action)
            #expect(queue.isWorking)
            if action < 10 { queue.append(contentsOf: [action * 10, action * 10 + 1]) }
            queue.run(carryOut)
            depth -= 1
        }
        queue.append(contentsOf: [1, 2])
        queue.append(3)
        queue.run(carryOut)
        #expect(done == [1, 2, 3, 10, 11, 20, 21, 30, 31])
        #expect(deepest == 1)
        #expect(!queue.isWorking)
        queue.run { _ in Issue.record("nothing is left") }
    }
}
