/// Where a stream goes by SRT, or comes from.
///
///     srt://host:port?mode=caller&latency=120&passphrase=…&pbkeylen=16&streamid=…
///
/// `mode` says who calls whom, `latency` is in milliseconds as in libsrt and its tools, and a stream ID is taken as it is,
/// with all that stands in it but "&", which is written "%26". An IPv6 address stands in brackets; a listener may leave the
/// host out.
package struct SRTAddress: Hashable, Sendable {
    /// Who makes the connection.
    package enum Mode: String, Hashable, Sendable, CaseIterable {
        /// We do.
        case caller
        /// The other side does, and we wait for it.
        case listener
    }

    /// A name or an address, an IPv6 literal without its brackets; empty for a listener at all addresses.
    package let host: String
    /// The UDP port, from 1; for a listener 0 is one that is free.
    package let port: Int
    package let mode: Mode
    /// How long what was lost is waited for.
    package let latencyMilliseconds: Int
    /// 10 to 79 bytes; empty without encryption.
    package let passphrase: String
    /// The key's length in bytes: 16, 24 or 32; 0 leaves it to the library.
    package let keyByteCount: Int
    /// What a caller says of the stream, or what a listener asks for; empty for nothing.
    package let streamID: String
    /// How long a caller waits for an answer.
    package let connectingMilliseconds: Int

    package static let standardLatencyMilliseconds = 120
    package static let latencyRange = 0...30_000
    package static let passphraseRange = 10...79
    package static let longestStreamID = 512
    private static let standardConnectingMilliseconds = 3000
    private static let connectingRange = 100...60_000

    private static let parameters = [
        "mode", "latency", "passphrase", "pbkeylen", "streamid", "connect_timeout",
    ]

    /// Whether a word is such an address, right or wrong.
    package static func isMeant(by word: String) -> Bool { word.lowercased().hasPrefix("srt:") }

    /// Stands before the address of an input that others call: `listen:srt://0.0.0.0:9000`.
    package static let listeningPrefix = "listen:"

    /// Whether a word is such an address of an input, right or wrong.
    package static func isMeantAsInput(_ word: String) -> Bool {
        isMeant(by: word) || word.lowercased().hasPrefix(listeningPrefix + "srt:")
    }

    /// The address that an input is read from; nil where the word is none, or none that can be used.
    package static func input(_ word: String) -> SRTAddress? {
        isMeantAsInput(word) ? try? SRTAddress(input: word) : nil
    }

    /// Reads the address of an input.
    package init(input word: String) throws(SRTAddressError) {
        let isCalled = word.lowercased().hasPrefix(Self.listeningPrefix)
        try self.init(
            isCalled ? String(word.dropFirst(Self.listeningPrefix.count)) : word, mode: isCalled ? .listener : .caller)
    }

    /// Reads an address.
    /// - Parameters:
    ///   - passphrase: given apart, for an address that says `passphrase=` with nothing behind it.
    ///   - mode: for an address that says nothing of it.
    package init(
        _ text: String, passphrase given: String? = nil, mode standard: Mode = .caller
    ) throws(SRTAddressError) {
        guard text.lowercased().hasPrefix("srt://") else { throw .unknownScheme }
        let rest = text.dropFirst(6)
        let authority = rest.prefix { $0 != "?" && $0 != "/" }
        let query = rest.firstIndex(of: "?").map { rest[rest.index(after: $0)...] } ?? ""
        var path = rest.dropFirst(authority.count).prefix { $0 != "?" }
        if path.first == "/" { path = path.dropFirst() }
        guard path.isEmpty else { throw .path }
        let values = try Self.values(in: query)

        var mode = standard
        if let word = values["mode"] {
            guard let meant = Mode(rawValue: word.lowercased()) else { throw .unknownMode }
            mode = meant
        }
        self.mode = mode
        (host, port) = try Self.place(authority, mode)
        latencyMilliseconds =
            try Self.number(values, "latency", in: Self.latencyRange) ?? Self.standardLatencyMilliseconds
        connectingMilliseconds =
            try Self.number(values, "connect_timeout", in: Self.connectingRange) ?? Self.standardConnectingMilliseconds
        var passphrase = values["passphrase"] ?? ""
        if values["passphrase"] != nil, passphrase.isEmpty {
            guard let given, !given.isEmpty else { throw .missingPassphrase }
            passphrase = given
        }
        guard passphrase.isEmpty || Self.passphraseRange.contains(passphrase.utf8.count) else {
            throw .passphraseLength(passphrase.utf8.count)
        }
        self.passphrase = passphrase
        keyByteCount = try Self.number(values, "pbkeylen", in: 0...32) ?? 0
        guard [0, 16, 24, 32].contains(keyByteCount) else { throw .keyLength }
        streamID = values["streamid"] ?? ""
        guard streamID.utf8.count <= Self.longestStreamID, !streamID.utf8.contains(0) else {
            throw .streamIDLength(streamID.utf8.count)
        }
    }

    private static func place(_ text: Substring, _ mode: Mode) throws(SRTAddressError) -> (String, Int) {
        guard !text.contains("@") else { throw .credentials }
        var rest = text
        var host: Substring
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { throw .invalidHost }
            host = text[text.index(after: text.startIndex)..<end]
            rest = text[text.index(after: end)...]
            guard host.contains(":"), host.allSatisfy({ $0.isHexDigit || ":.%".contains($0) || $0.isLetter }) else {
                throw .invalidHost
            }
        } else {
            host = text.prefix { $0 != ":" }
            rest = text.dropFirst(host.count)
        }
        guard host.utf8.count <= 255, host.unicodeScalars.allSatisfy({ $0.value > 0x20 }) else { throw .invalidHost }
        guard !host.isEmpty || mode == .listener else { throw .missingHost }
        guard rest.first == ":" else { throw .missingPort }
        rest = rest.dropFirst()
        guard !rest.isEmpty, rest.allSatisfy({ ("0"..."9").contains($0) }), let port = Int(rest),
            ((mode == .listener ? 0 : 1)...65_535).contains(port)
        else { throw .invalidPort }
        return (String(host), port)
    }

    private static func values(in query: Substring) throws(SRTAddressError) -> [String: String] {
        var values: [String: String] = [:]
        for part in query.split(separator: "&") {
            let name = part.prefix { $0 != "=" }.lowercased()
            guard part.count > name.count, parameters.contains(name) else { throw .unknownParameter(name) }
            guard values[name] == nil else { throw .parameterTwice(name) }
            guard let value = unescaped(part.dropFirst(name.count + 1)) else { throw .unreadable(name) }
            values[name] = value
        }
        return values
    }

    private static func number(
        _ values: [String: String], _ name: String, in range: ClosedRange<Int>
    ) throws(SRTAddressError) -> Int? {
        guard let text = values[name] else { return nil }
        guard let number = Int(text), text.first != "+", range.contains(number) else {
            throw .outsideRange(name, range)
        }
        return number
    }

    /// With each percent sign and two digits read as a byte; nil if that makes no text. Other percent signs stand for themselves.
    private static func unescaped(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            if byte == UInt8(ascii: "%"), digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit),
                let value = UInt8(digits, radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Host and port for a person.
    package var authority: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    /// What must not be shown.
    package var secrets: [String] { [passphrase, streamID].filter { !$0.isEmpty } }

    /// Whether `text` is an address whose passphrase is given apart.
    package static func awaitsPassphrase(_ text: String) -> Bool {
        do throws(SRTAddressError) { _ = try SRTAddress(text) } catch { return error == .missingPassphrase }
        return false
    }
}

extension SRTAddress: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Without passphrase and stream ID, which may hold a password.
    package var description: String { "srt://\(authority)\(mode == .listener ? "?mode=listener" : "")" }

    package var debugDescription: String { description }

    /// Without children, so that no dump shows the passphrase.
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

/// Why an address can't be used. None of them repeats the address: it may hold a passphrase.
package enum SRTAddressError: Error, Hashable, CustomStringConvertible {
    case unknownScheme
    case credentials
    case path
    case missingHost
    case invalidHost
    case missingPort
    case invalidPort
    case unknownMode
    case unknownParameter(String)
    case parameterTwice(String)
    case unreadable(String)
    case outsideRange(String, ClosedRange<Int>)
    case passphraseLength(Int)
    case missingPassphrase
    case keyLength
    case streamIDLength(Int)

    package var description: String {
        switch self {
        case .unknownScheme: "the address doesn't begin with srt://"
        case .credentials: "an SRT address has no user name: what a server asks for stands in streamid="
        case .path: "an SRT address has no path: what a server asks for stands in streamid="
        case .missingHost: "the address names no host: only a listener (mode=listener) does without"
        case .invalidHost: "the address has no usable host; an IPv6 address stands in brackets"
        case .missingPort: "the address has no port, and SRT has no usual one"
        case .invalidPort: "the address's port is not a number from 1 to 65535"
        case .unknownMode: "mode is caller or listener"
        case .unknownParameter(let name):
            "the parameter \(name.prefix(40)) is not known: there are mode, latency, passphrase, pbkeylen, streamid and "
                + "connect_timeout"
        case .parameterTwice(let name): "the parameter \(name) stands there twice"
        case .unreadable(let name): "what stands behind \(name)= is no text"
        case .outsideRange("pbkeylen", _): "pbkeylen is 16, 24 or 32"
        case .outsideRange(let name, let range):
            "\(name) is a number of milliseconds from \(range.lowerBound) to \(range.upperBound)"
        case .passphraseLength(let count):
            "the passphrase is \(count) bytes long: SRT takes \(SRTAddress.passphraseRange.lowerBound) to "
                + "\(SRTAddress.passphraseRange.upperBound)"
        case .missingPassphrase: "passphrase= stands there with nothing behind it, and none is given apart"
        case .keyLength: "pbkeylen is 16, 24 or 32"
        case .streamIDLength(let count):
            "the stream ID is \(count) bytes long: SRT takes \(SRTAddress.longestStreamID) at most"
        }
    }
}
