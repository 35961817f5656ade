import BulkheadFrames
import BulkheadMedia
import BulkheadTimeline
import Testing

@Suite(.timeLimit(.minutes(10))) struct AudioLedgerTests {
    private static func ledger(_ blocks: ClosedRange<Int64>) -> AudioLedger {
        var ledger = AudioLedger()
        for block in blocks { ledger.give(block, [Float(block)]) }
        return ledger
    }

    @Test func blocksAreCommittedInOrder() throws {
        var ledger = Self.ledger(0...3)
        for block in Int64(0)...3 { #expect(try ledger.answer(block)) }
        #expect(ledger.uncommitted.isEmpty)
    }

    /// The warm-up's packets are thrown away, but each once: an encoder can't keep the master busy with them.
    @Test func warmUpIsAnsweredOnce() throws {
        var ledger = AudioLedger()
        for number in 0..<6 as Range<Int64> { ledger.give(number, []) }
        for number in 0..<4 as Range<Int64> { _ = try ledger.answer(number) }
        #expect(ledger.startOver().map(\.number) == [2, 3, 4, 5])
        #expect(throws: LedgerError.blockOutOfOrder(1)) { try ledger.answer(1) }
        #expect(try ledger.answer(2) == false)
        #expect(throws: LedgerError.blockOutOfOrder(2)) { try ledger.answer(2) }
        #expect(try ledger.answer(3) == false)
        #expect(try ledger.answer(4) == true)
        #expect(throws: LedgerError.blockOutOfOrder(3)) { try ledger.answer(3) }
        #expect(try ledger.answer(5) == true)
    }

    @Test func liesAreRefused() throws {
        var empty = AudioLedger()
        #expect(throws: LedgerError.blockOutOfOrder(0)) { _ = try empty.answer(0) }
        var ledger = Self.ledger(0...3)
        #expect(throws: LedgerError.blockOutOfOrder(1)) { _ = try ledger.answer(1) }
        #expect(throws: LedgerError.blockOutOfOrder(.max)) { _ = try ledger.answer(.max) }
        #expect(try ledger.answer(0))
        #expect(throws: LedgerError.blockOutOfOrder(0)) { _ = try ledger.answer(0) }
        #expect(ledger.uncommitted.map(\.number) == [1, 2, 3])
    }

    @Test func successorIsWarmedUpWithCommittedBlocks() throws {
        var ledger = Self.ledger(0...5)
        for block in Int64(0)...3 { _ = try ledger.answer(block) }
        #expect(ledger.startOver().map(\.number) == [2, 3, 4, 5])
        #expect(try !ledger.answer(2))
        #expect(try !ledger.answer(3))
        #expect(try ledger.answer(4))
        #expect(try ledger.answer(5))
    }

    /// Killed after any number of answers, the successor too: every block is committed exactly once, in order.
    @Test func everyKillPointLosesAndDoublesNothing() throws {
        let count: Int64 = 12
        for firstKill in 0...14 {
            for secondKill in 0...14 {
                var ledger = Self.ledger(0...count - 1)
                var committed: [Int64] = []
                for kill in [firstKill, secondKill, Int.max] {
                    let given = ledger.startOver()
                    // What an encoder is given has no gap, or it could not go on.
                    #expect(zip(given, given.dropFirst()).allSatisfy { $0.number + 1 == $1.number })
                    #expect(given.allSatisfy { $0.samples == [Float($0.number)] })
                    for block in given.prefix(kill) where try ledger.answer(block.number) {
                        committed.append(block.number)
                    }
                }
                try #require(committed == Array(0..<count))
            }
        }
    }

    /// An hour without an encoder takes no more memory than twenty seconds, and the next encoder finds no gap.
    @Test func blocksThatWaitAreBounded() throws {
        var ledger = Self.ledger(0...9)
        for block in Int64(0)...4 { _ = try ledger.answer(block) }
        let last = Int64(10 + 168_750)
        for block in Int64(10)...last { ledger.give(block, [Float(block)]) }
        #expect(ledger.uncommitted.count == AudioLedger.maximumUncommitted)
        #expect(ledger.uncommitted.last?.number == last)
        #expect(ledger.skipped == Int(last) - 4 - AudioLedger.maximumUncommitted)
        let given = ledger.startOver()
        #expect(given.count == AudioLedger.maximumUncommitted)
        #expect(zip(given, given.dropFirst()).allSatisfy { $0.number + 1 == $1.number })
        for block in given { #expect(try ledger.answer(block.number)) }
    }

    /// An encoder that comes late with blocks given up meanwhile has not lied.
    @Test func answersForSkippedBlocksAreThrownAway() throws {
        var ledger = Self.ledger(0...Int64(AudioLedger.maximumUncommitted) + 1)
        #expect(ledger.skipped == 2)
        #expect(try !ledger.answer(0))
        #expect(try !ledger.answer(1))
        #expect(try ledger.answer(2))
    }
}
