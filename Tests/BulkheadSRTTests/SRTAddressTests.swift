import BulkheadSRT
import Testing

@Suite(.timeLimit(.minutes(1))) struct SRTAddressTests {
    @Test func everyParameterIsRead() throws {
        let address = try SRTAddress(
            "srt://ingest.example:9000?mode=caller&latency=250&passphrase=correct%20horse&pbkeylen=32"
                + "&streamid=#!::r=live/one,m=publish,u=ann&connect_timeout=1500")
        #expect(address.host == "ingest.example" && address.port == 9000 && address.mode == .caller)
        #expect(address.latencyMilliseconds == 250 && address.connectingMilliseconds == 1500)
        #expect(address.passphrase == "correct horse" && address.keyByteCount == 32)
        #expect(address.streamID == "#!::r=live/one,m=publish,u=ann")
    }

    @Test func whatIsNotSaidIsAsInEveryTool() throws {
        let address = try SRTAddress("srt://10.0.0.1:9000")
        #expect(address.mode == .caller && address.latencyMilliseconds == 120 && address.passphrase.isEmpty)
        #expect(address.keyByteCount == 0 && address.streamID.isEmpty && address.connectingMilliseconds == 3000)
    }

    @Test func addressesOfAllKinds() throws {
        #expect(try SRTAddress("srt://[2001:db8::1]:9000").host == "2001:db8::1")
        #expect(try SRTAddress("srt://[2001:db8::1]:9000").authority == "[2001:db8::1]:9000")
        #expect(try SRTAddress("SRT://host:9000/?latency=0").latencyMilliseconds == 0)
        let listener = try SRTAddress("srt://:9000?mode=listener")
        #expect(listener.host.isEmpty && listener.mode == .listener)
        #expect(try SRTAddress("srt://0.0.0.0:0?mode=listener").port == 0)
        #expect(try SRTAddress("srt://0.0.0.0:9000", mode: .listener).mode == .listener)
        // The forms of MediaMTX and SRS, as they are.
        #expect(try SRTAddress("srt://h:1?streamid=publish:one:ann:secret").streamID == "publish:one:ann:secret")
        #expect(try SRTAddress("srt://h:1?streamid=%23!::r%3Dlive").streamID == "#!::r=live")
    }

    static let mistakes: [(String, SRTAddressError)] = [
        ("srt://host", .missingPort), ("srt://host?latency=1", .missingPort), ("srt://host:", .invalidPort),
        ("srt://host:0", .invalidPort), ("srt://host:65536", .invalidPort), ("srt://host:+1", .invalidPort),
        ("srt://:9000", .missingHost), ("srt://[::1:9000", .invalidHost), ("srt://[host]:9000", .invalidHost),
        ("srt://ann:pw@host:9000", .credentials), ("srt://host:9000/live", .path), ("srt:/host:9000", .unknownScheme),
        ("srt://host:9000?mode=rendezvous", .unknownMode), ("srt://host:9000?speed=1", .unknownParameter("speed")),
        ("srt://host:9000?latency", .unknownParameter("latency")),
        ("srt://host:9000?latency=1&latency=2", .parameterTwice("latency")),
        ("srt://host:9000?latency=-1", .outsideRange("latency", 0...30_000)),
        ("srt://host:9000?latency=120000", .outsideRange("latency", 0...30_000)),
        ("srt://host:9000?latency=1.5", .outsideRange("latency", 0...30_000)),
        ("srt://host:9000?passphrase=123456789", .passphraseLength(9)),
        ("srt://host:9000?passphrase=" + String(repeating: "x", count: 80), .passphraseLength(80)),
        ("srt://host:9000?passphrase=", .missingPassphrase), ("srt://host:9000?pbkeylen=20", .keyLength),
        ("srt://host:9000?streamid=" + String(repeating: "x", count: 513), .streamIDLength(513)),
        ("srt://host:9000?streamid=a%00b", .streamIDLength(3)),
        ("srt://host:9000?streamid=%ff", .unreadable("streamid")),
    ]

    @Test(arguments: mistakes) func mistakesAreNamedWithoutSecrets(text: String, error: SRTAddressError) {
        #expect(throws: error) { try SRTAddress(text) }
        #expect(!"\(error)".contains("123456789") && !"\(error)".contains("\n") && !"\(error)".contains("pw"))
    }

    @Test func aPassphraseMayBeGivenApart() throws {
        #expect(SRTAddress.awaitsPassphrase("srt://h:1?passphrase="))
        #expect(!SRTAddress.awaitsPassphrase("srt://h:1") && !SRTAddress.awaitsPassphrase("srt://h?passphrase="))
        #expect(try SRTAddress("srt://h:1?passphrase=", passphrase: "0123456789").passphrase == "0123456789")
        // One that is not asked for is none.
        #expect(try SRTAddress("srt://h:1", passphrase: "0123456789").passphrase.isEmpty)
    }

    @Test func nothingSecretIsShown() throws {
        let address = try SRTAddress("srt://h:1?passphrase=hide-me-please&streamid=publish:x:ann:hidden")
        var dump = ""
        Swift.dump(address, to: &dump)
        for text in ["\(address)", String(reflecting: address), dump] { #expect(!text.contains("hid"), "\(text)") }
        #expect("\(address)" == "srt://h:1")
        #expect(address.secrets == ["hide-me-please", "publish:x:ann:hidden"])
    }
}
