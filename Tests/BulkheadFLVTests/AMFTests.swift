import BulkheadFLV
import NIOCore
import Testing

private func decode(_ bytes: [UInt8]) throws -> AMF0Value {
    var buffer = ByteBuffer(bytes: bytes)
    var decoder = AMF0Decoder()
    let value = try decoder.decode(from: &buffer)
    #expect(buffer.readableBytes == 0)
    return value
}

@Suite(.timeLimit(.minutes(1))) struct AMFTests {
    /// Worked out by hand from Adobe AMF 0, sections 2.2 to 2.18; doubles from IEEE 754.
    static let values: [([UInt8], AMF0Value)] = [
        ([0x00, 0x3F, 0xF0, 0, 0, 0, 0, 0, 0], .number(1)),
        ([0x00, 0xC0, 0x9F, 0x40, 0, 0, 0, 0, 0], .number(-2000)),
        ([0x01, 0x01], .boolean(true)),
        ([0x01, 0x00], .boolean(false)),
        ([0x02, 0x00, 0x04, 0x6C, 0x69, 0x76, 0x65], .string("live")),
        ([0x02, 0x00, 0x00], .string("")),
        ([0x02, 0x00, 0x02, 0xC3, 0xA9], .string("é")),
        ([0x05], .null),
        ([0x06], .undefined),
        ([0x03, 0, 1, 0x61, 0x05, 0, 1, 0x62, 0x01, 1, 0, 0, 9], .object(["a": .null, "b": true])),
        ([0x08, 0, 0, 0, 1, 0, 1, 0x61, 0x05, 0, 0, 9], .ecmaArray(["a": .null])),
        ([0x0A, 0, 0, 0, 2, 0x05, 0x06], .strictArray([.null, .undefined])),
        ([0x0B, 0x42, 0x76, 0, 0, 0, 0, 0, 0, 0, 0], .date(0x160_0000_0000)),
        ([0x0F, 0, 0, 0, 1, 0x3C], .xmlDocument("<")),
        ([0x10, 0, 1, 0x43, 0, 1, 0x61, 0x05, 0, 0, 9], .typedObject(className: "C", ["a": .null])),
    ]

    @Test(arguments: values) func valueIsReadAndWritten(bytes: [UInt8], value: AMF0Value) throws {
        #expect(try decode(bytes) == value)
        var output = ByteBuffer()
        output.writeAMF0(value)
        #expect(Array(output.readableBytesView) == bytes)
        for length in 0..<bytes.count { #expect(throws: AMFError.truncated) { try decode(Array(bytes[..<length])) } }
    }

    @Test func arrayCountIsAHintOnly() throws {
        // FFmpeg and others state another number than there is.
        #expect(try decode([0x08, 0, 0, 0, 9, 0, 1, 0x61, 0x05, 0, 0, 9]) == .ecmaArray(["a": .null]))
    }

    @Test func longStringIsUsedBeyond65535Bytes() throws {
        let text = String(repeating: "x", count: 65_536)
        var output = ByteBuffer()
        output.writeAMF0(.string(text))
        #expect(output.getBytes(at: 0, length: 5) == [0x0C, 0, 1, 0, 0])
        #expect(try decode(Array(output.readableBytesView)) == .string(text))
    }

    @Test func depthAndNumberAreBounded() {
        let nested = [UInt8](repeating: 0, count: 0) + (0..<20).flatMap { _ in [0x0A, 0, 0, 0, 1] as [UInt8] }
        #expect(throws: AMFError.nestedTooDeeply(limit: 16)) { try decode(nested + [5]) }
        #expect(throws: AMFError.tooManyValues(limit: 4096)) { try decode([0x0A, 0xFF, 0xFF, 0xFF, 0xFF]) }
        let wide = [0x0A, 0, 0, 0x10, 0] + [UInt8](repeating: 5, count: 4096)
        #expect(throws: AMFError.tooManyValues(limit: 4096)) { try decode(wide) }
    }

    @Test(arguments: [UInt8(0x04), 0x09, 0x0E, 0x12, 0xFF]) func unknownTypeIsNamed(marker: UInt8) {
        #expect(throws: AMFError.unknownMarker(marker)) { try decode([marker, 0, 0]) }
    }

    /// Objects and arrays count from 0 in the order in which they begin (Adobe AMF 0, section 2.9).
    @Test func referencesToObjectsAreFollowed() throws {
        let object: [UInt8] = [0x03, 0, 1, 0x61, 0x05, 0, 0, 9]
        #expect(
            try decode([0x0A, 0, 0, 0, 2] + object + [0x07, 0, 1])
                == .strictArray([.object(["a": .null]), .object(["a": .null])]))
        // To one that is not there, to one that holds the reference, and cut short.
        #expect(throws: AMFError.danglingReference(5)) { try decode([0x0A, 0, 0, 0, 1, 0x07, 0, 5]) }
        #expect(throws: AMFError.danglingReference(0)) { try decode([0x0A, 0, 0, 0, 1, 0x07, 0, 0]) }
        #expect(throws: AMFError.truncated) { try decode([0x07, 0]) }
    }

    /// Arrays of two references to the one before double with each step.
    @Test func referencesToObjectsCostWhatTheyRepeat() {
        var bytes: [UInt8] = [0x0A, 0, 0, 0, 20, 0x0A, 0, 0, 0, 2, 5, 5]
        for step in UInt8(1)..<20 { bytes += [0x0A, 0, 0, 0, 2, 0x07, 0, step, 0x07, 0, step] }
        #expect(throws: AMFError.tooManyValues(limit: 4096)) { try decode(bytes) }
    }

    /// Behind 0x11 stands AMF 3. Worked out by hand from Adobe AMF 3, section 3; integers from section 1.3.1's table.
    static let switched: [([UInt8], AMF0Value)] = [
        ([0x01], .null),
        ([0x03], .boolean(true)),
        ([0x04, 0x7F], .number(127)),
        ([0x04, 0x81, 0x00], .number(128)),
        ([0x04, 0xFF, 0x7F], .number(16383)),
        ([0x04, 0xFF, 0xFF, 0xFF, 0xFF], .number(-1)),
        ([0x04, 0xC0, 0x80, 0x80, 0x00], .number(-268_435_456)),
        ([0x05, 0x3F, 0xF0, 0, 0, 0, 0, 0, 0], .number(1)),
        ([0x06, 0x07, 0x61, 0x62, 0x63], .string("abc")),
        // An array of "a" and a reference to "a".
        ([0x09, 0x05, 0x01, 0x06, 0x03, 0x61, 0x06, 0x00], .strictArray(["a", "a"])),
        // A dynamic object without a class: code = "x".
        ([0x0A, 0x0B, 0x01, 0x09, 0x63, 0x6F, 0x64, 0x65, 0x06, 0x03, 0x78, 0x01], .object(["code": "x"])),
        // An object with one sealed member.
        ([0x0A, 0x13, 0x01, 0x03, 0x61, 0x02], .object(["a": false])),
    ]

    @Test(arguments: switched) func switchToAMF3IsFollowed(bytes: [UInt8], value: AMF0Value) throws {
        #expect(try decode([0x11] + bytes) == value)
        for length in 0..<bytes.count {
            #expect(throws: AMFError.truncated) { try decode([0x11] + bytes[..<length]) }
        }
    }

    /// Two arrays, each ten deep; the second holds the first once more.
    @Test func referencesGoAsDeepAsWhatTheyRepeat() {
        let nested = [[UInt8]](repeating: [0x09, 0x03, 0x01], count: 10).flatMap { $0 }
        let bytes: [UInt8] = [0x11, 0x09, 0x05, 0x01] + nested + [0x01] + nested + [0x09, 0x04]
        #expect(throws: AMFError.nestedTooDeeply(limit: 16)) { try decode(bytes) }
    }

    /// References to references double with each step: 20 steps would stand for a million values.
    @Test func referencesCostWhatTheyRepeat() {
        var bytes: [UInt8] = [0x11, 0x09, 0x29, 0x01] + [0x09, 0x05, 0x01, 0x01, 0x01]
        for step in 1..<20 { bytes += [0x09, 0x05, 0x01] + [0x09, UInt8(step * 2), 0x09, UInt8(step * 2)] }
        #expect(throws: AMFError.tooManyValues(limit: 4096)) { try decode(bytes) }
        #expect(throws: AMFError.danglingReference(5)) { try decode([0x11, 0x09, 0x0A]) }
        #expect(throws: AMFError.danglingReference(3)) { try decode([0x11, 0x06, 0x06]) }
    }

    @Test func randomBytesDoNoHarm() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<5000 {
            let bytes = (0..<Int.random(in: 1...60)).map { _ in UInt8.random(in: 0...0x12, using: &generator) }
            var buffer = ByteBuffer(bytes: bytes)
            var decoder = AMF0Decoder()
            _ = try? decoder.decodeAll(from: &buffer)
            #expect(buffer.readableBytes <= bytes.count)
        }
    }
}
