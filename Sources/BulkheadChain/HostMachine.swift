package import BulkheadChildren
import BulkheadEvents
package import BulkheadModel
package import BulkheadSystem
package import BulkheadWire

/// Decides which host holds a post of the chain: which one is on air, stands by, comes next or has retired.
///
/// In: launches, answers, ends and wishes. Out: what is to be launched, retired, and handed the passage. It knows hosts
/// and plugins by their identities only.
package struct HostMachine: Sendable {
    /// As for encoders: not in the moment of a takeover.
    package static let standbyDelay = Duration.milliseconds(250)

    package enum Event {
        /// A host that ``Action/launch(_:after:)`` or ``Action/launchNext(_:)`` asked for has been started.
        case launched(ChildID, Duty)
        case nextNotLaunched(BroadcastError)
        /// Every plugin that the host was given is loaded or refused.
        case loaded(ChildID)
        case refused(ChildID, PluginID, Refusal)
        /// The host has answered in time.
        case worked
        /// The passage is held, and its host has nothing in hand.
        case idle
        /// A host has ended.
        ///
        /// - Parameters:
        ///   - end: in words, for people.
        ///   - isExcused: a plugin is to blame, which the next host will not have.
        case ended(ChildID, end: String, isExcused: Bool)
        /// A host with these plugins is to take over between two frames.
        ///
        /// - Parameter isAsked: an answer is waited for, and a plugin that can't be loaded stops it; else the post goes
        ///   on without that plugin.
        case renew([PluginID], isAsked: Bool)
        /// The pictures have another size: so has the next host, with whatever plugins were to come.
        case renewForNewSize([PluginID])
        /// Whether a standby is wanted may have changed.
        case standbyMayBeWanted
        /// What hosts are to be told has changed: a standby that is still loading has been given the old state.
        case pluginsChanged
        /// No host is launched: none is wanted any more.
        case notLaunched(Duty)
        /// The post leaves the chain for good.
        case letGo
        /// The broadcast ends: nothing is launched any more.
        case stop(BroadcastError)
    }

    /// How a next host that was asked for came to its end.
    package enum Outcome: Hashable, Sendable {
        case onAir
        case superseded
        case notLaunched(BroadcastError)
        case refused(PluginID, Refusal)
        case ended(String)
        case abandoned(BroadcastError)
    }

    /// What a refusal means.
    package enum Refused: Hashable, Sendable {
        /// The host that is or will be on air works without the plugin.
        case leftOut
        /// Only the standby lacks the plugin.
        case byStandby
        /// The first host can't load what it was given.
        case atStart
        /// The change that was asked for is not made.
        case asked
    }

    package enum Action: Hashable {
        case launch(Duty, after: Duration)
        case launchNext([PluginID])
        case retire(ChildID)
        case hold
        case go
        case lose(hasSuccessor: Bool)
        case take(ChildID)
        /// The post's plugins are these from now on.
        case adopt([PluginID])
        case tookOver(ChildID, was: Duty)
        /// The host on air is loaded, with its first frame before it. ``Event/standbyMayBeWanted`` follows.
        case onAir(ChildID)
        case standbyReady(ChildID)
        case refused(Refused, PluginID, Refusal)
        case answer(Outcome)
        /// No next host is on its way any more.
        case settled
    }

    private struct Next {
        var plugins: [PluginID]
        var isAsked: Bool
        /// Nil between the wish and the launch.
        var child: ChildID?
    }

    /// The settings and the plugins ask for a standby.
    package var isStandbyWanted = false
    private var post = Post()
    private var next: Next?
    /// The post has had a host on air, or is to have one at once: it belongs to the chain.
    private var isOpen: Bool
    private var isGone = false
    private var isOver = false

    /// - Parameter isOpen: false for a post that comes into the chain when its first host takes over.
    package init(isOpen: Bool = true) { self.isOpen = isOpen }

    // MARK: what there is

    package func duty(of child: ChildID) -> Duty? { post.duty(of: child) }
    package func holder(of duty: Duty) -> ChildID? { post.holder(of: duty) }
    package func record(of duty: Duty) -> Post.Record { post.record(of: duty) }
    package var children: [ChildID] { post.children }
    package var isEmpty: Bool { post.isEmpty }
    package var hasNext: Bool { next != nil }
    /// A plugin that can't be loaded stops the change that the next host is for.
    package var isNextAsked: Bool { next?.isAsked ?? false }
    /// No host takes the place of one that ends.
    package var isEnding: Bool { isGone || isOver }
    /// The host on air is loaded.
    package var isReady: Bool { post.holder(of: .onAir).map(post.isReady) ?? false }

    /// Whether a host for `duty` is still to be launched.
    package func wants(_ duty: Duty) -> Bool {
        switch duty {
        case .onAir: !isEnding && post.holder(of: .onAir) == nil
        case .standby: wantsStandby && post.holder(of: .standby) == nil
        case .next: !isEnding && next != nil
        case .twin, .retired: false
        }
    }

    private var wantsStandby: Bool { isStandbyWanted && !isEnding && isReady && next == nil }

    // MARK: events

    package mutating func handle(_ event: Event, at now: MonotonicTime) -> [Action] {
        switch event {
        case .launched(let child, let duty):
            post.assign(duty, to: child)
            if duty == .next { next?.child = child }
            return []
        case .notLaunched(let duty):
            post.stopExpecting(duty)
            return []
        case .nextNotLaunched(let error): return forgetNext(.notLaunched(error)) + fillIfEmpty()
        case .loaded(let child): return loaded(child)
        case .refused(let child, let plugin, let refusal): return refused(child, plugin, refusal)
        case .worked:
            if let child = post.holder(of: .onAir) { post.worked(child) }
            return []
        case .idle: return takeNext()
        case .ended(let child, let end, let isExcused): return ended(child, end, isExcused, at: now)
        case .renew(let plugins, let isAsked): return renew(plugins, isAsked)
        case .renewForNewSize(let plugins): return renewForNewSize(plugins)
        case .standbyMayBeWanted: return topUpStandby(after: Self.standbyDelay)
        case .pluginsChanged: return renewLoadingStandby()
        case .letGo:
            isGone = true
            return close(BroadcastError(code: .changeSuperseded, "the plugin has left the chain"))
                + [Duty.onAir, .standby].flatMap { post.holders(of: $0) }.flatMap { retire($0) }
        case .stop(let error):
            isOver = true
            return close(error)
        }
    }

    private mutating func close(_ error: BroadcastError) -> [Action] {
        post.stopExpecting(.standby)
        return next == nil ? [] : retireNext() + forgetNext(.abandoned(error))
    }

    private mutating func retire(_ child: ChildID) -> [Action] {
        post.assign(.retired, to: child)
        return [.retire(child)]
    }

    // MARK: next

    private mutating func renew(_ plugins: [PluginID], _ isAsked: Bool) -> [Action] {
        // The one that is on its way was for a chain or a size that has changed again.
        let superseded = next == nil ? [] : retireNext() + forgetNext(.superseded)
        next = Next(plugins: plugins, isAsked: isAsked)
        return superseded + [.launchNext(plugins)]
    }

    private mutating func renewForNewSize(_ plugins: [PluginID]) -> [Action] {
        guard let coming = next else { return renew(plugins, false) }
        let retirement = retireNext()
        next?.child = nil
        return retirement + [.go, .launchNext(coming.plugins)]
    }

    private mutating func retireNext() -> [Action] { next?.child.map { retire($0) } ?? [] }

    private mutating func forgetNext(_ outcome: Outcome) -> [Action] {
        guard let forgotten = next else { return [] }
        next = nil
        return [.go] + (forgotten.isAsked ? [.answer(outcome)] : []) + [.settled]
    }

    /// The host on air has ended while the next one was to take its place, and that one does not come.
    private func fillIfEmpty() -> [Action] {
        isOpen && post.holder(of: .onAir) == nil ? [.launch(.onAir, after: .zero)] : []
    }

    /// Puts the next host in the place of the one that works, between two frames.
    private mutating func takeNext() -> [Action] {
        guard let coming = next, let child = coming.child, post.isReady(child) else { return [] }
        next = nil
        isOpen = true
        var actions: [Action] = [.adopt(coming.plugins), .take(child), .tookOver(child, was: .next)]
        // Where the host on air has ended, the next one is on air already.
        for old in post.holders(of: .onAir) where old != child { actions += retire(old) }
        // A standby has the old chain.
        for old in post.holders(of: .standby) { actions += retire(old) }
        post.assign(.onAir, to: child)
        actions.append(.onAir(child))
        if coming.isAsked { actions.append(.answer(.onAir)) }
        return actions + [.settled]
    }

    // MARK: ready

    private mutating func loaded(_ child: ChildID) -> [Action] {
        post.becameReady(child)
        switch post.duty(of: child) {
        case .onAir: return [.onAir(child)]
        case .standby: return [.standbyReady(child)]
        // It takes over as soon as the host on air has answered what it has.
        case .next: return [.hold]
        case .twin, .retired, nil: return []
        }
    }

    private mutating func refused(_ child: ChildID, _ plugin: PluginID, _ refusal: Refusal) -> [Action] {
        switch post.duty(of: child) {
        case .next:
            guard isNextAsked else { return [.refused(.leftOut, plugin, refusal)] }
            return [.refused(.asked, plugin, refusal)] + retireNext() + forgetNext(.refused(plugin, refusal))
                + fillIfEmpty() + topUpStandby(after: Self.standbyDelay)
        case .standby: return [.refused(.byStandby, plugin, refusal)]
        case .onAir: return [.refused(post.record(of: .onAir).restarts > 0 ? .leftOut : .atStart, plugin, refusal)]
        case .twin, .retired, nil: return []
        }
    }

    // MARK: standbys

    private mutating func topUpStandby(after delay: Duration) -> [Action] {
        guard wants(.standby), post.expect(.standby) else { return [] }
        return [.launch(.standby, after: delay)]
    }

    private mutating func renewLoadingStandby() -> [Action] {
        let loading = post.holders(of: .standby).filter { !post.isReady($0) }
        guard !loading.isEmpty else { return [] }
        return loading.flatMap { retire($0) } + topUpStandby(after: Self.standbyDelay)
    }

    // MARK: ends

    private mutating func ended(
        _ child: ChildID, _ end: String, _ isExcused: Bool, at now: MonotonicTime
    ) -> [Action] {
        let duty = post.duty(of: child)
        let ready = next?.child.flatMap { post.isReady($0) ? $0 : nil }
        let wasReady = duty == .onAir ? readyStandby : nil
        if isEnding {
            post.assign(.retired, to: child)
            _ = post.ended(child, nil, at: now)
            guard duty == .onAir else { return [] }
            post.set(.ended, of: .onAir)
            return [.lose(hasSuccessor: false)]
        }
        switch post.ended(child, end, successor: ready, isExcused: isExcused, at: now) {
        case .promote(_, was: .next):
            return [.lose(hasSuccessor: false)] + takeNext()
        case .promote(let successor, let was):
            // One that is still loading is sooner there than another.
            guard successor == wasReady else { return [.lose(hasSuccessor: false), .go, .take(successor)] }
            return [.tookOver(successor, was: was), .lose(hasSuccessor: true), .take(successor), .onAir(successor)]
        case .launch(.onAir, let delay):
            // The next one fills the post.
            return [.lose(hasSuccessor: false), .go] + (next == nil ? [.launch(.onAir, after: delay)] : [])
        case .launch(_, let delay): return topUpStandby(after: max(Self.standbyDelay, delay))
        case .forgetNext:
            return forgetNext(.ended(end)) + fillIfEmpty() + topUpStandby(after: Self.standbyDelay)
        case .nothing: return []
        }
    }

    private var readyStandby: ChildID? { post.holders(of: .standby).first(where: post.isReady) }
}
