/// The part of MessagePack that obs-websocket's clients use: nil, bool, integers, floats, text, bytes, arrays and maps with
/// keys of text.
///
/// - SeeAlso: github.com/msgpack/msgpack, spec.md.
package enum MessagePack {
    /// Deeper values are refused.
    package static let mostLevels = 64

    // MARK: writing

    package static func encode(_ value: JSONValue) -> [UInt8] {
        var bytes: [UInt8] = []
        write(value, to: &bytes)
        return bytes
    }

    private static func write(_ value: JSONValue, to bytes: inout [UInt8]) {
        switch value {
        case .null: bytes.append(0xC0)
        case .bool(let truth): bytes.append(truth ? 0xC3 : 0xC2)
        case .integer(let integer): write(integer, to: &bytes)
        case .number(let number):
            bytes.append(0xCB)
            write(number.bitPattern, to: &bytes)
        case .string(let text):
            let text = Array(text.utf8)
            if text.count < 32 {
                bytes.append(0xA0 | UInt8(text.count))
            } else if let count = UInt8(exactly: text.count) {
                bytes += [0xD9, count]
            } else {
                writeCount(text.count, short: 0xDA, long: 0xDB, to: &bytes)
            }
            bytes += text
        case .array(let values):
            if values.count < 16 {
                bytes.append(0x90 | UInt8(values.count))
            } else {
                writeCount(values.count, short: 0xDC, long: 0xDD, to: &bytes)
            }
            for value in values { write(value, to: &bytes) }
        case .object(let members):
            if members.count < 16 {
                bytes.append(0x80 | UInt8(members.count))
            } else {
                writeCount(members.count, short: 0xDE, long: 0xDF, to: &bytes)
            }
            for (key, value) in members.sorted(by: { $0.key < $1.key }) {
                write(.string(key), to: &bytes)
                write(value, to: &bytes)
            }
        }
    }

    private static func write(_ integer: Int64, to bytes: inout [UInt8]) {
        if let small = Int8(exactly: integer), small >= -32 {
            bytes.append(UInt8(bitPattern: small))
        } else if let small = UInt8(exactly: integer) {
            bytes += [0xCC, small]
        } else if let small = Int32(exactly: integer) {
            bytes.append(0xD2)
            write(UInt32(bitPattern: small), to: &bytes)
        } else {
            bytes.append(0xD3)
            write(UInt64(bitPattern: integer), to: &bytes)
        }
    }

    private static func writeCount(_ count: Int, short: UInt8, long: UInt8, to bytes: inout [UInt8]) {
        if let count = UInt16(exactly: count) {
            bytes.append(short)
            write(count, to: &bytes)
        } else {
            bytes.append(long)
            write(UInt32(clamping: count), to: &bytes)
        }
    }

    private static func write(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
        for shift in stride(from: number.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    // MARK: reading

    /// The one value that `bytes` are; nil for anything else: what is cut short, what follows it, extension types, keys that
    /// are no text. Bytes are read as text where they are UTF-8.
    package static func decode(_ bytes: [UInt8]) -> JSONValue? {
        var reader = Reader(rest: bytes[...])
        guard let value = reader.value(levels: mostLevels), reader.rest.isEmpty else { return nil }
        return value
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        mutating func value(levels: Int) -> JSONValue? {
            guard levels > 0, let type = rest.popFirst() else { return nil }
            switch type {
            case 0x00...0x7F: return .integer(Int64(type))
            case 0xE0...0xFF: return .integer(Int64(Int8(bitPattern: type)))
            case 0x80...0x8F: return map(Int(type & 0x0F), levels)
            case 0x90...0x9F: return array(Int(type & 0x0F), levels)
            case 0xA0...0xBF: return text(Int(type & 0x1F))
            case 0xC0: return .null
            case 0xC2: return .bool(false)
            case 0xC3: return .bool(true)
            case 0xC4, 0xD9: return number(UInt8.self).flatMap { text(Int($0)) }
            case 0xC5, 0xDA: return number(UInt16.self).flatMap { text(Int($0)) }
            case 0xC6, 0xDB: return number(UInt32.self).flatMap { text(Int($0)) }
            case 0xCA: return number(UInt32.self).map { .number(Double(Float(bitPattern: $0))) }
            case 0xCB: return number(UInt64.self).map { .number(Double(bitPattern: $0)) }
            case 0xCC: return number(UInt8.self).map { .integer(Int64($0)) }
            case 0xCD: return number(UInt16.self).map { .integer(Int64($0)) }
            case 0xCE: return number(UInt32.self).map { .integer(Int64($0)) }
            case 0xCF:
                return number(UInt64.self).map { wide in
                    Int64(exactly: wide).map { .integer($0) } ?? .number(Double(wide))
                }
            case 0xD0: return number(UInt8.self).map { .integer(Int64(Int8(bitPattern: $0))) }
            case 0xD1: return number(UInt16.self).map { .integer(Int64(Int16(bitPattern: $0))) }
            case 0xD2: return number(UInt32.self).map { .integer(Int64(Int32(bitPattern: $0))) }
            case 0xD3: return number(UInt64.self).map { .integer(Int64(bitPattern: $0)) }
            case 0xDC: return number(UInt16.self).flatMap { array(Int($0), levels) }
            case 0xDD: return number(UInt32.self).flatMap { array(Int($0), levels) }
            case 0xDE: return number(UInt16.self).flatMap { map(Int($0), levels) }
            case 0xDF: return number(UInt32.self).flatMap { map(Int($0), levels) }
            default: return nil
            }
        }

        private mutating func number<Number: FixedWidthInteger>(_: Number.Type) -> Number? {
            let count = Number.bitWidth / 8
            guard rest.count >= count else { return nil }
            defer { rest.removeFirst(count) }
            return rest.prefix(count).reduce(0) { $0 << 8 | Number($1) }
        }

        private mutating func text(_ count: Int) -> JSONValue? {
            guard rest.count >= count, let text = String(validating: rest.prefix(count), as: UTF8.self) else {
                return nil
            }
            rest.removeFirst(count)
            return .string(text)
        }

        /// Each value has a byte at least: a count beyond what is left is a lie, and nothing is reserved for it.
        private mutating func array(_ count: Int, _ levels: Int) -> JSONValue? {
            guard count <= rest.count else { return nil }
            var values: [JSONValue] = []
            for _ in 0..<count {
                guard let value = value(levels: levels - 1) else { return nil }
                values.append(value)
            }
            return .array(values)
        }

        private mutating func map(_ count: Int, _ levels: Int) -> JSONValue? {
            guard count <= rest.count else { return nil }
            var members: [String: JSONValue] = [:]
            for _ in 0..<count {
                guard let key = value(levels: levels - 1)?.string, let value = value(levels: levels - 1) else {
                    return nil
                }
                members[key] = value
            }
            return .object(members)
        }
    }
}
