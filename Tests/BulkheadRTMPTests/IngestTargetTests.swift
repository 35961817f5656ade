import BulkheadRTMP
import Testing

@Suite(.timeLimit(.minutes(1))) struct IngestTargetTests {
    /// Address, key given apart, and what comes of them: host, port, application, key.
    static let targets: [(String, String?, [String])] = [
        ("rtmp://host/app/key", nil, ["host", "1935", "app", "key"]),
        ("rtmp://host:19350/app/key", nil, ["host", "19350", "app", "key"]),
        ("rtmps://host/app/key", nil, ["host", "443", "app", "key"]),
        ("RTMP://host/app/key", nil, ["host", "1935", "app", "key"]),
        ("rtmp://[::1]/app/key", nil, ["::1", "1935", "app", "key"]),
        ("rtmp://[2001:db8::1]:1936/app/key", nil, ["2001:db8::1", "1936", "app", "key"]),
        // As FFmpeg's rtmpproto.c splits.
        ("rtmp://host/app/instance/key", nil, ["host", "1935", "app/instance", "key"]),
        ("rtmp://host/app/instance/deep/key", nil, ["host", "1935", "app/instance", "deep/key"]),
        ("rtmp://host/app/mp4:deep/key", nil, ["host", "1935", "app", "mp4:deep/key"]),
        ("rtmp://host/app/key?token=a/b&c=d", nil, ["host", "1935", "app", "key?token=a/b&c=d"]),
        ("rtmp://host/app?backup=1/key", nil, ["host", "1935", "app?backup=1", "key"]),
        ("rtmp://host/path/to/stream#key", nil, ["host", "1935", "path/to/stream", "key"]),
        // Given apart: nothing is cut.
        (
            "rtmps://b.rtmps.youtube.com:443/live2?backup=1", "ab-cd",
            ["b.rtmps.youtube.com", "443", "live2?backup=1", "ab-cd"]
        ),
        (
            "rtmp://host/live-bvc/", "?streamname=a&key=b#c/d=",
            ["host", "1935", "live-bvc", "?streamname=a&key=b#c/d="]
        ),
        ("rtmp://host/a/b/c", " key\n", ["host", "1935", "a/b/c", "key"]),
        ("rtmp://host/stream", "", ["host", "1935", "stream", ""]),
        // "#" always ends the application.
        ("rtmp://host/stream#", nil, ["host", "1935", "stream", ""]),
        ("rtmp://host/app/instance#", "key", ["host", "1935", "app/instance", "key"]),
        ("rtmp://host/app/instance#other", "key", ["host", "1935", "app/instance", "key"]),
        // The zone of a link-local address: RFC 6874, and as people write it.
        ("rtmp://[fe80::1%25lo]/app/key", nil, ["fe80::1%lo", "1935", "app", "key"]),
        ("rtmp://[fe80::1%eth0.2]:1936/app/key", nil, ["fe80::1%eth0.2", "1936", "app", "key"]),
    ]

    @Test(arguments: targets) func addressIsTakenApart(address: String, key: String?, parts: [String]) throws {
        let target = try IngestTarget(address, key: key)
        #expect([target.host, "\(target.port)", target.app, target.key] == parts)
        #expect(target.usesTLS == address.hasPrefix("rtmps"))
    }

    /// It is this machine's own name for a network, and nothing to others.
    @Test func zoneIsNotSent() throws {
        #expect(try IngestTarget("rtmp://[fe80::1%25lo]:1936/app/key").tcURL == "rtmp://[fe80::1]:1936/app")
    }

    @Test(arguments: [
        ("http://host/app/key", IngestTargetError.unknownScheme), ("host/app/key", .unknownScheme),
        ("rtmp:///app/key", .invalidHost), ("rtmp://[::1/app/key", .invalidHost), ("rtmp://[x y]/app/k", .invalidHost),
        ("rtmp://host:0/app/key", .invalidPort), ("rtmp://host:99999/app/key", .invalidPort),
        ("rtmp://host:/app/key", .invalidPort), ("rtmp://host", .missingApplication),
        ("rtmp://host//key", .missingApplication), ("rtmp://host/app", .missingKey), ("rtmp://host/app/", .missingKey),
        ("rtmp://:word@host/app/key", .invalidCredentials), ("rtmp://[fe80::1%]/app/k", .invalidHost),
        ("rtmp://[fe80::1%a/b]/app/k", .invalidHost), ("rtmp://[lo::%25lo]/app/k", .invalidHost),
    ])
    func mistakeIsNamed(address: String, error: IngestTargetError) {
        #expect(throws: error) { try IngestTarget(address) }
        #expect(!error.description.isEmpty)
    }

    /// RFC 3986, section 5.4, in so far as it says anything of such addresses.
    @Test(
        arguments: [
            ("rtmp://other/live", "rtmp://other/live"), ("//other:1936/live", "rtmp://other:1936/live"),
            ("/live", "rtmp://host/live"), ("live", "rtmp://host/app/live"),
            ("rtmps://other/live", "rtmps://other/live"),
            // With the key behind it, as some servers send it.
            ("rtmp://other/live/k?e=y", "rtmp://other/live"), ("http://other/live", nil), ("", nil), ("rtmp://", nil),
        ] as [(String, String?)])
    func serversSendUsOn(url: String, tcURL: String?) throws {
        let target = try IngestTarget("rtmp://host/app/instance", key: "k?e=y").resolving(url)
        #expect(target?.tcURL == tcURL)
        #expect(target == nil || target?.key == "k?e=y")
    }

    @Test func keyIsNeverSentInTheOpenAfterTLS() throws {
        let target = try IngestTarget("rtmps://user:word@host/app/key")
        #expect(target.resolving("rtmp://host/app") == nil)
        #expect(target.resolving("rtmps://other/app")?.credentials == nil)
        #expect(target.resolving("/app2")?.credentials != nil)
    }

    @Test func nothingShowsTheKey() throws {
        let target = try IngestTarget("rtmp://host/app?token=secret1", key: "secret2")
        var dumped = ""
        dump(target, to: &dumped)
        for text in ["\(target)", String(reflecting: target), dumped, "\([target])", "\(Optional(target) as Any)"] {
            #expect(!text.contains("secret"), "\(text)")
        }
        #expect("\(target)" == "rtmp://host/app?…")
        #expect(try IngestTarget("rtmps://[::1]:1936/a/b").description == "rtmps://[::1]:1936/a")
        #expect(try IngestTarget("rtmp://host:1935/app/key").tcURL == "rtmp://host/app")
    }
}
