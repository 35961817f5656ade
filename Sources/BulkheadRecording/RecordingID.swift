/// Which recording a segment belongs to: made up at its start, the same in all its segments.
package struct RecordingID: Hashable, Sendable, CustomStringConvertible {
    /// The two halves of 128 bits.
    package let high: UInt64, low: UInt64

    /// The identity that stands in a file.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// One that no other recording has.
    package static func random() -> RecordingID {
        RecordingID(high: .random(in: 0 ... .max), low: .random(in: 0 ... .max))
    }

    /// 32 hexadecimal digits.
    package var description: String { Self.digits(high) + Self.digits(low) }

    private static func digits(_ value: UInt64) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
