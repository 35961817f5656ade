import BulkheadSRT
import Testing

@Suite(.timeLimit(.minutes(1))) struct InductionHandshakeTests {
    /// The fields of draft-sharabayko-srt, 4.3.1.1, in order.
    @Test func theRequestIsAsTheDraftHasIt() {
        let bytes = InductionHandshake.request(socketID: 0x0102_0304, sequence: 0x1122_3344)
        #expect(
            bytes == [
                0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 4, 0, 0, 0, 2, 0x11, 0x22, 0x33, 0x44, 0, 0, 5, 0xDC, 0, 0, 0x20, 0, 0, 0, 0, 1,
                1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            ])
    }

    @Test func onlyAListenersAnswerIsOne() {
        var answer = InductionHandshake.request(socketID: 0, sequence: 1)
        answer.replaceSubrange(12..<16, with: [1, 2, 3, 4])
        answer[19] = 5
        answer.replaceSubrange(44..<48, with: [9, 9, 9, 9])
        #expect(InductionHandshake.isAnswer(answer, to: 0x0102_0304))
        #expect(!InductionHandshake.isAnswer(answer, to: 0x0102_0305))
        #expect(!InductionHandshake.isAnswer(Array(answer.dropLast()), to: 0x0102_0304))
        for index in [0, 19, 39] {
            var bad = answer
            bad[index] ^= 0x40
            #expect(!InductionHandshake.isAnswer(bad, to: 0x0102_0304))
        }
        #expect(!InductionHandshake.isAnswer([UInt8](repeating: 0, count: 64), to: 0))
    }
}
