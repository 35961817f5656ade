import BulkheadChildren
import BulkheadSystem
import Glibc
import SystemPackage
import Testing

@Suite(.serialized, .timeLimit(.minutes(1))) struct TeardownTests {
    @Test(arguments: [Teardown.atOnce, .released, .disconnected, Teardown([.kill, .hangUp])])
    func everyListEndsInSIGKILL(plan: Teardown) {
        #expect(plan.steps.last == .kill)
    }

    /// The thread that starts a child must stay until it has ended.
    private static func end(_ script: String, _ plan: Teardown) async throws -> BlockingChild.End {
        let launch = ChildLaunch(
            path: "/bin/sh", arguments: ["-c", script], environment: ["PATH": "/usr/bin:/bin"])
        return try await BlockingChild.onThread { Result { try BlockingChild(mute: launch).end(plan) } }.get()
    }

    @Test func childThatEndsByItselfTellsHow() async throws {
        let end = try await Self.end("exit 7", Teardown([.wait(.seconds(20))]))
        #expect(end == BlockingChild.End(exit: .exited(code: 7), wasKilled: false))
    }

    @Test func childThatStaysIsKilled() async throws {
        let end = try await Self.end("trap '' TERM HUP; while :; do sleep 60; done", .atOnce)
        #expect(end == BlockingChild.End(exit: .signaled(SIGKILL), wasKilled: true))
    }

    @Test func childThatIsHungUpEndsByItself() async throws {
        let end = try await Self.end("cat <&3 >/dev/null; exit 3", Teardown([.hangUp, .wait(.seconds(20))]))
        #expect(end == BlockingChild.End(exit: .exited(code: 3), wasKilled: false))
    }

    @Test func missingProgramIsTold() async throws {
        let launch = ChildLaunch(path: "/nonexistent/program", arguments: [], environment: [:])
        await #expect(throws: Errno.noSuchFileOrDirectory) {
            try await BlockingChild.onThread { Result { try BlockingChild(mute: launch).end(.atOnce) } }.get()
        }
    }
}
