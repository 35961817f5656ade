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
    @Test(arguments: [
        (nil, Float(0)), ([3, 3], 3), ([3], 0), ([3, 3, 3], 0), ([.nan, 3], 0), ([3, .infinity], 0), ([], 0),
    ] as [([Float]?, Float)])
    func onlySoundThatFitsIsTaken(samples: [Float]?, value: Float) {
        var passage = Self.sent(1)
        #expect(
            passage.answered(samples) == SoundPassage.Answer(isInTime: true, leaving: [Sample.block(1, value)]))
    }

    @Test func anAnswerThatNobodyWaitsForChangesNothing() {
        var passage = SoundPassage()
        #expect(passage.answered([1, 1]) == SoundPassage.Answer(isInTime: false, leaving: []))
    }

    @Test func lateBlocksLeaveAndTheirAnswersAreCountedOff() {
        var passage = Self.sent(2)
        #expect(passage.expire(at: Sample.moment(59)).isEmpty)
        #expect(passage.expire(at: Self.deadline).map(\.number) == [1, 2])
        #expect(passage.hasNothingInHand && passage.deadline == nil)
        passage.take(Sample.block(3))
        #expect(passage.send(isOpen: true, deadline: Self.deadline).leaving.map(\.number) == [3])
        for _ in 1...2 { #expect(!passage.answered([1, 1]).isInTime) }
        passage.take(Sample.block(4))
        #expect(passage.send(isOpen: true, deadline: Self.deadline).sent.map(\.number) == [4])
    }

    @Test func aHostThatIsGoneLetsAllGo() {
        var passage = Self.sent(2)
        passage.take(Sample.block(3))
        #expect(passage.release().map(\.number) == [1, 2], "what the host was not given waits for the next one")
        #expect(passage.count == 1)
        #expect(passage.send(isOpen: true, deadline: Self.deadline).sent.map(\.number) == [3])
    }
}
