import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
import BulkheadModel
import BulkheadSystem
import BulkheadWire

/// A change that somebody waits for.
struct PendingPluginChange {
    let change: PluginChange
    let done: @Sendable (BroadcastError?) -> Void
}

/// Changes of the chain on air, one after the other, each at a frame border. What can't be done leaves the chain as it
/// was.
extension Broadcast {
    /// Changes the chain.
    /// - Parameter done: called once: with nil when the change is in effect, with an error when nothing has changed.
    func change(_ change: PluginChange, done: @escaping @Sendable (BroadcastError?) -> Void) {
        guard state == .onAir else {
            return done(BroadcastError(.control, "the broadcast is not on air", advice: "try again when it is"))
        }
        guard settings.children != .encoder else {
            return done(BroadcastError(.control, "this broadcast has no plugin host", advice: "use another run mode"))
        }
        pluginChanges.append(PendingPluginChange(change: change, done: done))
        makeNextChange()
    }

    private func makeNextChange() {
        guard !chainIsChanging, let first = pluginChanges.first else { return }
        pluginChanges.removeFirst()
        chainIsChanging = true
        // Whoever asked waits for it; it ends with the broadcast at the latest.
        Task {
            do throws(BroadcastError) {
                try await make(first.change)
                syncSettings()
                first.done(nil)
            } catch { first.done(error) }
            chainIsChanging = false
            makeNextChange()
        }
    }

    /// The broadcast ends before the changes: whoever waits for them is told.
    func abandonPluginChanges() {
        let error = BroadcastError(.control, "the broadcast ended before the change was made")
        for pending in pluginChanges { pending.done(error) }
        pluginChanges.removeAll()
        // Nothing comes to the border any more; whoever waits there goes on, and finds that the broadcast has ended.
        let work = borderWork
        borderWork.removeAll()
        for step in work { step() }
        for place in allPlaces {
            guard let next = place.next else { continue }
            place.next = nil
            retire(next.stub, of: place)
            next.done(error)
        }
    }

    private func make(_ change: PluginChange) async throws(BroadcastError) {
        // A plugin may just be tried again, or pictures have a new size: that comes first.
        while let place = places.first(where: { $0.next != nil }) {
            await withCheckedContinuation { continuation in place.whenSettled.append { continuation.resume() } }
        }
        switch change {
        case .add(let choice, let position): try await add(choice, at: position)
        case .remove(let name): try await remove(try plugin(name))
        case .move(let name, let position): try move(try plugin(name), to: position)
        case .set(let name, let parameters, let folder): try await set(try plugin(name), parameters, folder)
        case .enable(let name, let isEnabled): try await enable(try plugin(name), isEnabled)
        case .reload(let name): try await reload(try plugin(name))
        case .pardon(let name): try await pardon(try plugin(name))
        }
    }

    private func plugin(_ name: String) throws(BroadcastError) -> (PluginPlace, ChainPlugin) {
        for place in places {
            if let plugin = place.plugins.first(where: { $0.name == name }) { return (place, plugin) }
        }
        let names = chain.map(\.name).joined(separator: ", ")
        throw BroadcastError(
            .usage, "there is no plugin \(name) in the chain",
            advice: names.isEmpty ? "the chain is empty" : "it has \(names)")
    }

    // MARK: with a next host

    private func add(_ wanted: PluginChoice, at position: Int?) async throws(BroadcastError) {
        guard let named = try PluginChoice.named([wanted], besides: Set(chain.map(\.name))).first else { return }
        let index = try index(position, count: chain.count + 1) ?? chain.count
        let plugin = newPlugin(try await plugins.find(named))
        switch settings.pluginIsolation {
        case .all:
            guard let place = places.first else { return }
            var plugins = place.plugins
            plugins.insert(plugin, at: min(index, plugins.count))
            try await takeOver(place, with: plugins)
        case .each:
            let place = newPlace([plugin])
            otherPlaces.append(place)
            do { try await takeOver(place, with: [plugin]) } catch {
                letGo(place)
                throw error
            }
            await border {
                self.otherPlaces.removeAll { $0 === place }
                self.places.insert(place, at: min(index, self.places.count))
            }
        }
        post(plugin.part, .plugin(.added(frame: nextFrame)))
    }

    private func reload(_ found: (PluginPlace, ChainPlugin)) async throws(BroadcastError) {
        let (place, plugin) = found
        let old = (plugin.library, plugin.quarantine, plugin.refusal)
        plugin.library = try await plugins.find(plugin.choice).library
        plugin.quarantine.pardon()
        plugin.refusal = ""
        do throws(BroadcastError) { try await takeOver(place, with: place.plugins) } catch {
            (plugin.library, plugin.quarantine, plugin.refusal) = old
            throw error
        }
        post(plugin.part, .plugin(.reloaded(frame: nextFrame)))
    }

    private func pardon(_ found: (PluginPlace, ChainPlugin)) async throws(BroadcastError) {
        let (place, plugin) = found
        guard !plugin.quarantine.isFree || !plugin.refusal.isEmpty || plugin.quarantine.charges > 0 else { return }
        let old = plugin.quarantine
        plugin.quarantine.pardon()
        do throws(BroadcastError) { try await takeOver(place, with: place.plugins) } catch {
            plugin.quarantine = old
            throw error
        }
        post(plugin.part, .plugin(.pardoned))
    }

    /// Returns when a next host with `plugins` is on air.
    private func takeOver(_ place: PluginPlace, with plugins: [ChainPlugin]) async throws(BroadcastError) {
        // What is started now would never be ended.
        guard state != .ended else { throw BroadcastError(.control, "the broadcast has ended") }
        let error = await withCheckedContinuation { continuation in
            renew(place, with: plugins, isAsked: true) { continuation.resume(returning: $0) }
        }
        if let error { throw error }
    }

    // MARK: with the host on air

    private func remove(_ found: (PluginPlace, ChainPlugin)) async throws(BroadcastError) {
        let (place, plugin) = found
        if settings.pluginIsolation == .each {
            await border {
                self.places.removeAll { $0 === place }
                self.otherPlaces.append(place)
            }
            letGo(place)
        } else {
            place.plugins.removeAll { $0 === plugin }
            for stub in stubs(of: place) where stub !== place.host { stub.unload(plugin.id) { _ in } }
            if let host = place.host, host.loaded[plugin.id] != nil {
                await withCheckedContinuation { continuation in
                    host.unload(plugin.id) { _ in continuation.resume() }
                }
            }
        }
        post(plugin.part, .plugin(.removed))
    }

    private func move(_ found: (PluginPlace, ChainPlugin), to position: Int) throws(BroadcastError) {
        let (place, plugin) = found
        let index = try index(position, count: chain.count) ?? 0
        if settings.pluginIsolation == .each {
            atBorder { [self] in
                places.removeAll { $0 === place }
                places.insert(place, at: min(index, places.count))
            }
        } else {
            place.plugins.removeAll { $0 === plugin }
            place.plugins.insert(plugin, at: min(index, place.plugins.count))
            for stub in stubs(of: place) { stub.arrange(place.plugins.map(\.id)) }
        }
        post(plugin.part, .plugin(.moved(position: position)))
    }

    private func enable(_ found: (PluginPlace, ChainPlugin), _ isEnabled: Bool) async throws(BroadcastError) {
        let (place, plugin) = found
        guard plugin.choice.isEnabled != isEnabled else { return }
        plugin.choice.isEnabled = isEnabled
        for stub in stubs(of: place) where stub.loaded[plugin.id] != nil {
            stub.setEnabled(plugin.id, isEnabled && plugin.quarantine.isFree)
        }
        post(plugin.part, .plugin(isEnabled ? .enabled : .disabled))
        topUpStandby(of: place, after: Self.standbyHostDelay)
    }

    private func set(
        _ found: (PluginPlace, ChainPlugin), _ parameters: [String: String], _ folder: String
    ) async throws(BroadcastError) {
        let (place, plugin) = found
        let old = (plugin.choice, plugin.library)
        let found = try PluginFinder.change(
            plugin.choice, by: parameters, in: folder, of: plugin.library.description)
        let changed = found.choice.parameters.filter { plugin.choice.parameters[$0.key] != $0.value }
        (plugin.choice, plugin.library) = (found.choice, found.library)
        do throws(BroadcastError) {
            if changed.keys.contains(where: found.library.fileParameters.contains) {
                // The host on air may not read the file.
                try await takeOver(place, with: place.plugins)
            } else {
                try await setOnAir(place, plugin, changed)
            }
        } catch {
            (plugin.choice, plugin.library) = old
            throw error
        }
        post(
            plugin.part,
            .plugin(.set(parameters: changed.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })))
    }

    private func setOnAir(
        _ place: PluginPlace, _ plugin: ChainPlugin, _ parameters: [String: String]
    ) async throws(BroadcastError) {
        guard let host = place.host, host.loaded[plugin.id] != nil else { return }
        for (name, value) in parameters.sorted(by: { $0.key < $1.key }) {
            let refusal = await withCheckedContinuation { continuation in
                host.setParameter(name, to: value, of: plugin.id) { continuation.resume(returning: $0) }
            }
            if let refusal {
                throw BroadcastError(
                    .plugin, "the plugin \(plugin.name) does not take \(name)=\(value): \(refusal)",
                    advice: "the chain stays as it was")
            }
            for stub in stubs(of: place) where stub !== host && stub.loaded[plugin.id] != nil {
                stub.setParameter(name, to: value, of: plugin.id) { _ in }
            }
        }
    }

    // MARK: parts

    /// The processes that a change must reach. A standby that is still loading has been given the old chain: it is
    /// replaced.
    private func stubs(of place: PluginPlace) -> [PluginStub] {
        if let standby = place.standby, !standby.isLoaded {
            place.standby = nil
            retire(standby, of: place)
            topUpStandby(of: place, after: Self.standbyHostDelay)
        }
        return [place.host, place.standby].compactMap { $0 }
    }

    /// Ends the processes of a place that is not in the chain.
    private func letGo(_ place: PluginPlace) {
        place.isGone = true
        place.close()
        for stub in [place.host, place.standby].compactMap({ $0 }) { retire(stub, of: place) }
        place.host = nil
        place.standby = nil
    }

    private func border(_ work: @escaping () -> Void) async {
        await withCheckedContinuation { continuation in
            atBorder {
                work()
                continuation.resume()
            }
        }
    }

    /// A position counted from 1 as an index.
    private func index(_ position: Int?, count: Int) throws(BroadcastError) -> Int? {
        guard let position else { return nil }
        guard (1...max(1, count)).contains(position) else {
            throw BroadcastError(
                .usage, "there is no position \(position) in the chain", advice: "it takes 1 to \(max(1, count))")
        }
        return position - 1
    }
}
