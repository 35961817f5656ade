package import ArgumentParser
import BulkheadModel
import BulkheadSystem

/// `bulkhead attach`: comes back to a broadcast that a master holds.
package struct AttachCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Come back to a running broadcast: show it like one of your own, to its end.",
        discussion: "Ctrl-C detaches; the broadcast goes on. `bulkhead stop` ends it.")

    @Argument(
        help: ArgumentHelp("The master's socket (default: your only running broadcast).", valueName: "unix:path"),
        completion: Completion.masters)
    var address: String?

    @Flag(help: "Write events as JSON, one object a line, and the summary as the last one.")
    var json = false

    package init() {}

    package func run() async throws {
        let path =
            try address.map { (address) throws(BroadcastError) in
                try ControlAddress.path(from: address, flag: "attach")
            } ?? ControlAddress.findRunning()
        let reporter = Reporter.standard(isJSON: json)
        defer { reporter.flush() }
        try await BroadcastCommand.tell(reporter) { () async throws(BroadcastError) in
            try await AttachedBroadcast(path: path, reporter: reporter).comeBack(Interruptions())
        }
    }
}
