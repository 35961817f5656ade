import BulkheadSource
import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(2))) struct InputAddressTests {
    struct Case: Sendable {
        var url: String
        var inputFormat = ""
        var kind: InputAddress.Kind
        var target: String
        var format = ""
        var name: String
    }

    static let cases = [
        Case(url: "test", kind: .test, target: "", name: "test"),
        Case(
            url: "-", inputFormat: "mpegts", kind: .standardInput, target: "", format: "mpegts", name: "standard input"),
        Case(url: "clip.mp4", kind: .file, target: "file:clip.mp4", name: "clip.mp4"),
        Case(url: "/a/12:30.mp4", kind: .file, target: "file:/a/12:30.mp4", name: "/a/12:30.mp4"),
        Case(url: "file:///a/b.mp4", kind: .file, target: "file:/a/b.mp4", name: "/a/b.mp4"),
        Case(url: "file:b.mp4", kind: .file, target: "file:b.mp4", name: "b.mp4"),
        Case(url: "/dev/video0", kind: .device, target: "/dev/video0", format: "video4linux2", name: "/dev/video0"),
        Case(
            url: "v4l2:/dev/video2", kind: .device, target: "/dev/video2", format: "video4linux2",
            name: "v4l2:/dev/video2"),
        Case(url: "x11::0", kind: .device, target: ":0", format: "x11grab", name: "x11::0"),
        Case(
            url: ":0.0+10,20", inputFormat: "x11grab", kind: .device, target: ":0.0+10,20", format: "x11grab",
            name: ":0.0+10,20"),
        Case(url: "alsa:hw:1,0", kind: .device, target: "hw:1,0", format: "alsa", name: "alsa:hw:1,0"),
        Case(url: "pulse:default", kind: .device, target: "default", format: "pulse", name: "pulse:default"),
        Case(
            url: "rtmp://me:secret@host:1935/live/key?auth=x", kind: .network(scheme: "rtmp"),
            target: "rtmp://me:secret@host:1935/live/key?auth=x", name: "rtmp://host:1935/live"),
        Case(
            url: "https://u:p@h/a/b.m3u8?token=1", kind: .network(scheme: "https"),
            target: "https://u:p@h/a/b.m3u8?token=1", name: "https://h/a/b.m3u8"),
        Case(
            url: "tcp://[::1]:9000", inputFormat: "nut", kind: .network(scheme: "tcp"), target: "tcp://[::1]:9000",
            format: "nut", name: "tcp://[::1]:9000"),
    ]

    @Test(arguments: cases)
    func urlIsUnderstood(_ item: Case) {
        let address = InputAddress(item.url, inputFormat: item.inputFormat)
        #expect(address.kind == item.kind)
        #expect(address.target == item.target)
        #expect(address.format == item.format)
        #expect(address.name == item.name)
    }

    @Test(
        arguments: [
            ("rtmp://me:pw@host:1935/live", "host"), ("tcp://[::1]:9000", "::1"), ("http://h?x", "h"),
            ("srt://:9000", nil),
            ("clip.mp4", nil),
        ] as [(String, String?)])
    func hostIsFound(url: String, host: String?) {
        #expect(InputAddress(url, inputFormat: "").host == host)
    }

    /// Addresses in addresses are no files, and hold what addresses hold.
    @Test(
        arguments: [
            ("async:rtmp://me:pw@host/live/key", "async:rtmp://host/live"),
            ("concat:rtsp://user:password@cam/1|b", "concat:rtsp://cam/1|b"), ("films/a b.mp4", "films/a b.mp4"),
        ])
    func nestedAddressIsShownWithoutItsSecrets(url: String, name: String) {
        #expect(InputAddress(url, inputFormat: "").name == name)
    }

    /// An address that others call is one of the network, and its stream key is not shown.
    @Test func addressThatIsCalled() {
        let called = InputAddress("listen:rtmp://0.0.0.0:1936/in/secret", inputFormat: "")
        #expect(called.isCalled && called.kind == .network(scheme: "rtmp"))
        #expect(called.target == "rtmp://0.0.0.0:1936/in/secret" && called.name == "listen:rtmp://0.0.0.0:1936/in")
        #expect(InputAddress("listen:srt://:9000", inputFormat: "").isCalled)
        #expect(!InputAddress("rtmp://cam/live/a", inputFormat: "").isCalled)
        #expect(!InputAddress("srt://cam:9000", inputFormat: "").isCalled)
    }

    @Test func logHoldsNoSecrets() {
        let line = LibavLog.redacted("[rtmp @ 0x1] Cannot open rtmp://me:pw@host/live/key?x=1\n")
        #expect(line == "[rtmp @ 0x1] Cannot open rtmp://host/live")
    }

    @Test func logIsBounded() {
        var limit = LineLimit()
        let start = MonotonicTime(nanoseconds: 5)
        let allowed = (0..<1000).map { limit.allowance(at: start.advanced(by: Int64($0))) }
        #expect(allowed.count { $0 == .shown } == LineLimit.lineCount - 1)
        #expect(allowed.count { $0 == .last } == 1)
        #expect(limit.allowance(at: start.advanced(by: LineLimit.period)) == .shown)
    }
}
