import BulkheadAudience
import BulkheadDanmaku
import BulkheadEvents
import BulkheadModel
import BulkheadSystem
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(1))) struct ChatsMachineTests {
    private var machine = ChatsMachine([
        ChatTarget("ann", .irc, servers: [.init(host: "a", port: 1, isSecure: false)], channel: "c", nick: "n")
    ])
    private let start = MonotonicTime.now

    private mutating func give(_ state: ChatState, _ text: String = "", at seconds: Int64 = 0) -> [ChatsMachine.Action]
    {
        machine.handle(
            .state(1, connection: 0, state, server: "a:1", text: text), at: start.advanced(by: .seconds(seconds)))
    }

    private func told(_ happenings: ChannelHappening...) -> [ChatsMachine.Action] {
        happenings.map { .tell(connection: 0, $0) }
    }

    @Test mutating func aBreakIsToldInFourSteps() {
        _ = machine.handle(.launched(1), at: start)
        let first = give(.reached) + give(.chosen) + give(.joined)
        #expect(first == [.worked(1)] + told(.joined(server: "a:1")))
        let lost = give(.lost, "reset", at: 10)
        #expect(lost == told(.saved(text: "reset")) && machine.statuses[0].state == "lost")
        // Failures with one cause are told once.
        let failing = give(.failing, "refused", at: 11) + give(.failing, "refused", at: 12)
        #expect(failing == told(.failing(server: "a:1", text: "refused")))
        let back = give(.reached, at: 13) + give(.reached, at: 13) + give(.chosen, at: 13)
        #expect(back == told(.cleared(server: "a:1"), .selected(server: "a:1")))
        _ = machine.handle(.comment(connection: 0, isReplayed: true), at: start)
        let restored = give(.joined, at: 14)
        #expect(restored == told(.restored(server: "a:1", milliseconds: 4000, comments: 1)))
        #expect(machine.statuses[0].state == "joined" && machine.statuses[0].problem == nil)
    }

    @Test mutating func aProcessThatDiesBreaksItsConnections() {
        _ = machine.handle(.launched(1), at: start)
        _ = give(.joined)
        let ended = machine.handle(.ended(1, "SIGKILL"), at: start)
        #expect(ended.first == told(.saved(text: "the chat process ended")).first)
        guard case .launch? = ended.last else {
            Issue.record("no successor: \(ended)")
            return
        }
        #expect(machine.holder == nil)
    }

    /// Until it has said hello, whoever starts it watches over it.
    @Test mutating func aSilentProcessIsReplaced() {
        func tick(_ seconds: Int64) -> [ChatsMachine.Action] {
            machine.handle(.tick, at: start.advanced(by: .seconds(seconds)))
        }
        _ = machine.handle(.launched(1), at: start)
        #expect(tick(60) == [])
        _ = machine.handle(.sign(1), at: start.advanced(by: .seconds(60)))
        #expect(tick(65) == [])
        #expect(tick(66) == [.dismiss(1, "it has said nothing for 5 s")])
        _ = machine.handle(.ended(1, "SIGKILL"), at: start.advanced(by: .seconds(67)))
        _ = machine.handle(.launched(2), at: start.advanced(by: .seconds(67)))
        _ = machine.handle(.sign(1), at: start.advanced(by: .seconds(67)))
        #expect(tick(100) == [])
    }

    @Test mutating func whatIsNoConnectionChangesNothing() {
        let actions = machine.handle(.state(1, connection: 7, .joined, server: "", text: ""), at: start)
        #expect(actions.isEmpty)
    }
}
