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

    @OptionGroup var change: ChangeFlags

    package init() {}

    package func run() async throws {
        guard let part = RestartablePart(rawValue: part) else {
            throw BroadcastError(
                .usage, "\"\(part)\" can't be restarted",
                advice: "it takes " + RestartablePart.allCases.map(\.rawValue).joined(separator: ", "))
        }
        try change.ask(.restart(part))
    }
}
