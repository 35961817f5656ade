import Dispatch
import Foundation

/// A program that was run for what it prints.
package struct ProgramCall {
    /// What it wrote to standard output and error.
    package let text: String
    /// It ended by itself, and well.
    package let isSuccess: Bool

    /// Runs `path` to its end, blocking; after `timeout` the program is killed with all that it has started, which may
    /// hold its output open.
    /// - Throws: what Foundation says when it can't be started.
    package init(_ path: String, _ arguments: [String], timeout: Duration = .seconds(5)) throws {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let pid = process.processIdentifier
        let alarm = DispatchSource.makeTimerSource()
        // Foundation starts a program in a process group of its own.
        alarm.setEventHandler { for target in [-pid, pid] { kill(target, SIGKILL) } }
        alarm.schedule(deadline: .now() + timeout / .seconds(1))
        alarm.resume()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        alarm.cancel()
        text = String(decoding: data, as: UTF8.self)
        isSuccess = process.terminationReason == .exit && process.terminationStatus == 0
    }
}
