import BulkheadCommands
import SystemPackage
import Testing

@Suite(.timeLimit(.minutes(1))) struct ProgramCallTests {
    @Test func textAndSuccessAreTold() throws {
        let call = try ProgramCall("/bin/sh", ["-c", "echo out; echo err >&2"])
        #expect(call.isSuccess)
        #expect(call.text == "out\nerr\n")
        let failed = try ProgramCall("/bin/sh", ["-c", "exit 3"])
        #expect(!failed.isSuccess)
        #expect(failed.text == "")
    }

    /// What the program has started holds its output open.
    @Test func programThatHangsIsEndedWithWhatItHasStarted() throws {
        let call = try ProgramCall("/bin/sh", ["-c", "echo begun; sleep 600 & wait"], timeout: .milliseconds(500))
        #expect(!call.isSuccess)
        #expect(call.text == "begun\n")
    }

    @Test func programThatIsNotThereIsToldByItsErrno() {
        #expect(throws: Errno.noSuchFileOrDirectory) { try ProgramCall("/nowhere/bulkhead", []) }
    }
}
