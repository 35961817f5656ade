import BulkheadHTTP
import NIOCore

/// Where another part of the library listens: `http://10.0.0.1:8090`, or `https://…` under TLS.
struct PeerAddress: Hashable, Sendable, CustomStringConvertible {
    /// What a person is told who writes another thing.
    static let form = "http://HOST:PORT or https://HOST:PORT"

    let host: String
    let port: Int
    let usesTLS: Bool

    /// Nil for what is no such address.
    init?(_ text: String) {
        usesTLS = text.hasPrefix("https://")
        guard usesTLS || text.hasPrefix("http://"), text.utf8.count <= 300,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return nil }
        var rest = text.dropFirst(usesTLS ? "https://".count : "http://".count)
        if rest.last == "/" { rest.removeLast() }
        guard !rest.contains(where: { "/?#@".contains($0) }) else { return nil }
        var port = usesTLS ? 443 : 80
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("]") {
            guard let number = Int(rest[rest.index(after: colon)...]), (1...65_535).contains(number) else { return nil }
            port = number
            rest = rest[..<colon]
        }
        if rest.first == "[", rest.last == "]" { rest = rest.dropFirst().dropLast() }
        guard !rest.isEmpty else { return nil }
        host = String(rest)
        self.port = port
    }

    var description: String { "\(usesTLS ? "https" : "http")://\(authority)" }
    var authority: String { authority(usualPort: usesTLS ? 443 : 80) }

    /// Host and port, as they stand in an address whose scheme means `usualPort`.
    func authority(usualPort: Int) -> String {
        (host.contains(":") ? "[\(host)]" : host) + (port == usualPort ? "" : ":\(port)")
    }

    /// What puts TLS into a connection to here, where it is to have it.
    func tls(_ trust: ClientTrust?) -> @Sendable (ChannelPipeline.SynchronousOperations) throws -> Void {
        { [usesTLS, host] pipeline in
            guard usesTLS else { return }
            try pipeline.addHandler(trust?.handler(host) ?? HTTPClient.tlsHandler(host))
        }
    }
}
