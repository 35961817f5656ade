import BulkheadSystem

/// The headers of a notice as Standard Webhooks 1.0.0 has them, so that who receives it need write no check of its own.
package enum NoticeSignature {
    /// - Parameters:
    ///   - seconds: since 1970, when this attempt is made.
    ///   - secret: the key; empty for no signature.
    package static func headers(id: String, body: [UInt8], seconds: Int64, secret: [UInt8]) -> [String] {
        let headers = ["webhook-id: \(id)", "webhook-timestamp: \(seconds)"]
        guard !secret.isEmpty else { return headers }
        let signed = Array("\(id).\(seconds).".utf8) + body
        return headers + ["webhook-signature: v1,\(base64(SHA256.authenticationCode(key: secret, signed)))"]
    }

    /// RFC 4648, section 4, with padding.
    package static func base64(_ bytes: [UInt8]) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let word = (0..<3).reduce(UInt32(0)) { $0 << 8 | UInt32($1 < group.count ? group[start + $1] : 0) }
            for index in 0..<4 {
                text.append(index <= group.count ? digits[Int(word >> UInt32(18 - 6 * index) & 63)] : "=")
            }
        }
        return text
    }
}
