import BulkheadFLV
import BulkheadTestSupport
import NIOCore
import Testing

/// Values of Adobe AMF 0 of any shape.
@Suite(.timeLimit(.minutes(1))) struct AMFRoundTripTests {
    private static func text(_ random: inout SeededGenerator) -> String {
        let pieces = ["a", "code", "é", "中文", "🎥", "\0", " ", ""]
        return (0..<Int.random(in: 0...4, using: &random)).map { _ in pieces[Int.random(in: 0..<8, using: &random)] }
            .joined()
    }

    private static func object(_ random: inout SeededGenerator, depth: Int) -> AMF0Object {
        var object = AMF0Object()
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            object.append(text(&random), value(&random, depth: depth + 1))
        }
        return object
    }

    /// Any value; below five levels only plain ones.
    private static func value(_ random: inout SeededGenerator, depth: Int = 0) -> AMF0Value {
        switch Int.random(in: 0..<(depth < 5 ? 12 : 8), using: &random) {
        case 0: .number(Double(Int.random(in: -100_000...100_000, using: &random)) / 8)
        case 1: .number([0, -0.0, .infinity, 1e308, .leastNonzeroMagnitude][Int.random(in: 0..<5, using: &random)])
        case 2: .boolean(Bool.random(using: &random))
        case 3: .string(text(&random))
        case 4: [.null, .undefined, .unsupported][Int.random(in: 0..<3, using: &random)]
        case 5: .date(Double(Int.random(in: 0...2_000_000_000, using: &random)))
        case 6: .xmlDocument(text(&random))
        case 7: .string(String(repeating: "x", count: Int.random(in: 65_530...65_540, using: &random)))
        case 8: .object(object(&random, depth: depth))
        case 9: .ecmaArray(object(&random, depth: depth))
        case 10: .typedObject(className: text(&random), object(&random, depth: depth))
        default:
            .strictArray(
                (0..<Int.random(in: 0...4, using: &random)).map { _ in value(&random, depth: depth + 1) })
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func everyValueIsReadBack(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let values = (0..<Int.random(in: 1...3, using: &random)).map { _ in Self.value(&random) }
            var bytes = ByteBuffer()
            for value in values { bytes.writeAMF0(value) }
            let length = bytes.readableBytes
            var decoder = AMF0Decoder()
            #expect(try decoder.decodeAll(from: &bytes) == values)
            #expect(bytes.readableBytes == 0 && length > 0)
        }
    }

    /// Cut off anywhere, a value is cut short; with any byte changed, it is a value or an error, and never more than the
    /// bytes could hold.
    @Test(arguments: [4, 5] as [UInt64]) func cutAndChangedValuesAreRefusedOrRead(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<15 {
            var output = ByteBuffer()
            output.writeAMF0(.object(Self.object(&random, depth: 3)))
            let bytes = Array(output.readableBytesView)
            guard bytes.count < 2000 else { continue }
            for length in bytes.indices {
                var cut = ByteBuffer(bytes: bytes[..<length])
                var decoder = AMF0Decoder()
                #expect(throws: AMFError.truncated) { try decoder.decode(from: &cut) }
            }
            for index in bytes.indices {
                var changed = bytes
                changed[index] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
                var buffer = ByteBuffer(bytes: changed)
                var decoder = AMF0Decoder()
                guard let value = try? decoder.decode(from: &buffer) else { continue }
                var again = ByteBuffer()
                again.writeAMF0(value)
                var reader = AMF0Decoder()
                // A NaN is no value that equals itself: the bytes are compared.
                let read = try reader.decode(from: &again)
                var third = ByteBuffer()
                third.writeAMF0(read)
                var second = ByteBuffer()
                second.writeAMF0(value)
                #expect(third == second)
            }
        }
    }

    /// Adobe AMF 0, section 2.5: an object's properties keep their order, and the first of two with one name is found.
    @Test func propertiesKeepTheirOrder() {
        var object: AMF0Object = ["b": 1, "a": 2]
        object.append("b", 3)
        #expect(object.properties.map(\.name) == ["b", "a", "b"] && object["b"] == 1 && object["c"] == nil)
        #expect(AMF0Value.object(object)["a"]?.number == 2)
        #expect(AMF0Value.typedObject(className: "C", object)["a"]?.number == 2)
        #expect(AMF0Value.strictArray([1])["a"] == nil && AMF0Value.null.properties == nil)
        #expect(AMF0Value.string("x").string == "x" && AMF0Value.number(1).string == nil)
        #expect(AMF0Value.boolean(true).number == nil)
    }

    /// Section 2.5: an empty name ends an object only where the end marker follows it.
    @Test func emptyNameIsAName() throws {
        var output = ByteBuffer()
        output.writeAMF0(.object(["": 1, "a": .null]))
        var decoder = AMF0Decoder()
        #expect(try decoder.decode(from: &output) == .object(["": 1, "a": .null]))
    }

    @Test func numberOfValuesIsBoundedOverACall() {
        // One object with 4,096 properties is one value too many.
        var object = AMF0Object()
        for index in 0..<4096 { object.append("\(index)", .null) }
        var output = ByteBuffer()
        output.writeAMF0(.object(object))
        var decoder = AMF0Decoder()
        #expect(throws: AMFError.tooManyValues(limit: 4096)) { try decoder.decode(from: &output) }
        var flat = ByteBuffer(bytes: [UInt8](repeating: 5, count: 4097))
        var second = AMF0Decoder()
        #expect(throws: AMFError.tooManyValues(limit: 4096)) { try second.decodeAll(from: &flat) }
    }

    @Test func errorsAreOnePhrase() {
        let errors: [AMFError] = [
            .truncated, .unknownMarker(7), .nestedTooDeeply(limit: 16), .tooManyValues(limit: 4096),
            .danglingReference(3),
        ]
        #expect(Set(errors.map(\.description)).count == errors.count)
        for error in errors { #expect(error.description.first?.isUppercase == (error.description.first == "A")) }
    }
}

/// AMF 3 behind AMF 0's marker 0x11: Adobe AMF 3, section 3.
@Suite(.timeLimit(.minutes(1))) struct AMF3VectorTests {
    private func decode(_ bytes: [UInt8]) throws -> AMF0Value {
        var buffer = ByteBuffer(bytes: [0x11] + bytes)
        var decoder = AMF0Decoder()
        let value = try decoder.decode(from: &buffer)
        #expect(buffer.readableBytes == 0)
        return value
    }

    static let rows: [([UInt8], AMF0Value)] = [
        // 1.3.1: the edges of one, two, three and four bytes; 29 bits with a sign.
        ([0x04, 0x00], 0), ([0x04, 0x81, 0x80, 0x00], 0x4000), ([0x04, 0xFF, 0xFF, 0x7F], 0x1F_FFFF),
        ([0x04, 0x80, 0xC0, 0x80, 0x00], 0x20_0000), ([0x04, 0xBF, 0xFF, 0xFF, 0xFF], 0xFFF_FFFF),
        // 3.10: a date, and a reference to it in an array.
        ([0x08, 0x01, 0x42, 0x76, 0, 0, 0, 0, 0, 0], .date(0x160_0000_0000)),
        (
            [0x09, 0x05, 0x01, 0x08, 0x01, 0x42, 0x76, 0, 0, 0, 0, 0, 0, 0x08, 0x02],
            .strictArray([.date(0x160_0000_0000), .date(0x160_0000_0000)])
        ),
        // 3.11: a dense array, and one with a named part.
        ([0x09, 0x01, 0x01], .strictArray([])), ([0x09, 0x05, 0x01, 0x02, 0x03], .strictArray([false, true])),
        ([0x09, 0x01, 0x03, 0x61, 0x01, 0x01], .ecmaArray(["a": .null])),
        // 3.8: an empty string is never a reference.
        ([0x09, 0x07, 0x01, 0x06, 0x01, 0x06, 0x03, 0x61, 0x06, 0x00], .strictArray(["", "a", "a"])),
        // 3.12: two objects of the same traits; the second refers to them.
        (
            [0x09, 0x05, 0x01, 0x0A, 0x13, 0x03, 0x43, 0x03, 0x61, 0x02, 0x0A, 0x01, 0x03],
            .strictArray([.object(["a": false]), .object(["a": true])])
        ),
        // An object once more by reference: number 1 behind the array itself, which is number 0.
        (
            [0x09, 0x05, 0x01, 0x0A, 0x0B, 0x01, 0x03, 0x61, 0x01, 0x01, 0x0A, 0x02],
            .strictArray([.object(["a": .null]), .object(["a": .null])])
        ),
    ]

    @Test(arguments: rows) func valuesAreRead(bytes: [UInt8], value: AMF0Value) throws {
        #expect(try decode(bytes) == value)
        for length in bytes.indices { #expect(throws: AMFError.truncated) { try decode(Array(bytes[..<length])) } }
    }

    /// XML, byte arrays, vectors and dictionaries are in no RTMP message; an externalizable object is its class's own.
    @Test(
        arguments: [[0x07, 1], [0x0B, 1], [0x0C, 1], [0x0D, 1], [0x11, 1], [0xFF], [0x0A, 0x07, 0x01]] as [[UInt8]])
    func whatNobodySendsIsNamed(bytes: [UInt8]) {
        let error = #expect(throws: AMFError.self) { try decode(bytes) }
        #expect(error == .unknownMarker(bytes[0]))
    }

    @Test(arguments: [[0x0A, 0x05], [0x06, 0x02], [0x08, 0x00], [0x09, 0x02]] as [[UInt8]])
    func referencesToNothingAreNamed(bytes: [UInt8]) {
        let error = #expect(throws: AMFError.self) { try decode(bytes) }
        if case .danglingReference? = error { return }
        Issue.record("\(String(describing: error))")
    }

    /// A count that the bytes can't hold costs nothing.
    @Test func announcedCountsAreNotBelieved() {
        #expect(throws: AMFError.self) { try decode([0x09, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]) }
        #expect(throws: AMFError.self) { try decode([0x0A, 0xFF, 0xFF, 0xFF, 0xF3, 0x01]) }
        #expect(throws: AMFError.truncated) { try decode([0x06, 0xFF, 0xFF, 0xFF, 0xFF]) }
    }

    @Test(arguments: [1, 2] as [UInt64]) func changedBytesDoNoHarm(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for (bytes, _) in Self.rows {
            for index in bytes.indices {
                for _ in 0..<20 {
                    var changed = [0x11] + bytes
                    changed[index + 1] = .random(in: 0...255, using: &random)
                    var buffer = ByteBuffer(bytes: changed)
                    var decoder = AMF0Decoder()
                    _ = try? decoder.decodeAll(from: &buffer)
                    #expect(buffer.readableBytes < changed.count)
                }
            }
        }
    }
}
