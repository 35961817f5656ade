import BulkheadChain
import BulkheadModel
import BulkheadTimeline
import Testing

@Suite(.timeLimit(.minutes(1))) struct ChainOrderTests {
    @Test func framesGoFromPostToPost() {
        let order = ChainOrder([1, 2, 3])
        #expect(order.first == 1 && order.next(after: 1) == 2 && order.next(after: 3) == nil)
        #expect(order.next(after: 9) == nil, "one that is not in the chain leads out of it")
        #expect(ChainOrder().first == nil)
    }

    /// Steps, and the order that they make of 1, 2, 3.
    @Test(
        arguments: [
            ([ChainOrder.Step.insert(4, at: 0)], [PostID(4), 1, 2, 3]), ([.insert(4, at: 3)], [1, 2, 3, 4]),
            ([.insert(4, at: 99)], [1, 2, 3, 4]), ([.insert(4, at: -1)], [4, 1, 2, 3]), ([.remove(2)], [1, 3]),
            ([.remove(9)], [1, 2, 3]), ([.move(3, to: 0)], [3, 1, 2]), ([.move(1, to: 2)], [2, 3, 1]),
            ([.move(1, to: 99)], [2, 3, 1]), ([.move(9, to: 0)], [1, 2, 3]),
            ([.remove(1), .insert(4, at: 0), .move(4, to: 1)], [2, 4, 3]),
        ] as [([ChainOrder.Step], [PostID])])
    func stepsAreDoneAtTheBorder(steps: [ChainOrder.Step], posts: [PostID]) {
        var order = ChainOrder([1, 2, 3])
        for step in steps { order.ask(step) }
        #expect(order.isWaiting && order.posts == [1, 2, 3], "nothing changes before the border")
        _ = order.cross()
        #expect(!order.isWaiting && order.posts == posts)
    }

    @Test func whatWaitsEntersOnceAndInOrder() {
        var order = ChainOrder([1])
        order.ask(.remove(1))
        for number in 1...3 { order.wait(Sample.frame(Int64(number))) }
        for number in 1...2 { order.wait(Sample.block(Int64(number))) }
        #expect(!order.isEmpty && order.frames.count == 3)
        let (frames, blocks) = order.cross()
        #expect(frames.map(\.frame) == [1, 2, 3] && blocks.map(\.number) == [1, 2])
        #expect(order.isEmpty)
        let again = order.cross()
        #expect(again.frames.isEmpty && again.blocks.isEmpty)
    }
}
