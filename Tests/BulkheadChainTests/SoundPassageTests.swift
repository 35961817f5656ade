import BulkheadChain
import BulkheadSystem
import BulkheadTimeline
import Testing

@Suite(.timeLimit(.minutes(1))) struct SoundPassageTests {
    private static let deadline = Sample.moment(60)

    /// A passage whose host has blocks 1 to `count`.
    private static func sent(_ count: Int64) -> SoundPassage {
        var passage = SoundPassage()
        for number in 1...count { passage.take(Sample.block(number)) }
        _ = passage.send(isOpen: true, deadline: deadline)
        return passage
    }

    @Test func whatNoPluginWorksOnLeavesAtOnce() {
        var passage = SoundPassage()
        passage.take(Sample.block(1))
        let (sent, leaving) = passage.send(isOpen: false, deadline: Self.deadline)
        #expect(sent.isEmpty && leaving == [Sample.block(1)] && passage.isEmpty)
    }

    @Test func aHostIsGivenNoMoreThanASecond() {
        var passage = SoundPassage()
        for number in 1...50 { passage.take(Sample.block(Int64(number))) }
        let (sent, leaving) = passage.send(isOpen: true, deadline: Self.deadline)
        #expect(sent.map(\.number) == Array(1...48))
        #expect(leaving.isEmpty, "what the host is not given leaves behind what it has")
        let last = (1...48).map { _ in passage.answered(nil).leaving.map(\.number) }.last
        #expect(last == [48, 49, 50])
    }

    /// What a host may answer, and what becomes of the block.
    @Test(
        arguments: [
            (nil, Float(0)), ([3, 3], 3), ([3], 0), ([3, 3, 3], 0), ([.nan, 3], 0), ([3, .infinity], 0), ([], 0),
        ] as [([Float]?, Float)])
    func onlySoundThatFitsIsTaken(samples: [Float]?, value: Float) {
        var passage = Self.sent(1)
        let answer = passage.answered(samples)
        #expect(answer.isInTime && answer.leaving == [Sample.block(1, value)])
    }

    @Test func anAnswerThatNobodyWaitsForChangesNothing() {
        var passage = SoundPassage()
        let answer = passage.answered([1, 1])
        #expect(!answer.isInTime && answer.leaving.isEmpty)
    }

    @Test func lateBlocksLeaveAndTheirAnswersAreCountedOff() {
        var passage = Self.sent(2)
        let early = passage.expire(at: Sample.moment(59))
        let late = passage.expire(at: Self.deadline)
        #expect(early.isEmpty && late.map(\.number) == [1, 2])
        #expect(passage.hasNothingInHand && passage.deadline == nil)
        passage.take(Sample.block(3))
        let third = passage.send(isOpen: true, deadline: Self.deadline)
        #expect(third.leaving.map(\.number) == [3] && third.sent.isEmpty)
        let answers = (1...2).map { _ in passage.answered([1, 1]).isInTime }
        #expect(answers == [false, false])
        passage.take(Sample.block(4))
        let fourth = passage.send(isOpen: true, deadline: Self.deadline)
        #expect(fourth.sent.map(\.number) == [4])
    }

    @Test func aHostThatIsGoneLetsAllGo() {
        var passage = Self.sent(2)
        passage.take(Sample.block(3))
        let released = passage.release()
        #expect(released.map(\.number) == [1, 2] && passage.count == 1, "what the host was not given waits")
        let sent = passage.send(isOpen: true, deadline: Self.deadline).sent
        #expect(sent.map(\.number) == [3])
    }
}
