package import BulkheadModel

/// An `http` or `https` address.
package struct HTTPAddress: Hashable, Sendable, CustomStringConvertible {
    package let usesTLS: Bool
    package let host: String
    package let port: Int
    /// With its query; begins with `/`.
    package let path: String

    /// Nil for what is no such address. User names in it are not taken: a header carries them.
    package init?(_ text: String) {
        let rest: Substring
        if text.hasPrefix("http://") {
            usesTLS = false
            rest = text.dropFirst("http://".count)
        } else if text.hasPrefix("https://") {
            usesTLS = true
            rest = text.dropFirst("https://".count)
        } else {
            return nil
        }
        guard text.utf8.count <= 8192, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        let query = rest[end...].prefix { $0 != "#" }
        path = query.hasPrefix("/") ? String(query) : "/" + query
        var authority = rest[..<end]
        guard !authority.contains("@") else { return nil }
        var port = usesTLS ? 443 : 80
        if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
            guard let number = Int(authority[authority.index(after: colon)...]), (1...65535).contains(number) else {
                return nil
            }
            port = number
            authority = authority[..<colon]
        }
        if authority.first == "[", authority.last == "]" { authority = authority.dropFirst().dropLast() }
        guard !authority.isEmpty, !authority.contains("[") else { return nil }
        host = String(authority)
        self.port = port
    }

    /// The stream of a live server that an address of HTTP-FLV names, as application and name: `http://HOST/APP/NAME.flv`. Nil for
    /// any other.
    package var flvStream: (app: String, name: String)? {
        let plain = path.prefix { $0 != "?" }.dropFirst()
        guard plain.hasSuffix(".flv"), let slash = plain.lastIndex(of: "/") else { return nil }
        let (app, name) = (plain[..<slash], plain[plain.index(after: slash)...].dropLast(4))
        return app.isEmpty || name.isEmpty ? nil : (String(app), String(name))
    }

    /// What a `Host` header says.
    package var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (usesTLS ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// Without the query, which may hold a token.
    package var description: String {
        "\(usesTLS ? "https" : "http")://\(authority)\(path.prefix { $0 != "?" })"
    }
}

/// One request as a configuration writes it, with `${…}` in address, headers and body already filled in.
package struct HTTPRequest: Hashable, Sendable {
    package let method: String
    package let address: HTTPAddress
    package let headers: [String: String]
    package let body: String

    /// One that is known to be well formed.
    package init(_ method: String, _ address: HTTPAddress, headers: [String: String] = [:], body: String = "") {
        self.method = method
        self.address = address
        self.headers = headers
        self.body = body
    }

    /// Fills in `values` where `${name}` stands.
    /// - Throws: kind `usage`: what is wrong, behind `place`.
    package init(
        method: String, url: String, headers: [String: String] = [:], body: String = "",
        values: [String: String] = [:], place: String
    ) throws(BroadcastError) {
        guard !method.isEmpty, method.utf8.count <= 16, method.allSatisfy({ $0.isASCII && $0.isUppercase }) else {
            throw Self.misfit(place, "\"\(method.prefix(20))\" is no method", "write GET, POST, PATCH, PUT or DELETE")
        }
        self.method = method
        guard let address = HTTPAddress(try Self.fill(url, values, place)) else {
            throw Self.misfit(
                place, "the url is no address of HTTP", "write http://HOST:PORT/PATH, without a user name")
        }
        self.address = address
        var filled: [String: String] = [:]
        for (name, value) in headers {
            let text = try Self.fill(value, values, place)
            let isName = !name.isEmpty && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
            guard isName, !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
                throw Self.misfit(place, "\"\(name.prefix(40))\" is no header", "write a name and one line of text")
            }
            filled[name] = text
        }
        self.headers = filled
        self.body = try Self.fill(body, values, place)
    }

    private static func fill(
        _ text: String, _ values: [String: String], _ place: String
    ) throws(BroadcastError) -> String {
        var filled = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            filled += rest[..<start.lowerBound]
            rest = rest[start.upperBound...]
            guard let end = rest.firstIndex(of: "}"), let value = values[String(rest[..<end])] else {
                let known = values.keys.sorted().map { "${\($0)}" }.joined(separator: ", ")
                throw misfit(place, "nothing is known to stand for \"${\(rest.prefix(20))\"", "there are \(known)")
            }
            filled += value
            rest = rest[rest.index(after: end)...]
        }
        return filled + rest
    }

    private static func misfit(_ place: String, _ problem: String, _ advice: String) -> BroadcastError {
        BroadcastError(.usage, "\(place): \(problem)", advice: advice)
    }
}
