/// `application/x-www-form-urlencoded`, as queries of addresses and nginx-rtmp's hooks have it.
package enum FormFields {
    private static let mostFields = 64

    /// The pairs of `text` in their order, as far as they can be read.
    package static func pairs(of text: String) -> [(name: String, value: String)] {
        text.split(separator: "&").prefix(mostFields).map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (decoded(parts[0]), parts.count > 1 ? decoded(parts[1]) : "")
        }
    }

    /// The fields by their names; the first of each name counts.
    package static func fields(of text: String) -> [String: String] {
        Dictionary(pairs(of: text).map { ($0.name, $0.value) }) { first, _ in first }
    }

    /// What ``pairs(of:)`` reads again, whatever stands in names and values.
    package static func text(of pairs: [(name: String, value: String)]) -> String {
        pairs.map { "\(PercentCode.encode($0.name))=\(PercentCode.encode($0.value))" }.joined(separator: "&")
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
