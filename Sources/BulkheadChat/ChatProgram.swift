import BulkheadChildRuntime
import BulkheadWire

/// The program `bulkhead-chat`.
package enum ChatProgram {
    /// Runs to the end of the conversation; the result is the exit code.
    package static func run() -> CInt {
        ChildProgram.run(.chat, purpose: "Reads chats for the live room of a broadcast of bulkhead.") {
            try ChatService($0).run()
        }
    }
}
