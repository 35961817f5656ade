package import BulkheadEvents
package import BulkheadModel
import BulkheadSelection
package import BulkheadSystem

/// Decides which links of a broadcast run: those that were declared, those that come and go on air, and what their
/// failures mean for the broadcast. It knows links by identity, and owns no sink and no clock.
///
///     declare, add ──▶ running ──ended──▶ over ──retry, or time──▶ running
///                        │ remove
///                        ▼
///                     leaving ──ended──▶ forgotten
package struct OutputsMachine: Sendable {
    /// What a user asks for.
    package enum Request: Hashable, Sendable {
        case add(LinkID, hasServers: Bool)
        case remove(LinkID)
        case pause(LinkID)
        case retry(LinkID)
    }

    /// Why a request can't be carried out. Nothing has changed then.
    package enum Refusal: Error, Hashable, Sendable {
        case unknown
        /// A broadcast without a link would go nowhere.
        case lastLink
        /// It would leave a gap in a file.
        case noServers
        case over
    }

    package enum Event: Hashable, Sendable {
        /// A link that the broadcast begins with.
        case declared(LinkID, hasServers: Bool)
        /// The link's work has ended: it is complete, or it has failed for good.
        case ended(LinkID, BroadcastError?)
        /// No more packets come: the broadcast ends.
        case finish
        /// The broadcast ends now, with whatever waits.
        case abort
        /// The moment has come that ``Action/wake(at:)`` named.
        case timePassed
    }

    package enum Action: Hashable, Sendable {
        case run(LinkID)
        case pause(LinkID, Bool)
        /// Forget what servers have refused, and try again now.
        case tryAgain(LinkID)
        /// The link is none of the broadcast's any more, and sends what it has.
        case retire(LinkID)
        case finish(LinkID)
        case abort(LinkID)
        /// The link has gone, and nothing of it is needed.
        case forget(LinkID)
        case post(LinkID, LinkHappening)
        /// No link is left: the broadcast can't go on.
        case fail(BroadcastError)
        case wake(at: MonotonicTime)
        /// All has ended, and nothing runs any more.
        case close
    }

    private enum Course: Hashable {
        case running, over
        /// Removed; it is aborted at this moment, or has been.
        case leaving(until: MonotonicTime?)
    }

    private struct Link {
        let hasServers: Bool
        var course = Course.running
        /// Its servers could not be reached so often, and are tried again at this moment.
        var failures = 0
        var retriesAt: MonotonicTime?
    }

    private enum Stage: Hashable {
        case onAir
        /// Links send what they have, and are aborted at this moment.
        case ending(until: MonotonicTime)
        case aborted
    }

    /// How long a link that was removed may take to send what waits: a server that reads no more must not keep it.
    package static let leaving = Duration.seconds(3)
    /// The same at the end of the broadcast.
    package static let ending = Duration.seconds(10)
    /// Until a link is tried again whose servers were not there, while others have the broadcast.
    private static let returns = Backoff([3, 5, 10, 20].map { .seconds($0) })

    private var links: [LinkID: Link] = [:]
    private var stage = Stage.onAir

    package init() {}

    /// Whether the link does its work: it was neither removed nor has it ended.
    package func isRunning(_ id: LinkID) -> Bool { links[id]?.course == .running }

    private var running: [LinkID] { links.filter { $0.value.course == .running }.keys.sorted() }
    private var leaving: [LinkID] {
        links.filter { if case .leaving = $0.value.course { true } else { false } }.keys.sorted()
    }

    // MARK: requests

    /// Carries out what a user asks for, or nothing.
    package mutating func handle(_ request: Request, at now: MonotonicTime) throws(Refusal) -> [Action] {
        switch request {
        case .add(let id, let hasServers):
            links[id] = Link(hasServers: hasServers)
            return [.post(id, .added), .run(id)]
        case .remove(let id):
            _ = try link(id)
            guard running.contains(where: { $0 != id }) else { throw .lastLink }
            return remove(id, at: now)
        case .pause(let id):
            let link = try link(id)
            guard link.hasServers else { throw .noServers }
            guard link.course == .running else { throw .over }
            return [.pause(id, true)]
        case .retry(let id):
            let link = try link(id)
            var actions: [Action] = link.hasServers ? [.pause(id, false), .tryAgain(id)] : []
            links[id]?.retriesAt = nil
            if link.course == .over {
                links[id]?.course = .running
                actions.append(.run(id))
            }
            return actions
        }
    }

    /// A link that has not been removed.
    private func link(_ id: LinkID) throws(Refusal) -> Link {
        guard let link = links[id] else { throw .unknown }
        if case .leaving = link.course { throw .unknown }
        return link
    }

    private mutating func remove(_ id: LinkID, at now: MonotonicTime) -> [Action] {
        let isRunning = isRunning(id)
        var actions: [Action] = [.post(id, .removed), .retire(id)]
        if isRunning {
            let end = now.advanced(by: Self.leaving)
            links[id]?.course = .leaving(until: end)
            actions += [.finish(id), .wake(at: end)]
        } else {
            links[id] = nil
            actions.append(.forget(id))
        }
        return actions
    }

    // MARK: events

    package mutating func handle(_ event: Event, at now: MonotonicTime) -> [Action] {
        switch event {
        case .declared(let id, let hasServers):
            links[id] = Link(hasServers: hasServers)
            return [.run(id)]
        case .ended(let id, let error): return ended(id, error, at: now)
        case .finish: return finish(at: now)
        case .abort:
            stage = .aborted
            return (running + leaving).map { .abort($0) } + closeIfOver()
        case .timePassed: return timePassed(now)
        }
    }

    private mutating func ended(_ id: LinkID, _ error: BroadcastError?, at now: MonotonicTime) -> [Action] {
        guard let link = links[id], link.course != .over else { return [] }
        var actions: [Action] = []
        if let error, error.code == .unreachable, link.course == .running, stage == .onAir, running.count > 1 {
            // It may come yet, and the others have the broadcast meanwhile.
            links[id]?.course = .over
            links[id]?.failures += 1
            let time = now.advanced(by: Self.returns.delay(after: link.failures + 1, chance: 1))
            links[id]?.retriesAt = time
            let isNews = link.failures == 0
            return (isNews ? [.post(id, .lost(reason: Reason(error.code.rawValue, error.problem)))] : [])
                + [.wake(at: time)]
        }
        if let error { actions.append(.post(id, .failed(reason: Reason(error.code.rawValue, error.problem)))) }
        if link.course == .running {
            links[id]?.course = .over
        } else {
            links[id] = nil
            actions.append(.forget(id))
        }
        // Links that were removed don't keep a broadcast on air.
        if let error, link.course == .running, running.isEmpty, stage == .onAir { actions.append(.fail(error)) }
        return actions + closeIfOver()
    }

    private mutating func finish(at now: MonotonicTime) -> [Action] {
        guard stage == .onAir else { return closeIfOver() }
        let end = now.advanced(by: Self.ending)
        stage = .ending(until: end)
        let actions: [Action] = running.map { .finish($0) }
        return actions + (running.isEmpty && leaving.isEmpty ? [.close] : [.wake(at: end)])
    }

    private mutating func timePassed(_ now: MonotonicTime) -> [Action] {
        var actions: [Action] = []
        for id in leaving {
            guard case .leaving(let end?) = links[id]?.course, end <= now else { continue }
            links[id]?.course = .leaving(until: nil)
            actions.append(.abort(id))
        }
        for (id, link) in links.sorted(by: { $0.key < $1.key }) where link.retriesAt.map({ $0 <= now }) ?? false {
            links[id]?.retriesAt = nil
            guard stage == .onAir, link.course == .over else { continue }
            links[id]?.course = .running
            // Its servers would rest a while after they could not be reached.
            actions += link.hasServers ? [.tryAgain(id), .run(id)] : [.run(id)]
        }
        if case .ending(let end) = stage, end <= now {
            stage = .aborted
            actions += running.map { .abort($0) }
        }
        return actions
    }

    private func closeIfOver() -> [Action] {
        stage != .onAir && running.isEmpty && leaving.isEmpty ? [.close] : []
    }
}
