package import ArgumentParser
import BulkheadControl
import BulkheadMaster
import BulkheadModel

/// `bulkhead stop`: ends the broadcast of a master.
package struct StopCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "End a running broadcast cleanly.",
        discussion: "Returns once it has ended. A master that was started with `bulkhead master` stays.")

    @Option(
        help: ArgumentHelp("The master's socket (default: your only running broadcast).", valueName: "unix:path"),
        completion: Completion.masters)
    var attach: String?

    @Flag(help: "End at once; frames that the children still hold are lost.")
    var now = false

    package init() {}

    package func run() async throws {
        let path =
            try attach.map { (address) throws(BroadcastError) in
                try ControlAddress.path(from: address, flag: "--attach")
            } ?? ControlAddress.findRunning()
        let client = try ControlClient(path: path)
        client.limitWaiting(toSeconds: ControlAddress.patienceSeconds)
        try client.send(.stop)
        if now { try client.send(.stop) }
        var isAccepted = false
        while let reply = try client.receive() {
            switch reply {
            case .done: isAccepted = true
            // The second request may find that the first one has done it.
            case .failed(let error) where !isAccepted: throw error
            case .status(nil, _): return
            case .status, .changed, .event, .ended, .deaths, .servers, .saved, .marked, .room, .comments, .planned,
                .timetable, .summary, .thumbnails, .program,
                .failed:
                break
            }
            guard isAccepted else { continue }
            try await Task.sleep(for: .milliseconds(100))
            // A master that has left with its broadcast does not take the question any more.
            do { try client.send(.status) } catch { return }
        }
        // One that ends with its broadcast closes the connection; one that turns strangers away has accepted nothing.
        guard isAccepted else {
            throw BroadcastError(
                code: .connectionClosed, "the master at unix:\(path) closed the connection without an answer")
        }
    }
}
