/// Which video: `0123456789abcdef0123456789abcdef-0`, the identity of a recording and the number of its segment. Copies of a file
/// have the same, wherever they lie.
package struct VideoID: Hashable, Sendable, CustomStringConvertible {
    /// 1 to 64 of `0-9`, `a-z` and `-`.
    package let description: String

    /// Nil for what is none.
    package init?(_ text: String) {
        guard NameRule.isName(text, longest: 64) else { return nil }
        description = text
    }
}

/// Which node: a short name that its owner has chosen, `studio-berlin`. It never changes.
package struct NodeID: Hashable, Sendable, CustomStringConvertible {
    /// 1 to 63 of `0-9`, `a-z` and `-`.
    package let description: String

    /// Nil for what is none.
    package init?(_ text: String) {
        guard NameRule.isName(text, longest: 63) else { return nil }
        description = text
    }
}

/// One life of a node's database: made up when it is made, and again when it is restored. Revisions of two epochs can't be
/// compared.
package struct Epoch: Hashable, Sendable, CustomStringConvertible {
    /// 32 hexadecimal digits.
    package let description: String

    /// Nil for what is none.
    package init?(_ text: String) {
        guard text.utf8.count == 32, text.allSatisfy({ $0.isHexDigit && !$0.isUppercase }) else { return nil }
        description = text
    }

    /// One that no other database has.
    package static func random() -> Epoch {
        var text = ""
        for _ in 0..<32 { text.append(Character(UnicodeScalar(NameRule.digits[Int.random(in: 0..<16)]))) }
        return Epoch(unchecked: text)
    }

    private init(unchecked text: String) { description = text }
}

/// Where a file lies below a folder: `2026/show.mp4`. It can't lead out of the folder by its words; that links don't either is
/// seen to where the file is opened.
package struct MediaPath: Hashable, Sendable, CustomStringConvertible {
    /// 1 to 1024 bytes: names with `/` between them, none of them empty, `.` or `..`, and no control character.
    package let description: String

    /// Nil for what is none.
    package init?(_ text: String) {
        guard (1...1024).contains(text.utf8.count), !text.unicodeScalars.contains(where: { $0.properties.isControl })
        else { return nil }
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count <= 32, parts.allSatisfy({ (1...255).contains($0.count) }),
            !parts.contains(where: { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) })
        else { return nil }
        description = text
    }

    /// Its last name.
    package var name: String { String(description.split(separator: "/").last ?? "") }
}

enum NameRule {
    static let digits = Array("0123456789abcdef".utf8)

    static func isName(_ text: String, longest: Int) -> Bool {
        (1...longest).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "-")
            }
    }
}

extension Unicode.Scalar.Properties {
    fileprivate var isControl: Bool { generalCategory == .control }
}

/// A text that is checked where it is read.
package protocol CheckedText: Codable, CustomStringConvertible {
    init?(_ text: String)
}

extension CheckedText {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let value = Self(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "it is no \(Self.self)")
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension VideoID: CheckedText {}
extension NodeID: CheckedText {}
extension Epoch: CheckedText {}
extension MediaPath: CheckedText {}
