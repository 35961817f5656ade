import BulkheadChildRuntime
import BulkheadWire
import Glibc

/// The program `bulkhead-recorder`.
package enum RecorderProgram {
    /// Runs to the end of the conversation; the result is the exit code.
    package static func run() -> CInt {
        // A file that may not grow is an error of write(), and no end.
        signal(SIGXFSZ, SIG_IGN)
        // The zone's file lies outside the cell.
        tzset()
        return ChildProgram.run(
            .recorder, purpose: "Writes a recording for bulkhead.",
            secondStep: { RecorderCell.enter(folder: "/nonexistent", device: false) }
        ) { socket in
            try RecorderService(socket, entersCell: true).run()
        }
    }
}
