/// The facts of an event by their names.
///
///     let values: Values = [.pid: child.pid, .frame: frame, .plugin: nil]     // nil is left out
package struct Values: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    private var storage: [Key: EventValue] = [:]

    package init(dictionaryLiteral elements: (Key, (any ValueConvertible)?)...) {
        for (key, value) in elements { storage[key] = value?.value }
    }

    /// The keys that have a value.
    package var keys: Set<Key> { Set(storage.keys) }

    /// Of all texts among them, in UTF-8.
    var textByteCount: Int {
        storage.values.reduce(0) { sum, value in
            switch value {
            case .string(let text): sum + text.utf8.count
            case .strings(let texts): texts.reduce(sum) { $0 + $1.utf8.count }
            case .integer, .number, .bool: sum
            }
        }
    }

    func mapTexts(_ change: (String) -> String) -> Values {
        var values = self
        for (key, value) in storage {
            switch value {
            case .string(let text): values.storage[key] = .string(change(text))
            case .strings(let texts): values.storage[key] = .strings(texts.prefix(Self.mostTexts).map(change))
            case .integer, .number, .bool: break
            }
        }
        return values
    }

    /// In a list.
    private static let mostTexts = 256

    /// The value of `key`; nil where there is none.
    package subscript(key: Key) -> EventValue? { storage[key] }

    /// - Throws: ``HappeningError/missingValue(_:)`` and ``HappeningError/wrongValue(_:)``.
    package func required<Result: ValueConvertible>(_ key: Key) throws(HappeningError) -> Result {
        guard let result: Result = try optional(key) else { throw .missingValue(key) }
        return result
    }

    /// Nil when there is no such value.
    /// - Throws: ``HappeningError/wrongValue(_:)``.
    package func optional<Result: ValueConvertible>(_ key: Key) throws(HappeningError) -> Result? {
        guard let value = storage[key] else { return nil }
        guard let result = Result(value) else { throw .wrongValue(key) }
        return result
    }
}

/// An object in JSON. Keys of another version are passed over, and so are values that no version had when this one was
/// made: a newer one may give an object or a list of numbers.
extension Values: Codable {
    private struct Anything: Decodable {
        let value: EventValue?

        init(from decoder: any Decoder) { value = try? EventValue(from: decoder) }
    }

    package init(from decoder: any Decoder) throws {
        let all = try decoder.singleValueContainer().decode([String: Anything].self)
        for (name, anything) in all { if let key = Key(rawValue: name) { storage[key] = anything.value } }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(
            Dictionary(storage.map { ($0.key.rawValue, $0.value) }, uniquingKeysWith: { first, _ in first }))
    }
}
