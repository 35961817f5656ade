package import BulkheadModel
import BulkheadWire

/// One change of the chain that was asked for.
package enum ChangeSubject {}
package typealias ChangeID = Identity<ChangeSubject>

/// Decides what changes of the chain take: one after the other, each with all its steps, or none of it.
///
/// In: what was asked for, and the answers to its steps. Out: the steps, and how each change has ended.
package struct ChangeMachine: Sendable {
    package enum Event {
        case asked(ChangeID, PluginChange)
        /// No next host is on its way: a plugin is not just being tried again, and pictures have the size that they
        /// had.
        case settled
        case found(Result<PluginFinder.Found, BroadcastError>)
        case tookOver(HostMachine.Outcome)
        /// The order of posts has been changed.
        case crossed
        /// The host on air has answered, or does not have the plugin.
        case answered(HostAnswer)
        /// The broadcast ends before what is not done.
        case ended(BroadcastError)
    }

    package enum Action: Hashable {
        case step(ChangePlan.Step)
        case report(PluginID, name: String, ChangePlan.Report)
        case done(ChangeID, BroadcastError?)
    }

    private struct Pending {
        let id: ChangeID
        let change: PluginChange
    }

    private enum Stage {
        /// A library is looked for: of a plugin that is to be added at an index, or one that is reloaded.
        case findingNew(index: Int)
        case findingAgain(PluginID)
        /// The first step of the plan waits for its answer.
        case making(ChangePlan)
        /// The first of these steps, which take the change back, waits for its answer; the error is why.
        case undoing([ChangePlan.Step], BroadcastError)
    }

    private var waiting: [Pending] = []
    private var current: (id: ChangeID, stage: Stage)?
    private var pluginIDs = IdentityCounter<PluginSubject>()

    package init() {}

    /// A change is under way.
    package var isBusy: Bool { current != nil }

    /// A plugin that has never been in this chain.
    package mutating func newPlugin(_ found: PluginFinder.Found) -> ChainPlugin {
        ChainPlugin(id: pluginIDs.next(), found)
    }

    package mutating func handle(_ event: Event, _ layout: ChainLayout) -> [Action] {
        switch event {
        case .asked(let id, let change):
            waiting.append(Pending(id: id, change: change))
            return begin(layout)
        case .settled: return begin(layout)
        case .found(.failure(let error)): return current == nil ? [] : finish(error, layout)
        case .found(.success(let found)): return self.found(found, layout)
        case .tookOver(.onAir), .crossed, .answered(.done): return goOn(layout)
        case .tookOver(let outcome): return fail(error(outcome, layout), layout)
        case .answered(.refused(let refusal)): return refused(refusal, layout)
        case .answered(.ended(let cause)): return hostEnded(cause, layout)
        case .ended(let error):
            let open = (current.map { [$0.id] } ?? []) + waiting.map(\.id)
            current = nil
            waiting = []
            return open.map { .done($0, error) }
        }
    }

    // MARK: the way of a change

    private mutating func begin(_ layout: ChainLayout) -> [Action] {
        guard current == nil, layout.isSettled, !waiting.isEmpty else { return [] }
        let first = waiting.removeFirst()
        do throws(BroadcastError) { return try start(first, layout) } catch {
            return [.done(first.id, error)] + begin(layout)
        }
    }

    private mutating func start(_ pending: Pending, _ layout: ChainLayout) throws(BroadcastError) -> [Action] {
        let name: String
        switch pending.change {
        case .add(let wanted, let position):
            let names = Set(layout.plugins.map(\.name))
            guard let named = try PluginChoice.named([wanted], besides: names).first else {
                return [.done(pending.id, nil)]
            }
            let count = layout.plugins.count
            let index = try position.map { number throws(BroadcastError) in
                try ChainLayout.index(number, count: count + 1)
            }
            current = (pending.id, .findingNew(index: index ?? count))
            return [.step(.find(named))]
        case .remove(let called), .move(let called, _), .set(let called, _, _), .enable(let called, _),
            .reload(let called), .pardon(let called):
            name = called
        }
        let id = try layout.plugin(called: name)
        guard let (section, plugin) = layout.find(id) else { return [] }
        if case .reload = pending.change {
            current = (pending.id, .findingAgain(id))
            return [.step(.find(plugin.choice))]
        }
        let plan = try Self.plan(pending.change, plugin, section, layout)
        guard let plan, !plan.steps.isEmpty else { return [.done(pending.id, nil)] + begin(layout) }
        current = (pending.id, .making(plan))
        return walk(plan, layout)
    }

    private static func plan(
        _ change: PluginChange, _ plugin: ChainPlugin, _ section: ChainLayout.Section, _ layout: ChainLayout
    ) throws(BroadcastError) -> ChangePlan? {
        switch change {
        case .remove: ChangePlan.remove(plugin, from: section, layout.isolation)
        case .move(_, let position): try ChangePlan.move(plugin, in: section, to: position, of: layout)
        case .set(_, let parameters, let folder):
            try ChangePlan.set(plugin, in: section, parameters, folder: folder)
        case .enable(_, let isEnabled): ChangePlan.enable(plugin, isEnabled)
        case .pardon: ChangePlan.pardon(plugin, in: section)
        case .add, .reload: nil
        }
    }

    private mutating func found(_ found: PluginFinder.Found, _ layout: ChainLayout) -> [Action] {
        let plan: ChangePlan?
        switch current?.stage {
        case .findingNew(let index): plan = ChangePlan.add(newPlugin(found), at: index, to: layout)
        case .findingAgain(let id):
            plan = layout.find(id).map { ChangePlan.reload($0.plugin, in: $0.section, as: found.library) }
        case .making, .undoing, nil: return []
        }
        guard let plan, let id = current?.id else {
            return finish(BroadcastError(code: .changeSuperseded, "the chain has changed meanwhile"), layout)
        }
        current = (id, .making(plan))
        return walk(plan, layout)
    }

    /// The steps up to the next one that is answered.
    private mutating func walk(_ plan: ChangePlan, _ layout: ChainLayout) -> [Action] {
        var plan = plan
        var actions: [Action] = []
        while let step = plan.steps.first {
            actions.append(.step(step))
            if step.isAnswered {
                current?.stage = .making(plan)
                return actions
            }
            plan.steps.removeFirst()
        }
        return actions + [.report(plan.plugin.id, name: plan.plugin.name, plan.report)] + finish(nil, layout)
    }

    private mutating func goOn(_ layout: ChainLayout) -> [Action] {
        switch current?.stage {
        case .making(var plan) where !plan.steps.isEmpty:
            plan.made.append(plan.steps.removeFirst())
            return walk(plan, layout)
        case .undoing(let steps, let error) where !steps.isEmpty: return undo(Array(steps.dropFirst()), error, layout)
        default: return []
        }
    }

    private mutating func notSet(_ error: (_ word: String, ChainPlugin) -> BroadcastError, _ layout: ChainLayout)
        -> [Action]
    {
        // A plugin that could not be taken out in order is out all the same.
        guard case .making(let plan)? = current?.stage,
            case .set(_, let parameter, let value)? = plan.steps.first
        else { return goOn(layout) }
        return fail(error("\(parameter)=\(value)", plan.plugin), layout)
    }

    private mutating func refused(_ refusal: Refusal, _ layout: ChainLayout) -> [Action] {
        notSet(
            { word, plugin in
                BroadcastError(
                    .plugin, "the plugin \(plugin.name) does not take \(word): \(refusal)",
                    advice: "the chain stays as it was")
            }, layout)
    }

    private mutating func hostEnded(_ cause: String, _ layout: ChainLayout) -> [Action] {
        notSet(
            { word, plugin in
                BroadcastError(
                    code: .hostEnded, ["cause": cause],
                    "the plugin host ended before it had set \(word) of the plugin \(plugin.name): \(cause)",
                    advice: "the chain stays as it was; try again")
            }, layout)
    }

    private mutating func fail(_ error: BroadcastError, _ layout: ChainLayout) -> [Action] {
        guard case .making(let plan)? = current?.stage else { return [] }
        return undo(plan.undoing, error, layout)
    }

    /// What the plugin does not take back either stays: the next host has the old value.
    private mutating func undo(
        _ steps: [ChangePlan.Step], _ error: BroadcastError, _ layout: ChainLayout
    ) -> [Action] {
        let count = steps.firstIndex(where: \.isAnswered).map { $0 + 1 } ?? steps.count
        let actions = steps[..<count].map { Action.step($0) }
        guard count > 0, steps[count - 1].isAnswered else { return actions + finish(error, layout) }
        current?.stage = .undoing(Array(steps[(count - 1)...]), error)
        return actions
    }

    private mutating func finish(_ error: BroadcastError?, _ layout: ChainLayout) -> [Action] {
        guard let id = current?.id else { return [] }
        current = nil
        // What waits is begun by `settled`, with the chain as it is then.
        return [.done(id, error)]
    }

    private func error(_ outcome: HostMachine.Outcome, _ layout: ChainLayout) -> BroadcastError {
        let advice = "the chain stays as it was"
        switch outcome {
        case .onAir, .superseded:
            return BroadcastError(code: .changeSuperseded, "another change came before it was made")
        case .notLaunched(let error), .abandoned(let error): return error
        case .refused(let id, let refusal):
            let identity = (layout.find(id)?.plugin ?? newcomer(id))?.choice.identity ?? "a plugin"
            return BroadcastError(.plugin, "the plugin \(identity) can't be loaded: \(refusal)", advice: advice)
        case .ended(let words):
            return BroadcastError(.plugin, "the next plugin host ended: \(words)", advice: advice)
        }
    }

    /// The plugin that is being added.
    private func newcomer(_ id: PluginID) -> ChainPlugin? {
        guard case .making(let plan)? = current?.stage, plan.plugin.id == id else { return nil }
        return plan.plugin
    }
}
