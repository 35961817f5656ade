import BulkheadFLV
import BulkheadRTMP
import NIOCore
import Testing

/// All messages in `bytes`, given to a decoder in pieces of `count`.
func messages(in bytes: [UInt8], by count: Int = .max, limits: ChunkLimits = ChunkLimits()) throws -> [Message] {
    var decoder = ChunkDecoder(limits: limits)
    var messages: [Message] = []
    for start in stride(from: 0, to: bytes.count, by: min(count, max(1, bytes.count))) {
        decoder.append(ByteBuffer(bytes: bytes[start..<min(bytes.count, start + min(count, bytes.count))]))
        while let message = try decoder.next() { messages.append(message) }
    }
    return messages
}

@Suite(.timeLimit(.minutes(1))) struct ChunkDecoderTests {
    /// Section 5.3.2.1's example 1: types 0, 2 and 3, with a steady delta of 20 ms.
    static let steadyAudio: [UInt8] =
        [0x03, 0x00, 0x03, 0xE8, 0x00, 0x00, 0x02, 0x08, 0x39, 0x30, 0x00, 0x00, 0xA1, 0xA2]
        + [0x83, 0x00, 0x00, 0x14, 0xB1, 0xB2] + [0xC3, 0xC1, 0xC2] + [0xC3, 0xD1, 0xD2]

    @Test(arguments: [1, 2, 5, 100]) func steadyDeltaIsRepeated(count: Int) throws {
        let found = try messages(in: Self.steadyAudio, by: count)
        #expect(found.map(\.timestampMilliseconds) == [1000, 1020, 1040, 1060])
        #expect(found.allSatisfy { $0.streamID == 12345 && $0.type == .audio })
        #expect(
            found.map { Array($0.payload.readableBytesView) } == [
                [0xA1, 0xA2], [0xB1, 0xB2], [0xC1, 0xC2], [0xD1, 0xD2],
            ])
    }

    /// A type 3 chunk behind a type 0 chunk takes that one's time as its delta (section 5.3.1.2.4).
    @Test func typeThreeBehindTypeZeroRepeatsItsTime() throws {
        let found = try messages(in: [3, 0, 0, 23, 0, 0, 1, 8, 1, 0, 0, 0, 0xAA, 0xC3, 0xBB])
        #expect(found.map(\.timestampMilliseconds) == [23, 46])
    }

    @Test func typeOneChangesLengthAndType() throws {
        let found = try messages(in: [4, 0, 0, 10, 0, 0, 1, 8, 1, 0, 0, 0, 0xAA, 0x44, 0, 0, 5, 0, 0, 2, 9, 0xBB, 0xCC])
        #expect(found.map(\.timestampMilliseconds) == [10, 15])
        #expect(found.map(\.type) == [.audio, .video])
        #expect(found.map(\.streamID) == [1, 1])
    }

    /// Two messages of 130 bytes whose chunks alternate.
    @Test(arguments: [1, 64, 1000]) func chunkStreamsInterleave(count: Int) throws {
        let first = [UInt8](repeating: 1, count: 128)
        let second = [UInt8](repeating: 2, count: 128)
        let bytes: [UInt8] =
            [6, 0, 0, 1, 0, 0, 130, 9, 1, 0, 0, 0] + first + [5, 0, 0, 2, 0, 0, 130, 8, 1, 0, 0, 0] + second
            + [0xC6, 1, 1] + [0xC5, 2, 2]
        let found = try messages(in: bytes, by: count)
        #expect(found.map(\.type) == [.video, .audio])
        #expect(found.map { Set($0.payload.readableBytesView) } == [[1], [2]])
    }

    @Test(arguments: [(UInt32(0xFF_FFFF)), 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF], [1, 1000])
    func extendedTimestampIsRead(time: UInt32, count: Int) throws {
        let extended = (0..<4).map { UInt8(truncatingIfNeeded: time >> (24 - 8 * UInt32($0))) }
        let body = [UInt8](repeating: 7, count: 128)
        let head: [UInt8] = [6, 0xFF, 0xFF, 0xFF, 0, 0, 130, 9, 1, 0, 0, 0]
        // Repeated in the type 3 chunk, as the specification wants it and librtmp does.
        let repeated = try messages(in: head + extended + body + [0xC6] + extended + [7, 7], by: count)
        #expect(repeated.map(\.timestampMilliseconds) == [time])
        #expect(repeated.first?.payload.readableBytes == 130)
        // Left out, as Flash and HaishinKit do.
        let left = try messages(in: head + extended + body + [0xC6, 7, 7], by: count)
        #expect(left == repeated)
        // Kept to 31 bits.
        let masked = [extended[0] & 0x7F] + extended.dropFirst()
        #expect(try messages(in: head + extended + body + [0xC6] + masked + [7, 7], by: count) == repeated)
    }

    @Test func timestampsWrap() throws {
        let found = try messages(
            in: [5, 0xFF, 0xFF, 0xFF, 0, 0, 1, 8, 1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xF0, 1, 0x85, 0, 0, 0x20, 2])
        #expect(found.map(\.timestampMilliseconds) == [0xFFFF_FFF0, 0x10])
    }

    @Test func chunkSizeChangesInTheMiddle() throws {
        let payload = [UInt8](repeating: 3, count: 200)
        let bytes: [UInt8] =
            [2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 200] + [6, 0, 0, 0, 0, 0, 200, 9, 1, 0, 0, 0] + payload
            + [2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 100] + [6, 0, 0, 0, 0, 0, 200, 9, 1, 0, 0, 0]
            + payload.prefix(100) + [0xC6] + payload.prefix(100)
        let found = try messages(in: bytes).filter { $0.type == .video }
        #expect(found.map { Array($0.payload.readableBytesView) } == [payload, payload])
    }

    @Test func abortThrowsTheUnfinishedMessageAway() throws {
        let bytes: [UInt8] =
            [6, 0, 0, 0, 0, 0, 130, 9, 1, 0, 0, 0] + [UInt8](repeating: 1, count: 128)
            + [2, 0, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0, 0, 0, 0, 6] + [6, 0, 0, 0, 0, 0, 1, 9, 1, 0, 0, 0, 5]
        let found = try messages(in: bytes).filter { $0.type == .video }
        #expect(found.map { Array($0.payload.readableBytesView) } == [[5]])
    }

    @Test func threeByteChunkStreamNumbersAreRead() throws {
        // 64 + 0xFF + 256 * 0xFF, then 64 + 2.
        let found = try messages(
            in: [0x01, 0xFF, 0xFF, 0, 0, 1, 0, 0, 0, 8, 1, 0, 0, 0, 0x00, 2, 0, 0, 2, 0, 0, 0, 8, 1, 0, 0, 0])
        #expect(found.map(\.timestampMilliseconds) == [1, 2])
    }

    // MARK: - Other implementations

    @Test(arguments: [1, 13, 4096]) func messagesOfFFmpegAreRead(count: Int) throws {
        let found = try messages(in: Capture.ffmpegPublish, by: count)
        #expect(
            found.map(\.type) == [.command, .setChunkSize, .command, .command, .command, .command, .data, .video])
        let commands = try found.filter { $0.type == .command }.map { try Command($0) }
        #expect(commands.map(\.name) == ["connect", "releaseStream", "FCPublish", "createStream", "publish"])
        #expect(commands.first?.argument(0)?["app"] == "live")
        #expect(commands.last?.arguments == [.null, "ff", "live"])
        #expect(found.last.map { MediaKind($0) } == .videoSequenceHeader)
    }

    @Test(arguments: [1, 4096]) func messagesOfGStreamerAreRead(count: Int) throws {
        let found = try messages(in: Capture.gstreamerPublish, by: count)
        let commands = try found.filter { $0.type == .command }.map { try Command($0) }
        #expect(commands.map(\.name) == ["connect", "releaseStream", "FCPublish", "createStream", "publish"])
        #expect(found.suffix(2).map { MediaKind($0) } == [.metadata, .videoSequenceHeader])
    }

    @Test(arguments: [1, 4096]) func messagesOfRTMPDumpAreRead(count: Int) throws {
        let found = try messages(in: Capture.rtmpdumpPlay, by: count)
        let commands = try found.filter { $0.type == .command }.map { try Command($0) }
        #expect(commands.map(\.name) == ["connect", "createStream", "FCSubscribe", "play", "deleteStream"])
        #expect(found.compactMap { ControlMessage($0) }.contains(.windowAcknowledgementSize(5_000_000)))
    }

    // MARK: - Bounds

    @Test func announcedLengthIsNotAllocated() throws {
        var limits = ChunkLimits()
        limits.messageByteCount = 1000
        #expect(throws: ChunkError.messageTooLong(byteCount: 1001, limit: 1000)) {
            try messages(in: [6, 0, 0, 0, 0, 3, 0xE9, 9, 1, 0, 0, 0], limits: limits)
        }
    }

    @Test func chunkStreamsAreCounted() {
        var limits = ChunkLimits()
        limits.chunkStreamCount = 3
        let bytes = (UInt8(3)...6).flatMap { (id: UInt8) -> [UInt8] in [id, 0, 0, 0, 0, 0, 0, 8, 1, 0, 0, 0] }
        #expect(throws: ChunkError.tooManyChunkStreams(limit: 3)) { try messages(in: bytes, limits: limits) }
    }

    @Test func unfinishedMessagesAreBoundedTogether() {
        var limits = ChunkLimits()
        limits.unfinishedByteCount = 300
        let bytes = (UInt8(3)...6).flatMap { (id: UInt8) -> [UInt8] in
            [id, 0, 0, 0, 0, 1, 0, 8, 1, 0, 0, 0] + [UInt8](repeating: 0, count: 128)
        }
        #expect(throws: ChunkError.tooManyUnfinishedBytes(limit: 300)) { try messages(in: bytes, limits: limits) }
    }

    @Test(arguments: [
        ([0x83, 0, 0, 1] as [UInt8], ChunkError.chunkWithoutPredecessor(chunkStreamID: 3, format: 2)),
        ([0xC3], .chunkWithoutPredecessor(chunkStreamID: 3, format: 3)),
        ([2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0], .invalidControlMessage(.setChunkSize)),
        ([2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0x80, 0, 0, 1], .invalidControlMessage(.setChunkSize)),
        ([2, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0], .invalidControlMessage(.abort)),
        (
            [3, 0, 0, 0, 0, 0, 200, 8, 1, 0, 0, 0] + [UInt8](repeating: 0, count: 128) + [3, 0, 0, 0],
            .messageInterrupted(chunkStreamID: 3)
        ),
    ])
    func nonsenseIsNamed(bytes: [UInt8], error: ChunkError) {
        #expect(throws: error) { try messages(in: bytes) }
        #expect(throws: error) { try messages(in: bytes, by: 1) }
    }

    /// Any bytes give messages or an error, never a trap.
    @Test func randomBytesDoNoHarm() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let count = Int.random(in: 1...400, using: &generator)
            var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            if Bool.random(using: &generator) {
                bytes = Capture.gstreamerPublish
                for _ in 0..<4 { bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255) }
            }
            let found = try? messages(in: bytes)
            for message in found ?? [] where message.type == .command { _ = try? Command(message) }
            #expect((found ?? []).allSatisfy { $0.payload.readableBytes <= bytes.count })
        }
    }
}
