package import NIOCore

/// Why bytes are no AMF values.
package enum AMFError: Error, Hashable, CustomStringConvertible {
    case truncated
    case unknownMarker(UInt8)
    case nestedTooDeeply(limit: Int)
    case tooManyValues(limit: Int)
    /// A reference to a value that was not there, or that contains the reference.
    case danglingReference(UInt32)

    package var description: String {
        switch self {
        case .truncated: "an AMF value is cut short"
        case .unknownMarker(let marker): "an AMF value has the unknown type \(marker)"
        case .nestedTooDeeply(let limit): "AMF values are nested more than \(limit) deep"
        case .tooManyValues(let limit): "there are more than \(limit) AMF values"
        case .danglingReference(let index): "an AMF reference points to entry \(index), which is not there"
        }
    }
}

/// Reads AMF 0 values, with bounds on depth and number so that a few bytes cannot grow into a heap of memory.
package struct AMF0Decoder: Sendable {
    /// How deeply objects and arrays may be nested.
    package static let depthLimit = 16
    /// How many values one decoder reads, nested ones included.
    package static let valueLimit = 4096
    private var valueCount = 0
    /// Objects and arrays in the order in which they begin, with how many values each is; nil while it is being read.
    private var complexValues: [(value: AMF0Value, count: Int)?] = []

    /// A decoder for one message: its bounds count from here.
    package init() {}

    /// Reads one value, leaving the reader index behind it. On an error the reader index is undefined.
    package mutating func decode(from buffer: inout ByteBuffer) throws(AMFError) -> AMF0Value {
        try decode(from: &buffer, depth: 0)
    }

    /// Reads values up to the end of `buffer`.
    package mutating func decodeAll(from buffer: inout ByteBuffer) throws(AMFError) -> [AMF0Value] {
        var values: [AMF0Value] = []
        while buffer.readableBytes > 0 { values.append(try decode(from: &buffer, depth: 0)) }
        return values
    }

    private mutating func decode(from buffer: inout ByteBuffer, depth: Int) throws(AMFError) -> AMF0Value {
        guard depth < Self.depthLimit else { throw .nestedTooDeeply(limit: Self.depthLimit) }
        valueCount += 1
        guard valueCount <= Self.valueLimit else { throw .tooManyValues(limit: Self.valueLimit) }
        guard let byte = buffer.readInteger(as: UInt8.self) else { throw .truncated }
        guard let marker = AMF0Marker(rawValue: byte) else { throw .unknownMarker(byte) }
        switch marker {
        case .number: return .number(try buffer.readAMFDouble())
        case .boolean:
            guard let value = buffer.readInteger(as: UInt8.self) else { throw .truncated }
            return .boolean(value != 0)
        case .string: return .string(try buffer.readAMF0String())
        case .longString: return .string(try buffer.readAMF0LongString())
        case .xmlDocument: return .xmlDocument(try buffer.readAMF0LongString())
        case .object, .typedObject, .ecmaArray, .strictArray:
            return try decodeComplex(marker, from: &buffer, depth: depth)
        case .reference: return try referenced(by: &buffer)
        case .date:
            let milliseconds = try buffer.readAMFDouble()
            guard buffer.readInteger(as: Int16.self) != nil else { throw .truncated }
            return .date(milliseconds)
        case .null: return .null
        case .undefined: return .undefined
        case .unsupported: return .unsupported
        case .amf3:
            var decoder = AMF3Decoder(valueBudget: Self.valueLimit - valueCount)
            let value = try decoder.decode(from: &buffer, depth: depth)
            valueCount += decoder.valueCount
            return value
        case .objectEnd, .movieClip, .recordSet: throw .unknownMarker(byte)
        }
    }

    private mutating func decodeComplex(
        _ marker: AMF0Marker, from buffer: inout ByteBuffer, depth: Int
    ) throws(AMFError) -> AMF0Value {
        let index = complexValues.count
        let before = valueCount
        complexValues.append(nil)
        let value: AMF0Value
        switch marker {
        case .typedObject:
            let className = try buffer.readAMF0String()
            value = .typedObject(className: className, try decodeProperties(from: &buffer, depth: depth))
        case .ecmaArray:
            // The count is a hint that writers get wrong; the end marker counts.
            guard buffer.readInteger(as: UInt32.self) != nil else { throw .truncated }
            value = .ecmaArray(try decodeProperties(from: &buffer, depth: depth))
        case .strictArray:
            guard let count = buffer.readInteger(as: UInt32.self) else { throw .truncated }
            guard count <= Self.valueLimit else { throw .tooManyValues(limit: Self.valueLimit) }
            var values: [AMF0Value] = []
            for _ in 0..<count { values.append(try decode(from: &buffer, depth: depth + 1)) }
            value = .strictArray(values)
        default: value = .object(try decodeProperties(from: &buffer, depth: depth))
        }
        complexValues[index] = (value, valueCount - before)
        return value
    }

    /// The value that was read before, which counts once more in full: references to references would make a few bytes
    /// heavy.
    private mutating func referenced(by buffer: inout ByteBuffer) throws(AMFError) -> AMF0Value {
        guard let index = buffer.readInteger(as: UInt16.self) else { throw .truncated }
        guard Int(index) < complexValues.count, let (value, count) = complexValues[Int(index)] else {
            throw .danglingReference(UInt32(index))
        }
        valueCount += count
        guard valueCount <= Self.valueLimit else { throw .tooManyValues(limit: Self.valueLimit) }
        return value
    }

    private mutating func decodeProperties(from buffer: inout ByteBuffer, depth: Int) throws(AMFError) -> AMF0Object {
        var object = AMF0Object()
        while true {
            let name = try buffer.readAMF0String()
            if name.isEmpty, buffer.getInteger(at: buffer.readerIndex) == AMF0Marker.objectEnd.rawValue {
                buffer.moveReaderIndex(forwardBy: 1)
                return object
            }
            object.append(name, try decode(from: &buffer, depth: depth + 1))
        }
    }
}

/// The type markers of Adobe AMF 0, section 2.1.
enum AMF0Marker: UInt8 {
    case number, boolean, string, object, movieClip, null, undefined, reference, ecmaArray, objectEnd, strictArray
    case date, longString, unsupported, recordSet, xmlDocument, typedObject
    case amf3
}

extension ByteBuffer {
    fileprivate mutating func readAMF0String() throws(AMFError) -> String {
        guard let length = readInteger(as: UInt16.self), let text = readString(length: Int(length)) else {
            throw .truncated
        }
        return text
    }

    fileprivate mutating func readAMF0LongString() throws(AMFError) -> String {
        guard let length = readInteger(as: UInt32.self), let text = readString(length: Int(length)) else {
            throw .truncated
        }
        return text
    }

    mutating func readAMFDouble() throws(AMFError) -> Double {
        guard let bits = readInteger(as: UInt64.self) else { throw .truncated }
        return Double(bitPattern: bits)
    }
}

extension ByteBuffer {
    /// Appends `value` as AMF 0. A property name is cut at 65,535 bytes, the most that its length field can say.
    package mutating func writeAMF0(_ value: AMF0Value) {
        switch value {
        case .number(let number):
            writeMarker(.number)
            writeInteger(number.bitPattern)
        case .boolean(let flag):
            writeMarker(.boolean)
            writeInteger(UInt8(flag ? 1 : 0))
        case .string(let text):
            if text.utf8.count <= 0xFFFF {
                writeMarker(.string)
                writeAMF0Name(text)
            } else {
                writeMarker(.longString)
                writeAMF0LongString(text)
            }
        case .xmlDocument(let text):
            writeMarker(.xmlDocument)
            writeAMF0LongString(text)
        case .object(let object):
            writeMarker(.object)
            writeProperties(object)
        case .typedObject(let className, let object):
            writeMarker(.typedObject)
            writeAMF0Name(className)
            writeProperties(object)
        case .ecmaArray(let object):
            writeMarker(.ecmaArray)
            writeInteger(UInt32(clamping: object.properties.count))
            writeProperties(object)
        case .strictArray(let values):
            writeMarker(.strictArray)
            writeInteger(UInt32(clamping: values.count))
            for value in values { writeAMF0(value) }
        case .date(let milliseconds):
            writeMarker(.date)
            writeInteger(milliseconds.bitPattern)
            writeInteger(Int16(0))
        case .null: writeMarker(.null)
        case .undefined: writeMarker(.undefined)
        case .unsupported: writeMarker(.unsupported)
        }
    }

    private mutating func writeMarker(_ marker: AMF0Marker) { writeInteger(marker.rawValue) }

    private mutating func writeAMF0Name(_ text: String) {
        let bytes = text.utf8.prefix(0xFFFF)
        writeInteger(UInt16(bytes.count))
        writeBytes(bytes)
    }

    private mutating func writeAMF0LongString(_ text: String) {
        writeInteger(UInt32(clamping: text.utf8.count))
        writeString(text)
    }

    private mutating func writeProperties(_ object: AMF0Object) {
        for property in object.properties {
            writeAMF0Name(property.name)
            writeAMF0(property.value)
        }
        writeInteger(UInt16(0))
        writeMarker(.objectEnd)
    }
}
