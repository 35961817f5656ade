package import BulkheadChildren
package import BulkheadModel
package import BulkheadWire

/// What a change of the chain takes, step by step, and what takes it back.
package struct ChangePlan: Hashable, Sendable {
    /// One thing to do. Some are done at once; for others an answer is waited for.
    package enum Step: Hashable, Sendable {
        // Answered by `found`.
        case find(PluginChoice)
        // Answered by `tookOver`.
        /// Put a host with these plugins on air at the post.
        case renew(PostID, [PluginID])
        /// Make a post for the plugin, with a host that is ready to work.
        case open(ChainPlugin)
        // Answered by `crossed`.
        /// Change the order of posts as soon as nothing is in the chain.
        case cross(BorderStep)
        // Answered by `answered`.
        case unload(PostID, PluginID)
        case set(PluginID, parameter: String, value: String)
        // Done at once.
        /// Give the post a plugin that only its next host will have.
        case admit(PostID, ChainPlugin)
        case forget(PostID, PluginID)
        case edit(PluginID, Edit)
        case arrange(PostID, [PluginID])
        case enable(PluginID, Bool)
        /// End the hosts of the post that has this plugin, which is not in the chain.
        case letGo(PluginID)

        package var isAnswered: Bool {
            switch self {
            case .find, .renew, .open, .cross, .unload, .set: true
            case .admit, .forget, .edit, .arrange, .enable, .letGo: false
            }
        }
    }

    /// What changes about a plugin.
    package enum Edit: Hashable, Sendable {
        case choice(PluginChoice, PluginLibrary)
        case pardon
        /// Takes a pardon back, unless the plugin was charged meanwhile.
        case restore(Quarantine, refusal: Refusal?)
    }

    /// A change of the order of posts.
    package enum BorderStep: Hashable, Sendable {
        case insert(PluginID, at: Int)
        case remove(PluginID)
        case move(PluginID, to: Int)
    }

    /// What is said when the change is in effect.
    package enum Report: Hashable, Sendable {
        case added, reloaded, removed, enabled, disabled, pardoned
        case moved(position: Int)
        case set([String])
    }

    package let plugin: ChainPlugin
    package var steps: [Step]
    package var rollback: [Step] = []
    /// Answered, and to be undone where a later step fails.
    package var made: [Step] = []
    package let report: Report
}

extension ChangePlan {
    /// What takes back everything that was done, in order.
    package var undoing: [Step] {
        made.reversed().compactMap { step in
            guard case .set(let id, let parameter, _) = step else { return nil }
            let old =
                plugin.choice.parameters[parameter]
                ?? plugin.library.description.parameters.first { $0.name == parameter }?.defaultText
            return old.map { .set(id, parameter: parameter, value: $0) }
        } + rollback
    }

    /// Puts `plugin` into the chain.
    package static func add(_ plugin: ChainPlugin, at index: Int, to layout: ChainLayout) -> ChangePlan? {
        let (steps, rollback): ([Step], [Step])
        switch layout.isolation {
        case .all:
            guard let section = layout.sections.first else { return nil }
            var ids = section.plugins.map(\.id)
            ids.insert(plugin.id, at: min(index, ids.count))
            steps = [.admit(section.post, plugin), .renew(section.post, ids)]
            rollback = [.forget(section.post, plugin.id)]
        case .each:
            steps = [.open(plugin), .cross(.insert(plugin.id, at: index))]
            rollback = [.letGo(plugin.id)]
        }
        return ChangePlan(plugin: plugin, steps: steps, rollback: rollback, report: .added)
    }

    package static func remove(
        _ plugin: ChainPlugin, from section: ChainLayout.Section, _ isolation: PluginIsolation
    ) -> ChangePlan {
        ChangePlan(
            plugin: plugin,
            steps: isolation == .each
                ? [.cross(.remove(plugin.id)), .letGo(plugin.id)] : [.unload(section.post, plugin.id)],
            report: .removed)
    }

    package static func move(
        _ plugin: ChainPlugin, in section: ChainLayout.Section, to position: Int, of layout: ChainLayout
    ) throws(BroadcastError) -> ChangePlan {
        let index = try ChainLayout.index(position, count: layout.plugins.count)
        var ids = section.plugins.map(\.id).filter { $0 != plugin.id }
        ids.insert(plugin.id, at: min(index, ids.count))
        return ChangePlan(
            plugin: plugin,
            steps: layout.isolation == .each
                ? [.cross(.move(plugin.id, to: index))] : [.arrange(section.post, ids)],
            report: .moved(position: position))
    }

    /// Lets a plugin take part or not.
    package static func enable(_ plugin: ChainPlugin, _ isEnabled: Bool) -> ChangePlan {
        var choice = plugin.choice
        choice.isEnabled = isEnabled
        return ChangePlan(
            plugin: plugin,
            steps: choice == plugin.choice
                ? [] : [.edit(plugin.id, .choice(choice, plugin.library)), .enable(plugin.id, isEnabled)],
            report: isEnabled ? .enabled : .disabled)
    }

    package static func set(
        _ plugin: ChainPlugin, in section: ChainLayout.Section, _ parameters: [String: String], folder: String
    ) throws(BroadcastError) -> ChangePlan {
        let found = try PluginFinder.change(
            plugin.choice, by: parameters, in: folder, of: plugin.library.description)
        let changed = found.choice.parameters.filter { plugin.choice.parameters[$0.key] != $0.value }
            .sorted { $0.key < $1.key }
        // The host on air may not read a file that is new.
        let isFile = changed.contains { found.library.fileParameters.contains($0.key) }
        return ChangePlan(
            plugin: plugin,
            steps: [.edit(plugin.id, .choice(found.choice, found.library))]
                + (isFile
                    ? [.renew(section.post, section.plugins.map(\.id))]
                    : changed.map { .set(plugin.id, parameter: $0.key, value: $0.value) }),
            rollback: [.edit(plugin.id, .choice(plugin.choice, plugin.library))],
            report: .set(changed.map { "\($0.key)=\($0.value)" }))
    }

    /// Puts the library as it is on disk now in the place of the one that is loaded.
    package static func reload(
        _ plugin: ChainPlugin, in section: ChainLayout.Section, as library: PluginLibrary
    ) -> ChangePlan {
        ChangePlan(
            plugin: plugin,
            steps: [
                .edit(plugin.id, .choice(plugin.choice, library)), .edit(plugin.id, .pardon),
                .renew(section.post, section.plugins.map(\.id)),
            ],
            rollback: [
                .edit(plugin.id, .choice(plugin.choice, plugin.library)),
                .edit(plugin.id, .restore(plugin.quarantine, refusal: plugin.refusal)),
            ],
            report: .reloaded)
    }

    /// Lets a plugin in again that is in quarantine, off or refused.
    package static func pardon(_ plugin: ChainPlugin, in section: ChainLayout.Section) -> ChangePlan {
        let isCharged = !plugin.quarantine.isFree || plugin.refusal != nil || plugin.quarantine.charges > 0
        return ChangePlan(
            plugin: plugin,
            steps: isCharged
                ? [.edit(plugin.id, .pardon), .renew(section.post, section.plugins.map(\.id))] : [],
            rollback: [.edit(plugin.id, .restore(plugin.quarantine, refusal: plugin.refusal))],
            report: .pardoned)
    }
}
