import BulkheadChildRuntime
import BulkheadSystem
import BulkheadWire

/// The program `bulkhead-srt`: one SRT connection that a broadcast sends by.
package enum SRTProgram {
    /// Runs to the end of the connection; the result is the exit code.
    package static func run(_ arguments: [String] = ProgramArguments.all) -> CInt {
        ChildProgram.run(.srt, purpose: "Sends a broadcast of bulkhead by SRT.", arguments: arguments) {
            try SRTService($0).run()
        }
    }
}
