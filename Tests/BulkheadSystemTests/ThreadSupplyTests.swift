import BulkheadSystem
import Testing

/// What is known of how many threads a process may have.
@Suite(.timeLimit(.minutes(1))) struct ThreadSupplyTests {
    @Test func thereIsRoomHere() {
        #expect(ThreadSupply.hasRoom())
        #expect(ThreadSupply.hasRoom(for: 8))
    }

    @Test func aChildMayHaveWhatAnEncoderTakes() {
        #expect(ThreadSupply.mostOfChild(processors: 64, groupLimit: nil) == 288)
        #expect(ThreadSupply.mostOfChild(processors: 4, groupLimit: 10_000) == 168)
        #expect(ThreadSupply.mostOfChild(processors: 4, groupLimit: 100) == 50)
        #expect(ThreadSupply.mostOfChild(processors: 4, groupLimit: 20) == 16)
    }

    /// As cgroups(7) has them: version 2 with no controllers named, version 1 with a line for each group of them.
    @Test(arguments: [
        (
            "0::/user.slice/a.service\n",
            [
                "/sys/fs/cgroup/user.slice/a.service", "/sys/fs/cgroup/user.slice", "/sys/fs/cgroup",
                "/sys/fs/cgroup/unified/user.slice/a.service", "/sys/fs/cgroup/unified/user.slice",
                "/sys/fs/cgroup/unified",
            ]
        ),
        (
            "3:cpu,cpuacct:/x\n2:pids:/docker/7\n",
            ["/sys/fs/cgroup/pids/docker/7", "/sys/fs/cgroup/pids/docker", "/sys/fs/cgroup/pids"]
        ),
        ("2:pids:/\n", ["/sys/fs/cgroup/pids"]),
        ("2:pids:/../../b\n", ["/sys/fs/cgroup/pids/b", "/sys/fs/cgroup/pids"]),
        ("", []), ("nonsense\n", []),
    ])
    func limitsStandInTheGroupAndInThoseAbove(cgroups: String, folders: [String]) {
        #expect(ThreadSupply.folders(cgroups: cgroups) == folders)
    }
}
