import BulkheadSystem

/// Lets somebody bring films to a node for a while. It is made from a key, which itself is never sent.
///
///     seconds since 1970 . hex of HMAC-SHA256(key, "upload|seconds")
package enum UploadToken {
    /// A token that is good for longer is none.
    package static let mostSeconds: Int64 = 30 * 24 * 3600

    package static func make(until seconds: Int64, key: [UInt8]) -> String { "\(seconds).\(code(seconds, key))" }

    package static func isGood(_ token: String, atSeconds now: Int64, key: [UInt8]) -> Bool {
        let parts = token.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, let until = Int64(parts[0]), until >= now, until - now <= mostSeconds, !key.isEmpty
        else {
            return false
        }
        return SecretText.isSame(String(parts[1]), code(until, key))
    }

    private static func code(_ seconds: Int64, _ key: [UInt8]) -> String {
        Hexadecimal.text(SHA256.authenticationCode(key: key, Array("upload|\(seconds)".utf8)))
    }
}
