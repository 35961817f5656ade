/// Why a peer's TLS handshake with the server failed, in words: BoringSSL names its reasons in text only, beside places in its source.
enum HandshakeProblem: Hashable, CustomStringConvertible {
    case wentAway
    /// Most often for the certificate. Some say so before they have keys, where only what is encrypted may come.
    case brokenOff
    case nothingInCommon
    case notTLS
    /// BoringSSL's own word, such as "BAD_DECRYPT".
    case other(String)

    init(_ error: any Error) {
        let text = String(describing: error)
        func names(_ words: String...) -> Bool { words.contains(where: text.contains) }
        if names(
            "UNKNOWN_CA", "CERTIFICATE_UNKNOWN", "BAD_CERTIFICATE", "CERTIFICATE_EXPIRED", "ALERT_UNKNOWN",
            "BAD_PACKET_LENGTH")
        {
            self = .brokenOff
        } else if names("NO_SHARED", "UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION", "HANDSHAKE_FAILURE", "NO_COMMON") {
            self = .nothingInCommon
        } else if names(
            "WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "EXCESSIVE_MESSAGE_SIZE", "HTTP_REQUEST",
            "UNEXPECTED_MESSAGE", "UNEXPECTED_RECORD", "INVALID_SSL", "DECODE_ERROR")
        {
            self = .notTLS
        } else if names("EOF", "uncleanShutdown", "reset by peer") {
            self = .wentAway
        } else {
            self = .other(Self.word(behind: "OPENSSL_internal:", in: text) ?? String(text.prefix(80)))
        }
    }

    /// Up to the next space; nil where there is none.
    private static func word(behind mark: String, in text: String) -> String? {
        guard let range = text.firstRange(of: mark) else { return nil }
        let word = text[range.upperBound...].prefix { $0 != " " && $0 != "]" }
        return word.isEmpty ? nil : String(word)
    }

    var description: String {
        switch self {
        case .wentAway: "the peer went away in the middle of it"
        case .brokenOff: "the peer broke it off; it may not trust the certificate"
        case .nothingInCommon: "no version or cipher in common"
        case .notTLS: "what the peer sent is no TLS"
        case .other(let reason): reason
        }
    }
}
