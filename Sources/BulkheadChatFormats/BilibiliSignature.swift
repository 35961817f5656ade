import BulkheadSystem

/// Signatures of Bilibili's open platform: a keyed hash over headers of the request, in the order of their names.
package struct BilibiliSignature: Sendable {
    private let accessKey: String
    private let secret: String

    package init(accessKey: String, secret: String) {
        self.accessKey = accessKey
        self.secret = secret
    }

    /// The headers of a request with `body`.
    /// - Parameters:
    ///   - seconds: since 1970.
    ///   - nonce: a word that no other request has.
    package func headers(body: [UInt8], seconds: Int64, nonce: String) -> [String] {
        let signed = [
            "x-bili-accesskeyid:\(accessKey)",
            "x-bili-content-md5:\(MD5.hexadecimal(of: body))",
            "x-bili-signature-method:HMAC-SHA256",
            "x-bili-signature-nonce:\(nonce)",
            "x-bili-signature-version:1.0",
            "x-bili-timestamp:\(seconds)",
        ]
        let code = SHA256.authenticationCode(key: Array(secret.utf8), Array(signed.joined(separator: "\n").utf8))
        let digits = code.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        return signed.map { $0.replacing(":", with: ": ", maxReplacements: 1) } + [
            "Authorization: \(digits)", "Content-Type: application/json", "Accept: application/json",
        ]
    }
}
