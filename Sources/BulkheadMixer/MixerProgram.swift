import BulkheadChildRuntime
import BulkheadWire

/// The program `bulkhead-mixer`.
package enum MixerProgram {
    /// Runs to the end of the conversation; the result is the exit code.
    package static func run() -> CInt {
        ChildProgram.run(.mixer, purpose: "Makes one picture of several for bulkhead.") { socket in
            try MixerService(socket).run()
        }
    }
}
