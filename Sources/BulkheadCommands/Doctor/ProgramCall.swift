import BulkheadSystem
import Foundation
package import SystemPackage

/// A program that was run for what it prints.
package struct ProgramCall {
    /// What is kept of that, from its end backwards.
    private static let mostBytes = 1 << 20

    /// What it wrote to standard output and error.
    package let text: String
    /// It ended by itself, and well.
    package let isSuccess: Bool

    /// Runs `path` to its end, blocking, with what this process has of environment; after `timeout` the program is killed
    /// with all that it has started.
    /// - Throws: why it can't be started.
    package init(_ path: String, _ arguments: [String], timeout: Duration = .seconds(5)) throws(Errno) {
        let run = ProgramRun(path, arguments, environment: ProcessInfo.processInfo.environment)
        let end = try run.run(keeping: .outputAndErrors(mostBytes: Self.mostBytes), within: timeout)
        text = end.text
        isSuccess = end.isSuccess
    }
}
