import BulkheadDanmaku
import FoundationEssentials

/// JSON as the platform writes it, with names such as `game_id`.
enum BilibiliJSON {
    static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }

    static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}

/// An address of a WebSocket that the platform gives, `wss://host[:port]/path`. One without TLS is none.
struct BilibiliLink: Hashable, Sendable {
    let server: ChatTarget.Server
    let path: String

    init?(_ text: String) {
        let scheme = "wss://"
        guard text.utf8.count <= 1024, text.hasPrefix(scheme),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let tail = rest[authority.endIndex...].prefix { $0 != "#" }
        path = tail.hasPrefix("/") ? String(tail) : "/" + tail
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        guard let host = parts.first, !host.isEmpty, parts.count <= 2,
            host.utf8.allSatisfy({ byte in
                byte == 0x2D || byte == 0x2E || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                    || (0x61...0x7A).contains(byte)
            })
        else { return nil }
        guard let port = parts.count == 1 ? 443 : UInt16(parts[1]), port > 0 else { return nil }
        server = ChatTarget.Server(host: String(host), port: port, isSecure: true)
    }

    var hostWithPort: String { server.port == 443 ? server.host : "\(server.host):\(server.port)" }
}
