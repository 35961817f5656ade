import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadWire

/// The processes behind the places of the chain: their start, their standbys, and who takes over.
extension Broadcast {
    /// As for encoders: not in the moment of a takeover.
    static let standbyHostDelay = Duration.milliseconds(250)

    /// Starts a host with `plugins`, for whatever it is needed.
    private func makeHost(
        for place: PluginPlace, _ plugins: [ChainPlugin], as part: String
    ) throws(BroadcastError) -> PluginStub {
        let child: Child
        let pool: UInt32
        do {
            pool = try pools.create(settings.canvas, slotCount: maximumUncommitted + 16)
            Confinement.hideMemoryWithoutLandlock()
            child = try Child(.pluginHost, programs.launch(.pluginHost), on: reactor)
        } catch {
            throw BroadcastError(
                .installation, "the plugin host can't be started: \(error)", advice: launchAdvice(error))
        }
        let now = MonotonicTime.now
        let chain = plugins.filter { $0.quarantine.isDue(at: now) }
        let stub = PluginStub(
            child, chain: chain.map(\.settings), readablePaths: chain.flatMap(\.readablePaths),
            dataFolder: chain.isEmpty ? "" : PluginData.folder(place.dataName),
            canvas: settings.canvas, frameRate: frameRate, pool: pool, of: pools)
        childStarted()
        let (id, home) = (ObjectIdentifier(stub), ObjectIdentifier(place))
        stub.onChainReady = { [unowned self] in hostReady(home, id) }
        stub.onRefused = { [unowned self] in hostRefused(home, id, plugin: $0, $1) }
        stub.onProcessed = { [unowned self] in placeOnAir(home, id)?.processed($0, $1) }
        stub.onSound = { [unowned self] in placeOnAir(home, id)?.processedSound(at: $0, $1) }
        stub.onTime = { [unowned self] time in
            placeOnAir(home, id)?.plugins.first { $0.id == time.id }?.note(time)
        }
        stub.onLog = { [unowned self] in pluginSpoke(home, $0, $1, $2) }
        stub.onEnd = { [unowned self] in hostEnded(home, id, $0) }
        do { try child.activate() } catch { child.dismiss("it could not be watched: \(error)") }
        post(self.child(part), .child(.started(pid: child.pid, isForeign: false)))
        return stub
    }

    /// The place that has processes, or is in the chain.
    func place(_ id: ObjectIdentifier) -> PluginPlace? { allPlaces.first { ObjectIdentifier($0) == id } }

    /// The place whose host on air is `host`.
    private func placeOnAir(_ id: ObjectIdentifier, _ host: ObjectIdentifier) -> PluginPlace? {
        place(id).flatMap { place in place.host.map { ObjectIdentifier($0) == host ? place : nil } ?? nil }
    }

    /// Fills a place that has no host.
    func launchHost(_ place: PluginPlace) throws(BroadcastError) {
        guard place.host == nil, !place.isGone else { return }
        place.take(try makeHost(for: place, place.plugins, as: place.name))
        place.slot.state = .starting
    }

    /// Starts a host beside the one on air that takes over as soon as it is loaded.
    ///
    /// - Parameters:
    ///   - isAsked: a plugin that can't be loaded stops it; else the chain goes on without that plugin.
    ///   - done: called once: with nil when it is on air, with an error when all stays as it was.
    func renew(
        _ place: PluginPlace, with plugins: [ChainPlugin], isAsked: Bool,
        done: @escaping (BroadcastError?) -> Void = { _ in }
    ) {
        if let superseded = place.next {
            // It was for a chain or a size that has changed again.
            place.next = nil
            retire(superseded.stub, of: place)
            superseded.done(BroadcastError(.control, "another change came before it was made"))
        }
        do throws(BroadcastError) {
            let stub = try makeHost(for: place, plugins, as: "next \(place.name)")
            place.next = PluginPlace.NextHost(stub: stub, plugins: plugins, isAsked: isAsked, done: done)
        } catch { done(error) }
    }

    /// Starts a host for pictures of another size, with whatever chain is to come.
    func renewForNewSize(_ place: PluginPlace) {
        guard let coming = place.next else { return renew(place, with: place.plugins, isAsked: false) }
        place.next = nil
        retire(coming.stub, of: place)
        renew(place, with: coming.plugins, isAsked: coming.isAsked, done: coming.done)
    }

    func retire(_ stub: PluginStub, of place: PluginPlace) {
        pools.retire(stub.pool)
        place.retired.append(stub)
        stub.child.hangUp()
    }

    // MARK: ready

    private func hostReady(_ home: ObjectIdentifier, _ id: ObjectIdentifier) {
        guard let place = place(home) else { return }
        if let next = place.next, ObjectIdentifier(next.stub) == id {
            place.next?.isReady = true
            return takeNextHost(place)
        }
        if let standby = place.standby, ObjectIdentifier(standby) == id {
            // The pools are mapped before they are needed.
            standby.announcePools()
            place.standbySlot.state = .ready
            closeDeathRecords(of: place.standbySlot.name)
            return post(child(place.standbySlot.name), .child(.ready(pid: standby.child.pid, plugins: nil)))
        }
        guard let host = place.host, ObjectIdentifier(host) == id else { return }
        hostIsOnAir(place)
    }

    /// The place's host is loaded and has its first frame before it.
    private func hostIsOnAir(_ place: PluginPlace) {
        guard let host = place.host else { return }
        place.slot.state = .ready
        for plugin in place.plugins {
            guard let abilities = host.loaded[plugin.id] else { continue }
            plugin.abilities = abilities
            plugin.refusal = ""
            if plugin.quarantine.isDue(at: .now) {
                plugin.quarantine.readmit()
            } else {
                // It was loaded before it was charged.
                host.setEnabled(plugin.id, false)
            }
        }
        let names = place.plugins.filter { host.loaded[$0.id] != nil && $0.isActive }.map(\.name)
        post(child(place.name), .child(.ready(pid: host.child.pid, plugins: names)))
        // Where all its plugins are left out, nothing will show that it works.
        if !place.plugins.contains(where: \.isActive) { closeDeathRecords(of: place.name) }
        tellStreamState(to: host)
        place.advance()
        topUpStandby(of: place, after: Self.standbyHostDelay)
        startTimelineIfPossible()
        pump()
    }

    /// Puts the next host in the place of the one that works, between two frames.
    func takeNextHost(_ place: PluginPlace) {
        guard let next = place.next, next.isReady else { return }
        guard place.hasNothingInHand else { return place.hold() }
        place.next = nil
        let old = place.host
        place.plugins = next.plugins
        place.take(next.stub)
        syncSettings()
        post(child(place.name), .child(.tookOver(pid: next.stub.child.pid, was: .next, frame: nextFrame)))
        if let old { retire(old, of: place) }
        if let standby = place.standby {
            // It has the old chain.
            place.standby = nil
            retire(standby, of: place)
        }
        hostIsOnAir(place)
        next.done(nil)
    }

    private func hostRefused(_ home: ObjectIdentifier, _ id: ObjectIdentifier, plugin: UInt32, _ refusal: Refusal) {
        guard let place = place(home) else { return }
        let entry = (place.next?.plugins ?? place.plugins).first { $0.id == plugin }
        let name = entry?.choice.identity ?? "a plugin"
        let problem = "the plugin \(name) can't be loaded: \(refusal)"
        if let next = place.next, ObjectIdentifier(next.stub) == id {
            guard next.isAsked else {
                entry?.refusal = "\(refusal)"
                return tell(refusal, of: entry, in: place)
            }
            place.next = nil
            retire(next.stub, of: place)
            place.advance()
            topUpStandby(of: place, after: Self.standbyHostDelay)
            return next.done(BroadcastError(.plugin, problem, advice: "the chain stays as it was"))
        }
        if let standby = place.standby, ObjectIdentifier(standby) == id {
            return post(child(place.standbySlot.name), .child(.refused(reason: refusal.reason, plugin: entry?.name)))
        }
        guard origin == nil, place.slot.restarts == 0 else {
            entry?.refusal = "\(refusal)"
            return tell(refusal, of: entry, in: place)
        }
        fail(BroadcastError(.plugin, problem))
    }

    private func tell(_ refusal: Refusal, of plugin: ChainPlugin?, in place: PluginPlace) {
        if let plugin { return post(plugin.part, .plugin(.refused(reason: refusal.reason))) }
        post(child(place.name), .child(.refused(reason: refusal.reason, plugin: nil)))
    }

    // MARK: standbys

    /// Starts a standby for `place` where it should have one.
    func topUpStandby(of place: PluginPlace, after delay: Duration) {
        guard wantsStandby(place), place.standby == nil, !place.standbyIsComing else { return }
        place.standbyIsComing = true
        restart(after: delay) { [bound = ReactorBound(place, reactor)] broadcast throws(BroadcastError) in
            let place = bound.value
            if broadcast.wantsStandby(place), place.standby == nil {
                place.standby = try broadcast.makeHost(
                    for: place, place.plugins.filter(\.refusal.isEmpty), as: place.standbySlot.name)
                place.standbySlot.state = .starting
            }
            place.standbyIsComing = false
        }
    }

    private func wantsStandby(_ place: PluginPlace) -> Bool {
        guard state == .starting || state == .onAir, settings.standby != .off, !place.isGone else { return false }
        return place.plugins.contains { $0.isActive } && place.host?.isLoaded ?? false && place.next == nil
    }

    // MARK: ends

    private func hostEnded(_ home: ObjectIdentifier, _ id: ObjectIdentifier, _ end: ChildEnd) {
        defer { childEnded() }
        guard let place = place(home) else { return }
        if let index = place.retired.firstIndex(where: { ObjectIdentifier($0) == id }) {
            place.retired.remove(at: index)
            if place.stubs.isEmpty { otherPlaces.removeAll { $0 === place } }
            return
        }
        if let next = place.next, ObjectIdentifier(next.stub) == id { return nextHostEnded(place, next, end) }
        if let standby = place.standby, ObjectIdentifier(standby) == id {
            return standbyHostEnded(place, standby, end)
        }
        guard let ended = place.host, ObjectIdentifier(ended) == id else { return }
        pools.retire(ended.pool)
        guard state != .ended, !place.isGone else {
            place.lose(successor: nil)
            place.slot.state = .ended
            return
        }
        hostOnAirEnded(place, ended, end)
    }

    private func hostOnAirEnded(_ place: PluginPlace, _ ended: PluginStub, _ end: ChildEnd) {
        let guilty = charge(place, ended, end)
        place.slot.lastEnd = words(of: end, guilty)
        if end.cause != .released {
            postDeath(
                place.name, end, pid: ended.child.pid, lastSign: ended.lastSign, plugin: guilty?.name,
                call: guilty == nil ? nil : ended.breadcrumb.flatMap { PluginCall($0.call) })
        }
        let delay = place.slot.policy.delay(
            afterDeathAt: .now, hadWorked: place.hostHasWorked || guilty != nil)
        place.slot.noteRestart()
        if let next = place.next, next.isReady {
            place.lose(successor: nil)
            return takeNextHost(place)
        }
        if let standby = place.standby, standby.isLoaded {
            place.standby = nil
            place.standbySlot.state = .restarting
            post(child(place.name), .child(.tookOver(pid: standby.child.pid, was: .standby, frame: nil)))
            place.lose(successor: standby)
            return hostIsOnAir(place)
        }
        place.lose(successor: nil)
        place.advance()
        // A standby that is still loading is sooner there than another.
        if let standby = place.standby {
            place.standby = nil
            place.take(standby)
            place.slot.state = .starting
            return
        }
        relaunch(place, after: delay)
    }

    private func relaunch(_ place: PluginPlace, after delay: Duration) {
        guard place.next == nil else { return }
        restart(after: delay) { [bound = ReactorBound(place, reactor)] broadcast throws(BroadcastError) in
            try broadcast.launchHost(bound.value)
        }
    }

    private func nextHostEnded(_ place: PluginPlace, _ next: PluginPlace.NextHost, _ end: ChildEnd) {
        pools.retire(next.stub.pool)
        place.next = nil
        let guilty = next.stub.breadcrumb.flatMap { crumb in next.plugins.first { $0.id == crumb.plugin } }
        let words = words(of: end, guilty)
        post(child(place.name), .child(.notReplaced(pid: next.stub.child.pid, cause: words)))
        if let guilty, !next.isAsked { quarantine(guilty, in: place, because: words) }
        next.done(
            BroadcastError(.plugin, "the next plugin host ended: \(words)", advice: "the chain stays as it was"))
        if place.host == nil, places.contains(where: { $0 === place }) { relaunch(place, after: .zero) }
        place.advance()
        topUpStandby(of: place, after: Self.standbyHostDelay)
    }

    private func standbyHostEnded(_ place: PluginPlace, _ standby: PluginStub, _ end: ChildEnd) {
        pools.retire(standby.pool)
        place.standby = nil
        guard state != .ended, !place.isGone else { return }
        let guilty = standby.breadcrumb.flatMap { crumb in place.plugins.first { $0.id == crumb.plugin } }
        place.standbySlot.lastEnd = words(of: end, guilty)
        postDeath(
            place.standbySlot.name, end, pid: standby.child.pid, lastSign: standby.lastSign, plugin: guilty?.name)
        place.standbySlot.noteRestart()
        let delay = place.standbySlot.policy.delay(afterDeathAt: .now, hadWorked: false)
        topUpStandby(of: place, after: max(Self.standbyHostDelay, delay))
    }

    private func words(of end: ChildEnd, _ guilty: ChainPlugin?) -> String {
        guilty.map { "\(end.cause) in the plugin \($0.name)" } ?? "\(end.cause)"
    }
}
