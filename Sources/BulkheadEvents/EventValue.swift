/// One fact of an event.
package enum EventValue: Hashable, Sendable {
    case string(String)
    case integer(Int64)
    case number(Double)
    case bool(Bool)
    case strings([String])
}

/// Its plain JSON counterpart.
extension EventValue: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let bool = try? container.decode(Bool.self) {
            self = .bool(bool)
        } else if let integer = try? container.decode(Int64.self) {
            self = .integer(integer)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let strings = try? container.decode([String].self) {
            self = .strings(strings)
        } else {
            self = .string(try container.decode(String.self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .string(let string): try container.encode(string)
        case .integer(let integer): try container.encode(integer)
        // JSON has no infinities; a fact that is none is left at 0.
        case .number(let number): try container.encode(number.isFinite ? number : 0)
        case .bool(let bool): try container.encode(bool)
        case .strings(let strings): try container.encode(strings)
        }
    }
}

/// What an event can carry as a value.
package protocol ValueConvertible: Sendable {
    var value: EventValue { get }
    /// Nil for another type and out of range.
    init?(_ value: EventValue)
}

extension String: ValueConvertible {
    /// The value as an event carries it.
    package var value: EventValue { .string(self) }

    /// Reads a value of an event; nil for another type and out of range.
    package init?(_ value: EventValue) {
        guard case .string(let string) = value else { return nil }
        self = string
    }
}

extension Bool: ValueConvertible {
    /// The value as an event carries it.
    package var value: EventValue { .bool(self) }

    /// Reads a value of an event; nil for another type and out of range.
    package init?(_ value: EventValue) {
        guard case .bool(let bool) = value else { return nil }
        self = bool
    }
}

extension Double: ValueConvertible {
    /// The value as an event carries it.
    package var value: EventValue { .number(self) }

    /// Reads a value of an event; nil for another type and out of range.
    package init?(_ value: EventValue) {
        switch value {
        case .number(let number): self = number
        case .integer(let integer): self = Double(integer)
        case .string, .bool, .strings: return nil
        }
    }
}

extension ValueConvertible where Self: FixedWidthInteger {
    /// The value as an event carries it.
    package var value: EventValue { .integer(Int64(clamping: self)) }

    /// Reads a value of an event; nil for another type and out of range.
    package init?(_ value: EventValue) {
        guard case .integer(let integer) = value else { return nil }
        self.init(exactly: integer)
    }
}

extension Int: ValueConvertible {}
extension Int32: ValueConvertible {}
extension Int64: ValueConvertible {}

extension [String]: ValueConvertible {
    /// The value as an event carries it.
    package var value: EventValue { .strings(self) }

    /// Reads a value of an event; nil for another type and out of range.
    package init?(_ value: EventValue) {
        guard case .strings(let strings) = value else { return nil }
        self = strings
    }
}

extension ValueConvertible where Self: RawRepresentable, RawValue == String {
    /// The value as an event carries it.
    package var value: EventValue { .string(rawValue) }

    /// Reads a value of an event; nil for another type and out of range.
    package init?(_ value: EventValue) {
        guard case .string(let string) = value else { return nil }
        self.init(rawValue: string)
    }
}
