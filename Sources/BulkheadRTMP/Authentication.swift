import BulkheadSystem

/// The publisher's user name and password, for servers that require a login. Secret: kept out of every description.
package struct Credentials: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    /// The user name, unescaped.
    package let user: String
    /// The password, unescaped.
    package let password: String

    /// Credentials as they stand in an address, unescaped.
    package init(user: String, password: String) {
        self.user = user
        self.password = password
    }

    package var description: String { "a user" }
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

/// Why credentials did not help.
package enum AuthenticationFailure: Hashable, Sendable {
    /// The server requires a login, and no credentials were given.
    case credentialsMissing
    /// The server does not take this user or this password.
    case wrongCredentials
    /// The server asks in a way that is unknown here.
    case unknownMethod(String)
}

/// Adobe's and Limelight's authentication: what a server asks in the description of the error with which it answers
/// connect, and what to put behind the application's name the next time.
///
///     1  connect app                     _error "… code=403 need auth; authmod=adobe …"
///     2  connect app?authmod=adobe&user=U
///                                        _error "… ?reason=needauth&user=U&salt=S&challenge=C&opaque=O"
///     3  connect app?authmod=adobe&user=U&challenge=D&response=R&opaque=O
///
/// The server closes each time. Limelight's ("llnw") has nonce in place of salt, challenge and opaque, and answers as
/// HTTP's Digest does (RFC 2617), with the method "publish".
package struct AuthenticationDemand: Hashable, Sendable {
    /// The word behind `authmod=`.
    package enum Method: String, Hashable, Sendable {
        case adobe
        case limelight = "llnw"
    }

    private enum Request: Hashable, Sendable {
        case user
        case proof([String: String])
        case none(AuthenticationFailure)
    }

    /// The scheme that the server asks for; ``Method/adobe`` where it is unknown.
    package let method: Method
    private let request: Request

    /// Reads the description of an `_error`; nil if it is about something else.
    package init?(_ text: String) {
        guard let word = Self.value(of: "authmod", in: text) else {
            return nil
        }
        guard let method = Method(rawValue: word) else {
            self.method = .adobe
            request = .none(.unknownMethod(word))
            return
        }
        self.method = method
        let parameters = Self.parameters(in: text)
        switch parameters["reason"] {
        case "needauth": request = .proof(parameters)
        case "authfailed", "nosuchuser", "nosuchuuser": request = .none(.wrongCredentials)
        case let reason?: request = .none(.unknownMethod("\(word), \(reason)"))
        case nil:
            guard text.contains("code=403") else { return nil }
            request = .user
        }
    }

    /// What stands behind the application's name at the next attempt, without its "?".
    ///
    /// - Parameters:
    ///   - app: the application's name as it was given, without a query.
    ///   - nonce: a number of ours that can't be foreseen.
    package func query(
        for credentials: Credentials?, app: String, nonce: UInt32
    ) throws(AuthenticationRefusal) -> String {
        if case .none(let failure) = request { throw AuthenticationRefusal(failure) }
        guard let credentials else { throw AuthenticationRefusal(.credentialsMissing) }
        let hexadecimal = String(nonce, radix: 16)
        let own = String(repeating: "0", count: 8 - hexadecimal.count) + hexadecimal
        let head = "authmod=\(method.rawValue)&user=\(Self.escaped(credentials.user))"
        guard case .proof(let parameters) = request else { return head }
        switch method {
        case .adobe: return head + Self.adobe(parameters, credentials, own)
        case .limelight: return head + Self.limelight(parameters, credentials, app, own)
        }
    }

    private static func adobe(_ parameters: [String: String], _ credentials: Credentials, _ own: String) -> String {
        let secret = Base64.encode(
            MD5.hash(Array((credentials.user + (parameters["salt"] ?? "") + credentials.password).utf8)))
        let opaque = parameters["opaque"] ?? ""
        let theirs = opaque.isEmpty ? parameters["challenge"] ?? "" : opaque
        let response = Base64.encode(MD5.hash(Array((secret + theirs + own).utf8)))
        return "&challenge=\(own)&response=\(response)" + (opaque.isEmpty ? "" : "&opaque=\(opaque)")
    }

    private static func limelight(
        _ parameters: [String: String], _ credentials: Credentials, _ app: String, _ own: String
    ) -> String {
        let nonce = parameters["nonce"] ?? ""
        let count = "00000001"
        // An application without an instance has the default one.
        let path = app.contains("/") ? app : app + "/_definst_"
        let first = MD5.hexadecimal("\(credentials.user):live:\(credentials.password)")
        let second = MD5.hexadecimal("publish:/\(path)")
        let response = MD5.hexadecimal("\(first):\(nonce):\(count):\(own):auth:\(second)")
        return "&nonce=\(nonce)&cnonce=\(own)&nc=\(count)&response=\(response)"
    }

    /// The value behind `name=`, up to the next separator.
    private static func value(of name: String, in text: String) -> String? {
        guard let start = text.range(of: name + "=") else { return nil }
        let value = text[start.upperBound...].prefix { !" ;]&:,".contains($0) }
        return value.isEmpty ? nil : String(value.lowercased())
    }

    /// The last query in `text`: behind its last "?".
    private static func parameters(in text: String) -> [String: String] {
        guard let mark = text.lastIndex(of: "?") else { return [:] }
        var parameters: [String: String] = [:]
        let query = text[text.index(after: mark)...].prefix { !$0.isWhitespace && $0 != "]" }
        for pair in query.split(separator: "&") {
            let name = pair.prefix { $0 != "=" }
            // Base64 in it ends with "=": only the first one parts.
            parameters[String(name)] = String(pair.dropFirst(name.count + 1))
        }
        return parameters
    }

    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            let character = Character(Unicode.Scalar(byte))
            if byte < 0x80, character.isLetter || character.isNumber || "-._~@".contains(character) {
                return String(character)
            }
            let digits = String(byte, radix: 16, uppercase: true)
            return "%" + (digits.count == 1 ? "0" + digits : digits)
        }.joined()
    }
}

/// Another attempt with these credentials can't succeed.
package struct AuthenticationRefusal: Error, Hashable, Sendable {
    /// Why another attempt can't succeed.
    package let failure: AuthenticationFailure

    init(_ failure: AuthenticationFailure) { self.failure = failure }
}

extension String {
    /// Where `other` stands in it first; Foundation's, without Foundation.
    fileprivate func range(of other: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(other) { return start..<index(start, offsetBy: other.count) }
            formIndex(after: &start)
        }
        return nil
    }
}
