import BulkheadTestSupport
import Foundation
import Testing

/// Drills on a chat: the picture notices nothing, and each comment is in the log once.
@Suite(.timeLimit(.minutes(2))) struct ChatDrillTests {
    private func drill(_ words: [String]) async throws -> (status: Int32, text: String) {
        let flags = ["drill", "--size", "320x180", "--fps", "25", "--preset", "ultrafast"]
        let process = try BulkheadProgram.start(flags + words)
        let status = await process.wait(timeout: .seconds(80))
        return (status, process.outputText + process.errorText)
    }

    @Test func nothingIsLostAndNothingComesTwice() async throws {
        let (status, text) = try await drill(
            ["chat:kill@2s", "chat:reset@3s", "chat:reconnect@4s", "chat:refuse=1s@8s"].flatMap { ["--fault", $0] }
                + [
                    "--duration", "15s",
                    "--expect", "lost=0,repeated=0,connections=1,comments-lost=0,comments-twice=0",
                ])
        #expect(status == 0, "\(text)")
        #expect(text.contains("4 of 4 faults done") && text.contains("lines said, 0 lost, 0 there twice"), "\(text)")
    }

    /// A chat that is refused to the end has lost what was said, and the drill says which lines.
    @Test func whatIsLostFailsTheDrill() async throws {
        let (status, text) = try await drill(["--fault", "chat:refuse=5s@2s", "--duration", "6s"])
        #expect(status == 1, "\(text)")
        #expect(text.contains("comments-lost=0: FAILED") && text.contains("(lines "), "\(text)")
        #expect(text.contains("lost=0: ok") && text.contains("connections=1: ok"), "\(text)")
    }
}
