import CBulkheadLinux

/// What this program was started with, also where /proc is hidden or another library is loaded before it.
package enum ProgramArguments {
    /// The words of the command line, the program's name first. Bytes that are no UTF-8 stand in them as ``FileName`` says.
    package static var all: [String] {
        (0..<bulkhead_argument_count()).map { FileName.text(bulkhead_argument($0)) }
    }

    /// The program's file, as it was named to the kernel; empty where the kernel doesn't say.
    package static var executable: String { String(cString: bulkhead_executable()) }
}
