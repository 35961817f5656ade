package import ArgumentParser
import BulkheadControl
import BulkheadModel

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

    @Option(
        help: ArgumentHelp("The master's socket (default: your only running broadcast).", valueName: "unix:path"),
        completion: Completion.masters)
    var attach: String?

    package init() {}

    package func run() async throws {
        let change = try SettingWords.change(changes)
        try ControlAddress.ask(.set(change), attach: attach)
    }
}
