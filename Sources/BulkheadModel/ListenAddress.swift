/// The files of a server's certificate, which are read again when they change.
package struct CertificateFiles: Codable, Hashable, Sendable {
    /// The path of the certificate in PEM form, with those between it and a root behind it.
    package let certificate: String
    /// The path of its private key, in PEM form.
    package let key: String

    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    /// Whether both are absolute paths: what another process sends is checked.
    package var isInRange: Bool {
        [certificate, key].allSatisfy { $0.hasPrefix("/") && $0.utf8.count <= 4096 && !$0.utf8.contains(0) }
    }
}

/// Where a server listens: `127.0.0.1:1935`, `[::1]:1935`, or a name with a port.
package struct ListenAddress: Hashable, Sendable {
    /// An address or a name, without brackets.
    package let host: String
    /// 0 for any that is free.
    package let port: Int

    /// Reads an address and a port.
    /// - Parameter anyHost: what `:1935` stands for; without it that is no address.
    package init?(_ text: String, anyHost: String? = nil) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port)
        else { return nil }
        var host = text[..<colon]
        if host.first == "[", host.last == "]" {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard let name = host.isEmpty ? anyHost : String(host), !name.isEmpty, name.utf8.count <= 255 else {
            return nil
        }
        self.host = name
        self.port = port
    }

    /// Only this computer itself can reach it.
    package var isLoopback: Bool {
        host == "localhost" || host == "::1"
            || host.hasPrefix("127.") && host.allSatisfy { ("0"..."9").contains($0) || $0 == "." }
    }

    /// All addresses of version 4 that this computer has.
    package static let everywhere = "0.0.0.0"
}
