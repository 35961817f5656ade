import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct ChildEnvironmentTests {
    @Test func nothingThatCouldBeASecretIsPassedOn() {
        let kept = ChildEnvironment.scrubbed(
            [
                "BULKHEAD_STREAM_KEY": "k", "AWS_SECRET_ACCESS_KEY": "k", "GITHUB_TOKEN": "k",
                "DBUS_SESSION_BUS_ADDRESS": "x",
                "SSH_AUTH_SOCK": "x", "LD_PRELOAD": "x.so", "HOME": "/home/ada", "LC_ALL": "C", "LANG": "C",
                "FREI0R_PATH": "/a", "BULKHEAD_CHILD_ENVIRONMENT": "GITHUB_TOKEN",
            ], for: .plugins)
        #expect(kept == ["HOME": "/home/ada", "LC_ALL": "C", "LANG": "C", "FREI0R_PATH": "/a"])
    }

    @Test(arguments: [ChildEnvironment.Purpose.computing, .reading, .sending])
    func othersGetWhatTheirLibrariesNeed(_ purpose: ChildEnvironment.Purpose) {
        let kept = ChildEnvironment.scrubbed(
            [
                "BULKHEAD_STREAM_KEY": "k", "AWS_SECRET_ACCESS_KEY": "k", "GITHUB_TOKEN": "k", "SSH_AUTH_SOCK": "x",
                "LD_LIBRARY_PATH": "/l", "DISPLAY": ":0", "PULSE_SERVER": "unix:/p", "https_proxy": "http://p",
                "ODD": "1",
                "BULKHEAD_CHILD_ENVIRONMENT": "ODD,BULKHEAD_STREAM_KEY",
            ], for: purpose)
        var expected = ["LD_LIBRARY_PATH", "ODD"]
        if purpose == .reading { expected += ["DISPLAY", "PULSE_SERVER"] }
        if purpose != .computing { expected.append("https_proxy") }
        #expect(kept.keys.sorted() == expected.sorted())
    }
}
