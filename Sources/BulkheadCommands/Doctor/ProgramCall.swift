import Dispatch
import Foundation

/// A program that was run for what it prints.
struct ProgramCall {
    private static let timeout = DispatchTimeInterval.seconds(5)

    /// What it wrote to standard output and error.
    let text: String
    /// It ended by itself, and well.
    let isSuccess: Bool

    /// Runs `path` to its end, blocking; after five seconds it is killed.
    /// - Throws: what Foundation says when it can't be started.
    init(_ path: String, _ arguments: [String]) throws {
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
        alarm.setEventHandler { kill(pid, SIGKILL) }
        alarm.schedule(deadline: .now() + Self.timeout)
        alarm.resume()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        alarm.cancel()
        text = String(decoding: data, as: UTF8.self)
        isSuccess = process.terminationReason == .exit && process.terminationStatus == 0
    }
}
