import BulkheadSystem
import BulkheadTestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct ReactorMailboxTests {
    /// Takes what is posted, a few items at a time, on a reactor of its own.
    private actor Taker {
        nonisolated let reactor: Reactor
        nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }
        private(set) var taken: [Int] = []
        private(set) var largest = 0

        init() throws { reactor = try Reactor() }

        deinit { reactor.stop() }

        func take(from mailbox: ReactorMailbox<Int>) throws -> Reactor.Token {
            try mailbox.watch(on: reactor) { [weak self] in
                self?.assumeIsolated { taker in
                    let items = mailbox.take(3)
                    taker.largest = max(taker.largest, items.count)
                    taker.taken += items
                }
            }
        }

        func stop(_ token: Reactor.Token) { reactor.unwatch(token) }
    }

    @Test func itemsArriveInOrderAndAFewAtATime() async throws {
        let mailbox = try ReactorMailbox<Int>(capacity: 1000)
        let taker = try Taker()
        for item in 0..<500 { #expect(mailbox.post(item)) }
        let token = try await taker.take(from: mailbox)
        for item in 500..<1000 { while !mailbox.post(item) { await Task.yield() } }
        #expect(await eventually { await taker.taken.count == 1000 })
        #expect(await taker.taken == Array(0..<1000))
        #expect(await taker.largest == 3)
        await taker.stop(token)
    }

    @Test func whatMustNotBeLostIsTakenByAFullMailbox() throws {
        let mailbox = try ReactorMailbox<Int>(capacity: 2)
        let taken = [mailbox.post(1), mailbox.post(2), mailbox.post(3), mailbox.post(4, isBounded: false)]
        #expect(taken == [true, true, false, true])
        let items = mailbox.take(9)
        #expect(items == [1, 2, 4])
        mailbox.close()
        let isTaken = mailbox.post(5, isBounded: false)
        #expect(!isTaken)
    }

    @Test func fullOrClosedMailboxTakesNothing() throws {
        let mailbox = try ReactorMailbox<Int>(capacity: 2)
        #expect(mailbox.post(1) && mailbox.post(2) && !mailbox.post(3))
        #expect(mailbox.take(1) == [1])
        #expect(mailbox.post(4))
        mailbox.close()
        #expect(!mailbox.post(5) && mailbox.take(9).isEmpty)
    }
}
