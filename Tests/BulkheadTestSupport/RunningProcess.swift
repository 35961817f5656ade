package import Foundation
import Synchronization

/// A program started by a test, with what it wrote. It is ended by its own process ID only.
package final class RunningProcess: Sendable {
    private let process = Process()
    private struct Captured {
        var output = Data()
        var errors = Data()
        var openPipes = 2
    }

    private let captured = Mutex(Captured())
    private let ended = AsyncStream<Void>.makeStream()

    /// Starts `program`, found in PATH.
    package init(_ program: String, _ arguments: [String], in folder: URL? = nil) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        process.terminationHandler = { @Sendable [ended] _ in ended.continuation.finish() }
        try process.run()
        collect(output) { $0.output.append($1) }
        collect(errors) { $0.errors.append($1) }
    }

    /// Reads a pipe to its end, on a thread of its own: a dispatch source whose descriptor is closed with its owner ends the
    /// whole test run now and then.
    private func collect(_ pipe: Pipe, _ add: @escaping @Sendable (inout Captured, Data) -> Void) {
        let descriptor = fcntl(pipe.fileHandleForReading.fileDescriptor, F_DUPFD_CLOEXEC, 0)
        // Foundation leaves this end open for good, and its `run` reads beyond a buffer where descriptors go into the thousands.
        try? pipe.fileHandleForReading.close()
        guard descriptor >= 0 else { return captured.withLock { $0.openPipes -= 1 } }
        Thread.detachNewThread { [weak self] in
            defer { close(descriptor) }
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = read(descriptor, &chunk, chunk.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                self?.captured.withLock { add(&$0, Data(chunk[..<count])) }
            }
            self?.captured.withLock { $0.openPipes -= 1 }
        }
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    package var pid: Int32 { process.processIdentifier }
    package var isRunning: Bool { process.isRunning }
    package var output: Data { captured.withLock { $0.output } }
    package var outputText: String { String(decoding: output, as: UTF8.self) }
    package var errorText: String { captured.withLock { String(decoding: $0.errors, as: UTF8.self) } }

    /// Waits for the end and gives the exit status; kills after `timeout`.
    @discardableResult
    package func wait(timeout: Duration = .seconds(20)) async -> Int32 {
        let killer = Task {
            try await Task.sleep(for: timeout)
            kill(process.processIdentifier, SIGKILL)
        }
        for await _ in ended.stream {}
        killer.cancel()
        // The test's own time is over: a process that runs has no status, and asking for it is a trap.
        if Task.isCancelled, process.isRunning {
            kill(process.processIdentifier, SIGKILL)
            return -1
        }
        // Its last words may come after its end; a child of its own may hold the pipes open longer.
        _ = await eventually(within: .seconds(2)) { self.captured.withLock { $0.openPipes <= 0 } }
        return process.terminationStatus
    }

    /// Asks it to end, and waits.
    package func end(signal: Int32 = SIGTERM) async {
        if process.isRunning { kill(process.processIdentifier, signal) }
        await wait(timeout: .seconds(5))
    }
}

/// Waits until `condition` holds; false if it doesn't within `timeout`.
package func eventually(
    within timeout: Duration = .seconds(10), _ condition: () async throws -> Bool
) async rethrows -> Bool {
    let deadline = ContinuousClock.now + timeout
    while true {
        if try await condition() { return true }
        if ContinuousClock.now > deadline { return false }
        try? await Task.sleep(for: .milliseconds(10))
    }
}

/// A folder that goes away with its owner.
package final class TemporaryFolder: Sendable {
    package let url: URL

    package init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("bulkhead-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    package func path(_ name: String) -> String { url.appendingPathComponent(name).path }
}
