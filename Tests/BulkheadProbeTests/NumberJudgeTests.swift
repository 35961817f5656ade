import BulkheadProbe
import Testing

@Suite(.timeLimit(.minutes(2))) struct NumberJudgeTests {
    private func judge(_ numbers: [UInt32?]) -> NumberJudge {
        var judge = NumberJudge()
        for number in numbers { _ = judge.take(number) }
        return judge
    }

    @Test func aWholeStreamHasNothingToTell() {
        let judge = judge((7..<200).map { $0 })
        #expect(judge.numbered == 193)
        #expect(judge.lost == 0)
        #expect(judge.repeated == 0)
        #expect(judge.disordered == 0)
        #expect(judge.first == 7)
        #expect(judge.last == 199)
    }

    @Test func missingNumbersAreLost() {
        var judge = judge([1, 2])
        #expect(judge.take(6) == [.lost(3...5)])
        #expect(judge.lost == 3)
        #expect(judge.lostRanges == [3...5])
    }

    /// A logo over the numbers for a moment: what is behind it was not measured.
    @Test func numbersBehindPicturesWithoutAreNotMeasured() {
        var judge = judge([1, 2, nil, nil, nil])
        #expect(judge.take(6).isEmpty)
        #expect(judge.lost == 0 && judge.unmeasured == 3 && judge.unnumbered == 3 && judge.lostRanges.isEmpty)
        _ = judge.take(nil)
        #expect(judge.take(10) == [.lost(7...8)])
        #expect(judge.lost == 2 && judge.unmeasured == 4)
        // A slate beside the numbers hides none.
        _ = judge.take(nil)
        #expect(judge.take(11).isEmpty)
        #expect(judge.lost == 2 && judge.unmeasured == 4)
    }

    @Test func whatComesLateIsNotLost() {
        let judge = judge([1, 2, 6, 4, 7])
        #expect(judge.lost == 2)
        #expect(judge.lostRanges == [3...3, 5...5])
        #expect(judge.disordered == 1)
        #expect(judge.repeated == 0)
    }

    @Test func aHeldPictureIsRepeated() {
        var judge = judge([1, 2])
        #expect(judge.take(2) == [.repeated(2)])
        #expect(judge.take(3).isEmpty)
        #expect(judge.lost == 0)
        #expect(judge.disordered == 0)
    }

    @Test func aGroupSentTwiceIsRepeatedInDisorder() {
        let judge = judge([1, 2, 3, 2, 3, 4])
        #expect(judge.repeated == 2)
        #expect(judge.disordered == 1)
        #expect(judge.lost == 0)
    }

    @Test func aNewConnectionReplaysAndLosesWhatWasBetween() {
        var judge = judge([1, 2, 3, 4])
        judge.reconnected()
        for number: UInt32 in [3, 4] { #expect(judge.take(number).isEmpty) }
        #expect(judge.take(6) == [.lost(5...5)])
        #expect(judge.replayed == 2)
        #expect(judge.repeated == 0)
        #expect(judge.take(6) == [.repeated(6)])
    }

    /// Pictures that were on their way to the viewer come before those that a publisher sends again.
    @Test func aNewPublisherReplaysAfterWhatWasOnItsWay() {
        var judge = judge([1, 2, 3, 4])
        judge.reconnected()
        for number: UInt32 in [5, 6, 3, 4, 5, 6, 7] { #expect(judge.take(number).isEmpty) }
        #expect(judge.replayed == 4)
        #expect(judge.restarts == 0 && judge.repeated == 0 && judge.lost == 0)
    }

    @Test func whatWasNotLookedAtIsNotLost() {
        var judge = judge([1, 2])
        judge.skip(2)
        #expect(judge.take(5).isEmpty)
        judge.skip(1)
        #expect(judge.take(9) == [.lost(6...7)])
        #expect(judge.unread == 3)
        #expect(judge.lost == 2)
    }

    @Test func aSourceThatBeganAnewIsNoDisorder() {
        var judge = judge([100, 101])
        #expect(judge.take(0) == [.restarted(0, after: 101)])
        #expect(judge.take(1).isEmpty)
        #expect(judge.take(2000) == [.lost(2...1999)])
        #expect(judge.take(5) == [.restarted(5, after: 2000)])
        #expect(judge.disordered == 0)
        #expect(judge.restarts == 2)
    }

    @Test func slatesHaveNoNumber() {
        let judge = judge([1, nil, nil, 2])
        #expect(judge.unnumbered == 2)
        #expect(judge.lost == 0)
    }

    @Test func theHighestNumbersDoNotTrap() {
        let judge = judge([.max - 1, .max, .max, 0])
        #expect(judge.repeated == 1)
        #expect(judge.restarts == 1)
    }
}
