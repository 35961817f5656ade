import BulkheadChildRuntime
import BulkheadModel
import BulkheadSystem
import BulkheadWire

/// The program `bulkhead-origin`: a live server by itself, or that of a broadcast.
package enum OriginProgram {
    /// The first argument of a server by itself; its settings follow, as JSON (``OriginSettings``).
    private static let serving = "serve"

    /// Runs to the end of the server; the result is the exit code. Call it on the first thread, before there is another: what a
    /// broadcast's server gives up is given up by the threads that come.
    package static func run(_ arguments: [String] = ProgramArguments.all) -> CInt {
        guard arguments.dropFirst().first == serving else {
            return ChildProgram.run(
                .origin, purpose: "Serves a broadcast of bulkhead to players, by RTMP and HTTP.", arguments: arguments
            ) { try OriginService($0).run() }
        }
        ProcessSetup.ignoreWriteSignals()
        let text = arguments.dropFirst(2).first ?? ""
        guard arguments.count == 3, let settings = try? JSONLine.decode(OriginSettings.self, from: text.utf8) else {
            ChildProgram.say("bulkhead-origin: its settings can't be understood: start it by bulkhead serve")
            return ChildProgram.usage
        }
        return FirstThread.wait { await Server(settings).run() }
    }
}
