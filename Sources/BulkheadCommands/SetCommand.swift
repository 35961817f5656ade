package import ArgumentParser
import BulkheadControl
import BulkheadModel
import SystemPackage

/// `bulkhead set`: changes a running broadcast.
package struct SetCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Change a running broadcast, without losing a frame.",
        discussion: """
            The bitrate changes in place; all else by a takeover to an encoder with the new settings. Returns once it is \
            on air. Where the encoder refuses the settings, everything stays as it was.
            """)

    @Argument(
        help: ArgumentHelp(
            "What to change: "
                + Setting.changeable.map(\.name).joined(separator: ", ") + ", each with =VALUE.",
            valueName: "name=value"), completion: Completion.changes)
    var changes: [String]

    @Flag(help: "Write it into the configuration file as well, so that the next start begins with it.")
    var keep = false

    @Option(
        help: ArgumentHelp(
            "With --keep: this file (default: the one that the broadcast was begun with).", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    @Flag(help: "Say what would happen, and change nothing.")
    var dryRun = false

    @Option(
        help: ArgumentHelp("The master's socket (default: your only running broadcast).", valueName: "unix:path"),
        completion: Completion.masters)
    var attach: String?

    package init() {}

    package func run() async throws {
        let change = try SettingWords.change(changes)
        guard keep || config == nil else {
            throw BroadcastError(.usage, "--config says which file --keep writes to", advice: "add --keep")
        }
        let edit = keep ? try Edit(change, config, attach) : nil
        if dryRun {
            let reply = try ControlAddress.reply(to: .foresee(.set(change)), attach: attach)
            for change in try PlannedText.changes(reply) { print(PlannedText.line(change, isDone: false)) }
            if let edit { print("\(edit.file.path): would be written") }
            return
        }
        // On air first: what the encoder refuses is not to be what the next start begins with.
        try ControlAddress.ask(.set(change), attach: attach)
        guard let edit else { return }
        do throws(BroadcastError) { try edit.file.write(edit.text) } catch {
            throw BroadcastError(
                code: error.code, error.parameters, "the change is on air, and was not kept: \(error.problem)",
                advice: error.advice)
        }
        for key in edit.overridden {
            print("\(key) is kept in \(edit.file.path), but was given as a flag as well, which wins at the next start")
        }
    }

    /// The configuration file as it will be.
    private struct Edit {
        let file: KeptFile
        let text: String
        /// Keys that a flag of the broadcast overrides.
        let overridden: [String]

        init(_ change: SettingsChange, _ config: String?, _ attach: String?) throws(BroadcastError) {
            guard case .status(let status, _)? = try ControlAddress.reply(to: .status, attach: attach) else {
                throw BroadcastError(code: .connectionClosed, "the master closed the connection without an answer")
            }
            let configuration = status?.configuration
            guard let path = config.map({ FilePaths.absolute($0) }) ?? configuration?.path else {
                throw BroadcastError(
                    code: .noConfiguration,
                    "the broadcast was begun without a configuration file, and nothing can be kept",
                    advice: "leave --keep away, or name a file with --config")
            }
            file = try KeptFile(at: path)
            let before: String
            do throws(Errno) { before = try SmallFile.text(at: file.path, limit: 1 << 20) } catch {
                throw BroadcastError(
                    .usage, "the configuration file \(path) can't be read: \(error.phrase)", advice: "check --config")
            }
            text = try ConfigurationEdit.text(before, setting: change.words, named: path)
            overridden = change.words.keys.filter { configuration?.flags.contains($0) == true }.sorted()
        }
    }
}
