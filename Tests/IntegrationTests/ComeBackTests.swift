import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// Commands that find a broadcast which another process holds.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ComeBackTests {
    private func run(_ arguments: [String]) async throws -> (status: Int32, output: String, errors: String) {
        let process = try BulkheadProgram.start(arguments)
        let status = await process.wait(timeout: .seconds(30))
        return (status, process.outputText, process.errorText)
    }

    private static let small = ["--size", "360p", "--preset", "ultrafast"]

    @Test func broadcastIsShownLikeOnesOwnToItsEnd() async throws {
        let folder = try TemporaryFolder()
        let address = "unix:\(folder.path("run/control.sock"))"
        let broadcast = try BulkheadProgram.start(
            ["broadcast", "test", "--to", "file:\(folder.path("out.flv"))", "--control", address]
                + Self.small)
        #expect(
            try await eventually(within: .seconds(20)) {
                try await run(["status", "--attach", address]).output.contains("on air")
            })
        let status = try await run(["status", "--attach", address])
        #expect(status.output.contains("mode: create, reached at \(address)"))
        // The standby may still be starting, which is a warning.
        var check = (status: Int32(-1), output: "", errors: "")
        #expect(
            try await eventually(within: .seconds(20)) {
                check = try await run(["status", "--check", "--attach", address])
                return check.status == 0
            }, "\(check)")
        #expect(check.output.hasPrefix("BULKHEAD OK - on air"), "\(check)")
        #expect(try await run(["keyframe", "--attach", address]).status == 0)

        // Two come back: one to the end, one that leaves before.
        let first = try BulkheadProgram.start(["attach", address])
        let second = try BulkheadProgram.start(["broadcast", "--attach", address])
        kill(second.pid, SIGINT)
        #expect([0, SIGINT].contains(await second.wait()), "it may be too early to be caught")
        // The broadcast ends only once the first one follows it, and so shows what happens.
        var rate = 700
        #expect(
            try await eventually(within: .seconds(40)) {
                rate += 1
                _ = try await run(["set", "video-bitrate=\(rate)k", "--attach", address])
                return first.errorText.contains("bitrate")
            })
        #expect(try await run(["stop", "--attach", address]).status == 0)
        #expect(await first.wait(timeout: .seconds(30)) == 0, "\(first.errorText)")
        #expect(first.errorText.contains("ended after 00:0"), "\(first.errorText)")
        #expect(await broadcast.wait(timeout: .seconds(30)) == 0)

        let gone = try await run(["attach", address])
        #expect(gone.status == 75)
        let down = try await run(["status", "--check", "--attach", address])
        #expect(down.status == 2 && down.output.hasPrefix("BULKHEAD CRITICAL"))
        withExtendedLifetime(folder) {}
    }

    @Test func masterWithoutABroadcastHasNothingToComeBackTo() async throws {
        let folder = try TemporaryFolder()
        let address = "unix:\(folder.path("run/master.sock"))"
        let master = try BulkheadProgram.start(["master", "--listen", address])
        #expect(await eventually { FileManager.default.fileExists(atPath: folder.path("run/master.sock")) })
        let refused = try await run(["attach", address])
        #expect(refused.status == 75 && refused.errors.contains("no broadcast on air"), "\(refused)")
        await master.end()
        withExtendedLifetime(folder) {}
    }

    /// Another user's process at the socket: the master says so, and the command fails. Root alone can play another user.
    @Test(.enabled(if: getuid() == 0)) func strangerIsTurnedAwayAndNamed() async throws {
        let folder = try TemporaryFolder()
        chmod(folder.url.path, 0o755)
        let path = folder.path("control.sock")
        let broadcast = try BulkheadProgram.start(
            ["broadcast", "test", "--to", "file:\(folder.path("out.flv"))", "--control", "unix:\(path)", "--json"]
                + Self.small)
        #expect(await eventually(within: .seconds(20)) { FileManager.default.fileExists(atPath: path) })
        // What keeps strangers out first.
        #expect(await eventually { chmod(path, 0o666) == 0 })
        for _ in 0..<5 {
            let stranger = try RunningProcess(
                "setpriv",
                [
                    "--reuid=65534", "--clear-groups", BulkheadProgram.path("bulkhead"), "stop", "--attach",
                    "unix:\(path)",
                ])
            #expect(await stranger.wait() == 75, "\(stranger.errorText)")
        }
        #expect(await eventually { broadcast.outputText.contains("master.stranger-refused") })
        #expect(broadcast.outputText.contains("\"uid\":65534"))
        #expect(broadcast.isRunning)
        await broadcast.end()
        withExtendedLifetime(folder) {}
    }
}
