import BulkheadRTMP
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(1))) struct HandshakeTests {
    @Test func digestOfFFmpegIsFound() throws {
        let found = try #require(HandshakeDigest.find(in: Capture.ffmpegC1))
        #expect(
            Capture.ffmpegC1[HandshakeDigest.range(in: Capture.ffmpegC1, at: found.place)].elementsEqual(found.digest))
    }

    /// nginx answers at the client's place, with the server's key in S1 and the client's digest in S2.
    @Test func digestsOfNginxAreWhatWeWouldWrite() throws {
        let (digest, place) = try #require(HandshakeDigest.find(in: Capture.ffmpegC1))
        var signed = Capture.nginxS1
        signed.replaceSubrange(HandshakeDigest.range(in: signed, at: place), with: [UInt8](repeating: 0, count: 32))
        HandshakeDigest.sign(&signed, at: place)
        #expect(signed == Capture.nginxS1)
        let body = Array(Capture.nginxS2.dropLast(32))
        #expect(HandshakeDigest.response(to: digest, body: body) == Array(Capture.nginxS2.suffix(32)))
    }

    @Test(arguments: [1, 7, 1536, 1537, 4000])
    func serverAnswersFFmpegInAnySplit(pieceByteCount: Int) throws {
        var handshake = ServerHandshake()
        let answer = try #require(try Self.answer(of: &handshake, to: [3] + Capture.ffmpegC1, by: pieceByteCount))
        #expect(answer.count == 3073 && answer.first == 3)
        let place = try #require(HandshakeDigest.find(in: Capture.ffmpegC1)?.place)
        let first = Array(answer[1...1536])
        #expect(first[4] != 0)
        #expect(
            HandshakeDigest.digest(of: first, at: place, key: HandshakeDigest.serverKey)
                == Array(first[HandshakeDigest.range(in: first, at: place)]))
        // C2 and the first bytes of a chunk behind it.
        var rest = ByteBuffer(repeating: 9, count: 1536 + 5)
        #expect(try handshake.receive(&rest) == .finished)
        #expect(rest.readableBytes == 5)
    }

    @Test func digestInTheFirstHalfIsFoundToo() {
        var part = [UInt8](repeating: 0, count: 1536)
        part.replaceSubrange(4..<12, with: [10, 0, 12, 1, 255, 255, 200, 20])
        // The four offset bytes give 730, modulo 728 2: behind them, at 12 + 2.
        #expect(HandshakeDigest.range(in: part, at: .first) == 14..<46)
        let digest = HandshakeDigest.digest(of: part, at: .first, key: HandshakeDigest.playerKey)
        part.replaceSubrange(14..<46, with: digest)
        #expect(HandshakeDigest.find(in: part)?.place == .first)
        part[1000] = 1
        #expect(HandshakeDigest.find(in: part) == nil)
    }

    @Test func simpleClientGetsItsOwnBytesBack() throws {
        let opening: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 0] + (0..<1528).map { UInt8(truncatingIfNeeded: $0 * 7) }
        var handshake = ServerHandshake()
        let answer = try #require(try Self.answer(of: &handshake, to: [3] + opening, by: 100))
        #expect(Array(answer[5..<9]) == [0, 0, 0, 0])
        #expect(Array(answer[1537...]) == opening)
    }

    @Test(arguments: [1, 100, 3073, 5000])
    func clientEchoesWhateverTheServerSends(pieceByteCount: Int) throws {
        var generator = SystemRandomNumberGenerator()
        var handshake = ClientHandshake(using: &generator)
        #expect(handshake.opening.readableBytes == 1537)
        #expect(handshake.opening.getBytes(at: 0, length: 9) == [3, 0, 0, 0, 0, 0, 0, 0, 0])
        // nginx's S2 answers another C1 than ours: that is no failure. Two bytes of a chunk come along.
        let incoming = [3] + Capture.nginxS1 + Capture.nginxS2 + [2, 0]
        var echo: ByteBuffer?
        var rest = ByteBuffer()
        for start in stride(from: 0, to: incoming.count, by: pieceByteCount) {
            rest.writeBytes(incoming[start..<min(incoming.count, start + pieceByteCount)])
            if let answer = try echo == nil ? handshake.receive(&rest) : nil { echo = answer }
        }
        #expect(echo == ByteBuffer(bytes: Capture.nginxS1))
        #expect(rest.readableBytes == 2)
    }

    @Test(arguments: [UInt8(0x48), 0x16, 6, 0]) func otherProtocolsAreRefused(byte: UInt8) {
        var generator = SystemRandomNumberGenerator()
        var client = ClientHandshake(using: &generator)
        var server = ServerHandshake()
        var bytes = ByteBuffer(bytes: [byte])
        #expect(throws: HandshakeError.unknownVersion(byte)) { try client.receive(&bytes) }
        bytes = ByteBuffer(bytes: [byte])
        #expect(throws: HandshakeError.unknownVersion(byte)) { try server.receive(&bytes) }
    }

    private static func answer(
        of handshake: inout ServerHandshake, to bytes: [UInt8], by count: Int
    ) throws -> [UInt8]? {
        for start in stride(from: 0, to: bytes.count, by: count) {
            var piece = ByteBuffer(bytes: bytes[start..<min(bytes.count, start + count)])
            if case .answer(let answer) = try handshake.receive(&piece) { return Array(answer.readableBytesView) }
        }
        return nil
    }
}
