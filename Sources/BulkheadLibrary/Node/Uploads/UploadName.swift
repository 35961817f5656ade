import BulkheadRecording

/// Words of uploads.
package enum UploadName {
    /// The longest name that is taken, in bytes.
    package static let longest = 200

    /// A name for the folder: of what a sender says its last part, without what would hide it or lead elsewhere.
    package static func fileName(_ text: String) -> String {
        var name = String(text.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? "")
        name = String(
            String.UnicodeScalarView(name.unicodeScalars.filter { $0.properties.generalCategory != .control }))
        name = String(name.drop { $0 == "." || $0 == " " })
        if name.lowercased().hasSuffix(".mp4") { name = String(name.dropLast(4)) }
        while name.utf8.count > longest { name.removeLast() }
        return (name.isEmpty ? "film" : name) + ".mp4"
    }

    /// As it is told: eight hexadecimal digits.
    static func checksum(_ crc: CRC32) -> String {
        let text = String(crc.value, radix: 16)
        return String(repeating: "0", count: 8 - text.count) + text
    }

    /// Keys and values of `Upload-Metadata`: a key and its value in Base64, and commas between. Nil for what is none.
    package static func metadata(_ header: String) -> [String: String]? {
        var values: [String: String] = [:]
        for pair in header.split(separator: ",") {
            let words = pair.split(separator: " ")
            guard words.count == 1 || words.count == 2 else { return nil }
            guard let bytes = words.count == 2 ? Base64.decode(words[1]) : [],
                let text = String(validating: bytes, as: UTF8.self)
            else { return nil }
            values[String(words[0])] = text
        }
        return values
    }
}

/// RFC 4648, section 4.
package enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    package static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let value = group.reduce(0) { $0 << 8 | UInt32($1) } << (8 * UInt32(3 - group.count))
            for place in 0..<4 {
                text.append(
                    place <= group.count ? digits[Int(value >> (18 - 6 * UInt32(place)) & 63)] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil for what is none.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let text = Array(text.utf8)
        guard text.count % 4 == 0 else { return nil }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: text.count, by: 4) {
            let group = text[start..<start + 4]
            let padding = group.reversed().prefix { $0 == UInt8(ascii: "=") }.count
            guard padding <= 2, padding == 0 || start + 4 == text.count else { return nil }
            var value: UInt32 = 0
            for byte in group.dropLast(padding) {
                guard let digit = digits.firstIndex(of: byte) else { return nil }
                value = value << 6 | UInt32(digit)
            }
            value <<= 6 * UInt32(padding)
            bytes += (0..<3 - padding).map { UInt8(truncatingIfNeeded: value >> (16 - 8 * UInt32($0))) }
        }
        return bytes
    }
}
