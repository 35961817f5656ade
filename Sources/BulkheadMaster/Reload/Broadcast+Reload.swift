import BulkheadEvents
import BulkheadInputs
import BulkheadModel
import BulkheadNotices
import BulkheadOutputs

/// Changes that come as values, from a configuration that was read again or from a timetable, one after the other.
extension Broadcast {
    /// Carries out a change, and returns when it is in effect.
    /// - Throws: why nothing has changed.
    func carryOut(_ change: ChangeOnAir) async throws(BroadcastError) {
        switch change {
        case .set(let change): try await settle { self.change(change, done: $0) }
        case .input(let change): try await settle { self.change(change, done: $0) }
        case .plugin(let change): try await settle { self.change(change, done: $0) }
        case .restart(let part): try await settle { self.restart(part, done: $0) }
        case .scene(let change): _ = try self.change(change)
        case .sound(let change): _ = try self.change(change)
        case .link(let change):
            if case .add(let destination) = change { try await Output.check(destination) }
            try self.change(change)
        case .mark(let text): _ = try mark(text)
        case .saveReplay(let path): _ = try await saveReplay(to: path, last: nil)
        }
    }

    /// Waits for a change that says itself when it is done.
    private func settle(
        _ begin: (@escaping @Sendable (BroadcastError?) -> Void) -> Void
    ) async throws(BroadcastError) {
        let problem: BroadcastError? = await withCheckedContinuation { continuation in
            begin { continuation.resume(returning: $0) }
        }
        if let problem { throw problem }
    }

    /// Follows a configuration.
    /// - Returns: what was done, and what could not be.
    func follow(_ plan: ReloadPlan) async -> [ChangeOutcome] {
        var done: [ChangeOutcome] = []
        var failed: [ReloadPlan.Step] = []
        for item in plan.items {
            do throws(BroadcastError) {
                try await carryOut(item.step)
                done += item.changes
            } catch {
                failed.append(item.step)
                done += item.changes.map { ChangeOutcome($0.what, $0.way, value: $0.value, error: error) }
            }
        }
        follows(plan.base(without: failed))
        return done + plan.pending
    }

    private func carryOut(_ step: ReloadPlan.Step) async throws(BroadcastError) {
        switch step {
        case .change(let change): try await carryOut(change)
        case .removeInput(let input): try await carryOut(.input(.remove(try word(for: input))))
        case .replaceInput(let input, let successor): try await replace(input, by: successor)
        case .removeLink(let link): try await carryOut(.link(.remove(try word(for: link))))
        case .replaceLink(let link, let successor):
            // With a name of its own, or the same server, the successor can't come first.
            let isAlone = self.links.count == 1
            let comesFirst = isAlone || (successor.name.isEmpty && successor.url != link.url)
            let word = try word(for: link)
            if comesFirst { try await carryOut(.link(.add(successor))) }
            try await carryOut(.link(.remove(word)))
            if !comesFirst { try await carryOut(.link(.add(successor))) }
        case .notices(let targets): await change(notices: targets)
        case .timetable(let timetable): try await change(timetable: timetable)
        case .recordings(let recordings): try await change(recordings: recordings)
        case .chats(let chats): try await change(chats: chats)
        case .room(let room): try change(room: room)
        case .slate(let slate): try change(slate: slate)
        }
    }

    /// Opens the successor before the input goes, so that nothing else is shown meanwhile.
    private func replace(_ input: InputSettings, by successor: InputSettings) async throws(BroadcastError) {
        guard let name = successor.name else { return }
        let former = "\(name) (before)"
        let shown = self.shown
        try await carryOut(.input(.rename(name, name: former)))
        do throws(BroadcastError) { try await carryOut(.input(.add(successor))) } catch {
            try? await carryOut(.input(.rename(former, name: name)))
            throw error
        }
        // Scenes have followed the input to its other name.
        for var scene in scenes where scene.items.contains(where: { $0.input == former }) {
            scene.renameInput(former, to: name)
            _ = try? change(.set(scene))
        }
        if shown == name { _ = try? change(.take(name, .cut)) }
        try await carryOut(.input(.remove(former)))
    }

    /// What a person would call an input of the configuration.
    private func word(for input: InputSettings) throws(BroadcastError) -> String {
        if let name = input.name { return name }
        // Somebody may have removed it meanwhile.
        guard let found = inputs.last(where: { $0.backupOf == nil && $0.settings == input }) else {
            throw BroadcastError(code: .unknownInput, ["name": ""], "the input is there no more")
        }
        return "\(found.id)"
    }

    private func word(for link: DestinationSettings) throws(BroadcastError) -> String {
        guard let found = links.first(where: { $0.destination == link }) else {
            throw BroadcastError(code: .unknownLink, ["name": link.name], "the link is there no more")
        }
        return found.name
    }
}
