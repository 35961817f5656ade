import BulkheadTestSupport
import Foundation
import Testing

/// Drills on disks that fail.
@Suite(.timeLimit(.minutes(3))) struct DiskDrillTests {
    private func drill(_ fault: String) async throws -> (status: Int32, text: String) {
        let words = ["drill", "--size", "320x180", "--fps", "25", "--duration", "8s", "--fault", "\(fault)@3s"]
        let process = try BulkheadProgram.start(words + ["--preset", "ultrafast"])
        let status = await process.wait(timeout: .seconds(80))
        return (status, process.outputText + process.errorText)
    }

    /// The fault is done and told, the recording lacks nothing, and viewers see nothing of it.
    @Test(
        .enabled(if: geteuid() == 0, "root mounts the disks"),
        arguments: [
            ("disk:hang=2s", "does not answer"), ("disk:eio", "the fallback goes on"),
        ])
    func theRecordingGoesOn(_ fault: String, _ sign: String) async throws {
        let (status, text) = try await drill(fault)
        guard !text.contains("takes root, a loop device") else {
            withKnownIssue("this kernel gives no such disk") { Issue.record("\(text)") }
            return
        }
        #expect(status == 0, "\(text)")
        #expect(text.contains("1 of 1 faults done") && text.contains(sign), "\(text)")
    }
}
