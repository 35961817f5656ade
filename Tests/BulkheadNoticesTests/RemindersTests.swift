import BulkheadEvents
import BulkheadModel
import BulkheadNotices
import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct RemindersTests {
    private var machine = RemindersMachine()

    private static func time(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }

    private static func event(_ happening: LinkHappening) -> Event {
        Event(.link(1, name: "main"), .link(happening), time: 1000)
    }

    /// The seconds after which something is said, by the machine's own clock.
    private mutating func said(until end: Int64) -> [Int64] {
        var seconds: [Int64] = []
        while let next = machine.next, next <= Self.time(end) {
            let said = machine.due(at: next)
            #expect(!said.isEmpty)
            for (_, happening) in said {
                guard case .link(.stillLost(let after, let from, _)) = happening else { continue }
                #expect(from == 1000)
                seconds.append(Int64(after))
            }
        }
        return seconds
    }

    @Test mutating func whatLastsIsSaidAtGrowingIntervals() {
        machine.take(Self.event(.lost(reason: Reason("a", "b"))), at: Self.time(0))
        machine.take(Self.event(.lost(reason: Reason("c", "d"))), at: Self.time(30))
        let said = said(until: 3 * 86_400)
        #expect(said == [60, 600, 3600, 86_400, 172_800, 259_200])
    }

    @Test mutating func whatIsOverIsNotSaid() {
        machine.take(Self.event(.lost(reason: Reason("a", "b"))), at: Self.time(0))
        machine.take(Self.event(.restored(server: "s", gapMilliseconds: 1, backfillMilliseconds: 1)), at: Self.time(59))
        #expect(machine.next == nil)
        let said = machine.due(at: Self.time(100)).count
        #expect(said == 0)
    }

    /// A machine that slept says it once, and not for each time that it has missed.
    @Test mutating func whatWasMissedIsSaidOnce() {
        machine.take(Self.event(.lost(reason: Reason("a", "b"))), at: Self.time(0))
        let said = machine.due(at: Self.time(4000)).count
        #expect(said == 1)
        #expect(machine.next == Self.time(86_400))
    }

    @Test mutating func anInputIsNamedOnce() {
        let part = Part.source(1, name: "cam")
        machine.take(Event(part, .source(.missing), time: 0), at: Self.time(0))
        machine.take(
            Event(part, .child(.refused(reason: Reason("input", "no such file"), plugin: nil)), time: 0),
            at: Self.time(0))
        let said = machine.due(at: Self.time(60)).map(\.happening)
        #expect(said == [.source(.stillDown(seconds: 60, from: 0))])
        machine.take(Event(part, .source(.removed), time: 0), at: Self.time(70))
        #expect(machine.next == nil)
    }

    @Test mutating func whatIsNoPartOfItIsNotSaid() {
        machine.take(Event(.encoder, .encoder(.safeSettings), time: 0), at: Self.time(0))
        #expect(machine.next == nil)
        machine.take(Event(.timeline, .timeline(.showing(picture: .slate, isStandIn: true)), time: 7), at: Self.time(0))
        let said = machine.due(at: Self.time(61)).map(\.happening)
        #expect(said == [.timeline(.stillStandingIn(seconds: 61, from: 7))])
    }
}
