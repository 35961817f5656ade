/// A value of Action Message Format 0, as RTMP commands and FLV script tags carry it.
/// - SeeAlso: Adobe AMF 0, section 2.
package enum AMF0Value: Hashable, Sendable {
    case number(Double)
    case boolean(Bool)
    /// A string or a long string; bytes that are no UTF-8 are replaced.
    case string(String)
    case object(AMF0Object)
    case ecmaArray(AMF0Object)
    case strictArray([AMF0Value])
    /// Milliseconds since 1970; the time zone that follows on the wire is reserved and dropped.
    case date(Double)
    case xmlDocument(String)
    case typedObject(className: String, AMF0Object)
    case null
    case undefined
    case unsupported

    /// The number, if this is one.
    package var number: Double? { if case .number(let value) = self { value } else { nil } }

    /// The text, if this is a string.
    package var string: String? { if case .string(let value) = self { value } else { nil } }

    /// The properties of an object of any kind or of an ECMA array.
    package var properties: AMF0Object? {
        switch self {
        case .object(let object), .ecmaArray(let object), .typedObject(_, let object): object
        default: nil
        }
    }

    /// The value of property `name`, if this has properties and this one is among them.
    package subscript(name: String) -> AMF0Value? { properties?[name] }
}

/// Named values in the order in which they stand on the wire.
package struct AMF0Object: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    /// One name with its value.
    package struct Property: Hashable, Sendable {
        /// The key; names may repeat in an object.
        package let name: String
        /// What the name stands for.
        package let value: AMF0Value
    }

    /// The names with their values, in wire order.
    package private(set) var properties: [Property]

    /// An object without properties.
    package init() { properties = [] }

    package init(dictionaryLiteral elements: (String, AMF0Value)...) {
        properties = elements.map { Property(name: $0.0, value: $0.1) }
    }

    /// Adds a property at the end.
    package mutating func append(_ name: String, _ value: AMF0Value) {
        properties.append(Property(name: name, value: value))
    }

    /// The first property called `name`.
    package subscript(name: String) -> AMF0Value? { properties.first { $0.name == name }?.value }
}

extension AMF0Value: ExpressibleByStringLiteral, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(integerLiteral value: Int) { self = .number(Double(value)) }
    package init(booleanLiteral value: Bool) { self = .boolean(value) }
}
