import BulkheadSystem

/// What lets its holder publish or play one stream for a while: `expires=SECONDS&token=SIGNATURE` behind its name.
///
/// The signature is the HMAC-SHA256, in base64url without padding, of five lines: the action, the application, the name, the
/// time it ends (seconds since 1970) and the address it holds for, which is empty for any.
package enum AccessToken {
    package enum Action: String, Hashable, Sendable, CaseIterable {
        case publish, play
    }

    /// What is wrong with a token.
    package enum Problem: String, Error, Hashable, Sendable {
        case missing, expired
        /// Of another stream, action or address, made with another secret, or made up.
        case wrong
    }

    /// Clocks may differ by so many seconds.
    package static let skew: Int64 = 10

    /// The query that is put behind a stream's name, without `?`; nil for names that have no token: those with control
    /// characters.
    /// - Parameters:
    ///   - expires: in seconds since 1970.
    ///   - address: the only IP address from which it may be used; nil for any.
    package static func query(
        _ action: Action, app: String, name: String, expires: Int64, address: String? = nil, secret: [UInt8]
    ) -> String? {
        guard let signature = signature(action, app, name, "\(expires)", address ?? "", secret) else { return nil }
        var pairs = [(name: "expires", value: "\(expires)")]
        if let address { pairs.append((name: "address", value: address)) }
        pairs.append((name: "token", value: signature))
        return FormFields.text(of: pairs)
    }

    /// Judges a token by `fields` of a query.
    /// - Parameters:
    ///   - now: in seconds since 1970.
    ///   - address: of the peer.
    ///   - secrets: any of them may have made it.
    /// - Returns: nil where it holds.
    package static func problem(
        _ fields: [String: String], _ action: Action, app: String, name: String, address: String, now: Int64,
        secrets: [[UInt8]]
    ) -> Problem? {
        guard let token = fields["token"], let expires = fields["expires"] else { return .missing }
        let bound = fields["address"] ?? ""
        var isRight = false
        for secret in secrets {
            guard let signature = signature(action, app, name, expires, bound, secret) else { return .wrong }
            // All are compared, so that time tells nothing of them.
            if ConstantTime.areEqual(Array(signature.utf8), Array(token.utf8)) { isRight = true }
        }
        guard isRight, bound.isEmpty || bound == address, let end = Int64(expires) else { return .wrong }
        let (limit, overflows) = end.addingReportingOverflow(skew)
        return overflows || now <= limit ? nil : .expired
    }

    private static func signature(
        _ action: Action, _ app: String, _ name: String, _ expires: String, _ address: String, _ secret: [UInt8]
    ) -> String? {
        let lines = [action.rawValue, app, name, expires, address]
        guard lines.allSatisfy({ $0.utf8.allSatisfy { $0 >= 0x20 } }) else { return nil }
        let code = SHA256.authenticationCode(key: secret, Array(lines.joined(separator: "\n").utf8))
        return base64URL(code)
    }

    /// RFC 4648, section 5, without padding.
    private static func base64URL(_ bytes: [UInt8]) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let word = (0..<3).reduce(UInt32(0)) { $0 << 8 | UInt32($1 < group.count ? group[start + $1] : 0) }
            for index in 0...group.count { text.append(digits[Int(word >> UInt32(18 - 6 * index) & 63)]) }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
