package import ArgumentParser
import BulkheadControl
import BulkheadMaster
package import BulkheadModel

/// The commands that change the chain of plugins on air. Each returns when its change is in effect; where it can't be
/// made, the chain stays as it was.
package enum PluginChangeCommands {
    /// All of them, in the order in which help lists them.
    package static let all: [any ParsableCommand.Type] = [
        PluginChainCommand.self, PluginAddCommand.self, PluginRemoveCommand.self, PluginMoveCommand.self,
        PluginSetCommand.self, PluginEnableCommand.self, PluginDisableCommand.self, PluginReloadCommand.self,
        PluginPardonCommand.self,
    ]
}

extension MasterFlags {
    fileprivate func ask(_ change: PluginChange) throws(BroadcastError) { try ask(.plugin(change)) }
}

/// Which plugin of the chain a command is for.
package struct ChainPluginName: ParsableArguments {
    @Argument(
        help: ArgumentHelp("The plugin's name in the chain.", valueName: "name"), completion: Completion.plugins)
    var name: String

    package init() {}
}

/// `bulkhead plugin add`.
package struct PluginAddCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a plugin to the chain.",
        discussion: "The plugin is loaded beside the chain on air, which stays unchanged if it can't be loaded.")

    @Argument(
        help: ArgumentHelp(
            "frei0r:NAME, ladspa:NUMBER, an installed plugin's name or a library's path, with its parameters.",
            valueName: "plugin[,name=value…]"))
    var plugin: String

    @Option(help: ArgumentHelp("Its name in the chain (default: the plugin's).", valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("Its position in the chain, from 1 (default: the last).", valueName: "number"))
    var position: Int?

    @Option(
        help: ArgumentHelp(
            "Its time limit for a frame, such as 8ms (default: its share of the frame interval).",
            valueName: "time"))
    var deadline: String?

    @Option(help: ArgumentHelp("How much memory its process may grow by: 256M (default: 512M).", valueName: "size"))
    var memory: String?

    @Flag(help: "Load the plugin without using it until it is enabled.")
    var disabled = false

    @Flag(help: "Say what would happen, and change nothing.")
    var dryRun = false

    @OptionGroup var master: MasterFlags

    package init() {}

    package func run() async throws {
        var choice = try PluginWord.choice(plugin)
        if let name { try PluginWord.set("@name", name, of: &choice) }
        if let deadline { try PluginWord.set("@deadline", deadline, of: &choice) }
        if let memory { try PluginWord.set("@memory", memory, of: &choice) }
        if disabled { choice.isEnabled = false }
        if dryRun { return try master.foresee(.plugin(.add(choice, position: position))) }
        try master.ask(.add(choice, position: position))
    }
}

/// `bulkhead plugin remove`.
package struct PluginRemoveCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove a plugin from the chain.")

    @OptionGroup var plugin: ChainPluginName
    @OptionGroup var change: ChangeFlags

    package init() {}

    package func run() async throws { try change.ask(.plugin(.remove(name: plugin.name))) }
}

/// `bulkhead plugin move`.
package struct PluginMoveCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "move", abstract: "Move a plugin in the chain.")

    @OptionGroup var plugin: ChainPluginName
    @Argument(help: ArgumentHelp("Its new position, from 1.", valueName: "position"))
    var position: Int

    @OptionGroup var change: ChangeFlags

    package init() {}

    package func run() async throws { try change.ask(.plugin(.move(name: plugin.name, position: position))) }
}

/// `bulkhead plugin set`.
package struct PluginSetCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Change parameters of a plugin in the chain.",
        discussion: "Parameters that are not named keep their values.")

    @OptionGroup var plugin: ChainPluginName
    @Argument(help: ArgumentHelp("What to change.", valueName: "parameter=value"))
    var parameters: [String]

    @OptionGroup var change: ChangeFlags

    package init() {}

    package func run() async throws {
        var values: [String: String] = [:]
        for word in parameters {
            let (name, value) = try PluginWord.parameter(word)
            values[name] = value
        }
        try change.ask(.plugin(.set(name: plugin.name, parameters: values, folder: FilePaths.workingFolder)))
    }
}

/// `bulkhead plugin enable`.
package struct PluginEnableCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "enable", abstract: "Turn a plugin of the chain on.")

    @OptionGroup var plugin: ChainPluginName
    @OptionGroup var change: ChangeFlags

    package init() {}

    package func run() async throws { try change.ask(.plugin(.enable(name: plugin.name, true))) }
}

/// `bulkhead plugin disable`.
package struct PluginDisableCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "disable", abstract: "Turn a plugin of the chain off; it stays loaded.")

    @OptionGroup var plugin: ChainPluginName
    @OptionGroup var change: ChangeFlags

    package init() {}

    package func run() async throws { try change.ask(.plugin(.enable(name: plugin.name, false))) }
}

/// `bulkhead plugin reload`.
package struct PluginReloadCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Load a plugin as it is on disk now.",
        discussion: """
            A new host loads the chain and takes over between two frames. Replace the file by renaming another over it: \
            a library that is overwritten in place may crash the host that runs it, which costs no frame either.
            """)

    @OptionGroup var plugin: ChainPluginName
    @OptionGroup var change: ChangeFlags

    package init() {}

    package func run() async throws { try change.ask(.plugin(.reload(name: plugin.name))) }
}

/// `bulkhead plugin pardon`.
package struct PluginPardonCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "pardon", abstract: "End a plugin's quarantine.")

    @OptionGroup var plugin: ChainPluginName
    @OptionGroup var change: ChangeFlags

    package init() {}

    package func run() async throws { try change.ask(.plugin(.pardon(name: plugin.name))) }
}

/// `bulkhead plugin chain`.
package struct PluginChainCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "chain", abstract: "Show the chain of plugins on air.")

    @Flag(help: "Print one JSON object for each plugin.")
    var json = false

    @OptionGroup var master: MasterFlags

    package init() {}

    package func run() async throws {
        for line in try Self.lines(attach: master.attach, json: json) { print(line) }
    }

    /// What the master at `attach` says of its chain.
    package static func lines(attach: String?, json: Bool) throws(BroadcastError) -> [String] {
        guard case .status(let status?, _)? = try ControlAddress.reply(to: .status, attach: attach) else {
            throw BroadcastError(code: .notOnAir, "the master has no broadcast on air")
        }
        if json { return status.plugins.compactMap { JSONLine.text($0) } }
        if status.plugins.isEmpty { return ["the chain is empty"] }
        return status.plugins.enumerated().map { "\($0.offset + 1). " + ChainText.line($0.element) }
    }
}
