import FoundationEssentials

/// Values as JSON, one on a line, with sorted keys: control connections, archives, output for scripts.
package enum JSONLine {
    /// A longer line is no request.
    package static let maximumByteCount = 1 << 20

    /// The value as one line, its end included.
    package static func encode(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // The messages hold no value that JSON lacks: floats come from clocks and rates.
        guard let data = try? encoder.encode(value) else { return [] }
        return Array(data) + [0x0A]
    }

    /// The value as one line without its end; nil where JSON has no such value.
    package static func text(_ value: some Encodable) -> String? {
        let line = encode(value)
        return line.isEmpty ? nil : String(decoding: line.dropLast(), as: UTF8.self)
    }

    /// The value that a line holds.
    package static func decode<Value: Decodable>(_: Value.Type, from line: some Sequence<UInt8>) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(line))
    }
}
