import BulkheadChildRuntime
import BulkheadWire

/// The program `bulkhead-decoder`.
package enum DecoderProgram {
    /// Runs to the end of the conversation; the result is the exit code.
    package static func run() -> CInt {
        ChildProgram.run(.decoder, purpose: "Decodes streams for bulkhead probe and bulkhead drill.") { socket in
            try DecoderService(socket).run()
        }
    }
}
