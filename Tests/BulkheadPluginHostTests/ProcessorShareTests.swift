import BulkheadPluginHost
import Testing

/// The report claims only what holds: sessions are weighed in the root group alone, and only where that is switched on.
@Suite(.timeLimit(.minutes(1))) struct ProcessorShareTests {
    @Test(
        arguments: [
            ("1\n", "0::/\n", true), ("0\n", "0::/\n", false), ("", "0::/\n", false), ("1\n", "", true),
            ("1\n", "0::/system.slice/bulkhead.service\n", false),
            ("1\n", "5:cpu,cpuacct:/docker/1\n1:name=systemd:/x\n", false),
            ("1\n", "5:cpu,cpuacct:/\n1:name=systemd:/user.slice\n", true),
        ])
    func sessionsAreWeighedInTheRootGroup(autogroup: String, cgroups: String, isWeighed: Bool) {
        #expect(ProcessorShare.isWeighed(autogroup: autogroup, cgroups: cgroups) == isWeighed)
    }
}
