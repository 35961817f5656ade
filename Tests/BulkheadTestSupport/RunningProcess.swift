import BulkheadSystem
import CBulkheadLinux
package import Foundation
import SystemPackage

/// A program started by a test, with what it wrote. It is ended by its own process ID only, and with its owner.
package final class RunningProcess: Sendable {
    private let watch: ProcessWatch

    /// Starts `program`, found in PATH.
    package init(_ program: String, _ arguments: [String], in folder: URL? = nil) throws {
        var run = ProgramRun(
            "/usr/bin/env", [program] + arguments, environment: ProcessInfo.processInfo.environment)
        run.folder = folder?.path
        watch = try ProcessWatch(run)
    }

    deinit { watch.abandon() }

    package var pid: Int32 { watch.pid }
    package var isRunning: Bool { watch.isRunning }
    package var output: Data { watch.output }
    package var outputText: String { String(decoding: output, as: UTF8.self) }
    package var errorText: String { String(decoding: watch.errors, as: UTF8.self) }

    /// Waits for the end and gives the exit status, or the number of the signal that has ended it; kills after `timeout`.
    @discardableResult
    package func wait(timeout: Duration = .seconds(20)) async -> Int32 {
        let killer = Task { [watch] in
            try await Task.sleep(for: timeout)
            watch.signal(SIGKILL)
        }
        await watch.ended()
        killer.cancel()
        // The test's own time is over: a process that runs has no status.
        guard let status = watch.status else {
            watch.signal(SIGKILL)
            return -1
        }
        // Its last words may come after its end; a child of its own may hold the pipes open longer.
        _ = await eventually(within: .seconds(2)) { !watch.isReading }
        return status
    }

    /// As ``wait(timeout:)``, on this thread, for tests that are not `async`.
    /// - Throws: ``DeadlinePassed`` when it had to be killed.
    package func waitOnThisThread(within timeout: Duration = .seconds(60)) throws -> Int32 {
        let hasEnded = eventuallyOnThisThread(within: timeout) { !watch.isRunning }
        watch.signal(SIGKILL)
        _ = eventuallyOnThisThread(within: .seconds(2)) { !watch.isRunning && !watch.isReading }
        guard hasEnded, let status = watch.status else {
            throw DeadlinePassed(description: "waited \(timeout) for the end of process \(pid)")
        }
        return status
    }

    /// Asks it to end, and waits.
    package func end(signal: Int32 = SIGTERM) async {
        watch.signal(signal)
        await wait(timeout: .seconds(5))
    }

    /// As ``end(signal:)``, on this thread, by SIGKILL.
    package func endOnThisThread() {
        watch.signal(SIGKILL)
        _ = eventuallyOnThisThread(within: .seconds(5)) { !watch.isRunning }
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
