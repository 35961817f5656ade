import BulkheadCommands
import BulkheadModel
import Testing

/// Advice with flags and commands is made of codes.
@Suite(.timeLimit(.minutes(2))) struct ErrorTextTests {
    @Test(arguments: [
        (ErrorCode.noMaster, ["address": "unix:/a"], "start one with: bulkhead master --listen unix:/a"),
        (.broadcastRunning, ["address": "unix:/a"], "stop it first with: bulkhead stop --attach unix:/a"),
        (.tooFewDescriptors, ["needed": "300"], "raise the limit: ulimit -n 300"),
        (.noLevel, ["size": "8192x4320", "fps": "240"], "choose a smaller --size or fewer --fps"),
        (.noLevel, ["size": "9000x9000"], "as it came"), (.control, [:], "as it came"),
        (.noProgram, [:], "reinstall Bulkhead, or name the folder of its helpers with --libexec"),
        (.lastLink, [:], "add another one first, or end the broadcast with: bulkhead stop"),
        (.unknownFormat, [:], "name the format with --input-format if it has no header to go by"),
        (.unknownPlugin, [:], "list all with: bulkhead plugin list"),
        (.noControlSocket, [:], "name one with --control unix:PATH"),
    ])
    func adviceFollowsTheCode(code: ErrorCode, parameters: [String: String], advice: String) {
        let error = BroadcastError(code: code, parameters, "it is wrong", advice: "as it came")
        #expect(ErrorText.advice(error) == advice)
        #expect(ErrorText.text(error) == "it is wrong; \(advice)")
        #expect(BulkheadCommand.failure(error) == "bulkhead: it is wrong; \(advice)")
    }

    /// What stands behind the period in no code may change its kind, and so the exit code.
    @Test(arguments: ErrorCode.allCases)
    func everyCodeNamesItsKind(code: ErrorCode) {
        #expect(ErrorCode(generalOf: code.kind).kind == code.kind)
        #expect(code == .internal || code.kind != .internal)
        #expect(!code.meaning.isEmpty && !code.rawValue.contains(" "))
    }

    @Test func aBareFailureHasNoAdvice() {
        #expect(ErrorText.text(BroadcastError(.input, "it is wrong")) == "it is wrong")
    }
}
