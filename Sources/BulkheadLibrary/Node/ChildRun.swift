import BulkheadSystem
import Glibc
import SystemPackage

/// A program of Bulkhead's that does a piece of work on an open file: it has its time, and then its end.
enum ChildRun {
    /// Runs `program` to its end, or for `patience`. Blocks.
    /// - Parameters:
    ///   - input: its standard input.
    ///   - output: its standard output.
    /// - Returns: nil where it has succeeded, else why not, as one lowercase phrase.
    static func run(
        _ program: String, _ arguments: [String], input: CInt, output: CInt, patience: Duration
    ) -> String? {
        // Nothing of this process's environment is the child's.
        var run = ProgramRun(program, arguments, environment: ["LC_ALL": "C.UTF-8"])
        run.input = .descriptor(input)
        run.output = .descriptor(output)
        let end: ProgramEnd
        do throws(Errno) { end = try run.run(keeping: .errors(mostBytes: 4096), within: patience) } catch {
            return "\(program) can't be started: \(String(cString: strerror(error.rawValue)).lowercased())"
        }
        if end.isSuccess { return nil }
        if end.cause == .timedOut { return "it took longer than \(patience.components.seconds) s" }
        return end.lastLine ?? "it ended with \(end.cause)"
    }
}
