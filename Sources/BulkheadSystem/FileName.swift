/// Names of files, which are bytes, as text.
///
/// Linux asks for no encoding: a byte that is part of no UTF-8 stands in the text as a character of its own, from U+10FE80 on
/// in the private use plane, and becomes that byte again. So every name survives, and names in UTF-8 are what they are.
package enum FileName {
    private static let base: UInt32 = 0x10_FE00
    private static let escapes = base + 0x80...base + 0xFF

    /// The text that stands for `bytes`, which are without an end.
    package static func text(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self), !text.unicodeScalars.contains(where: isEscape) {
            return text
        }
        var text = ""
        var index = 0
        while index < bytes.count {
            let end = min(index + length(from: bytes[index]), bytes.count)
            if let character = String(validating: bytes[index..<end], as: UTF8.self),
                !character.unicodeScalars.contains(where: isEscape)
            {
                text += character
                index = end
            } else {
                if let scalar = Unicode.Scalar(base + UInt32(bytes[index])) { text.unicodeScalars.append(scalar) }
                index += 1
            }
        }
        return text
    }

    /// The bytes that `text` stands for, with a zero at the end, for the system's calls.
    package static func bytes(_ text: String) -> [CChar] {
        var bytes: [CChar] = []
        bytes.reserveCapacity(text.utf8.count + 1)
        for scalar in text.unicodeScalars {
            if isEscape(scalar) {
                bytes.append(CChar(bitPattern: UInt8(truncatingIfNeeded: scalar.value)))
            } else {
                bytes += UTF8.encode(scalar).map { $0.map { CChar(bitPattern: $0) } } ?? []
            }
        }
        return bytes + [0]
    }

    /// The byte that is no UTF-8 and for which `scalar` stands; nil for a character.
    package static func byte(of scalar: Unicode.Scalar) -> UInt8? {
        isEscape(scalar) ? UInt8(truncatingIfNeeded: scalar.value) : nil
    }

    /// The text that stands for a word of C's, which ends with a zero.
    package static func text(_ word: UnsafePointer<CChar>) -> String {
        text(UnsafeBufferPointer(start: word, count: length(of: word)).map { UInt8(bitPattern: $0) })
    }

    private static func length(of word: UnsafePointer<CChar>) -> Int {
        var count = 0
        while word[count] != 0 { count += 1 }
        return count
    }

    private static func isEscape(_ scalar: Unicode.Scalar) -> Bool { escapes.contains(scalar.value) }

    /// How long the character is that begins with this byte.
    private static func length(from byte: UInt8) -> Int { byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4 }
}
