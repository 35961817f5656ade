import BulkheadChildren
import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct DrainTests {
    private static let start = MonotonicTime(nanoseconds: 5_000_000_000_000)

    @Test func bytesAreBounded() throws {
        var drain = Drain(at: Self.start)
        var total = 0
        while let allowance = drain.allowance(at: Self.start) {
            try #require(total < 1 << 30)
            drain.note(byteCount: allowance, messageCount: 1)
            total += allowance
        }
        #expect(total == Drain.mostBytes)
    }

    @Test func messagesAreBounded() {
        var drain = Drain(at: Self.start)
        drain.note(byteCount: 8, messageCount: Drain.mostMessages - 1)
        #expect(drain.allowance(at: Self.start) != nil)
        drain.note(byteCount: 8, messageCount: 1)
        #expect(drain.allowance(at: Self.start) == nil)
    }

    @Test func timeIsBounded() {
        let drain = Drain(at: Self.start)
        let end = Self.start.advanced(by: Drain.patience)
        #expect(drain.allowance(at: end.advanced(by: -1)) != nil)
        #expect(drain.allowance(at: end) == nil)
    }
}
