import BulkheadLibraryProtocol
import BulkheadTestSupport
import Foundation
import Testing

/// Names and numbers from elsewhere.
@Suite(.timeLimit(.minutes(1))) struct NamesTests {
    @Test(arguments: [
        "", "/etc/passwd", "..", "a/../b", "./a", "a//b", "a/", "a\0b", "a\nb", String(repeating: "a", count: 256),
        String(repeating: "a/", count: 40) + "b",
    ]) func pathsThatLeadElsewhereAreNone(text: String) { #expect(MediaPath(text) == nil) }

    @Test(arguments: ["show.mp4", "2026/直播 录像.mp4", "a..b/...mp4", "名.mp4", "%2e%2e/x.mp4"])
    func namesOfAllKindsArePaths(text: String) { #expect(MediaPath(text)?.description == text) }

    @Test func foreignRecordsAreChecked() throws {
        let good = #"""
            {"id":"ab-0","name":"x","path":"x.mp4","byteCount":8000,"durationMilliseconds":1000,"width":1,"height":1,
            "codecs":"","state":"finished","startedMilliseconds":0,"hasPoster":false}
            """#
        let record = try JSONDecoder().decode(VideoRecord.self, from: Data(good.utf8))
        #expect(record.bitsPerSecond == 64_000)
        for (part, wrong) in [
            (#""x.mp4""#, #""../x.mp4""#), ("8000", "-1"), (#""ab-0""#, #""AB/0""#), (#""finished""#, #""odd""#),
            (#""width":1"#, #""width":65536"#), (#""name":"x""#, #""name":"""#),
        ] {
            let text = good.replacingOccurrences(of: part, with: wrong)
            #expect(throws: (any Error).self, "\(wrong)") {
                try JSONDecoder().decode(VideoRecord.self, from: Data(text.utf8))
            }
        }
    }

    @Test func bitratesOfFilesBeyondTheRangeDoNotTrap() throws {
        let (id, path) = (try #require(VideoID("a")), try #require(MediaPath("a")))
        let record = try #require(
            VideoRecord(id: id, name: "a", path: path, byteCount: .max, durationMilliseconds: 1))
        #expect(record.bitsPerSecond == .max)
    }

    /// RFC 4291, section 2.2, and RFC 6890's ranges.
    @Test func addressesAreRead() throws {
        #expect(NetworkAddress("10.1.2.3")?.bytes == [10, 1, 2, 3])
        #expect(NetworkAddress("::1")?.bytes == [UInt8](repeating: 0, count: 15) + [1])
        #expect(
            NetworkAddress("2001:db8::8:800:200c:417a")?.bytes.prefix(4).elementsEqual([0x20, 1, 0x0D, 0xB8]) == true)
        #expect(NetworkAddress("::ffff:192.0.2.1")?.bytes == [192, 0, 2, 1])
        for text in ["", "1.2.3", "1.2.3.256", "1.2.3.4.5", "1::2::3", "1:2:3:4:5:6:7:8:9", "12345::", "+1.2.3.4", ":"]
        {
            #expect(NetworkAddress(text) == nil, "\(text)")
        }
    }

    @Test func longestPrefixDecides() throws {
        let table = try PrefixTable(
            """
            # a house and its rooms
            10.0.0.0/8 berlin
            10.1.0.0/16 paris berlin   # the annex
            10.1.128.0/17 rome
            2001:db8::/32 paris
            """)
        func nodes(_ text: String) -> [String]? {
            NetworkAddress(text).flatMap { table.match($0) }?.nodes.map(\.description)
        }
        #expect(nodes("10.9.9.9") == ["berlin"])
        #expect(nodes("10.1.1.1") == ["paris", "berlin"])
        #expect(nodes("10.1.200.1") == ["rome"])
        #expect(nodes("2001:db8:1::5") == ["paris"])
        #expect(nodes("192.0.2.1") == nil)
        #expect(throws: PrefixTable.BadLine(number: 2)) { try PrefixTable("10.0.0.0/8 a\n10.0.0.0/33 b") }
    }

    @Test func tokensAreGoodForOneVideoOneNodeAndATime() throws {
        let (a, b) = (try #require(VideoID("a")), try #require(VideoID("b")))
        let (berlin, paris) = (try #require(NodeID("berlin")), try #require(NodeID("paris")))
        let key = Array("0123456789abcdef".utf8)
        let token = PlaybackToken.make(a, berlin, until: 100, key: key)
        #expect(PlaybackToken.isGood(token, a, berlin, atSeconds: 100, key: key))
        #expect(!PlaybackToken.isGood(token, a, berlin, atSeconds: 101, key: key))
        #expect(!PlaybackToken.isGood(token, b, berlin, atSeconds: 1, key: key))
        #expect(!PlaybackToken.isGood(token, a, paris, atSeconds: 1, key: key))
        #expect(!PlaybackToken.isGood(token, a, berlin, atSeconds: 1, key: Array("another key 1234".utf8)))
        #expect(!PlaybackToken.isGood("999" + token, a, berlin, atSeconds: 1, key: key))
        for text in ["", ".", "1.", "x.y", "9223372036854775808.00"] {
            #expect(!PlaybackToken.isGood(text, a, berlin, atSeconds: 1, key: key))
        }
    }

    @Test func signaturesAreGoodForOneRequest() throws {
        let (node, key) = (try #require(NodeID("berlin")), Array("0123456789abcdef".utf8))
        let header = PeerSignature.header(
            .node, node, method: "POST", target: "/x?y=1", body: [1], seconds: 1000, key: key)
        func isGood(
            _ header: String, _ speaker: PeerSignature.Speaker = .node, _ method: String = "POST",
            _ target: String = "/x?y=1", _ body: [UInt8] = [1], _ now: Int64 = 1000
        ) -> Bool {
            PeerSignature.isGood(header, speaker, method: method, target: target, body: body, seconds: now, key: key)
        }
        #expect(isGood(header) && isGood(header, .node, "POST", "/x?y=1", [1], 1060))
        #expect(PeerSignature.node(in: header) == node)
        // A node's signature is none of the centre's: nothing can be sent back to where it came from.
        #expect(!isGood(header, .centre))
        #expect(!isGood(header, .node, "GET") && !isGood(header, .node, "POST", "/x"))
        #expect(!isGood(header, .node, "POST", "/x?y=1", [2]))
        #expect(
            !isGood(header, .node, "POST", "/x?y=1", [1], 1061) && !isGood(header, .node, "POST", "/x?y=1", [1], 900))
        #expect(!isGood(header.replacingOccurrences(of: "berlin", with: "paris")))
        #expect(!isGood("Bulkhead berlin -9223372036854775808 00") && !isGood(""))
    }
}
