package import ArgumentParser

/// `bulkhead recording`: recordings at rest, and the index beside each.
package struct RecordingCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "recording",
        abstract: "List, check, repair, cut, join and export recordings; mark a running one, and save its replay.",
        discussion: """
            A recording is an MP4 file with an index beside it, FILE.index. All commands but save-replay and mark read \
            the files themselves, also while a broadcast is writing them, and change none: what they make is a new file, \
            which replaces another only with --force.
            """,
        subcommands: [
            RecordingListCommand.self, RecordingShowCommand.self, RecordingCheckCommand.self,
            RecordingRepairCommand.self, RecordingCutCommand.self, RecordingJoinCommand.self,
            RecordingExportCommand.self, RecordingSaveReplayCommand.self, RecordingMarkCommand.self,
        ])

    package init() {}
}

/// The file that a command makes.
struct OutputFlags: ParsableArguments {
    @Option(
        name: [.customShort("o"), .long], help: ArgumentHelp("The file to make.", valueName: "file"),
        completion: .file(extensions: ["mp4"]))
    var output: String?

    @Flag(help: "Replace the file to make, if there is one.")
    var force = false
}
