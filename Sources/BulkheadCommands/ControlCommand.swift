package import ArgumentParser
import BulkheadChildren
import BulkheadModel
import BulkheadSystem

/// `bulkhead control`: becomes the program `bulkhead-control`, which reads the words behind it.
package struct ControlCommand: ParsableCommand {
    private static let executableName = "bulkhead-control"

    package static let configuration = CommandConfiguration(
        commandName: "control", abstract: "Look at a broadcast and steer it: a page, metrics, obs-websocket.",
        discussion: """
            Serves a page for browsers and phones, metrics for Prometheus and obs-websocket 5 at 127.0.0.1:8087, for the one \
            broadcast that runs or the one at --attach. bulkhead control --help lists its flags.
            """)

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("The control room's flags.", valueName: "arguments"))
    var words: [String] = []

    package init() {}

    package func run() throws {
        let path = Programs.find().path(of: Self.executableName)
        let error = ProcessImage.become(path, arguments: try arguments())
        throw BroadcastError(starting: "the control room (\(path))", error)
    }

    /// The words, with the one running broadcast where none is named.
    private func arguments() throws(BroadcastError) -> [String] {
        let asksForHelp = words.contains { ["--help", "-h", "--version"].contains($0) }
        let namesMaster = words.contains { $0 == "--attach" || $0.hasPrefix("--attach=") }
        if asksForHelp || namesMaster { return words }
        return words + ["--attach", "unix:\(try ControlAddress.findRunning())"]
    }
}
