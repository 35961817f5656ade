import BulkheadChain
import BulkheadChildren
import BulkheadModel
import BulkheadTestSupport
import BulkheadWire
import Testing

/// Any row of changes, with hosts that refuse, end and are superseded: each change has all its effect, or none.
@Suite(.timeLimit(.minutes(1))) struct ChangeModelTests {
    /// The chain as its rooms would have it, which carries out the steps.
    private struct House {
        let isolation: PluginIsolation
        var machine = ChangeMachine()
        var plugins: [ChainPlugin] = []
        /// Plugins that only the next host has, or whose post is not in the chain.
        var newcomers: [PluginID: ChainPlugin] = [:]
        /// What the host on air was told of parameters.
        var told: [PluginID: [String: String]] = [:]
        /// The step whose answer is out.
        var awaited: ChangePlan.Step?
        var asked: [ChangeID: PluginChange] = [:]
        var order: [ChangeID] = []
        var lastAsked = 0
        /// The chain when the change that is under way began.
        var before: [ChainPlugin] = []
        var reports: [ChangePlan.Report] = []
        var undoWasRefused = false

        init(_ isolation: PluginIsolation) {
            self.isolation = isolation
            for name in ["a", "b", "c"] { plugins.append(machine.newPlugin(Sample.found(name))) }
        }

        var layout: ChainLayout {
            let sections =
                isolation == .all
                ? [ChainLayout.Section(post: 10, plugins: plugins)]
                : plugins.map { ChainLayout.Section(post: PostID(100 + $0.id.number), plugins: [$0]) }
            return ChainLayout(isolation: isolation, sections: sections)
        }

        mutating func ask(_ change: PluginChange) {
            lastAsked += 1
            let id = ChangeID(lastAsked)
            asked[id] = change
            order.append(id)
            if !machine.isBusy { before = plugins }
            take(machine.handle(.asked(id, change), layout))
        }

        mutating func take(_ actions: [ChangeMachine.Action]) {
            for action in actions {
                switch action {
                case .step(let step): carryOut(step)
                case .report(_, _, let report): reports.append(report)
                case .done(let id, let error): done(id, error)
                }
            }
        }

        private mutating func carryOut(_ step: ChangePlan.Step) {
            #expect(awaited == nil, "one answer is waited for at a time")
            if step.isAnswered { awaited = step }
            switch step {
            case .admit(_, let plugin): newcomers[plugin.id] = plugin
            case .forget(_, let id): newcomers[id] = nil
            case .edit(let id, let edit):
                for index in plugins.indices where plugins[index].id == id {
                    switch edit {
                    case .choice(let choice, let library):
                        (plugins[index].choice, plugins[index].library) = (choice, library)
                    case .pardon:
                        plugins[index].quarantine.pardon()
                        plugins[index].refusal = nil
                    case .restore(let quarantine, let refusal):
                        (plugins[index].quarantine, plugins[index].refusal) = (quarantine, refusal)
                    }
                }
            case .arrange(_, let ids): arrange(ids)
            case .enable(let id, let isEnabled):
                #expect(plugins.first { $0.id == id }?.choice.isEnabled == isEnabled)
            case .letGo(let id):
                #expect(!plugins.contains { $0.id == id }, "what is let go is not in the chain")
                newcomers[id] = nil
            case .find, .renew, .open, .cross, .unload, .set: break
            }
        }

        private mutating func arrange(_ ids: [PluginID]) {
            let all = plugins + Array(newcomers.values)
            #expect(Set(ids).count == ids.count)
            plugins = ids.compactMap { id in all.first { $0.id == id } }
            #expect(plugins.count == ids.count, "a host is given plugins that there are")
        }

        /// Answers the step that is waited for, well or not.
        mutating func answer(_ random: inout SeededGenerator) {
            guard let step = awaited else { return }
            awaited = nil
            let isWell = Int.random(in: 0..<3, using: &random) > 0
            let refusal = Refusal(.settings, "no")
            switch step {
            case .find(let choice):
                var found = Sample.found(choice.identity, choice.parameters)
                found.choice.name = choice.name
                let error = BroadcastError(.plugin, "it is not there")
                take(machine.handle(.found(isWell ? .success(found) : .failure(error)), layout))
            case .renew(_, let ids):
                if isWell {
                    arrange(ids)
                    newcomers = [:]
                }
                take(machine.handle(.tookOver(outcome(isWell, ids.last ?? 1, &random)), layout))
            case .open(let plugin):
                if isWell { newcomers[plugin.id] = plugin }
                take(machine.handle(.tookOver(outcome(isWell, plugin.id, &random)), layout))
            case .cross(let step):
                cross(step)
                take(machine.handle(.crossed, layout))
            case .unload(_, let id):
                plugins.removeAll { $0.id == id }
                take(machine.handle(.answered(isWell ? .done : .refused(refusal)), layout))
            case .set(let id, let parameter, let value):
                if isWell { told[id, default: [:]][parameter] = value } else { undoWasRefused = true }
                take(machine.handle(.answered(isWell ? .done : .refused(refusal)), layout))
            case .admit, .forget, .edit, .arrange, .enable, .letGo: Issue.record("\(step) has no answer")
            }
        }

        private func outcome(
            _ isWell: Bool, _ id: PluginID, _ random: inout SeededGenerator
        ) -> HostMachine.Outcome {
            guard !isWell else { return .onAir }
            switch Int.random(in: 0..<4, using: &random) {
            case 0: return .superseded
            case 1: return .refused(id, Refusal(.missingSymbol, "no entry"))
            case 2: return .ended("SIGSEGV")
            default: return .abandoned(BroadcastError(.control, "the broadcast ends"))
            }
        }

        private mutating func cross(_ step: ChangePlan.BorderStep) {
            switch step {
            case .insert(let id, let index):
                guard let plugin = newcomers.removeValue(forKey: id) else {
                    Issue.record("a post that is not open enters the chain")
                    return
                }
                plugins.insert(plugin, at: min(index, plugins.count))
            case .remove(let id):
                if let index = plugins.firstIndex(where: { $0.id == id }) { newcomers[id] = plugins.remove(at: index) }
            case .move(let id, let index):
                guard let place = plugins.firstIndex(where: { $0.id == id }) else { return }
                let plugin = plugins.remove(at: place)
                plugins.insert(plugin, at: min(index, plugins.count))
            }
        }

        private mutating func done(_ id: ChangeID, _ error: BroadcastError?) {
            #expect(order.first == id, "changes are done in the order in which they were asked for")
            order.removeFirst()
            let change = asked.removeValue(forKey: id)
            #expect(newcomers.isEmpty, "nothing is left of what did not come")
            if error == nil {
                hold(change)
            } else {
                #expect(plugins == before, "a change that failed has changed nothing")
            }
            before = plugins
        }

        /// What a user was promised of a change that is done.
        private func hold(_ change: PluginChange?) {
            func plugin(_ name: String) -> ChainPlugin? { plugins.first { $0.name == name } }
            switch change {
            case .add(let choice, let position):
                #expect(plugins.count == before.count + 1)
                if let position { #expect(plugins[position - 1].choice.identity == choice.identity) }
            case .remove(let name): #expect(plugin(name) == nil && plugins.count == before.count - 1)
            case .move(let name, let position): #expect(plugins[position - 1].name == name)
            case .set(let name, let parameters, _):
                for (parameter, value) in parameters { #expect(plugin(name)?.choice.parameters[parameter] == value) }
            case .enable(let name, let isEnabled): #expect(plugin(name)?.choice.isEnabled == isEnabled)
            case .reload(let name), .pardon(let name):
                #expect(plugin(name)?.quarantine.isFree == true && plugin(name)?.refusal == nil)
            case nil: Issue.record("a change was done twice")
            }
            #expect(Set(plugins.map(\.name)).count == plugins.count)
        }
    }

    private static func change(_ random: inout SeededGenerator) -> PluginChange {
        let name = ["a", "b", "c", "d", "e", "nobody"][Int.random(in: 0..<6, using: &random)]
        let position = Int.random(in: 0...5, using: &random)
        switch Int.random(in: 0..<7, using: &random) {
        case 0: return .add(PluginChoice(["a", "d", "e"][position % 3]), position: position == 0 ? nil : position)
        case 1: return .remove(name: name)
        case 2: return .move(name: name, position: position)
        case 3:
            let values = ["width": "\(2 + position)", "height": "\(position)"].filter { _ in Bool.random(using: &random)
            }
            return .set(name: name, parameters: values, folder: "")
        case 4: return .enable(name: name, Bool.random(using: &random))
        case 5: return .reload(name: name)
        default: return .pardon(name: name)
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64], PluginIsolation.allCases)
    func everyChangeIsMadeAsAWholeOrNotAtAll(seed: UInt64, isolation: PluginIsolation) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            var house = House(isolation)
            for _ in 0..<120 {
                switch Int.random(in: 0..<6, using: &random) {
                case 0: house.ask(Self.change(&random))
                case 1:
                    // A plugin brings its host down meanwhile; not while a change is judged by what was before.
                    if !house.machine.isBusy, let index = house.plugins.indices.randomElement(using: &random) {
                        _ = house.plugins[index].charge(at: Sample.moment(0))
                        house.before = house.plugins
                    }
                case 2 where !house.machine.isBusy:
                    house.before = house.plugins
                    house.take(house.machine.handle(.settled, house.layout))
                default: house.answer(&random)
                }
            }
            // What is still open at the end of the broadcast is told so, once.
            let open = house.order
            let error = BroadcastError(.control, "the broadcast has ended")
            let actions = house.machine.handle(.ended(error), house.layout)
            #expect(actions == open.map { .done($0, error) })
            #expect(!house.machine.isBusy && house.machine.handle(.ended(error), house.layout).isEmpty)
        }
    }
}
