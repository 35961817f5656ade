import BulkheadChildRuntime
import BulkheadWire
import Glibc

/// The program `bulkhead-notifier`.
package enum NotifierProgram {
    /// Runs to the end of the conversation; the result is the exit code.
    package static func run() -> CInt {
        // A file that may not grow is an error of write(), and no end.
        signal(SIGXFSZ, SIG_IGN)
        return ChildProgram.run(
            .notifier,
            purpose: "Tells others what happens to a broadcast of bulkhead, over HTTP, by commands or in files.",
            secondStep: { NotifierCell.enter(for: []) }
        ) {
            try NotifierService($0, entersCell: true).run()
        }
    }
}
