import BulkheadControlFormats
import BulkheadTestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct MessagePackTests {
    /// From spec.md of MessagePack, its formats one by one; the first is the example of msgpack.org.
    static let vectors: [([UInt8], JSONValue)] = [
        (
            [0x82, 0xA7] + Array("compact".utf8) + [0xC3, 0xA6] + Array("schema".utf8) + [0x00],
            ["compact": true, "schema": 0]
        ),
        ([0xC0], .null), ([0xC2], false), ([0x7F], 127), ([0xFF], -1), ([0xE0], -32),
        ([0xCC, 0xFF], 255), ([0xCD, 0x01, 0x00], 256), ([0xCE, 0xFF, 0xFF, 0xFF, 0xFF], 4_294_967_295),
        ([0xCF, 0, 0, 0, 1, 0, 0, 0, 0], 4_294_967_296), ([0xD0, 0x80], -128), ([0xD1, 0xFF, 0x00], -256),
        ([0xD2, 0x80, 0, 0, 0], -2_147_483_648), ([0xD3, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE], -2),
        ([0xCA, 0x3F, 0xC0, 0, 0], 1.5), ([0xCB, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0], 1.5),
        ([0xA2, 0x68, 0x69], "hi"), ([0xD9, 0x02, 0x68, 0x69], "hi"), ([0xDA, 0, 2, 0x68, 0x69], "hi"),
        ([0xC4, 0x02, 0x68, 0x69], "hi"), ([0x92, 0x01, 0xC0], [1, .null]), ([0xDC, 0, 1, 0x05], [5]),
        ([0xDD, 0, 0, 0, 1, 0x05], [5]), ([0xDE, 0, 1, 0xA1, 0x61, 0x01], ["a": 1]),
        ([0xDF, 0, 0, 0, 1, 0xA1, 0x61, 0x01], ["a": 1]),
    ]

    @Test(arguments: vectors) func formatsAreRead(bytes: [UInt8], value: JSONValue) {
        #expect(MessagePack.decode(bytes) == value)
        for count in 0..<bytes.count { #expect(MessagePack.decode(Array(bytes[..<count])) == nil) }
        #expect(MessagePack.decode(bytes + [0xC0]) == nil)
        #expect(MessagePack.decode(MessagePack.encode(value)) == value)
    }

    @Test func shortestFormsAreWritten() {
        #expect(MessagePack.encode(["compact": true, "schema": 0]) == Self.vectors[0].0)
        #expect(MessagePack.encode("hi") == [0xA2, 0x68, 0x69])
        #expect(MessagePack.encode(-1) == [0xFF])
    }

    @Test func liesAreRefused() {
        // A count of four thousand millions, an extension, a key that is no text, half a letter, values without an end.
        for bytes: [UInt8] in [
            [0xDD, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0xDF, 0xFF, 0xFF, 0xFF, 0xFF], [0xD4, 0x01, 0x00],
            [0x81, 0x01, 0x01], [0xA1, 0xC3], [0xC1], [UInt8](repeating: 0x91, count: 100_000),
        ] { #expect(MessagePack.decode(bytes) == nil) }
    }

    @Test func anyBytesAreReadWithoutATrap() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0..<40, using: &generator)).map { _ in
                UInt8.random(in: .min ... .max, using: &generator)
            }
            if let value = MessagePack.decode(bytes) { #expect(MessagePack.decode(MessagePack.encode(value)) != nil) }
        }
    }
}
