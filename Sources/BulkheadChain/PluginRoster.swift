import BulkheadChildren
package import BulkheadModel
package import BulkheadSystem
package import BulkheadWire

/// The plugins of one post, as a value: those that work there, and those that only its next host will have.
package struct PluginRoster: Hashable, Sendable {
    /// In the order in which they work.
    package private(set) var plugins: [ChainPlugin]
    /// Plugins that only the next host has.
    private var newcomers: [ChainPlugin] = []
    /// What those were called that left last: their hosts may still be ending them.
    private var departed: [PluginID: String] = [:]

    /// Of so many that left the names are kept.
    private static let mostDeparted = 32

    package init(_ plugins: [ChainPlugin]) { self.plugins = plugins }

    package subscript(_ id: PluginID) -> ChainPlugin? { (plugins + newcomers).first { $0.id == id } }

    package var ids: [PluginID] { plugins.map(\.id) }
    /// Some plugin works, as far as the master is concerned.
    package var isActive: Bool { plugins.contains(where: \.isActive) }

    // MARK: which plugins

    /// Takes in a plugin that only the next host will have.
    package mutating func admit(_ plugin: ChainPlugin) { newcomers.append(plugin) }
    package mutating func forget(_ id: PluginID) {
        noteDeparture { $0 == id }
        newcomers.removeAll { $0.id == id }
    }
    package mutating func remove(_ id: PluginID) {
        noteDeparture { $0 == id }
        plugins.removeAll { $0.id == id }
    }
    package mutating func arrange(_ ids: [PluginID]) {
        noteDeparture { !ids.contains($0) }
        plugins = ids.compactMap { self[$0] }
    }

    /// What the plugin is called, or was before it left.
    package func name(of id: PluginID) -> String? { self[id]?.name ?? departed[id] }

    private mutating func noteDeparture(_ leaves: (PluginID) -> Bool) {
        for plugin in plugins + newcomers where leaves(plugin.id) { departed[plugin.id] = plugin.name }
        while departed.count > Self.mostDeparted, let oldest = departed.keys.min() { departed[oldest] = nil }
    }

    /// The next host is on air, with these plugins.
    package mutating func adopt(_ ids: [PluginID]) {
        arrange(ids)
        newcomers = []
    }

    // MARK: what is known of them

    package mutating func update(_ id: PluginID, _ body: (inout ChainPlugin) -> Void) {
        for index in plugins.indices where plugins[index].id == id { body(&plugins[index]) }
        for index in newcomers.indices where newcomers[index].id == id { body(&newcomers[index]) }
    }

    package mutating func edit(_ id: PluginID, _ edit: ChangePlan.Edit) {
        update(id) { plugin in
            switch edit {
            case .choice(let choice, let library): (plugin.choice, plugin.library) = (choice, library)
            case .pardon:
                plugin.quarantine.pardon()
                plugin.refusal = nil
            case .restore(let quarantine, let refusal):
                if plugin.quarantine.charges == 0 { plugin.quarantine = quarantine }
                if plugin.refusal == nil { plugin.refusal = refusal }
            }
        }
    }

    /// A host with what is `loaded` is on air.
    /// - Returns: plugins that the host is to pass over: it had loaded them before they were charged.
    package mutating func goOnAir(
        with loaded: [PluginID: PluginAbilities], at now: MonotonicTime
    ) -> [PluginID] {
        var passedOver: [PluginID] = []
        for index in plugins.indices {
            guard let abilities = loaded[plugins[index].id] else { continue }
            plugins[index].abilities = abilities
            plugins[index].refusal = nil
            if plugins[index].quarantine.isDue(at: now) {
                plugins[index].quarantine.readmit()
            } else {
                passedOver.append(plugins[index].id)
            }
        }
        return passedOver
    }

    /// What the post can do with a host that has `loaded` these; nil where no host is ready.
    package func terms(
        loaded: [PluginID: PluginAbilities]?, deadline: Duration
    ) -> PassageMachine.Terms {
        func works(on ability: PluginAbilities) -> Bool {
            guard let loaded else { return false }
            return plugins.contains { $0.isActive && loaded[$0.id]?.contains(ability) ?? false }
        }
        return PassageMachine.Terms(
            deadline: deadline, worksOnPictures: works(on: .video), worksOnSound: works(on: .audio),
            wantsPictures: plugins.contains { $0.choice.isEnabled && $0.abilities.contains(.video) })
    }
}
