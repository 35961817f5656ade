import BulkheadHTTP
import BulkheadRTMP

/// Where players of RTMP find a node's recordings.
struct RTMPPlace: Hashable, Sendable {
    /// What a person is told who writes another thing.
    static let form = "rtmp://HOST:PORT or rtmps://HOST:PORT"
    /// The application under which nodes have recordings.
    static let app = "media"

    /// Nil for the host under which a player has found us.
    let host: String?
    let port: Int
    let usesTLS: Bool

    init(host: String?, port: Int, usesTLS: Bool) {
        self.host = host
        self.port = port
        self.usesTLS = usesTLS
    }

    /// Nil for what is no such address.
    init?(_ text: String) {
        let plain = text.hasSuffix("/") ? String(text.dropLast()) : text
        guard plain.split(separator: "/").count == 2, !plain.contains(where: { "?#@".contains($0) }),
            let target = try? IngestTarget("\(plain)/\(Self.app)", key: "")
        else { return nil }
        self.init(host: target.host, port: target.port, usesTLS: target.usesTLS)
    }

    /// The address of something that is played.
    /// - Parameter asked: the `Host` of the request by which a player asks.
    /// - Returns: nil where no host is known.
    func address(_ name: String, asked: String?) -> String? {
        guard let host = host ?? asked.flatMap({ HTTPAddress("http://\($0)/")?.host }) else { return nil }
        let authority = (host.contains(":") ? "[\(host)]" : host) + (port == (usesTLS ? 443 : 1935) ? "" : ":\(port)")
        return "\(usesTLS ? "rtmps" : "rtmp")://\(authority)/\(Self.app)/\(name)"
    }
}
