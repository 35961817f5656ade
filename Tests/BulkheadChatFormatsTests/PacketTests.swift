import BulkheadChatFormats
import BulkheadTestSupport
import Testing

private func bytes(_ text: String) -> [UInt8] {
    let digits = text.filter { !$0.isWhitespace }.compactMap { $0.hexDigitValue }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

@Suite(.timeLimit(.minutes(1))) struct STTTests {
    @Test(arguments: [
        ("type@=chatmsg/txt@=hi/", ["type": "chatmsg", "txt": "hi"]), ("a@=x@AS@Sy/", ["a": "x@S/y"]),
        ("a@=1/a@=2/", ["a": "2"]), ("nothing/a@=/@=b/", ["a": "", "": "b"]), ("a@=@Q@/", ["a": "@Q@"]), ("", [:]),
        ("a@=l@AA=m/", ["a": "l@A=m"]),
        // Marks that combine with the signs of the protocol.
        ("txt@=\u{301}hi/\u{301}b@=@S\u{301}/", ["txt": "\u{301}hi", "\u{301}b": "/\u{301}"]),
    ])
    func pairsAreRead(text: String, pairs: [String: String]) { #expect(STT.read(text) == pairs) }

    @Test func whatIsWrittenIsReadBack() {
        for value in ["a/b", "@", "@S", "@A/S@", "弹幕/@=", "", "@AS"] {
            #expect(STT.read(STT.write([("key/", value), ("type", "x")])) == ["key/": value, "type": "x"])
        }
    }

    /// A list in a pair: its entries are escaped once more.
    @Test func listsNest() {
        let inner = STT.write([("id", "1"), ("n", "a/b")])
        let list = [inner, "plain"].map { STT.write([("k", $0)]).dropFirst(3) }.joined()
        let outer = STT.write([("list", list)])
        let read = STT.read(outer)["list"] ?? ""
        #expect(STT.list(read) == [inner, "plain"])
        #expect(STT.read(STT.list(read)[0])["n"] == "a/b")
    }
}

@Suite(.timeLimit(.minutes(1))) struct DouyuPacketTests {
    @Test func aHeartbeatIsTheProtocols() {
        #expect(
            DouyuPackets.packet("type@=mrkl/")
                == bytes("14000000 14000000 b102 00 00 74797065403d6d726b6c2f 00"))
    }

    @Test func textsAreTheSameHoweverTheyAreCut() throws {
        let stream = ["type@=loginres/", "type@=chatmsg/txt@=弹幕/", ""].flatMap { DouyuPackets.packet($0) }
        for size in 1...stream.count {
            var packets = DouyuPackets()
            var texts: [String] = []
            for start in stride(from: 0, to: stream.count, by: size) {
                try packets.take(stream[start..<min(start + size, stream.count)]) { texts.append($0) }
            }
            #expect(texts == ["type@=loginres/", "type@=chatmsg/txt@=弹幕/", ""])
        }
    }

    @Test(arguments: [8, 0, (1 << 20) + 1, 1 << 31]) func lengthsThatCanNotBeAreRefused(length: Int) {
        var packets = DouyuPackets()
        let four = (0..<4).map { UInt8(length >> (8 * $0) & 0xFF) }
        #expect(throws: ChatFormatError.packetLength(length)) {
            try packets.take(four + four + [0xB2, 2, 0, 0]) { _ in }
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct BilibiliPacketTests {
    private static func none(_: [UInt8], _: Int) -> [UInt8]? { nil }

    @Test func aHeartbeatIsTheProtocols() {
        #expect(BilibiliPacket(.heartbeat).bytes == bytes("00000010 0010 0001 00000002 00000001"))
    }

    @Test func severalInAFrameAreRead() throws {
        let frame =
            BilibiliPacket(.authReply, body: Array("{}".utf8)).bytes + BilibiliPacket(.message, body: [1, 2]).bytes
        let packets = try BilibiliPacket.read(frame, unpack: Self.none)
        #expect(
            packets == [BilibiliPacket(.authReply, body: Array("{}".utf8)), BilibiliPacket(.message, body: [1, 2])])
    }

    /// The client's own heartbeat comes back behind the stated length.
    @Test func theEchoOfAHeartbeatIsPassedOver() throws {
        let frame = bytes("00000014 0010 0001 00000003 00000001 00000007") + Array("[object Object]".utf8)
        let packets = try BilibiliPacket.read(frame, unpack: Self.none)
        #expect(packets == [BilibiliPacket(.heartbeatReply, body: [0, 0, 0, 7])])
    }

    @Test func aPackedBodyHoldsPackets() throws {
        let inner = BilibiliPacket(.message, body: [1]).bytes + BilibiliPacket(.message, body: [2]).bytes
        let frame = bytes("00000012 0010 0002 00000005 00000001 AABB")
        let packets = try BilibiliPacket.read(frame) { body, limit in
            #expect(body == [0xAA, 0xBB] && limit == BilibiliPacket.longest)
            return inner
        }
        #expect(packets.map(\.body) == [[1], [2]])
        // Packed twice, or not to be unpacked.
        #expect(throws: ChatFormatError.compressed) { try BilibiliPacket.read(frame) { _, _ in frame } }
        #expect(throws: ChatFormatError.compressed) { try BilibiliPacket.read(frame, unpack: Self.none) }
    }

    @Test func operationsOfANewerVersionArePassedOver() throws {
        let frame = bytes("00000010 0010 0001 000000FF 00000001") + BilibiliPacket(.message).bytes
        #expect(try BilibiliPacket.read(frame, unpack: Self.none) == [BilibiliPacket(.message)])
    }

    @Test(arguments: ["0000000F 0010 0001 00000005 00000001", "00000011 0010 0001 00000005 00000001", "0000"])
    func lengthsThatCanNotBeAreRefused(text: String) {
        #expect(throws: ChatFormatError.self) { try BilibiliPacket.read(bytes(text), unpack: Self.none) }
    }

    @Test func aHeadOfAnotherLengthIsRefused() {
        #expect(throws: ChatFormatError.packetHeader(18)) {
            try BilibiliPacket.read(bytes("00000012 0012 0001 00000005 00000001 0000"), unpack: Self.none)
        }
    }

    @Test(arguments: 1...4) func hostileFramesNeverTrap(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            var frame = (0..<3).flatMap { _ in BilibiliPacket(.message, body: [1, 2, 3]).bytes }
            for _ in 0..<4 {
                frame[Int.random(in: 0..<frame.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            _ = try? BilibiliPacket.read(frame) { body, _ in body }
        }
    }
}
