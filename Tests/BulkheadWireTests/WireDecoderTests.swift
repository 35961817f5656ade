import BulkheadTestSupport
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(1))) struct WireDecoderTests {
    private static func stream() throws -> (frames: [WireFrame], bytes: [UInt8]) {
        let frames = try Messages.all().map(\.frame)
        return (frames, frames.flatMap(\.bytes))
    }

    private static func frames(of decoder: inout WireDecoder) throws -> [WireFrame] {
        var frames: [WireFrame] = []
        while let frame = try decoder.next() { frames.append(frame) }
        return frames
    }

    @Test func messagesArriveWhole() throws {
        let (frames, bytes) = try Self.stream()
        var decoder = WireDecoder()
        decoder.append(bytes)
        #expect(try Self.frames(of: &decoder) == frames)
        #expect(decoder.pendingByteCount == 0)
    }

    @Test func messagesArriveByteByByte() throws {
        let (frames, bytes) = try Self.stream()
        var decoder = WireDecoder()
        var came: [WireFrame] = []
        for byte in bytes {
            decoder.append([byte])
            if let frame = try decoder.next() { came.append(frame) }
        }
        #expect(came == frames)
        #expect(decoder.pendingByteCount == 0)
    }

    @Test func messagesArriveInPiecesOfAnySize() throws {
        let (frames, bytes) = try Self.stream()
        var random = SeededGenerator(seed: 11)
        for _ in 0..<20 {
            var decoder = WireDecoder()
            var came: [WireFrame] = []
            var position = 0
            while position < bytes.count {
                let count = min(bytes.count - position, Int.random(in: 1...70_000, using: &random))
                decoder.append(Array(bytes[position..<position + count]))
                position += count
                came += try Self.frames(of: &decoder)
            }
            #expect(came == frames)
        }
    }

    @Test func longMessageArrivesInPieces() throws {
        let payload = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 / 3) }
        let frames = [WireFrame(type: 0x21, payload: payload), WireFrame(type: 0x23, payload: [])]
        let bytes = frames.flatMap(\.bytes)
        var decoder = WireDecoder()
        var came: [WireFrame] = []
        for start in stride(from: 0, to: bytes.count, by: 65_536) {
            decoder.append(Array(bytes[start..<min(start + 65_536, bytes.count)]))
            came += try Self.frames(of: &decoder)
        }
        #expect(came == frames)
    }

    @Test func halfAMessageIsNone() throws {
        let bytes = Hello(role: .source, pid: 1).frame.bytes
        var decoder = WireDecoder()
        decoder.append(Array(bytes.dropLast()))
        #expect(try decoder.next() == nil)
        #expect(decoder.pendingByteCount == bytes.count - 1)
    }

    @Test func lengthsAndFlagsAreCheckedBeforeThePayloadComes() throws {
        var tooLong = WireDecoder()
        tooLong.append([1, 0, 0, 2, 0x21, 0, 0, 0])
        #expect(throws: WireError.payloadTooLong(byteCount: 33_554_433)) { try tooLong.next() }
        var longest = WireDecoder()
        longest.append([0, 0, 0, 2, 0x21, 0, 0, 0])
        #expect(try longest.next() == nil)
        for (low, high) in [(2, 0), (3, 0), (0, 1), (255, 255)] as [(UInt8, UInt8)] {
            var flagged = WireDecoder()
            flagged.append([0, 0, 0, 0, 0x23, 0, low, high])
            #expect(throws: WireError.unknownFlags(UInt16(high) << 8 | UInt16(low))) { try flagged.next() }
        }
    }

    @Test func randomStreamsNeverTrap() {
        var random = SeededGenerator(seed: 5)
        var errors = 0
        for _ in 0..<5000 {
            var decoder = WireDecoder()
            do {
                for _ in 0..<8 {
                    decoder.append(
                        (0..<Int.random(in: 0...40, using: &random)).map { _ in
                            .random(in: 0...255, using: &random) & .random(in: 0...255, using: &random)
                        })
                    while try decoder.next() != nil {}
                }
            } catch { errors += 1 }
        }
        #expect(errors > 1000)
    }
}
