import BulkheadMaster
import BulkheadModel
import Testing

/// Which requests are refused when, and with which code.
@Suite(.timeLimit(.minutes(1))) struct RequestGateTests {
    private static func gate(
        _ state: BroadcastState, _ children: ChildrenChoice = .both, isChanging: Bool = false
    ) -> RequestGate {
        RequestGate(state, children, isChanging: isChanging)
    }

    @Test func allIsTakenOnAir() {
        let gate = Self.gate(.onAir)
        #expect(gate.refusalOfSettings == nil && gate.refusalOfPlugins == nil)
        #expect(gate.refusalOfLinks == nil && gate.refusalOfKeyframe == nil)
    }

    @Test(arguments: [BroadcastState.starting, .ending, .ended]) func offAirThereIsNothingToChange(
        state: BroadcastState
    ) {
        let gate = Self.gate(state, isChanging: true)
        for refusal in [gate.refusalOfSettings, gate.refusalOfPlugins, gate.refusalOfKeyframe] {
            #expect(refusal?.code == .notOnAir)
        }
        #expect((gate.refusalOfLinks == nil) == (state == .starting), "links are there from the start")
    }

    @Test(arguments: ChildrenChoice.allCases) func requestsNeedTheirChild(children: ChildrenChoice) {
        let gate = Self.gate(.onAir, children)
        #expect(gate.refusalOfPlugins?.code == (children == .encoder ? .noPluginHost : nil))
        #expect(gate.refusalOfSettings?.code == (children == .plugins ? .foreignEncoder : nil))
        #expect(gate.refusalOfLinks == nil && gate.refusalOfKeyframe == nil)
    }

    @Test func oneChangeOfTheEncoderAtATime() {
        let gate = Self.gate(.onAir, isChanging: true)
        #expect(gate.refusalOfSettings?.code == .changeUnderWay)
        #expect(gate.refusalOfPlugins == nil && gate.refusalOfLinks == nil && gate.refusalOfKeyframe == nil)
    }
}
