import Foundation
import Glibc
import Synchronization

/// A program of its own for a piece of work on an open file: it has its time, and then its end.
enum ChildRun {
    /// The bulkhead program `name`, beside which this one lies; nil where there is none.
    static func sibling(_ name: String) -> String? {
        guard let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
            let slash = own.lastIndex(of: "/")
        else { return nil }
        let path = own[...slash] + name
        return access(String(path), X_OK) == 0 ? String(path) : nil
    }

    /// Runs `program` to its end, or for `patience`. Blocks.
    /// - Parameters:
    ///   - input: its standard input; nil for none.
    ///   - output: its standard output; nil for none.
    /// - Returns: nil where it has succeeded, else why not, as one lowercase phrase.
    static func run(
        _ program: String, _ arguments: [String], input: CInt? = nil, output: CInt? = nil, patience: Duration
    ) -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        // Nothing of this process's environment is the child's.
        process.environment = ["LC_ALL": "C.UTF-8"]
        process.standardInput =
            input.map { FileHandle(fileDescriptor: $0, closeOnDealloc: false) } ?? FileHandle.nullDevice
        process.standardOutput =
            output.map { FileHandle(fileDescriptor: $0, closeOnDealloc: false) } ?? FileHandle.nullDevice
        let errors = Pipe()
        process.standardError = errors
        do { try process.run() } catch { return "\(program) can't be started: \(error.localizedDescription)" }
        try? errors.fileHandleForWriting.close()
        let isLate = Atomic<Bool>(false)
        let killer = DispatchWorkItem { [pid = process.processIdentifier] in
            isLate.store(true, ordering: .releasing)
            kill(pid, SIGKILL)
        }
        DispatchQueue.global().asyncAfter(deadline: .now() + patience.seconds, execute: killer)
        var words = Data()
        while let piece = try? errors.fileHandleForReading.read(upToCount: 4096), !piece.isEmpty {
            words = (words + piece).suffix(4096)
        }
        killer.cancel()
        process.waitUntilExit()
        guard !isLate.load(ordering: .acquiring) else { return "it took longer than \(Int(patience.seconds)) s" }
        guard process.terminationReason != .exit || process.terminationStatus != 0 else { return nil }
        let last = String(decoding: words, as: UTF8.self).split(separator: "\n").last.map(String.init)
        return last
            ?? "it ended with \(process.terminationReason == .exit ? "code" : "signal") \(process.terminationStatus)"
    }
}

extension Duration {
    fileprivate var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
