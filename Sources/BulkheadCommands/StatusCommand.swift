package import ArgumentParser
import BulkheadControl
import BulkheadMaster
import BulkheadModel

/// `bulkhead status`: what a master and its broadcast do.
package struct StatusCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what a running broadcast does.")

    @Option(
        help: ArgumentHelp("The master's socket (default: your only running broadcast).", valueName: "unix:path"))
    var attach: String?

    @Flag(help: "Print one JSON object; with --follow, events as JSON, one a line.")
    var json = false

    @Flag(help: "Show events and the status line until Ctrl-C.")
    var follow = false

    package init() {}

    package func run() async throws {
        let path =
            try attach.map { (address) throws(BroadcastError) in
                try ControlAddress.path(from: address, flag: "--attach")
            } ?? ControlAddress.findRunning()
        if follow {
            let reporter = Reporter.standard(isJSON: json)
            defer {
                reporter.finish()
                reporter.flush()
            }
            _ = try await AttachedBroadcast(path: path, reporter: reporter).watch(Interruptions())
            return
        }
        let client = try ControlClient(path: path)
        client.limitWaiting(toSeconds: ControlAddress.patienceSeconds)
        try client.send(.status)
        while let reply = try client.receive() {
            if case .failed(let error) = reply { throw error }
            guard case .status(let status, let pid) = reply else { continue }
            let report = StatusReport(masterPID: pid, broadcast: status)
            print(json ? JSONLine.text(report) ?? "" : report.text)
            return
        }
        throw BroadcastError(
            code: .connectionClosed, "the master at unix:\(path) closed the connection without an answer")
    }
}
