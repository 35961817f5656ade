import BulkheadHTTP
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
