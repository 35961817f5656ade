import Glibc

/// A level or a gain in decibels; −∞ is silence.
package struct Decibels: Hashable, Comparable, Sendable {
    /// The number of decibels: any number, or −∞.
    package let value: Double

    /// What is no number counts as silence.
    package init(_ value: Double) { self.value = value.isNaN ? -.infinity : value }

    /// The level of an amplitude, where 1 is full scale; 0, and what is no amplitude, is silence.
    package init(amplitude: Double) { self.init(amplitude > 0 ? 20 * log10(amplitude) : -.infinity) }

    /// The level of a power, where 1 is full scale; 0, and what is no power, is silence.
    package init(power: Double) { self.init(power > 0 ? 10 * log10(power) : -.infinity) }

    /// Reads what a person writes: `-6`, `+3.5`, `-6dB`, `-inf`; nil for anything else.
    package init?(_ text: String) {
        var text = text.lowercased()[...]
        if text.hasSuffix("db") { text = text.dropLast(2) }
        while text.last == " " { text = text.dropLast() }
        if text == "-inf" || text == "-.inf" || text == "-∞" {
            self = .silence
            return
        }
        let digits = text.first == "-" || text.first == "+" ? text.dropFirst() : text
        guard digits.utf8.count <= 24, digits.contains(where: \.isNumber),
            digits.allSatisfy({ ("0"..."9").contains($0) || $0 == "." }), let number = Double(text)
        else { return nil }
        self.init(number)
    }

    /// No sound at all.
    package static let silence = Decibels(-.infinity)

    /// The factor for samples; exactly 1 for 0 dB, 0 for silence.
    package var amplitude: Double { value == 0 ? 1 : pow(10, value / 20) }

    package static func < (left: Self, right: Self) -> Bool { left.value < right.value }

    /// A level behind a gain.
    package static func + (level: Self, gain: Self) -> Self { Decibels(level.value + gain.value) }
}

extension Decibels: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
    package init(floatLiteral value: Double) { self.init(value) }

    package init(integerLiteral value: Int) { self.init(Double(value)) }
}

extension Decibels: CustomStringConvertible {
    /// A number as it can be read again, or `-inf`.
    package var description: String { value == -.infinity ? "-inf" : "\(value)" }
}

/// A number in JSON; silence, for which JSON has no number, is `"-inf"`.
extension Decibels: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Double.self) {
            self.init(number)
            return
        }
        guard let read = Decibels(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no decibels")
        }
        self = read
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if value.isFinite { try container.encode(value) } else { try container.encode(description) }
    }
}
