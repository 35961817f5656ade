package import ArgumentParser
import BulkheadControl

/// `bulkhead keyframe`: has the encoder begin a GOP.
package struct KeyframeCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "keyframe",
        abstract: "Have the next frame of a running broadcast encoded as a keyframe (an IDR).",
        discussion:
            "For what begins at a keyframe: a recording that is to be cut here, a player that is to start at once.")

    @Option(
        help: ArgumentHelp("The master's socket (default: your only running broadcast).", valueName: "unix:path"),
        completion: Completion.masters)
    var attach: String?

    package init() {}

    package func run() async throws { try ControlAddress.ask(.keyframe, attach: attach) }
}
