package import BulkheadModel

/// The chain as a change finds it.
package struct ChainLayout: Hashable, Sendable {
    /// One post and its plugins, in the order in which they work.
    package struct Section: Hashable, Sendable {
        package var post: PostID
        package var plugins: [ChainPlugin]

        package init(post: PostID, plugins: [ChainPlugin]) {
            self.post = post
            self.plugins = plugins
        }
    }

    /// How many hosts the plugins have.
    package var isolation: PluginIsolation
    /// In the order in which frames pass.
    package var sections: [Section]
    /// No next host is on its way.
    package var isSettled = true

    package init(isolation: PluginIsolation, sections: [Section], isSettled: Bool = true) {
        self.isolation = isolation
        self.sections = sections
        self.isSettled = isSettled
    }

    /// All plugins, in the order in which they work.
    package var plugins: [ChainPlugin] { sections.flatMap(\.plugins) }

    /// Where a plugin works.
    package func find(_ id: PluginID) -> (section: Section, plugin: ChainPlugin)? {
        for section in sections {
            if let plugin = section.plugins.first(where: { $0.id == id }) { return (section, plugin) }
        }
        return nil
    }

    /// The plugin that a user calls `name`: the one place where a name is looked up.
    package func plugin(called name: String) throws(BroadcastError) -> PluginID {
        if let plugin = plugins.first(where: { $0.name == name }) { return plugin.id }
        let names = plugins.map(\.name).joined(separator: ", ")
        throw BroadcastError(
            code: .unknownPlace, ["name": name], "there is no plugin \(name) in the chain",
            advice: names.isEmpty ? "the chain is empty" : "it has \(names)")
    }

    /// A position counted from 1 as an index among `count` plugins.
    package static func index(_ position: Int, count: Int) throws(BroadcastError) -> Int {
        guard (1...max(1, count)).contains(position) else {
            throw BroadcastError(
                code: .unknownPlace, ["name": "\(position)"], "there is no position \(position) in the chain",
                advice: "it takes 1 to \(max(1, count))")
        }
        return position - 1
    }
}
