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

    /// From now on no text shows `secret`.
    package mutating func hide(_ secret: String) {
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
