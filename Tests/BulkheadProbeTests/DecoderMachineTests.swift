import BulkheadChildren
import BulkheadModel
import BulkheadProbe
import BulkheadSystem
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(1))) struct DecoderMachineTests {
    private static let configuration = DecoderRequest.configureVideo(codec: 1, configuration: [1])

    private static func picture(_ unit: Int64) -> DecoderRequest { .picture(unit: unit, bytes: [UInt8(unit & 255)]) }

    /// A viewer's decoder with the time of its machine.
    private struct Script {
        var machine = DecoderMachine()
        var now = MonotonicTime(nanoseconds: 1_000_000_000)
        private var last = 0

        init() {}

        var child: ChildID { ChildID(last) }

        mutating func handle(_ event: DecoderMachine.Event) -> [DecoderMachine.Action] {
            machine.handle(event, at: now)
        }

        /// A process comes and says hello.
        mutating func launch() -> [DecoderMachine.Action] {
            last += 1
            return handle(.launched(child)) + handle(.greeted(child))
        }

        mutating func give(_ units: Range<Int64>, idrEach: Int64 = 5) -> [DecoderMachine.Action] {
            units.flatMap { handle(.give(DecoderMachineTests.picture($0), isIDR: $0 % idrEach == 0)) }
        }

        mutating func answer(_ unit: Int64) -> [DecoderMachine.Action] {
            handle(.replied(child, .undecodable(unit: unit)))
        }

        mutating func end() -> [DecoderMachine.Action] { handle(.ended(child, "SIGKILL")) }
    }

    @Test func whatCameBeforeItIsGivenInOrder() {
        var script = Script()
        #expect(script.handle(.start) == [.launch(after: .zero)])
        #expect(script.handle(.start).isEmpty, "one is to come already")
        let sound = DecoderRequest.sound(pts: 0, bytes: [9])
        #expect(script.handle(.give(Self.configuration, isIDR: false)).isEmpty)
        #expect(script.handle(.give(sound, isIDR: false)).isEmpty)
        #expect(script.give(0..<2).isEmpty)
        #expect(
            script.launch() == [
                .send(Self.configuration), .send(Self.picture(0)), .send(Self.picture(1)), .send(sound),
            ])
        #expect(script.handle(.start).isEmpty)
        #expect(script.give(2..<3) == [.send(Self.picture(2))])
        #expect(script.machine.unansweredCount == 3)
    }

    /// A takeover in a recording, which is read faster than a decoder starts.
    @Test func everyPictureIsGivenWithTheConfigurationThatItCameWith() {
        var script = Script()
        let next = DecoderRequest.configureVideo(codec: 1, configuration: [2])
        let (sound, nextSound) = (
            DecoderRequest.sound(pts: 0, bytes: [9]), DecoderRequest.configureAudio(codec: 2, configuration: [3])
        )
        _ = script.handle(.start)
        _ = script.handle(.give(Self.configuration, isIDR: false))
        _ = script.handle(.give(sound, isIDR: false))
        _ = script.give(4..<6)
        _ = script.handle(.give(next, isIDR: false))
        _ = script.handle(.give(nextSound, isIDR: false))
        _ = script.give(10..<11)
        let given: [DecoderRequest] = [
            Self.configuration, Self.picture(4), Self.picture(5), next, Self.picture(10), sound, nextSound,
        ]
        #expect(script.launch() == given.map { .send($0) })
        // A successor is given the same again, but for the sound.
        _ = script.end()
        let again: [DecoderRequest] = [
            Self.configuration, Self.picture(4), Self.picture(5), next, Self.picture(10), nextSound,
        ]
        #expect(script.launch() == again.map { .send($0) })
        // One that comes behind the change knows nothing of what was before.
        for unit in 4..<11 as Range<Int64> { _ = script.answer(unit) }
        _ = script.end()
        #expect(script.launch() == [next, Self.picture(10), nextSound].map { .send($0) })
    }

    @Test func successorIsGivenWhatWasNotAnsweredFromItsIDROn() {
        var script = Script()
        _ = script.launch()
        _ = script.give(0..<8)
        for unit in 0..<6 as Range<Int64> { #expect(script.answer(unit) == [.tell(.undecodable(unit: unit))]) }
        #expect(
            script.end() == [.trouble("the decoder ended (SIGKILL) and is started again"), .launch(after: .zero)])
        #expect(script.launch() == [5, 6, 7].map { .send(Self.picture($0)) })
        #expect(script.machine.restarts == 1)
    }

    @Test func unitThatEndsThreeDecodersIsPassedOverUpToTheNextIDR() {
        var script = Script()
        _ = script.launch()
        _ = script.give(0..<7)
        for _ in 0..<2 {
            #expect(script.end().count == 2)
            _ = script.launch()
        }
        #expect(
            script.end() == [
                .skip([0, 1, 2, 3, 4]),
                .trouble("the decoder ended (SIGKILL) and is started again; access unit 0 is passed over"),
                .launch(after: .zero),
            ])
        #expect(script.launch() == [5, 6].map { .send(Self.picture($0)) })
    }

    @Test func deathsAfterWorkNeverEndInGivingUp() {
        var script = Script()
        _ = script.launch()
        for unit in 0..<50 as Range<Int64> {
            _ = script.give(unit..<unit + 1, idrEach: 1)
            _ = script.answer(unit)
            #expect(script.end().last == .launch(after: .zero))
            _ = script.launch()
        }
        #expect(script.machine.restarts == 50)
    }

    @Test func deathsWithoutWorkComeSlowerAndEndInGivingUp() {
        var script = Script()
        _ = script.launch()
        var delays: [Duration] = []
        while true {
            let actions = script.end()
            guard case .launch(let delay)? = actions.last else {
                #expect(actions.count == 1, "only the trouble is told: nothing waited, nobody flushed")
                break
            }
            delays.append(delay)
            _ = script.launch()
        }
        #expect(delays.count == RestartPolicy.mostDeaths - 1)
        #expect(delays == delays.sorted() && delays.last == .seconds(1))
        #expect(script.give(0..<1) == [.skip([0])])
        #expect(script.handle(.start).isEmpty)
    }

    @Test func flushWaitsForTheSuccessor() {
        var script = Script()
        _ = script.launch()
        _ = script.give(0..<1)
        _ = script.end()
        #expect(script.handle(.flush).isEmpty, "the picture is not answered yet")
        #expect(script.launch() == [.send(Self.picture(0)), .send(.flush)])
        _ = script.answer(0)
        #expect(script.handle(.replied(script.child, .flushed)) == [.flushed, .tell(.flushed)])
    }

    @Test func flushOfNothingIsDoneAtOnce() {
        var script = Script()
        #expect(script.handle(.flush) == [.flushed])
    }

    @Test func decoderThatCanNotBeStartedIsDoneWithout() {
        var script = Script()
        _ = script.handle(.start)
        _ = script.give(0..<2)
        #expect(script.handle(.flush).isEmpty)
        #expect(
            script.handle(.launchFailed("no such program")) == [
                .skip([0, 1]), .trouble("pictures are not looked at: the decoder can't be started: no such program"),
                .flushed,
            ])
        #expect(script.handle(.flush) == [.flushed])
    }

    @Test func decoderThatIsBehindIsGivenNothingUpToAnIDR() {
        var script = Script()
        _ = script.launch()
        #expect(script.give(0..<600, idrEach: 100).count == 600)
        #expect(script.give(600..<602, idrEach: 100) == [.skip([600]), .skip([601])])
        for unit in 0..<400 as Range<Int64> { _ = script.answer(unit) }
        #expect(script.give(602..<603, idrEach: 100) == [.skip([602])], "no IDR")
        #expect(script.give(700..<701, idrEach: 100) == [.send(Self.picture(700))])
    }
}
