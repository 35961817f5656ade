import BulkheadChain
import BulkheadChildren
import BulkheadModel
import BulkheadWire
import Testing

/// Changes of the chain, one after the other: each with all its steps, or none of it.
@Suite(.timeLimit(.minutes(1))) struct ChangeMachineTests {
    private typealias Machine = ChangeMachine
    private typealias Action = ChangeMachine.Action

    private struct Step {
        let event: Machine.Event
        let actions: [Action]

        init(_ event: Machine.Event, _ actions: [Action]) {
            self.event = event
            self.actions = actions
        }
    }

    private static func play(
        _ steps: [Step], on machine: inout Machine, _ layout: ChainLayout,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for (index, step) in steps.enumerated() {
            let actions = machine.handle(step.event, layout)
            #expect(actions == step.actions, "step \(index): \(step.event)", sourceLocation: sourceLocation)
        }
    }

    private static let stays = "the chain stays as it was"

    /// Plugins `a` and `b`, which have the identities 1 and 2.
    private static func layout(_ isolation: PluginIsolation, isSettled: Bool = true) -> ChainLayout {
        let plugins = [Sample.plugin(1, "a", ["width": "4"]), Sample.plugin(2, "b")]
        return ChainLayout(
            isolation: isolation,
            sections: isolation == .each
                ? [
                    ChainLayout.Section(post: 10, plugins: [plugins[0]]),
                    ChainLayout.Section(post: 20, plugins: [plugins[1]]),
                ] : [ChainLayout.Section(post: 10, plugins: plugins)],
            isSettled: isSettled)
    }

    /// A machine that has made plugins 1 and 2.
    private static func machine() -> Machine {
        var machine = Machine()
        for name in ["a", "b"] { _ = machine.newPlugin(Sample.found(name)) }
        return machine
    }

    private static func done(_ id: ChangeID = 1) -> Action { .done(id, nil) }
    private static func failed(_ problem: String, advice: String = "") -> Action {
        .done(1, BroadcastError(.plugin, problem, advice: advice))
    }

    // MARK: what each change takes

    @Test func addingToTheSharedHostRenewsIt() {
        var machine = Self.machine()
        let new = Sample.plugin(3, "c")
        Self.play(
            [
                Step(
                    .asked(1, .add(PluginChoice("c"), position: 2)),
                    [.step(.find(PluginChoice("c", name: "c")))]),
                Step(
                    .found(.success(Sample.found("c"))),
                    [.step(.admit(10, new)), .step(.renew(10, [1, 3, 2]))]),
                Step(.tookOver(.onAir), [.report(3, name: "c", .added), Self.done()]),
            ], on: &machine, Self.layout(.all))
        #expect(!machine.isBusy)
    }

    @Test func addingAHostOfItsOwnOpensAPostAndCrossesTheBorder() {
        var machine = Self.machine()
        Self.play(
            [
                Step(
                    .asked(1, .add(PluginChoice("c"), position: nil)),
                    [.step(.find(PluginChoice("c", name: "c")))]),
                Step(.found(.success(Sample.found("c"))), [.step(.open(Sample.plugin(3, "c")))]),
                Step(.tookOver(.onAir), [.step(.cross(.insert(3, at: 2)))]),
                Step(.crossed, [.report(3, name: "c", .added), Self.done()]),
            ], on: &machine, Self.layout(.each))
    }

    @Test func removingIsInEffectWhenTheHostOrTheBorderHasAnswered() {
        var shared = Self.machine()
        Self.play(
            [
                Step(.asked(1, .remove(name: "b")), [.step(.unload(10, 2))]),
                Step(.answered(.done), [.report(2, name: "b", .removed), Self.done()]),
            ], on: &shared, Self.layout(.all))
        var own = Self.machine()
        Self.play(
            [
                Step(.asked(1, .remove(name: "b")), [.step(.cross(.remove(2)))]),
                Step(.crossed, [.step(.letGo(2)), .report(2, name: "b", .removed), Self.done()]),
            ], on: &own, Self.layout(.each))
    }

    /// The host died while it was asked: its successor does not have the plugin.
    @Test func removingSucceedsThoughTheHostDies() {
        var machine = Self.machine()
        Self.play(
            [
                Step(.asked(1, .remove(name: "b")), [.step(.unload(10, 2))]),
                Step(
                    .answered(.ended(cause: "SIGKILL")),
                    [.report(2, name: "b", .removed), Self.done()]),
            ], on: &machine, Self.layout(.all))
    }

    /// With a host for each, too, a move is answered when frames pass in the new order, and not before.
    @Test func movingIsAnsweredWhenItIsInEffect() {
        var own = Self.machine()
        Self.play(
            [
                Step(.asked(1, .move(name: "b", position: 1)), [.step(.cross(.move(2, to: 0)))]),
                Step(.settled, []),
                Step(.crossed, [.report(2, name: "b", .moved(position: 1)), Self.done()]),
            ], on: &own, Self.layout(.each))
        var shared = Self.machine()
        Self.play(
            [
                Step(
                    .asked(1, .move(name: "b", position: 1)),
                    [.step(.arrange(10, [2, 1])), .report(2, name: "b", .moved(position: 1)), Self.done()])
            ], on: &shared, Self.layout(.all))
    }

    @Test func enablingIsDoneAtOnce() {
        var machine = Self.machine()
        var choice = Sample.found("b").choice
        choice.isEnabled = false
        Self.play(
            [
                // It works already.
                Step(.asked(1, .enable(name: "b", true)), [Self.done()]),
                Step(
                    .asked(2, .enable(name: "b", false)),
                    [
                        .step(.edit(2, .choice(choice, Sample.found("b").library))), .step(.enable(2, false)),
                        .report(2, name: "b", .disabled), Self.done(2),
                    ]),
            ], on: &machine, Self.layout(.all))
    }

    @Test func parametersAreSetOneAfterTheOther() {
        var machine = Self.machine()
        let old = Sample.plugin(1, "a", ["width": "4"])
        var choice = old.choice
        choice.parameters = ["width": "6"]
        let set = Action.step(.set(1, parameter: "width", value: "6"))
        let edit = Action.step(.edit(1, .choice(choice, PluginLibrary(old.library.description))))
        Self.play(
            [
                Step(.asked(1, .set(name: "a", parameters: ["width": "6"], folder: "")), Self.withFiles([edit, set])),
                Step(.answered(.done), [.report(1, name: "a", .set(["width=6"])), Self.done()]),
            ], on: &machine, Self.layout(.all))
    }

    /// `picture` is a file, whatever its value.
    private static func withFiles(_ actions: [Action]) -> [Action] {
        actions.map { action in
            guard case .step(.edit(let id, .choice(let choice, var library))) = action else { return action }
            library.fileParameters = ["picture"]
            return .step(.edit(id, .choice(choice, library)))
        }
    }

    /// That is no fault of the plugin's, and may go well the next time.
    @Test func aHostThatEndsBeforeItAnswersIsNoRefusal() {
        var machine = Self.machine()
        _ = machine.handle(.asked(1, .set(name: "a", parameters: ["width": "6"], folder: "")), Self.layout(.all))
        let actions = machine.handle(.answered(.ended(cause: "SIGKILL")), Self.layout(.all))
        guard case .done(1, let error?)? = actions.last else {
            Issue.record("\(actions)")
            return
        }
        #expect(error.code == .hostEnded && error.parameters == ["cause": "SIGKILL"])
        #expect(error.kind == .control && error.advice.contains("try again"))
    }

    @Test func aParameterThatIsRefusedTakesAllBack() {
        var machine = Self.machine()
        let old = Sample.plugin(1, "a", ["width": "4"])
        _ = machine.handle(.asked(1, .set(name: "a", parameters: ["width": "6"], folder: "")), Self.layout(.all))
        Self.play(
            [
                Step(
                    .answered(.refused(Refusal(.settings, "too wide"))),
                    [
                        .step(.edit(1, .choice(old.choice, old.library))),
                        Self.failed("the plugin a does not take width=6: too wide", advice: Self.stays),
                    ])
            ], on: &machine, Self.layout(.all))
        #expect(!machine.isBusy)
    }

    /// The plugin has taken the first of two: it gets its old value back before the change has failed.
    @Test func parametersThatWereTakenAreTakenBackWithTheRefusedOne() {
        var machine = Self.machine()
        let old = Sample.plugin(1, "a", ["width": "4"])
        let answers: [Machine.Event] = [
            .asked(1, .set(name: "a", parameters: ["height": "9", "width": "6"], folder: "")), .answered(.done),
        ]
        for event in answers { _ = machine.handle(event, Self.layout(.all)) }
        Self.play(
            [
                Step(
                    .answered(.refused(Refusal(.settings, "too wide"))),
                    [.step(.set(1, parameter: "height", value: "2"))]),
                Step(.settled, []),
                Step(
                    .answered(.done),
                    [
                        .step(.edit(1, .choice(old.choice, old.library))),
                        Self.failed("the plugin a does not take width=6: too wide", advice: Self.stays),
                    ]),
            ], on: &machine, Self.layout(.all))
        #expect(!machine.isBusy)
    }

    /// The host on air may not read a file that is new: another one is started that may.
    @Test func aFileRenewsTheHost() {
        var machine = Self.machine()
        let actions = machine.handle(
            .asked(1, .set(name: "a", parameters: ["picture": "x.png"], folder: "/home")), Self.layout(.all))
        #expect(actions.last == .step(.renew(10, [1, 2])))
        guard case .step(.edit(1, .choice(let choice, _)))? = actions.first else {
            Issue.record("the choice is changed first: \(actions)")
            return
        }
        #expect(choice.parameters == ["width": "4", "picture": "/home/x.png"])
    }

    @Test func reloadingPardonsAndTakesTheNewLibrary() {
        var machine = Self.machine()
        var found = Sample.found("b")
        found.library.description.version = "2"
        let old = Sample.plugin(2, "b")
        Self.play(
            [
                Step(.asked(1, .reload(name: "b")), [.step(.find(old.choice))]),
                Step(
                    .found(.success(found)),
                    [
                        .step(.edit(2, .choice(old.choice, found.library))), .step(.edit(2, .pardon)),
                        .step(.renew(20, [2])),
                    ]),
                Step(
                    .tookOver(.ended("SIGSEGV")),
                    [
                        .step(.edit(2, .choice(old.choice, old.library))),
                        .step(.edit(2, .restore(Quarantine(), refusal: nil))),
                        Self.failed("the next plugin host ended: SIGSEGV", advice: Self.stays),
                    ]),
            ], on: &machine, Self.layout(.each))
    }

    @Test func onlyAChargedPluginIsPardoned() {
        var machine = Self.machine()
        var layout = Self.layout(.all)
        Self.play([Step(.asked(1, .pardon(name: "b")), [Self.done()])], on: &machine, layout)
        _ = layout.sections[0].plugins[1].charge(at: Sample.moment(0))
        let charged = layout.sections[0].plugins[1].quarantine
        Self.play(
            [
                Step(.asked(1, .pardon(name: "b")), [.step(.edit(2, .pardon)), .step(.renew(10, [1, 2]))]),
                Step(
                    .tookOver(.superseded),
                    [
                        .step(.edit(2, .restore(charged, refusal: nil))),
                        .done(
                            1, BroadcastError(code: .changeSuperseded, "another change came before it was made")),
                    ]),
                Step(.asked(1, .pardon(name: "b")), [.step(.edit(2, .pardon)), .step(.renew(10, [1, 2]))]),
                Step(.tookOver(.onAir), [.report(2, name: "b", .pardoned), Self.done()]),
            ], on: &machine, layout)
    }

    // MARK: what fails

    /// Requests that can't be met, in words that name what would do.
    @Test(arguments: [
        (PluginChange.remove(name: "c"), "there is no plugin c in the chain; it has a, b"),
        (.reload(name: ""), "there is no plugin  in the chain; it has a, b"),
        (.move(name: "a", position: 3), "there is no position 3 in the chain; it takes 1 to 2"),
        (.move(name: "a", position: 0), "there is no position 0 in the chain; it takes 1 to 2"),
        (.add(PluginChoice("c"), position: 4), "there is no position 4 in the chain; it takes 1 to 3"),
        (
            .add(PluginChoice("c", name: "a"), position: nil),
            "there are two plugins called a in the chain; give each its own name"
        ),
    ])
    func aRequestThatMakesNoSenseIsAnsweredAtOnce(change: PluginChange, words: String) {
        for isolation in PluginIsolation.allCases {
            var machine = Self.machine()
            let actions = machine.handle(.asked(1, change), Self.layout(isolation))
            guard case .done(1, let error?)? = actions.first, actions.count == 1 else {
                Issue.record("\(actions)")
                continue
            }
            #expect(error.description == words)
            #expect(!machine.isBusy)
        }
    }

    /// How a next host fails, and in which words.
    @Test(arguments: [
        (HostMachine.Outcome.ended("SIGSEGV in the plugin c"), "the next plugin host ended: SIGSEGV in the plugin c"),
        (.refused(3, Refusal(.notLibrary, "no ELF file")), "the plugin c can't be loaded: no ELF file"),
        (.refused(1, Refusal(.notFound, "gone")), "the plugin a can't be loaded: gone"),
        (.refused(9, Refusal(.notFound, "gone")), "the plugin a plugin can't be loaded: gone"),
        (.superseded, "another change came before it was made"),
        (.notLaunched(BroadcastError(.installation, "no program")), "no program"),
        (.abandoned(BroadcastError(.control, "over")), "over"),
    ])
    func aNewPluginThatDoesNotWorkIsForgotten(outcome: HostMachine.Outcome, problem: String) {
        for isolation in PluginIsolation.allCases {
            var machine = Self.machine()
            let layout = Self.layout(isolation)
            _ = machine.handle(.asked(1, .add(PluginChoice("c"), position: nil)), layout)
            _ = machine.handle(.found(.success(Sample.found("c"))), layout)
            let actions = machine.handle(.tookOver(outcome), layout)
            #expect(actions.first == .step(isolation == .each ? .letGo(3) : .forget(10, 3)))
            guard case .done(1, let error?)? = actions.last else {
                Issue.record("\(actions)")
                continue
            }
            #expect(error.problem == problem)
        }
    }

    @Test func aLibraryThatIsNotFoundChangesNothing() {
        let error = BroadcastError(.plugin, "no plugin c")
        var machine = Self.machine()
        _ = machine.handle(.asked(1, .add(PluginChoice("c"), position: nil)), Self.layout(.all))
        Self.play([Step(.found(.failure(error)), [.done(1, error)])], on: &machine, Self.layout(.all))
        _ = machine.handle(.asked(2, .reload(name: "a")), Self.layout(.all))
        Self.play([Step(.found(.failure(error)), [.done(2, error)])], on: &machine, Self.layout(.all))
    }

    // MARK: one after the other

    @Test func theNextChangeBeginsWhenTheLastOneIsDone() {
        var machine = Self.machine()
        let layout = Self.layout(.each)
        Self.play(
            [
                Step(.asked(1, .move(name: "b", position: 1)), [.step(.cross(.move(2, to: 0)))]),
                Step(.asked(2, .remove(name: "a")), []),
                Step(.settled, []),
                Step(.crossed, [.report(2, name: "b", .moved(position: 1)), Self.done()]),
                Step(.settled, [.step(.cross(.remove(1)))]),
                Step(.crossed, [.step(.letGo(1)), .report(1, name: "a", .removed), Self.done(2)]),
                Step(.settled, []),
            ], on: &machine, layout)
    }

    /// Names are looked up when a change begins: the one before may have made or taken the plugin.
    @Test func aChangeMeetsTheChainThatTheOneBeforeHasLeft() {
        var machine = Self.machine()
        var layout = Self.layout(.each)
        _ = machine.handle(.asked(1, .remove(name: "b")), layout)
        _ = machine.handle(.asked(2, .remove(name: "b")), layout)
        layout.sections.removeLast()
        _ = machine.handle(.crossed, layout)
        let error = BroadcastError(
            code: .unknownPlace, ["name": "b"], "there is no plugin b in the chain", advice: "it has a")
        Self.play([Step(.settled, [.done(2, error)])], on: &machine, layout)
    }

    /// A plugin is just being tried again, or pictures get a new size: the change waits for that next host.
    @Test func aChangeWaitsForAReadmission() {
        var machine = Self.machine()
        let waiting = Self.layout(.all, isSettled: false)
        Self.play(
            [Step(.asked(1, .remove(name: "b")), []), Step(.settled, [])], on: &machine, waiting)
        #expect(!machine.isBusy)
        Self.play([Step(.settled, [.step(.unload(10, 2))])], on: &machine, Self.layout(.all))
        #expect(machine.isBusy)
    }

    @Test func aRequestThatFailsDoesNotHoldUpTheNextOne() {
        var machine = Self.machine()
        let waiting = Self.layout(.all, isSettled: false)
        _ = machine.handle(.asked(1, .remove(name: "nosuch")), waiting)
        _ = machine.handle(.asked(2, .remove(name: "b")), waiting)
        let actions = machine.handle(.settled, Self.layout(.all))
        #expect(actions.last == .step(.unload(10, 2)) && actions.count == 2)
    }

    @Test func theEndOfTheBroadcastAnswersAllThatWait() {
        var machine = Self.machine()
        let error = BroadcastError(.control, "over")
        let layout = Self.layout(.each)
        _ = machine.handle(.asked(1, .move(name: "b", position: 1)), layout)
        _ = machine.handle(.asked(2, .remove(name: "a")), layout)
        Self.play(
            [
                Step(.ended(error), [.done(1, error), .done(2, error)]),
                // What comes after that is too late.
                Step(.crossed, []), Step(.tookOver(.onAir), []), Step(.answered(.done), []), Step(.settled, []),
                Step(.found(.success(Sample.found("c"))), []), Step(.found(.failure(error)), []),
            ], on: &machine, layout)
    }
}
