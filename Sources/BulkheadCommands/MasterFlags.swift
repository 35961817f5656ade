import ArgumentParser
import BulkheadControl
import BulkheadModel

/// Which broadcast a command is for.
package struct MasterFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp("The master's socket (default: your only running broadcast).", valueName: "unix:path"),
        completion: Completion.masters)
    var attach: String?

    package init() {}

    /// Asks for something to be done, and returns when it is.
    func ask(_ request: ControlRequest) throws(BroadcastError) { try ControlAddress.ask(request, attach: attach) }

    /// What the broadcast does.
    /// - Throws: kind `control`, where there is none.
    func status() throws(BroadcastError) -> BroadcastStatus {
        guard case .status(let status, _)? = try ControlAddress.reply(to: .status, attach: attach) else {
            throw BroadcastError(code: .connectionClosed, "the master closed the connection without an answer")
        }
        guard let status else { throw BroadcastError(code: .notOnAir, "the master has no broadcast on air") }
        return status
    }
}
