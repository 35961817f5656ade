package import ArgumentParser
import BulkheadControl
import BulkheadMaster
import BulkheadModel
import BulkheadSystem

/// `bulkhead status`: what a master and its broadcast do.
package struct StatusCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what a running broadcast does.")

    @Option(
        help: ArgumentHelp("The master's socket (default: your only running broadcast).", valueName: "unix:path"),
        completion: Completion.masters)
    var attach: String?

    @Flag(help: "Print one JSON object; with --follow, events as JSON, one a line.")
    var json = false

    @Flag(help: "Show events and the status line until Ctrl-C.")
    var follow = false

    @Flag(
        help: ArgumentHelp(
            "For monitoring: print one line, and exit with 0 (all is well), 1 (a warning) or 2 (viewers see nothing)."))
    var check = false

    @Flag(help: "Show what has happened: in the last 24 hours, since the start, and what is wrong now.")
    var summary = false

    package init() {}

    package func run() async throws {
        if summary, follow || check {
            throw BroadcastError(.usage, "--summary goes with --json alone", advice: "leave the other flag out")
        }
        if summary { return try showSummary() }
        guard check else { return try await show() }
        var result: StatusCheck
        do throws(BroadcastError) { result = StatusCheck(try status().broadcast) } catch { result = StatusCheck(error) }
        print(result.text)
        if result.level != .ok { throw ExitCode(result.level.rawValue) }
    }

    private func show() async throws {
        guard follow else {
            let report = try status()
            print(json ? JSONLine.text(report) ?? "" : report.text)
            return
        }
        let reporter = Reporter.standard(isJSON: json)
        defer {
            reporter.finish()
            reporter.flush()
        }
        _ = try await AttachedBroadcast(path: try path(), reporter: reporter).watch(Interruptions())
    }

    private func showSummary() throws(BroadcastError) {
        guard case .summary(let report)? = try ControlAddress.reply(to: .summary, attach: attach) else {
            throw BroadcastError(code: .connectionClosed, "the master closed the connection without an answer")
        }
        print(json ? JSONLine.text(report) ?? "" : SummarySentence.text(report))
    }

    private func path() throws(BroadcastError) -> String {
        guard let attach else { return try ControlAddress.findRunning() }
        return try ControlAddress.path(from: attach, flag: "--attach")
    }

    private func status() throws(BroadcastError) -> StatusReport {
        let path = try path()
        let client = try ControlClient(path: path)
        client.limitWaiting(toSeconds: ControlAddress.patienceSeconds)
        try client.send(.status)
        while let reply = try client.receive() {
            if case .failed(let error) = reply { throw error }
            if case .status(let status, let pid) = reply { return StatusReport(masterPID: pid, broadcast: status) }
        }
        throw BroadcastError(
            code: .connectionClosed, "the master at unix:\(path) closed the connection without an answer")
    }
}
