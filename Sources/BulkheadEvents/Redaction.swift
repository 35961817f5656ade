package import BulkheadSystem

/// What becomes of a text before people and files get it: keys that are known are taken out of it, wherever it comes from,
/// and it is cut where it is too long. A server may repeat a key in its refusal; a child may repeat an address.
package struct Redaction: Sendable {
    /// Stands in place of a key.
    package static let mark = "[key]"
    /// Shorter words than these, in UTF-8 bytes, are no secrets, and would make holes in texts that mean something else.
    package static let shortestSecret = 6
    /// What one text may hold, in UTF-8 bytes.
    package static let longestText = 4096
    /// What one may hold while too many come.
    package static let shortText = 160
    /// Bytes of texts: so many at once, and 16 KiB a second.
    package static let budget = Budget(256 << 10, each: .seconds(16))

    /// The longest first: one may be part of another.
    private var secrets: [String] = []
    private var budget = Self.budget

    package init() {}

    /// From now on no text shows `secret`, nor what becomes of it in an address (RFC 3986, percent-encoding).
    package mutating func hide(_ secret: String) {
        let plain = Self.decoded(secret)
        for form in [secret, plain, Self.encoded(secret), Self.encoded(plain)] { hide(asItIs: form) }
    }

    private static func decoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = byte == UInt8(ascii: "%") ? String(decoding: rest.prefix(2), as: UTF8.self) : ""
            if digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let scalar = Unicode.Scalar(byte)
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
            if isPlain || "-._~".utf8.contains(byte) { return String(scalar) }
            let digits = String(byte, radix: 16, uppercase: true)
            return "%" + (digits.utf8.count == 1 ? "0" : "") + digits
        }.joined()
    }

    private mutating func hide(asItIs secret: String) {
        guard secret.utf8.count >= Self.shortestSecret, !secrets.contains(secret) else { return }
        secrets.append(secret)
        secrets.sort { $0.utf8.count > $1.utf8.count }
    }

    /// `text` without secrets, of at most `limit` bytes.
    package func clean(_ text: String, limit: Int = Self.longestText) -> String {
        var text = text
        // A secret may lie across the place where the text is cut.
        if text.utf8.count > 2 * limit { text = Self.cut(text, to: 2 * limit) }
        for secret in secrets where text.contains(secret) { text = text.replacing(secret, with: Self.mark) }
        return Self.cut(text, to: limit)
    }

    /// `values` with clean texts; short ones when too many have come in the last seconds.
    mutating func clean(_ values: Values, at now: MonotonicTime) -> Values {
        let byteCount = values.textByteCount
        guard byteCount > 0 else { return values }
        let limit = budget.take(min(byteCount, Self.longestText), at: now) ? Self.longestText : Self.shortText
        return values.mapTexts { clean($0, limit: limit) }
    }

    private static func cut(_ text: String, to limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        return String(decoding: text.utf8.prefix(limit), as: UTF8.self) + "…"
    }
}
