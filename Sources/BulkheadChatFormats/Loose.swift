import FoundationEssentials

/// A member of foreign JSON that may be missing or of another kind than was meant, and is nil then: what else the object says
/// counts all the same. A number may be written as text.
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
