import BulkheadTestSupport
import Foundation
import Testing

/// What all tests start programs with.
@Suite(.timeLimit(.minutes(3))) struct RunningProcessTests {
    /// What each of two hundred programs writes to both sides arrives whole and is nobody else's, and nothing of it stays open.
    @Test func twoHundredAtOnceAreReadWhole() async throws {
        let pipes = try await withThrowingTaskGroup(of: [String].self) { group in
            for number in 0..<200 {
                group.addTask {
                    let script =
                        "seq \(number) \(number + 4999); both=$(readlink /proc/$$/fd/1 /proc/$$/fd/2); "
                        + "echo \"$both\" >&2; exit \(number % 100)"
                    let process = try RunningProcess("sh", ["-c", script])
                    let status = await process.wait(timeout: .seconds(120))
                    #expect(status == Int32(number % 100))
                    let expected = (number..<number + 5000).map { "\($0)\n" }.joined()
                    let isWhole = process.outputText == expected
                    #expect(isWhole, "\(process.output.count) of \(expected.utf8.count) bytes")
                    return process.errorText.split(separator: "\n").map(String.init)
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.formUnion($1) }
        }
        // Each has two of its own; the kernel gives every pipe its number.
        #expect(pipes.count == 400)
        #expect(pipes.allSatisfy { $0.hasPrefix("pipe:[") })
        #expect(await eventually { pipes.isDisjoint(with: Self.links()) })
    }

    /// A program whose output is held open by what it has started is let go with its owner.
    @Test func nothingStaysOpenBehindAnOwnerThatHasGone() async throws {
        var process: RunningProcess? = try RunningProcess(
            "sh", ["-c", "readlink /proc/$$/fd/1; sleep 600 & echo $!"])
        #expect(await process?.wait() == 0)
        let lines = try #require(process?.outputText.split(separator: "\n").map(String.init))
        try #require(lines.count == 2)
        let orphan = try #require(Int32(lines[1]))
        defer { kill(orphan, SIGKILL) }
        #expect(Self.links().contains(lines[0]))
        process = nil
        #expect(await eventually { !Self.links().contains(lines[0]) })
    }

    /// What this process has open.
    private static func links() -> Set<String> {
        let own = "/proc/self/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: own)) ?? []
        return Set(names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(own)/\($0)") })
    }

    @Test func statusIsTheCodeOrTheSignal() async throws {
        #expect(try await RunningProcess("sh", ["-c", "exit 9"]).wait() == 9)
        #expect(try await RunningProcess("sh", ["-c", "kill -9 $$"]).wait() == SIGKILL)
        #expect(try await RunningProcess("there-is-no-such-program", []).wait() == 127)
        let sleeper = try RunningProcess("sleep", ["600"])
        #expect(sleeper.isRunning)
        await sleeper.end(signal: SIGTERM)
        #expect(!sleeper.isRunning)
        #expect(try await RunningProcess("sleep", ["600"]).wait(timeout: .milliseconds(100)) == SIGKILL)
        #expect(try RunningProcess("sh", ["-c", "exit 4"]).waitOnThisThread() == 4)
        #expect(throws: DeadlinePassed.self) {
            try RunningProcess("sleep", ["600"]).waitOnThisThread(within: .milliseconds(100))
        }
    }
}
