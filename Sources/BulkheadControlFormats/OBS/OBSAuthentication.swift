import BulkheadSystem

/// How a client shows that it knows the password: a hash of it, of the server's salt and of the connection's challenge.
///
/// - SeeAlso: protocol.md, "Creating an authentication string".
package struct OBSAuthentication: Hashable, Sendable {
    /// Base64 of 32 random bytes; used as text.
    package let salt: String
    package let challenge: String
    private let password: String
    private let lookPassword: String?

    /// - Parameter lookPassword: of those who may only look; nil for none.
    package init(password: String, lookPassword: String? = nil, salt: String, challenge: String) {
        self.lookPassword = lookPassword
        self.password = password
        self.salt = salt
        self.challenge = challenge
    }

    /// base64(SHA256(base64(SHA256(password + salt)) + challenge))
    package var answer: String { answer(password) }

    private func answer(_ password: String) -> String {
        let secret = Base64.text(SHA256.hash(Array((password + salt).utf8)))
        return Base64.text(SHA256.hash(Array((secret + challenge).utf8)))
    }

    /// Whether somebody who answers with `text` may steer, or only look; nil for a wrong answer. Takes as long for any text.
    package func maySteer(_ text: String) -> Bool? {
        let hash = SHA256.hash(Array(text.utf8))
        let isForAll = ConstantTime.areEqual(hash, SHA256.hash(Array(answer.utf8)))
        let isForLooking =
            lookPassword.map { ConstantTime.areEqual(hash, SHA256.hash(Array(answer($0).utf8))) } ?? false
        return isForAll ? true : isForLooking ? false : nil
    }

    /// 32 random bytes as text.
    package static func nonce() -> String {
        Base64.text((0..<32).map { _ in UInt8.random(in: .min ... .max) })
    }
}

/// RFC 4648, section 4, with padding.
package enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    package static func text(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let word = (0..<3).reduce(UInt32(0)) { $0 << 8 | UInt32($1 < group.count ? group[start + $1] : 0) }
            for index in 0..<4 {
                text.append(index <= group.count ? digits[Int(word >> UInt32(18 - 6 * index) & 63)] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil for what is no code.
    package static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (word, bits) = (UInt32(0), 0)
        for byte in text.utf8.filter({ $0 != UInt8(ascii: "=") }) {
            guard let digit = digits.firstIndex(of: byte) else { return nil }
            word = (word << 6 | UInt32(digit)) & 0xFF_FFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
            }
        }
        return bytes
    }
}
