import FoundationEssentials

/// A member of foreign JSON that may be missing or of another kind than was meant, and is nil then: what else the object says
/// counts all the same. A number may be written as text, a text as a number, a whole number with a fraction, and yes or no as 1
/// or 0.
@propertyWrapper
struct Loose<Value: Decodable & Sendable>: Decodable, Sendable {
    let wrappedValue: Value?

    init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Value.self) {
            wrappedValue = value
        } else if let type = Value.self as? any LosslessStringConvertible.Type,
            let text = try? container.decode(String.self)
        {
            wrappedValue = type.init(text) as? Value
        } else if let number = try? container.decode(Int64.self) {
            wrappedValue = Value.self == Bool.self ? (number != 0) as? Value : "\(number)" as? Value
        } else if let number = try? container.decode(Double.self) {
            wrappedValue = Int64(exactly: number.rounded(.down)) as? Value
        } else {
            wrappedValue = nil
        }
    }
}

extension KeyedDecodingContainer {
    func decode<Value>(_ type: Loose<Value>.Type, forKey key: Key) throws -> Loose<Value> {
        try decodeIfPresent(type, forKey: key) ?? Loose(wrappedValue: nil)
    }
}
