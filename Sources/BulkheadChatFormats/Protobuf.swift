/// The fields of one message of Protocol Buffers (protobuf.dev, "Encoding"), in their order. Groups, which nobody writes any more,
/// are none.
struct ProtobufReader {
    /// What stands behind a field's number.
    enum Value {
        /// Of a varint and of the fixed kinds.
        case number(UInt64)
        /// A text, bytes, or a message.
        case bytes(ArraySlice<UInt8>)
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// All fields; nil where the bytes are no message.
    static func fields(_ bytes: ArraySlice<UInt8>) -> [(number: UInt64, value: Value)]? {
        var reader = ProtobufReader(bytes)
        var fields: [(number: UInt64, value: Value)] = []
        while !reader.rest.isEmpty {
            guard let field = reader.next() else { return nil }
            fields.append(field)
        }
        return fields
    }

    private mutating func next() -> (number: UInt64, value: Value)? {
        guard let tag = varint(), tag >> 3 > 0 else { return nil }
        switch tag & 7 {
        case 0: return varint().map { (tag >> 3, .number($0)) }
        case 1: return take(8).map { (tag >> 3, .number(Self.little($0))) }
        case 2: return varint().flatMap { take($0) }.map { (tag >> 3, .bytes($0)) }
        case 5: return take(4).map { (tag >> 3, .number(Self.little($0))) }
        default: return nil
        }
    }

    private static func little(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func take(_ count: UInt64) -> ArraySlice<UInt8>? {
        guard count <= UInt64(rest.count) else { return nil }
        defer { rest = rest.dropFirst(Int(count)) }
        return rest.prefix(Int(count))
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= shift == 63 ? UInt64(byte & 1) << 63 : UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
        }
        return nil
    }
}

/// Writes fields of Protocol Buffers.
enum ProtobufWriter {
    static func text(_ number: UInt64, _ text: String) -> [UInt8] {
        varint(number << 3 | 2) + varint(UInt64(text.utf8.count)) + Array(text.utf8)
    }

    private static func varint(_ value: UInt64) -> [UInt8] {
        var (rest, bytes) = (value, [UInt8]())
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}
