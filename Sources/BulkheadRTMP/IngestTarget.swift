/// Where to publish to or to play from: server, application and stream key.
///
/// Server and key may be given apart, as OBS asks for them: then everything behind the host is the application and the
/// key is taken as it is, whatever it contains. In one address they are told apart like FFmpeg and librtmp do:
///
///     rtmp://host/app/key                    application "app", key "key"
///     rtmp://host/app/instance/key           application "app/instance", key "key"
///     rtmp://host/app/instance/deep/key      application "app/instance", key "deep/key"
///     rtmp://host/app/mp4:deep/key           application "app", key "mp4:deep/key"
///     rtmp://host/app/key?token=a/b          application "app", key "key?token=a/b"
///     rtmp://host/path/to/stream#key         application "path/to/stream", key "key", as MediaMTX writes it
///     rtmp://host/app?backup=1/key           application "app?backup=1", key "key"
///     rtmp://host/path/to/stream#            application "path/to/stream", an empty key
///
/// A "#" always ends the application, also where the key is given apart. A key that contains "#" has therefore to be given
/// apart. Slashes behind the "?" of a key belong to the key.
/// A server that asks who publishes is told what stands before the host, as in rtmp://user:password@host/app/key, with
/// "%40" for an "@" in either.
package struct IngestTarget: Hashable, Sendable {
    /// RTMPS, not RTMP.
    package let usesTLS: Bool
    /// A name or an address, an IPv6 literal without its brackets.
    package let host: String
    /// The TCP port; 1935 for RTMP and 443 for RTMPS where the address has none.
    package let port: Int
    /// With its query, without the key.
    package let app: String
    /// Secret: kept out of every description.
    package let key: String
    /// For servers that ask.
    package let credentials: Credentials?

    /// - Parameters:
    ///   - address: rtmp[s]://host[:port]/app[/…][/key]
    ///   - key: the stream key, if it is given apart; space around it, such as a key file's last newline, is dropped.
    ///     An empty one is for servers whose path alone names the stream.
    package init(_ address: String, key: String? = nil) throws(IngestTargetError) {
        let address = address.trimmed
        let schemes = [("rtmp://", false, 1935), ("rtmps://", true, 443)]
        guard let (scheme, usesTLS, defaultPort) = schemes.first(where: { address.lowercased().hasPrefix($0.0) }) else {
            throw .unknownScheme
        }
        let rest = address.dropFirst(scheme.count)
        let place = rest.prefix { !"/?#".contains($0) }
        var authority = place
        var credentials: Credentials?
        if let mark = place.lastIndex(of: "@") {
            credentials = try Self.credentials(place[..<mark])
            authority = place[place.index(after: mark)...]
        }
        self.credentials = credentials
        self.usesTLS = usesTLS
        (host, port) = try Self.hostAndPort(of: authority, defaultPort: defaultPort)

        var path = rest.dropFirst(place.count)
        if path.first == "/" { path = path.dropFirst() }
        let (app, ownKey) = key == nil ? Self.split(path) : (path.prefix { $0 != "#" }, nil)
        var name = app
        while name.last == "/" { name = name.dropLast() }
        guard !name.isEmpty else { throw .missingApplication }
        self.app = String(name)
        guard let key = key?.trimmed ?? ownKey.map(String.init) else { throw .missingKey }
        self.key = key
    }

    private init(
        usesTLS: Bool, host: String, port: Int, app: String, key: String, credentials: Credentials?
    ) {
        self.usesTLS = usesTLS
        self.host = host
        self.port = port
        self.app = app
        self.key = key
        self.credentials = credentials
    }

    /// The same server and application with another stream.
    package func withKey(_ key: String) -> IngestTarget {
        IngestTarget(usesTLS: usesTLS, host: host, port: port, app: app, key: key, credentials: credentials)
    }

    private static func credentials(_ text: Substring) throws(IngestTargetError) -> Credentials {
        let user = text.prefix { $0 != ":" }
        guard let name = user.unescaped, let password = text.dropFirst(user.count + 1).unescaped, !name.isEmpty else {
            throw .invalidCredentials
        }
        return Credentials(user: name, password: password)
    }

    private static func split(_ path: Substring) -> (app: Substring, key: Substring?) {
        func nonempty(_ text: Substring) -> Substring? { text.isEmpty ? nil : text }
        if let mark = path.firstIndex(of: "#") {
            return (path[..<mark], path[path.index(after: mark)...])
        }
        guard let slash = path.firstIndex(of: "/") else { return (path, nil) }
        let rest = path[path.index(after: slash)...]
        let place = rest.prefix { $0 != "?" }
        // A second component is the application's instance, if a third one follows and it is no "mp4:" prefix.
        guard let second = place.firstIndex(of: "/"), !place[..<second].contains(":"),
            second < rest.index(before: rest.endIndex)
        else { return (path[..<slash], nonempty(rest)) }
        return (path[..<second], nonempty(path[path.index(after: second)...]))
    }

    private static func hostAndPort(
        of authority: Substring, defaultPort: Int
    ) throws(IngestTargetError) -> (String, Int) {
        let host: Substring
        var rest: Substring
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else { throw .invalidHost }
            let literal = authority[authority.index(after: authority.startIndex)..<end]
            rest = authority[authority.index(after: end)...]
            // A zone, which is this machine's own name for a network, is written behind "%25" (RFC 6874) or "%".
            let address = literal.prefix { $0 != "%" }
            var zone = literal.dropFirst(address.count)
            if zone.hasPrefix("%25"), zone.count > 3 { zone = "%" + zone.dropFirst(3) }
            guard address.contains(":"), address.allSatisfy({ $0.isHexDigit || ":.".contains($0) }), zone.count != 1,
                zone.dropFirst().allSatisfy({ $0.isLetter || $0.isNumber || "-._~".contains($0) })
            else { throw .invalidHost }
            host = address + zone
        } else {
            host = authority.prefix { $0 != ":" }
            rest = authority.dropFirst(host.count)
        }
        guard !host.isEmpty, host.utf8.count <= 255, host.unicodeScalars.allSatisfy({ $0.value > 0x20 }) else {
            throw .invalidHost
        }
        if rest.isEmpty { return (String(host), defaultPort) }
        guard rest.removeFirst() == ":", rest.allSatisfy({ ("0"..."9").contains($0) }), let port = Int(rest),
            (1...65535).contains(port)
        else { throw .invalidPort }
        return (String(host), port)
    }

    /// What the connect command gives as tcUrl: the address without the key, and without the scheme's usual port.
    package var tcURL: String { tcURL(app: app) }

    func tcURL(app: String) -> String {
        // An IPv6 address's zone means nothing to the other side.
        let name = host.contains(":") ? host.prefix { $0 != "%" } : host[...]
        return "\(usesTLS ? "rtmps" : "rtmp")://\(authority(of: name))/\(app)"
    }

    /// The application's name with `query`, which is given without "?" and may be empty, behind its own.
    func app(withQuery query: String) -> String {
        query.isEmpty ? app : app + (app.contains("?") ? "&" : "?") + query
    }

    /// Where a server sends us by `url`, with the same key: the target of a redirection or of a reconnect request.
    ///
    /// - Parameter url: absolute, or relative to ``tcURL`` as RFC 3986, section 4.2, has it: "//host/app", "/app",
    ///   "app". It may end with the key, which some servers add. Never from rtmps to rtmp: the key must not be read on
    ///   the way.
    package func resolving(_ url: String) -> IngestTarget? {
        var text = url.trimmed
        let scheme = usesTLS ? "rtmps" : "rtmp"
        if text.hasPrefix("//") {
            text = "\(scheme):\(text)"
        } else if !text.contains("://") {
            guard !text.isEmpty else { return nil }
            // What stands behind the last slash of a path is replaced; an application alone has nothing before it.
            let folder = app.prefix { $0 != "?" }.lastIndex(of: "/").map { app[...$0] } ?? ""
            text = "\(scheme)://\(authority)/" + (text.hasPrefix("/") ? text.dropFirst() : folder + text)
        }
        if !key.isEmpty, text.hasSuffix("/" + key) { text = String(text.dropLast(key.count + 1)) }
        guard let found = try? IngestTarget(text, key: key), found.usesTLS || !usesTLS else { return nil }
        // A password is for the server that it was given for.
        let credentials = found.host == host ? credentials : nil
        return IngestTarget(
            usesTLS: found.usesTLS, host: found.host, port: found.port, app: found.app, key: key,
            credentials: found.credentials ?? credentials)
    }

    /// Host and port for a person: the port is left out where it is the usual one.
    package var authority: String { authority(of: host[...]) }

    private func authority(of host: Substring) -> String {
        let name = host.contains(":") ? "[\(host)]" : String(host)
        return port == (usesTLS ? 443 : 1935) ? name : "\(name):\(port)"
    }
}

extension IngestTarget: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The address without the key and without a query's content, which may be secret too.
    package var description: String {
        let name = app.prefix { $0 != "?" }
        return "\(usesTLS ? "rtmps" : "rtmp")://\(authority)/\(name)\(name.count < app.count ? "?…" : "")"
    }

    package var debugDescription: String { description }

    /// Without children, so that no dump shows the key.
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

/// Why an address can't be used. None of them repeats the address: it may hold a key.
package enum IngestTargetError: Error, Hashable, CustomStringConvertible {
    case unknownScheme
    case invalidCredentials
    case invalidHost
    case invalidPort
    case missingApplication
    case missingKey

    package var description: String {
        switch self {
        case .unknownScheme: "the address doesn't begin with rtmp:// or rtmps://"
        case .invalidCredentials:
            "the user name and password before the address's @ can't be read: write user:password@host, and %40 for an @"
        case .invalidHost: "the address has no usable host: write rtmp://host/app, an IPv6 address in brackets"
        case .invalidPort: "the address's port is not a number from 1 to 65535"
        case .missingApplication: "the address names no application: write rtmp://host/app"
        case .missingKey:
            "no stream key is given: write it behind the application, give it in a file, or end the address with # where "
                + "there is none"
        }
    }
}

extension Substring {
    /// With each percent sign and two digits read as a byte; nil if that makes no text.
    fileprivate var unescaped: String? {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard digits.utf8.count == 2, digits.first != "+", let value = UInt8(digits, radix: 16) else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text = text.dropFirst() }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return String(text)
    }
}
