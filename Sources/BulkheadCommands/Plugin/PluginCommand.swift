package import ArgumentParser

/// `bulkhead plugin`: the chain of plugins of a running broadcast, and the plugins there are.
package struct PluginCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "plugin",
        abstract: "Change the plugins of a running broadcast, and list those there are.",
        subcommands: PluginChangeCommands.all)

    package init() {}
}
