import BulkheadCommands
import Testing

/// What the plugin host says of its sandbox, as `bulkhead doctor` shows it.
@Suite(.timeLimit(.minutes(1))) struct SandboxFindingTests {
    @Test func eachMeasureIsAFinding() {
        let findings = SandboxFindings.read(
            "granted\tmemory\tat most 4096 MiB\nweaker\tfiles\twithout Landlock\nnonsense\n")
        #expect(findings.map(\.state) == [.ok, .absent])
        #expect(findings.map(\.subject) == ["plugin sandbox, memory", "plugin sandbox, files"])
        #expect(findings.map(\.text) == ["at most 4096 MiB", "without Landlock"])
        #expect(findings[0].advice.isEmpty && findings[1].advice.contains("Landlock"))
    }

    @Test func aCellIsOneFinding() {
        let whole = SandboxFindings.cell("encoder cell", "granted\tfiles\tby Landlock 7\ngranted\treach\tnone\n")
        #expect(whole.state == .ok && whole.text == "files: by Landlock 7; reach: none")
        let gap = SandboxFindings.cell("encoder cell", "granted\treach\tnone\nweaker\tfiles\twithout Landlock\n")
        #expect(gap.state == .absent && gap.text == "not whole: files: without Landlock" && !gap.advice.isEmpty)
        #expect(SandboxFindings.cell("encoder cell", "").state == .absent)
    }

    @Test func silenceIsNoSandbox() { #expect(SandboxFindings.read("").map(\.state) == [.absent]) }
}
