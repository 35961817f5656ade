/// The four characters that say what a box holds (ISO/IEC 14496-12, 4.2).
package struct BoxType: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The characters as they stand in a file, the first in the highest byte.
    package let code: UInt32

    /// A type as read from a file.
    package init(code: UInt32) { self.code = code }

    /// Four ASCII characters.
    package init(stringLiteral text: String) {
        precondition(text.utf8.count == 4, "a box type has four characters")
        code = text.utf8.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// The four characters; a byte that is no printable ASCII is a question mark.
    package var description: String {
        String(
            decoding: (0..<4).map { place in
                let byte = UInt8(truncatingIfNeeded: code >> (24 - 8 * UInt32(place)))
                return (0x20..<0x7F).contains(byte) ? byte : 0x3F
            }, as: UTF8.self)
    }
}
