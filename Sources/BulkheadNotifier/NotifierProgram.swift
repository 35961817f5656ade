import BulkheadChildRuntime
import BulkheadWire

/// The program `bulkhead-notifier`.
package enum NotifierProgram {
    /// Runs to the end of the conversation; the result is the exit code.
    package static func run() -> CInt {
        ChildProgram.run(.notifier, purpose: "Tells others over HTTP what happens to a broadcast of bulkhead.") {
            try NotifierService($0).run()
        }
    }
}
