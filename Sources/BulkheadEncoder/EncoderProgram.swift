import BulkheadChildRuntime
import BulkheadWire

/// The program `bulkhead-encoder`.
package enum EncoderProgram {
    /// Runs to the end of the conversation; the result is the exit code.
    package static func run() -> CInt {
        ChildProgram.run(.encoder, purpose: "Encodes pictures and sound for bulkhead: H.264 and AAC-LC.") { socket in
            try EncoderService(socket).run()
        }
    }
}
