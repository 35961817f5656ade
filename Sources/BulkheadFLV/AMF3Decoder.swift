import NIOCore

/// Reads the AMF 3 values that some servers put behind AMF 0's switch marker, and gives them as AMF 0 values.
/// Only what a command or a status can hold is read: XML, byte arrays, vectors and externalizable objects are refused.
/// - SeeAlso: Adobe AMF 3, section 3.
struct AMF3Decoder {
    private struct Traits {
        let isDynamic: Bool
        let names: [String]
    }

    private static let depthLimit = AMF0Decoder.depthLimit
    private let valueBudget: Int
    private(set) var valueCount = 0
    private var strings: [String] = []
    private var traits: [Traits] = []
    /// How deep the deepest value lies of the object being read.
    private var deepest = 0

    private struct Referable {
        var value: AMF0Value
        var valueCount: Int
        /// How much deeper than the value itself the deepest one in it lies.
        var height: Int
    }

    /// What references point to. A reference costs as many values, and goes as deep, as what it repeats: or a few bytes
    /// of nested references would stand for billions of values.
    private var objects: [Referable] = []

    init(valueBudget: Int) { self.valueBudget = valueBudget }

    /// Reads one value, which lies `depth` deep in others.
    mutating func decode(from buffer: inout ByteBuffer, depth: Int) throws(AMFError) -> AMF0Value {
        guard depth < Self.depthLimit else { throw .nestedTooDeeply(limit: Self.depthLimit) }
        deepest = max(deepest, depth)
        valueCount += 1
        guard valueCount <= valueBudget else { throw .tooManyValues(limit: AMF0Decoder.valueLimit) }
        guard let marker = buffer.readInteger(as: UInt8.self) else { throw .truncated }
        switch marker {
        case 0x00: return .undefined
        case 0x01: return .null
        case 0x02: return .boolean(false)
        case 0x03: return .boolean(true)
        case 0x04:
            // 29 bits, two's complement.
            let value = Int32(bitPattern: try readVariable(from: &buffer) << 3) >> 3
            return .number(Double(value))
        case 0x05: return .number(try buffer.readAMFDouble())
        case 0x06: return .string(try readString(from: &buffer))
        case 0x08: return try decodeDate(from: &buffer, depth: depth)
        case 0x09: return try decodeArray(from: &buffer, depth: depth)
        case 0x0A: return try decodeObject(from: &buffer, depth: depth)
        default: throw .unknownMarker(marker)
        }
    }

    /// Section 1.3.1: three bytes of seven bits, each with a sign for more, then one of eight.
    private func readVariable(from buffer: inout ByteBuffer) throws(AMFError) -> UInt32 {
        var value: UInt32 = 0
        for position in 0..<4 {
            guard let byte = buffer.readInteger(as: UInt8.self) else { throw .truncated }
            if position == 3 { return value << 8 | UInt32(byte) }
            value = value << 7 | UInt32(byte & 0x7F)
            if byte & 0x80 == 0 { break }
        }
        return value
    }

    private mutating func readString(from buffer: inout ByteBuffer) throws(AMFError) -> String {
        let head = try readVariable(from: &buffer)
        if head & 1 == 0 {
            guard let index = Int(exactly: head >> 1), index < strings.count else {
                throw .danglingReference(head >> 1)
            }
            return strings[index]
        }
        guard let text = buffer.readString(length: Int(head >> 1)) else { throw .truncated }
        if !text.isEmpty { strings.append(text) }
        return text
    }

    private mutating func reference(_ head: UInt32, depth: Int) throws(AMFError) -> AMF0Value {
        guard let index = Int(exactly: head >> 1), index < objects.count else { throw .danglingReference(head >> 1) }
        let object = objects[index]
        guard depth + object.height < Self.depthLimit else { throw .nestedTooDeeply(limit: Self.depthLimit) }
        deepest = max(deepest, depth + object.height)
        valueCount += object.valueCount
        guard valueCount <= valueBudget else { throw .tooManyValues(limit: AMF0Decoder.valueLimit) }
        return object.value
    }

    /// Keeps a place among the objects for one that `read` reads: it comes before those inside. A cycle would see it
    /// undefined.
    private mutating func referable(
        depth: Int, _ read: (inout Self) throws(AMFError) -> AMF0Value
    ) throws(AMFError) -> AMF0Value {
        let place = objects.count
        let countBefore = valueCount
        let deepestBefore = deepest
        deepest = depth
        objects.append(Referable(value: .undefined, valueCount: 1, height: 0))
        let value = try read(&self)
        objects[place] = Referable(value: value, valueCount: valueCount - countBefore + 1, height: deepest - depth)
        deepest = max(deepest, deepestBefore)
        return value
    }

    private mutating func decodeDate(from buffer: inout ByteBuffer, depth: Int) throws(AMFError) -> AMF0Value {
        let head = try readVariable(from: &buffer)
        if head & 1 == 0 { return try reference(head, depth: depth) }
        let date = AMF0Value.date(try buffer.readAMFDouble())
        objects.append(Referable(value: date, valueCount: 1, height: 0))
        return date
    }

    private mutating func decodeArray(from buffer: inout ByteBuffer, depth: Int) throws(AMFError) -> AMF0Value {
        let head = try readVariable(from: &buffer)
        if head & 1 == 0 { return try reference(head, depth: depth) }
        return try referable(depth: depth) { (decoder) throws(AMFError) in
            var named = AMF0Object()
            while true {
                let name = try decoder.readString(from: &buffer)
                if name.isEmpty { break }
                named.append(name, try decoder.decode(from: &buffer, depth: depth + 1))
            }
            guard head >> 1 <= UInt32(decoder.valueBudget) else {
                throw .tooManyValues(limit: AMF0Decoder.valueLimit)
            }
            var dense: [AMF0Value] = []
            for _ in 0..<(head >> 1) { dense.append(try decoder.decode(from: &buffer, depth: depth + 1)) }
            return named.properties.isEmpty ? AMF0Value.strictArray(dense) : .ecmaArray(named)
        }
    }

    private mutating func decodeObject(from buffer: inout ByteBuffer, depth: Int) throws(AMFError) -> AMF0Value {
        let head = try readVariable(from: &buffer)
        if head & 1 == 0 { return try reference(head, depth: depth) }
        let trait = try readTraits(head, from: &buffer)
        return try referable(depth: depth) { (decoder) throws(AMFError) in
            var object = AMF0Object()
            for name in trait.names { object.append(name, try decoder.decode(from: &buffer, depth: depth + 1)) }
            while trait.isDynamic {
                let name = try decoder.readString(from: &buffer)
                if name.isEmpty { break }
                object.append(name, try decoder.decode(from: &buffer, depth: depth + 1))
            }
            return .object(object)
        }
    }

    private mutating func readTraits(_ head: UInt32, from buffer: inout ByteBuffer) throws(AMFError) -> Traits {
        if head & 2 == 0 {
            guard let index = Int(exactly: head >> 2), index < traits.count else { throw .danglingReference(head >> 2) }
            return traits[index]
        }
        // An externalizable object's bytes mean something to its own class only.
        guard head & 4 == 0 else { throw .unknownMarker(0x0A) }
        guard head >> 4 <= UInt32(valueBudget) else { throw .tooManyValues(limit: AMF0Decoder.valueLimit) }
        _ = try readString(from: &buffer)
        var names: [String] = []
        for _ in 0..<(head >> 4) { names.append(try readString(from: &buffer)) }
        let trait = Traits(isDynamic: head & 8 != 0, names: names)
        traits.append(trait)
        return trait
    }
}
