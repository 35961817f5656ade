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

    @Test func silenceIsNoSandbox() { #expect(SandboxFindings.read("").map(\.state) == [.absent]) }
}
