package import ArgumentParser

/// `bulkhead plugin`: the chain of plugins of a running broadcast, and the plugins there are.
package struct PluginCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "plugin",
        abstract: "Write, check and list plugins, and change those of a running broadcast.",
        subcommands: [PluginNewCommand.self, PluginCheckCommand.self, PluginListCommand.self]
            + PluginChangeCommands.all)

    package init() {}
}
