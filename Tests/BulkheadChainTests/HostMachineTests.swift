import BulkheadChain
import BulkheadChildren
import BulkheadEvents
import BulkheadModel
import BulkheadSystem
import BulkheadTestSupport
import BulkheadWire
import Testing

/// Which host holds a post, in every order of answers, deaths and wishes.
@Suite(.timeLimit(.minutes(1))) struct HostMachineTests {
    private typealias Machine = HostMachine
    private typealias Action = HostMachine.Action

    private struct Step {
        let event: Machine.Event
        let actions: [Action]

        init(_ event: Machine.Event, _ actions: [Action]) {
            self.event = event
            self.actions = actions
        }
    }

    private static func play(
        _ steps: [Step], on machine: inout Machine, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for (index, step) in steps.enumerated() {
            let actions = machine.handle(step.event, at: Sample.moment(Int64(index)))
            #expect(actions == step.actions, "step \(index): \(step.event)", sourceLocation: sourceLocation)
        }
    }

    private static func feed(_ events: [Machine.Event], to machine: inout Machine) -> [Action] {
        events.flatMap { machine.handle($0, at: Sample.moment(0)) }
    }

    private static func death(_ child: ChildID, _ end: String = "SIGSEGV") -> Machine.Event {
        .ended(child, end: end, isExcused: false)
    }

    private static let refusal = Refusal(.notLibrary, "no ELF file")
    private static let launchStandby = Action.launch(.standby, after: .milliseconds(250))

    /// Host 1 is on air with plugins 1 and 2, and has been told that a standby may be wanted.
    private static func onAir(standby: Bool = true) -> Machine {
        var machine = Machine()
        machine.isStandbyWanted = standby
        _ = feed([.launched(1, .onAir), .loaded(1), .standbyMayBeWanted, .worked], to: &machine)
        return machine
    }

    /// Host 1 is on air, and host 2 stands by.
    private static func withStandby(isLoaded: Bool = true) -> Machine {
        var machine = onAir()
        _ = feed([.launched(2, .standby)] + (isLoaded ? [.loaded(2)] : []), to: &machine)
        return machine
    }

    /// Host 1 is on air, host 2 stands by, and host 3 comes next.
    private static func withNext(isAsked: Bool = true, isLoaded: Bool = false) -> Machine {
        var machine = withStandby()
        _ = feed([.renew([1, 3], isAsked: isAsked), .launched(3, .next)], to: &machine)
        if isLoaded { _ = feed([.loaded(3)], to: &machine) }
        return machine
    }

    // MARK: the course

    @Test func aPostGetsItsHostAndThenItsStandby() {
        var machine = Machine()
        machine.isStandbyWanted = true
        #expect(machine.wants(.onAir))
        Self.play(
            [
                Step(.launched(1, .onAir), []),
                Step(.standbyMayBeWanted, []),
                Step(.loaded(1), [.onAir(1)]),
                Step(.standbyMayBeWanted, [Self.launchStandby]),
                // One is on its way.
                Step(.standbyMayBeWanted, []),
                Step(.launched(2, .standby), []),
                Step(.loaded(2), [.standbyReady(2)]),
                Step(.standbyMayBeWanted, []),
            ], on: &machine)
        #expect(machine.isReady && !machine.wants(.onAir) && !machine.wants(.standby))
        #expect(machine.record(of: .onAir).state == .ready && machine.record(of: .standby).state == .ready)
    }

    @Test func aLaunchThatIsNotWantedAnyMoreMayBeAskedForAgain() {
        var machine = Self.onAir()
        machine.isStandbyWanted = false
        #expect(!machine.wants(.standby))
        Self.play([Step(.notLaunched(.standby), [])], on: &machine)
        machine.isStandbyWanted = true
        Self.play([Step(.standbyMayBeWanted, [Self.launchStandby])], on: &machine)
    }

    // MARK: deaths on air

    @Test func theLoadedStandbyTakesOverWithWhatTheHostHadInHand() {
        var machine = Self.withStandby()
        Self.play(
            [
                Step(
                    Self.death(1),
                    [.tookOver(2, was: .standby), .lose(hasSuccessor: true), .take(2), .onAir(2)]),
                Step(.standbyMayBeWanted, [Self.launchStandby]),
            ], on: &machine)
        let record = machine.record(of: .onAir)
        #expect(record.state == .ready && record.restarts == 1 && record.lastEnd == "SIGSEGV")
    }

    @Test func aStandbyThatIsStillLoadingIsTakenWithoutWork() {
        var machine = Self.withStandby(isLoaded: false)
        Self.play(
            [
                Step(Self.death(1), [.lose(hasSuccessor: false), .go, .take(2)]),
                Step(.loaded(2), [.onAir(2)]),
            ], on: &machine)
        #expect(machine.duty(of: 2) == .onAir)
    }

    @Test func withoutAStandbyAHostIsLaunchedWithGrowingDelays() {
        var machine = Machine()
        var actions: [[Action]] = []
        for child in 1...8 {
            _ = machine.handle(.launched(ChildID(child), .onAir), at: Sample.moment(0))
            actions.append(machine.handle(Self.death(ChildID(child)), at: Sample.moment(0)))
        }
        let delays: [Int64] = [0, 0, 0, 0, 0, 100, 250, 500]
        #expect(
            actions
                == delays.map {
                    [.lose(hasSuccessor: false), .go, .launch(.onAir, after: .milliseconds($0))]
                })
    }

    /// A host that had worked, or whose plugin was to blame, says nothing about the next one.
    @Test(arguments: [(true, false), (false, true)]) func progressForgivesDeaths(worked: Bool, isExcused: Bool) {
        var machine = Machine()
        for child in 1...20 {
            let id = ChildID(child)
            _ = Self.feed([.launched(id, .onAir), .loaded(id)] + (worked ? [.worked] : []), to: &machine)
            let actions = machine.handle(.ended(id, end: "SIGSEGV", isExcused: isExcused), at: Sample.moment(0))
            #expect(actions.last == .launch(.onAir, after: .zero))
        }
    }

    @Test func aStandbyThatDiesIsReplacedNoSoonerThanAfterATakeover() {
        var machine = Self.withStandby()
        Self.play([Step(Self.death(2), [Self.launchStandby])], on: &machine)
        #expect(machine.record(of: .standby).restarts == 1 && machine.record(of: .standby).lastEnd == "SIGSEGV")
        #expect(machine.duty(of: 1) == .onAir)
    }

    @Test func theDeathOfARetiredHostChangesNothing() {
        var machine = Self.withNext(isLoaded: true)
        _ = Self.feed([.idle], to: &machine)
        Self.play([Step(Self.death(1), []), Step(Self.death(2), [])], on: &machine)
        #expect(machine.record(of: .onAir).restarts == 0 && machine.children == [3])
    }

    // MARK: next

    @Test func theNextHostTakesOverWhenThePassageIsIdle() {
        var machine = Self.withNext()
        Self.play(
            [
                // Not loaded yet.
                Step(.idle, []),
                Step(.loaded(3), [.hold]),
                Step(
                    .idle,
                    [
                        .adopt([1, 3]), .take(3), .tookOver(3, was: .next), .retire(1), .retire(2), .onAir(3),
                        .answer(.onAir), .settled,
                    ]),
                Step(.standbyMayBeWanted, [Self.launchStandby]),
            ], on: &machine)
        #expect(machine.duty(of: 1) == .retired && machine.duty(of: 2) == .retired && machine.duty(of: 3) == .onAir)
    }

    @Test func aNextHostThatNobodyAskedForIsNotAnswered() {
        var machine = Self.withNext(isAsked: false, isLoaded: true)
        let actions = machine.handle(.idle, at: Sample.moment(0))
        #expect(actions.last == .settled && !actions.contains(.answer(.onAir)))
    }

    /// When the host on air dies, a next one that is loaded goes before the standby: it has the newer chain.
    @Test func theLoadedNextHostTakesTheDeadOnesPlace() {
        var machine = Self.withNext(isLoaded: true)
        Self.play(
            [
                Step(
                    Self.death(1),
                    [
                        .lose(hasSuccessor: false), .adopt([1, 3]), .take(3), .tookOver(3, was: .next), .retire(2),
                        .onAir(3), .answer(.onAir), .settled,
                    ])
            ], on: &machine)
        #expect(machine.record(of: .onAir).restarts == 1)
    }

    @Test func aNextHostThatStillLoadsFillsThePostOfOneThatDied() {
        var machine = Self.onAir(standby: false)
        _ = Self.feed([.renew([1], isAsked: false), .launched(3, .next)], to: &machine)
        Self.play(
            [
                Step(Self.death(1), [.lose(hasSuccessor: false), .go]),
                Step(.loaded(3), [.hold]),
                Step(
                    .idle, [.adopt([1]), .take(3), .tookOver(3, was: .next), .onAir(3), .settled]),
            ], on: &machine)
    }

    /// How a next host fails, and what is said to the one that asked.
    @Test func aNextHostThatDiesLeavesAllAsItWas() {
        var machine = Self.withNext()
        Self.play(
            [Step(Self.death(3), [.go, .answer(.ended("SIGSEGV")), .settled])], on: &machine)
        #expect(machine.duty(of: 1) == .onAir && machine.duty(of: 2) == .standby && !machine.hasNext)
        machine = Self.withNext(isLoaded: true)
        Self.play([Step(Self.death(3), [.go, .answer(.ended("SIGSEGV")), .settled])], on: &machine)
    }

    @Test func aNextHostThatDiesAfterTheOneOnAirIsFollowedByAnother() {
        var machine = Self.onAir(standby: false)
        _ = Self.feed([.renew([1], isAsked: true), .launched(3, .next), Self.death(1)], to: &machine)
        Self.play(
            [
                Step(
                    Self.death(3),
                    [.go, .answer(.ended("SIGSEGV")), .settled, .launch(.onAir, after: .zero)])
            ], on: &machine)
        #expect(machine.wants(.onAir))
    }

    /// However the next host fails to come: the post of a host that has died meanwhile is filled.
    @Test func aPostWhoseNextHostDoesNotComeIsFilledAgain() {
        let error = BroadcastError(.installation, "no program")
        var refusing = Self.onAir(standby: false)
        _ = Self.feed([.renew([1], isAsked: true), .launched(3, .next), Self.death(1)], to: &refusing)
        Self.play(
            [
                Step(
                    .refused(3, 1, Self.refusal),
                    [
                        .refused(.asked, 1, Self.refusal), .retire(3), .go, .answer(.refused(1, Self.refusal)),
                        .settled, .launch(.onAir, after: .zero),
                    ])
            ], on: &refusing)
        var missing = Self.onAir(standby: false)
        _ = Self.feed([.renew([1], isAsked: true), Self.death(1)], to: &missing)
        Self.play(
            [
                Step(
                    .nextNotLaunched(error),
                    [.go, .answer(.notLaunched(error)), .settled, .launch(.onAir, after: .zero)])
            ], on: &missing)
    }

    @Test func aNextHostThatRefusesStopsTheChange() {
        var machine = Self.withNext()
        Self.play(
            [
                Step(
                    .refused(3, 3, Self.refusal),
                    [
                        .refused(.asked, 3, Self.refusal), .retire(3), .go, .answer(.refused(3, Self.refusal)),
                        .settled,
                    ]),
                // It had loaded the others meanwhile.
                Step(.loaded(3), []),
                Step(Self.death(3), []),
            ], on: &machine)
    }

    @Test func aNextHostThatNobodyAskedForGoesOnWithoutThePlugin() {
        var machine = Self.withNext(isAsked: false)
        Self.play(
            [
                Step(.refused(3, 3, Self.refusal), [.refused(.leftOut, 3, Self.refusal)]),
                Step(.loaded(3), [.hold]),
            ], on: &machine)
    }

    @Test func aNextHostThatCanNotBeLaunchedIsAnswered() {
        var machine = Self.onAir()
        let error = BroadcastError(.installation, "no program")
        Self.play(
            [
                Step(.renew([1], isAsked: true), [.launchNext([1])]),
                Step(.nextNotLaunched(error), [.go, .answer(.notLaunched(error)), .settled]),
            ], on: &machine)
        #expect(!machine.hasNext)
    }

    @Test func anotherWishSupersedesTheNextHost() {
        var machine = Self.withNext()
        Self.play(
            [
                Step(
                    .renew([1, 4], isAsked: true),
                    [.retire(3), .go, .answer(.superseded), .settled, .launchNext([1, 4])]),
                Step(.launched(4, .next), []),
                Step(.loaded(4), [.hold]),
            ], on: &machine)
    }

    /// The change that is under way goes on with the new size; nothing is said to the one that asked for it.
    @Test func aNewSizeRenewsTheNextHostWithItsPlugins() {
        var machine = Self.withNext(isLoaded: true)
        Self.play(
            [
                Step(.renewForNewSize([1, 2]), [.retire(3), .go, .launchNext([1, 3])]),
                Step(.launched(4, .next), []),
                Step(.loaded(4), [.hold]),
            ], on: &machine)
        #expect(machine.isNextAsked)
        var other = Self.onAir()
        Self.play([Step(.renewForNewSize([1, 2]), [.launchNext([1, 2])])], on: &other)
        #expect(!other.isNextAsked)
    }

    @Test func noStandbyIsLaunchedWhileANextHostComes() {
        var machine = Self.withNext()
        Self.play([Step(Self.death(2), [])], on: &machine)
        #expect(!machine.wants(.standby))
        // When the next one is gone, the post has its standby again.
        let actions = machine.handle(Self.death(3), at: Sample.moment(0))
        #expect(actions.last == Self.launchStandby)
    }

    // MARK: refusals

    @Test func whoRefusesDecidesWhatARefusalMeans() {
        var first = Machine()
        _ = Self.feed([.launched(1, .onAir)], to: &first)
        Self.play([Step(.refused(1, 2, Self.refusal), [.refused(.atStart, 2, Self.refusal)])], on: &first)
        // A successor goes on without what it can't load.
        _ = Self.feed([Self.death(1), .launched(2, .onAir)], to: &first)
        Self.play([Step(.refused(2, 2, Self.refusal), [.refused(.leftOut, 2, Self.refusal)])], on: &first)
        var standby = Self.withStandby(isLoaded: false)
        Self.play([Step(.refused(2, 1, Self.refusal), [.refused(.byStandby, 1, Self.refusal)])], on: &standby)
        Self.play([Step(.refused(9, 1, Self.refusal), [])], on: &standby)
    }

    // MARK: changes and ends

    @Test func aStandbyThatIsStillLoadingIsReplacedWhenPluginsChange() {
        var loading = Self.withStandby(isLoaded: false)
        Self.play([Step(.pluginsChanged, [.retire(2), Self.launchStandby])], on: &loading)
        var loaded = Self.withStandby()
        Self.play([Step(.pluginsChanged, [])], on: &loaded)
    }

    @Test func aPostThatLeavesTheChainLetsAllItsHostsGo() {
        var machine = Self.withNext()
        let error = BroadcastError(code: .changeSuperseded, "the plugin has left the chain")
        Self.play(
            [
                Step(
                    .letGo, [.retire(3), .go, .answer(.abandoned(error)), .settled, .retire(1), .retire(2)]),
                Step(.standbyMayBeWanted, []),
                Step(Self.death(1), []), Step(Self.death(2), []), Step(Self.death(3), []),
            ], on: &machine)
        #expect(machine.isEmpty && !machine.wants(.onAir))
    }

    @Test func nothingFollowsAHostThatEndsWithTheBroadcast() {
        var machine = Self.withNext()
        let error = BroadcastError(.control, "over")
        Self.play(
            [
                Step(.stop(error), [.retire(3), .go, .answer(.abandoned(error)), .settled]),
                Step(Self.death(1), [.lose(hasSuccessor: false)]),
                Step(Self.death(2), []),
                Step(Self.death(3), []),
            ], on: &machine)
        #expect(machine.record(of: .onAir).state == .ended && machine.isEmpty)
    }

    /// The first host of a post that is being opened: when it dies there is nothing to go on with.
    @Test func aPostThatIsBeingOpenedHasNoHostBesidesTheNextOne() {
        var machine = Machine(isOpen: false)
        Self.play(
            [
                Step(.renew([1], isAsked: true), [.launchNext([1])]),
                Step(.launched(1, .next), []),
                Step(Self.death(1), [.go, .answer(.ended("SIGSEGV")), .settled]),
            ], on: &machine)
        var other = Machine(isOpen: false)
        _ = Self.feed([.renew([1], isAsked: true), .launched(1, .next)], to: &other)
        Self.play(
            [
                Step(.loaded(1), [.hold]),
                Step(
                    .idle,
                    [.adopt([1]), .take(1), .tookOver(1, was: .next), .onAir(1), .answer(.onAir), .settled]),
                Step(Self.death(1), [.lose(hasSuccessor: false), .go, .launch(.onAir, after: .zero)]),
            ], on: &other)
    }

    // MARK: any order

    /// Whatever comes in whatever order: at most one host is on air and one comes next, each wish is answered once, and
    /// a post that lives has a host, or one is on its way.
    @Test(arguments: 1...40) func aPostIsNeverLeftWithoutAHost(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var course = Course()
        for _ in 0..<400 { course.step(&random) }
        #expect(course.problems.isEmpty, "\(course.problems)")
        #expect(course.asked - course.answers <= 1)
    }

    /// A machine whose wishes are carried out sooner or later, and whose hosts load, refuse and die by chance.
    private struct Course {
        var machine = Machine()
        var problems: [String] = []
        var asked = 0
        var answers = 0
        private var alive: [ChildID] = []
        private var unloaded: Set<ChildID> = []
        private var launches: [Duty] = [.onAir]
        private var lastChild = 0
        private var isHeld = false

        mutating func step(_ random: inout SeededGenerator) {
            machine.isStandbyWanted = Int.random(in: 0..<8, using: &random) > 0
            switch Int.random(in: 0..<10, using: &random) {
            case 0...2: launch()
            case 3...5:
                guard let child = unloaded.sorted().randomElement(using: &random) else { return }
                unloaded.remove(child)
                feed(.loaded(child))
            case 6:
                guard let child = alive.randomElement(using: &random) else { return }
                alive.removeAll { $0 == child }
                unloaded.remove(child)
                feed(.ended(child, end: "SIGKILL", isExcused: false))
            case 7:
                asked += 1
                feed(.renew([1, 2], isAsked: true))
            case 8:
                guard let child = unloaded.sorted().randomElement(using: &random) else { return }
                feed(.refused(child, 1, refusal))
            default: if isHeld { feed(.idle) } else { feed(.standbyMayBeWanted) }
            }
            check()
        }

        private mutating func launch() {
            guard !launches.isEmpty else { return }
            let duty = launches.removeFirst()
            guard machine.wants(duty) else { return feed(.notLaunched(duty)) }
            lastChild += 1
            let child = ChildID(lastChild)
            alive.append(child)
            unloaded.insert(child)
            feed(.launched(child, duty))
        }

        private mutating func feed(_ event: Machine.Event) {
            for action in machine.handle(event, at: Sample.moment(0)) {
                switch action {
                case .launch(let duty, _): launches.append(duty)
                case .launchNext:
                    // It is carried out at once.
                    launches.insert(.next, at: 0)
                    launch()
                case .hold: isHeld = true
                case .go, .take: isHeld = false
                case .answer: answers += 1
                case .retire(let child): unloaded.remove(child)
                case .lose, .adopt, .tookOver, .standbyReady, .refused, .settled: break
                case .onAir: feed(.standbyMayBeWanted)
                }
            }
        }

        private mutating func check() {
            let duties = machine.children.map { machine.duty(of: $0) }
            if duties.filter({ $0 == .onAir }).count > 1 { problems.append("two hosts are on air") }
            if duties.filter({ $0 == .next }).count > 1 { problems.append("two hosts come next") }
            let isFilled = duties.contains(.onAir) || duties.contains(.next) || launches.contains(.onAir)
            if !isFilled { problems.append("no host, and none to come") }
            if Set(machine.children) != Set(alive) { problems.append("hosts are forgotten") }
        }
    }
}
