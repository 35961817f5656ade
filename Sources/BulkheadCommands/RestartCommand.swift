package import ArgumentParser
import BulkheadControl
import BulkheadMaster
import BulkheadModel

/// `bulkhead restart`: puts a fresh process in the place of a child.
package struct RestartCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Replace a child process of a running broadcast, without losing a frame.",
        discussion: "This is also how a new build of a child program goes on air.")

    @Argument(
        help: ArgumentHelp("encoder, plugins, source or mixer.", valueName: "child"),
        completion: .list(RestartablePart.allCases.map(\.rawValue)))
    var part: String

    @Option(
        help: ArgumentHelp("The master's socket (default: your only running broadcast).", valueName: "unix:path"),
        completion: Completion.masters)
    var attach: String?

    package init() {}

    package func run() async throws {
        guard let part = RestartablePart(rawValue: part) else {
            throw BroadcastError(
                .usage, "\"\(part)\" can't be restarted",
                advice: "it takes " + RestartablePart.allCases.map(\.rawValue).joined(separator: ", "))
        }
        try ControlAddress.ask(.restart(part), attach: attach)
    }
}
