import BulkheadRTMP
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(1))) struct ChunkEncoderTests {
    /// The edges of the three basic header forms in Adobe RTMP 1.0, section 5.3.1.1, worked out by hand.
    static let basicHeaders: [(UInt32, [UInt8])] = [
        (2, [0x02]), (63, [0x3F]), (64, [0x00, 0x00]), (319, [0x00, 0xFF]),
        (320, [0x01, 0x00, 0x01]), (65_599, [0x01, 0xFF, 0xFF]),
    ]

    @Test(arguments: basicHeaders)
    func basicHeaderTakesTheShortestForm(id: UInt32, header: [UInt8]) throws {
        var output = ByteBuffer()
        var encoder = ChunkEncoder()
        let message = ControlMessage.acknowledgement(sequenceNumber: 0).message
        try encoder.encode(message, on: #require(ChunkStreamID(id)), into: &output)
        #expect(output.readableBytesView.starts(with: header))
    }

    /// Section 5.3.2.2's example 2: 307 bytes of video on chunk stream 4 become chunks of 128, 128 and 51.
    @Test func longMessageIsSplit() throws {
        var output = ByteBuffer()
        var encoder = ChunkEncoder()
        let payload = ByteBuffer(repeating: 0xAB, count: 307)
        let message = Message(type: .video, streamID: 12346, timestampMilliseconds: 1000, payload: payload)
        try encoder.encode(message, on: #require(ChunkStreamID(4)), into: &output)
        let body = [UInt8](repeating: 0xAB, count: 128)
        let expected: [UInt8] =
            [0x04, 0x00, 0x03, 0xE8, 0x00, 0x01, 0x33, 0x09, 0x3A, 0x30, 0x00, 0x00] + body + [0xC4] + body + [0xC4]
            + body.prefix(51)
        #expect(Array(output.readableBytesView) == expected)
    }

    /// Wherever a payload is divided between the message and what follows it, the chunks are those of the whole.
    @Test func payloadInTwoPartsMakesTheSameChunks() throws {
        let payload = (0..<300).map { UInt8(truncatingIfNeeded: $0) }
        let id = try #require(ChunkStreamID(4))
        func chunks(_ head: ArraySlice<UInt8>, _ rest: ArraySlice<UInt8>) throws -> ByteBuffer {
            var output = ByteBuffer()
            var encoder = ChunkEncoder()
            let message = Message(type: .video, timestampMilliseconds: 0x0100_0000, payload: ByteBuffer(bytes: head))
            try encoder.encode(message, followedBy: Array(rest), on: id, into: &output)
            return output
        }
        let whole = try chunks(payload[...], [])
        for border in [0, 1, 5, 127, 128, 129, 256, 299, 300] {
            #expect(try chunks(payload[..<border], payload[border...]) == whole)
        }
    }

    /// From 0xFFFFFF on the time stands in the extended field, in every chunk of the message (section 5.3.1.3).
    static let extendedTimestamps: [(UInt32, [UInt8], [UInt8])] = [
        (0xFF_FFFE, [0xFF, 0xFF, 0xFE], []),
        (0xFF_FFFF, [0xFF, 0xFF, 0xFF], [0x00, 0xFF, 0xFF, 0xFF]),
        (0x8000_0000, [0xFF, 0xFF, 0xFF], [0x80, 0x00, 0x00, 0x00]),
        (0xFFFF_FFFF, [0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0xFF]),
    ]

    @Test(arguments: extendedTimestamps)
    func extendedTimestampIsRepeated(time: UInt32, field: [UInt8], extended: [UInt8]) throws {
        var output = ByteBuffer()
        var encoder = ChunkEncoder()
        let message = Message(
            type: .audio, streamID: 1, timestampMilliseconds: time, payload: ByteBuffer(repeating: 1, count: 129))
        try encoder.encode(message, on: .audio, into: &output)
        let head: [UInt8] = [5] + field + [0, 0, 129, 8, 1, 0, 0, 0] + extended
        let expected = head + [UInt8](repeating: 1, count: 128) + [0xC5] + extended + [1]
        #expect(Array(output.readableBytesView) == expected)
    }

    @Test func chunkSizeHoldsFromTheNextMessageOn() throws {
        var output = ByteBuffer()
        var encoder = ChunkEncoder()
        try encoder.encode(ControlMessage.setChunkSize(.standard).message, on: .control, into: &output)
        #expect(Array(output.readableBytesView) == [2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0x10, 0])
        output.clear()
        try encoder.encode(
            Message(type: .audio, payload: ByteBuffer(repeating: 1, count: 4096)), on: .audio, into: &output)
        #expect(output.readableBytes == 12 + 4096)
    }

    @Test func emptyMessageIsOneChunk() throws {
        var output = ByteBuffer()
        var encoder = ChunkEncoder()
        try encoder.encode(Message(type: .audio, streamID: 1, payload: ByteBuffer()), on: .audio, into: &output)
        #expect(Array(output.readableBytesView) == [5, 0, 0, 0, 0, 0, 0, 8, 1, 0, 0, 0])
    }

    @Test func messageBeyondTheLengthFieldIsRefused() {
        var output = ByteBuffer()
        var encoder = ChunkEncoder()
        let message = Message(type: .video, payload: ByteBuffer(repeating: 0, count: 0x100_0000))
        #expect(throws: ChunkError.messageTooLong(byteCount: 0x100_0000, limit: 0xFF_FFFF)) {
            try encoder.encode(message, on: .video, into: &output)
        }
        #expect(output.readableBytes == 0)
    }
}
