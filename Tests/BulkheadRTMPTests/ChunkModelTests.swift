import BulkheadRTMP
import BulkheadTestSupport
import NIOCore
import Testing

/// Our reader against a writer by the specification, and our writer against our reader.
@Suite(.timeLimit(.minutes(1))) struct ChunkModelTests {
    private static func read(_ bytes: [UInt8], _ piece: () -> Int) throws -> [Message] {
        var decoder = ChunkDecoder()
        var messages: [Message] = []
        var position = 0
        while position < bytes.count {
            let end = min(bytes.count, position + piece())
            decoder.append(ByteBuffer(bytes: bytes[position..<end]))
            position = end
            while let message = try decoder.next() { messages.append(message) }
        }
        return messages
    }

    private static func payload(_ random: inout SeededGenerator, upTo limit: Int) -> ByteBuffer {
        let count = [0, 1, 127, 128, 129, Int.random(in: 0...limit, using: &random)][
            Int.random(in: 0..<6, using: &random)]
        // Not all bytes alike, and never such that payload could pass for an extended timestamp.
        return ByteBuffer(bytes: (0..<count).map { _ in UInt8.random(in: 0x40...0x7F, using: &random) })
    }

    /// Messages of several chunk streams in all four forms, interleaved chunk by chunk, with chunk sizes that change.
    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64], [false, true])
    func everyFormIsReadInAnyOrder(seed: UInt64, isLate: Bool) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2 {
            var writer = ReferenceChunkWriter()
            let lanes: [UInt32] = [3, 5, 63, 64, 65, 319, 320, 65_599]
            var times: [UInt32: UInt32] = [:]
            // Far into a broadcast, timestamps need the extended field, and wrap.
            for lane in lanes { times[lane] = isLate ? .max - UInt32.random(in: 0...2000, using: &random) : 0 }
            let types: [MessageType] = [.audio, .video, .data, .command]
            for _ in 0..<40 {
                let lane = lanes[Int.random(in: lanes.indices, using: &random)]
                let step = [0, 20, 20, 20, 23, 40, 0x100_0000][Int.random(in: 0..<7, using: &random)]
                let time = (times[lane] ?? 0) &+ UInt32(step)
                times[lane] = time
                writer.queue(
                    Message(
                        type: types[Int.random(in: 0..<4, using: &random)],
                        streamID: [0, 1, 1, 1, 0x0102_0304][Int.random(in: 0..<5, using: &random)],
                        timestampMilliseconds: time, payload: Self.payload(&random, upTo: 600)), on: lane)
                if Int.random(in: 0..<12, using: &random) == 0,
                    let size = ChunkSize(UInt32.random(in: 1...5000, using: &random))
                {
                    writer.queue(ControlMessage.setChunkSize(size).message, on: 2)
                }
            }
            while let lane = writer.waiting.randomElement(using: &random) {
                writer.writeChunk(on: lane, form: UInt8.random(in: 0...3, using: &random))
            }
            #expect(try Self.read(writer.bytes) { 1 } == writer.finished)
            #expect(try Self.read(writer.bytes) { Int.random(in: 1...700, using: &random) } == writer.finished)
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func whatIsWrittenIsRead(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var encoder = ChunkEncoder()
        var output = ByteBuffer()
        var messages: [Message] = []
        for _ in 0..<100 {
            var message = Message(
                type: [.audio, .video, .data, .command][Int.random(in: 0..<4, using: &random)],
                streamID: UInt32.random(in: 0...5, using: &random),
                timestampMilliseconds: [0, 0xFF_FFFE, 0xFF_FFFF, 0x100_0000, .max][
                    Int.random(in: 0..<5, using: &random)],
                payload: Self.payload(&random, upTo: 10_000))
            if Int.random(in: 0..<20, using: &random) == 0,
                let size = ChunkSize(UInt32.random(in: 1...9000, using: &random))
            {
                message = ControlMessage.setChunkSize(size).message
            }
            let id = try #require(ChunkStreamID([2, 3, 6, 64, 400][Int.random(in: 0..<5, using: &random)]))
            try encoder.encode(message, on: id, into: &output)
            messages.append(message)
        }
        #expect(try Self.read(Array(output.readableBytesView)) { 4096 } == messages)
    }

    /// With any byte changed, a stream is messages or an error; nothing traps, and no more comes out than went in.
    @Test(arguments: [7, 8] as [UInt64]) func changedStreamsDoNoHarm(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var writer = ReferenceChunkWriter()
        for index in 0..<12 as Range<UInt32> {
            writer.queue(
                Message(
                    type: .video, streamID: 1, timestampMilliseconds: index * 0x80_0000,
                    payload: Self.payload(&random, upTo: 200)),
                on: 4 + index % 3)
        }
        while let lane = writer.waiting.randomElement(using: &random) {
            writer.writeChunk(on: lane, form: UInt8.random(in: 0...3, using: &random))
        }
        var errors = 0
        for index in writer.bytes.indices {
            var bytes = writer.bytes
            bytes[index] ^= UInt8.random(in: 1...255, using: &random)
            do {
                let messages = try Self.read(bytes) { 64 }
                #expect(messages.reduce(0) { $0 + $1.payload.readableBytes } <= bytes.count)
            } catch let error as ChunkError {
                errors += 1
                #expect(!error.description.isEmpty)
            }
        }
        #expect(errors > 10)
    }
}

/// Adobe RTMP 1.0, sections 5.4 and 7.1.7, byte by byte.
@Suite(.timeLimit(.minutes(1))) struct ControlMessageTests {
    static let rows: [(ControlMessage, MessageType, [UInt8])] = [
        (.abort(chunkStreamID: 7), .abort, [0, 0, 0, 7]),
        (.acknowledgement(sequenceNumber: 0xFFFF_FFFE), .acknowledgement, [0xFF, 0xFF, 0xFF, 0xFE]),
        (.windowAcknowledgementSize(2_500_000), .windowAcknowledgementSize, [0x00, 0x26, 0x25, 0xA0]),
        (.setPeerBandwidth(2_500_000, .hard), .setPeerBandwidth, [0x00, 0x26, 0x25, 0xA0, 0]),
        (.setPeerBandwidth(1, .soft), .setPeerBandwidth, [0, 0, 0, 1, 1]),
        (.setPeerBandwidth(1, .dynamic), .setPeerBandwidth, [0, 0, 0, 1, 2]),
        (.userControl(.streamBegin(1)), .userControl, [0, 0, 0, 0, 0, 1]),
        (.userControl(.streamEnd(1)), .userControl, [0, 1, 0, 0, 0, 1]),
        (.userControl(.streamDry(1)), .userControl, [0, 2, 0, 0, 0, 1]),
        (
            .userControl(.setBufferLength(1, milliseconds: 3000)), .userControl,
            [0, 3, 0, 0, 0, 1, 0x00, 0x00, 0x0B, 0xB8]
        ),
        (.userControl(.streamIsRecorded(1)), .userControl, [0, 4, 0, 0, 0, 1]),
        (.userControl(.ping(0x0102_0304)), .userControl, [0, 6, 1, 2, 3, 4]),
        (.userControl(.pong(0x0102_0304)), .userControl, [0, 7, 1, 2, 3, 4]),
    ]

    @Test(arguments: rows) func bytesAreThoseOfTheSpecification(
        message: ControlMessage, type: MessageType, bytes: [UInt8]
    ) {
        #expect(message.message == Message(type: type, payload: ByteBuffer(bytes: bytes)))
        #expect(ControlMessage(message.message) == message)
    }

    @Test func chunkSizeHasNoFirstBit() throws {
        func size(_ bytes: [UInt8]) -> ControlMessage? {
            ControlMessage(Message(type: .setChunkSize, payload: ByteBuffer(bytes: bytes)))
        }
        let standard = try #require(ChunkSize(4096))
        #expect(size([0, 0, 0x10, 0]) == .setChunkSize(standard))
        #expect(
            size([0, 0, 0, 0]) == nil && size([0x80, 0, 0, 1]) == nil && size([0, 0, 1]) == nil && size([]) == nil)
        // 5.4.1: no message is longer than 16,777,215 bytes, so that larger sizes are the same.
        #expect(size([0x7F, 0xFF, 0xFF, 0xFF]) == ChunkSize(0xFF_FFFF).map { .setChunkSize($0) })
    }

    /// A message that is cut short is none, but for what servers leave out.
    @Test(arguments: rows) func cutMessagesAreNone(message: ControlMessage, type: MessageType, bytes: [UInt8]) {
        for length in bytes.indices {
            let cut = ControlMessage(Message(type: type, payload: ByteBuffer(bytes: bytes[..<length])))
            switch type {
            case .userControl:
                #expect(length >= 2 || cut == nil)
                if (2..<6).contains(length) { #expect(cut == .userControl(.other(type: UInt16(bytes[1])))) }
            case .setPeerBandwidth: #expect((cut == nil) == (length < 4))
            default: #expect(cut == nil)
            }
        }
    }

    @Test func otherEventsAndTypesArePassedOver() {
        func user(_ bytes: [UInt8]) -> ControlMessage? {
            ControlMessage(Message(type: .userControl, payload: ByteBuffer(bytes: bytes)))
        }
        #expect(user([0, 31, 0, 0, 0, 1]) == .userControl(.other(type: 31)))
        #expect(user([0, 5, 0, 0, 0, 1]) == .userControl(.other(type: 5)))
        #expect(ControlMessage(Message(type: .video, payload: ByteBuffer(bytes: [0, 0, 0, 1]))) == nil)
        let strange = Message(type: .setPeerBandwidth, payload: ByteBuffer(bytes: [0, 0, 0, 1, 9]))
        #expect(ControlMessage(strange) == .setPeerBandwidth(1, .dynamic))
    }

    @Test(arguments: [(1, nil), (0, nil), (2, 2), (65_599, 65_599), (65_600, nil)] as [(UInt32, UInt32?)])
    func chunkStreamsHaveNumbersFromTwoOn(number: UInt32, expected: UInt32?) {
        #expect(ChunkStreamID(number)?.rawValue == expected)
    }

    // MARK: time

    /// Steps of up to 24 days either way are followed over any number of wraps.
    @Test(arguments: [1, 2, 3] as [UInt64]) func timestampsAreFollowedOverTheWrap(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var unwrapper = TimestampUnwrapper()
        var time = Int64(UInt32.random(in: 0 ... .max, using: &random))
        #expect(unwrapper.milliseconds(of: UInt32(truncatingIfNeeded: time)) == time)
        for _ in 0..<3000 {
            time += Int64.random(in: -1_000_000_000...2_000_000_000, using: &random)
            #expect(unwrapper.milliseconds(of: UInt32(truncatingIfNeeded: time)) == time)
        }
    }
}
