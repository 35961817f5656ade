import BulkheadLibraryProtocol
import NIOHTTP1

/// A request without its body.
struct Request: Sendable {
    /// The longest target that is looked at, in bytes.
    static let longestTarget = 8192

    let method: HTTPMethod
    /// As it was sent, with its query.
    let target: String
    /// The names between the slashes, decoded; empty for `/`.
    let path: [String]
    let query: [String: String]
    let headers: HTTPHeaders
    /// Where the request came from; nil for a local socket.
    let peer: NetworkAddress?
    /// Whether it may come from a part of the library, as far as certificates go: one was shown, or none is wanted.
    let isVouchedFor: Bool

    /// Nil where the target is too long or malformed.
    init?(_ head: HTTPRequestHead, peer: NetworkAddress?, isVouchedFor: Bool = true) {
        guard head.uri.utf8.count <= Self.longestTarget, head.uri.hasPrefix("/") else { return nil }
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var path: [String] = []
        for part in parts[0].dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let name = PercentCode.decode(part, plusIsBlank: false) else { return nil }
            path.append(name)
        }
        if path == [""] { path = [] }
        guard let query = Self.query(parts.count > 1 ? parts[1] : "") else { return nil }
        method = head.method
        target = head.uri
        self.path = path
        self.query = query
        headers = head.headers
        self.peer = peer
        self.isVouchedFor = isVouchedFor
    }

    /// What stands behind a question mark; nil where it is malformed.
    static func query(_ text: some StringProtocol) -> [String: String]? {
        var query: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let words = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = PercentCode.decode(words[0], plusIsBlank: true),
                let value = PercentCode.decode(words.count > 1 ? words[1] : "", plusIsBlank: true)
            else { return nil }
            query[key] = value
        }
        return query
    }

    subscript(header name: String) -> String? { headers.first(name: name) }

    /// Whether it came from this machine.
    var isLocal: Bool {
        guard let peer else { return true }
        return peer.bytes.count == 4 ? peer.bytes[0] == 127 : peer.bytes == [UInt8](repeating: 0, count: 15) + [1]
    }
}

/// RFC 3986, section 2.1.
enum PercentCode {
    private static let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)

    static func encode(_ text: String) -> String {
        var coded = ""
        for byte in text.utf8 {
            if plain.contains(byte) {
                coded.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                coded += "%" + Hexadecimal.text([byte]).uppercased()
            }
        }
        return coded
    }

    /// Nil for what is no code, no UTF-8, or a zero byte.
    static func decode(_ text: some StringProtocol, plusIsBlank: Bool) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
                else { return nil }
                rest = rest.dropFirst(2)
                bytes.append(value)
            } else {
                bytes.append(plusIsBlank && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        guard !bytes.contains(0) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}
