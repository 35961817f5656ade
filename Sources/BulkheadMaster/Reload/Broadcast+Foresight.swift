import BulkheadAudience
import BulkheadChain
import BulkheadControl
import BulkheadInputs
import BulkheadModel
import BulkheadOutputs
import BulkheadProgram

/// What a request would do, without doing it.
extension Broadcast {
    /// - Returns: what would change, and by which way.
    /// - Throws: why it would be refused.
    func foresee(_ request: ControlRequest) async throws(BroadcastError) -> [ChangeOutcome] {
        switch request {
        case .set(let change): return try foresee(change)
        case .link(.add(let destination)):
            if let refusal = gate.refusalOfLinks { throw refusal }
            try await Output.check(destination)
            let name = try rooms.outputs.foresee(adding: destination)
            return [ChangeOutcome(name, .added)]
        case .input(.add(let settings)):
            if let refusal = gate.refusalOfProgram { throw refusal }
            if let name = settings.name { try rooms.line?.program.checkInputName(name) }
            try settings.strip?.check()
            let name = try rooms.inputs.foresee(adding: settings)
            return [ChangeOutcome("input \(name)", .added)]
        case .scene(let change):
            if let refusal = gate.refusalOfProgram { throw refusal }
            guard let program = rooms.line?.program else { return [] }
            return [try program.foresee(change)]
        case .plugin(.add(let choice, let position)):
            if let refusal = gate.refusalOfPlugins { throw refusal }
            let found = try await find(choice).choice
            let chain = settings.plugins
            let named = try PluginChoice.named([found], besides: Set(chain.map(\.name)))
            guard position.map({ (1...chain.count + 1).contains($0) }) ?? true else {
                throw BroadcastError(
                    code: .unknownPlace, ["name": "\(position ?? 0)"], "the chain has no position \(position ?? 0)",
                    advice: "it has 1 to \(chain.count + 1)")
            }
            return [ChangeOutcome("plugin \(named.first?.name ?? found.shortName)", .takeover)]
        case .link(let change):
            if let refusal = gate.refusalOfLinks { throw refusal }
            return [try rooms.outputs.foresee(change)]
        case .input(let change): return [try foresee(change)]
        case .audio(let change):
            if let refusal = gate.refusalOfProgram { throw refusal }
            guard let program = rooms.line?.program else { return [] }
            return [try program.foresee(change)]
        case .plugin(let change):
            if let refusal = gate.refusalOfPlugins { throw refusal }
            guard let chain = rooms.line?.chain else { return [] }
            return [try chain.foresee(change)]
        case .restart(let part):
            if let refusal = gate.refusal(ofRestarting: part) { throw refusal }
            return [ChangeOutcome("\(part.rawValue)", .takeover)]
        case .changeRoom(let change): return [try room().foresee(change)]
        default:
            throw BroadcastError(
                code: .badRequest, ["key": "isDryRun"], "\(request.word.rawValue) can't be looked at beforehand")
        }
    }

    private func foresee(_ change: InputChange) throws(BroadcastError) -> ChangeOutcome {
        guard state == .onAir else { throw Self.notOnAir }
        if rooms.copyLine != nil { guard case .reopen = change else { throw RequestGate.copied } }
        switch change {
        case .rename(_, let name): try rooms.line?.program.checkInputName(name)
        case .choose(let word, let mode): try rooms.line?.program.check(mode, of: word)
        case .add, .remove, .reopen, .skip: break
        }
        return try rooms.inputs.foresee(change)
    }

    private func foresee(_ change: SettingsChange) throws(BroadcastError) -> [ChangeOutcome] {
        if let refusal = gate.refusalOfSettings { throw refusal }
        let new = try change.applied(to: settings)
        try new.checkRanges()
        return Setting.changeable.filter { change.words[$0.name] != nil }.map { setting in
            let isSame = setting.text(new) == setting.text(settings)
            return ChangeOutcome(
                setting.name, isSame ? .unchanged : setting.applies == .takeover ? .takeover : .inPlace,
                value: setting.text(new))
        }
    }
}
