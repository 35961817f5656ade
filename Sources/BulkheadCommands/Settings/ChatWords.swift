package import BulkheadDanmaku
package import BulkheadModel
import SystemPackage

/// Makes chats of what a broadcaster has written: `ircs://irc.example/room,nick=ann,password-file=/etc/irc.key`.
package enum ChatWords {
    private static let optionKeys = ["name", "nick", "account", "password-file", "or", "tls-ca"]
    private static let (plainPort, securePort): (UInt16, UInt16) = (6667, 6697)
    private static let twitch = ChatTarget.Server(host: "irc.chat.twitch.tv", port: 6697, isSecure: true)
    private static let mostAuthorityBytes = 1 << 20
    private static let platforms: [ChatTarget.Dialect: [ChatTarget.Server]] = [
        .douyu: [8601, 8602, 12601, 12602].map {
            .init(host: "danmuproxy.douyu.com", port: $0, isSecure: false)
        },
        .bilibili: [.init(host: "live-open.biliapi.com", port: 443, isSecure: true)],
        .youtube: [.init(host: "youtube.googleapis.com", port: 443, isSecure: true)],
    ]

    /// - Throws: kind `usage`: one line that says what is wrong.
    package static func targets(_ words: [String]) throws(BroadcastError) -> [ChatTarget] {
        guard words.count <= ChatTarget.mostTargets else {
            throw BroadcastError(
                .usage, "--chat is given \(words.count) times; \(ChatTarget.mostTargets) are possible")
        }
        var targets: [ChatTarget] = []
        for word in words {
            let target = try target(word)
            guard !targets.contains(where: { $0.name == target.name }) else {
                throw BroadcastError(
                    .usage, "two chats are called \(target.name)", advice: "give one of them another name=")
            }
            targets.append(target)
        }
        return targets
    }

    private static func target(_ word: String) throws(BroadcastError) -> ChatTarget {
        let (address, options) = parted(word)
        var target = try plain(address)
        for (key, value) in options {
            switch key {
            case "name": target.name = value
            case "nick":
                guard !value.isEmpty, !value.contains(where: { $0.isWhitespace || ",:@!".contains($0) }) else {
                    throw misfit(address, key, value, "a name without blanks")
                }
                target.nick = value
            case "account": target.account = value
            case "password-file": target.password = try password(at: value, of: target.dialect)
            case "tls-ca": target.authorities = try text(at: value, limit: mostAuthorityBytes, "certificates")
            default:
                guard let first = target.servers.first, let server = server(value, like: first) else {
                    throw misfit(address, "or", value, "HOST or HOST:PORT")
                }
                target.servers.append(server)
            }
        }
        if target.password.isEmpty, [.bilibili, .youtube].contains(target.dialect) {
            throw BroadcastError(
                .usage, "the chat \(address) needs a password-file=",
                advice: target.dialect == .bilibili
                    ? "its three lines are the access key, the key's secret and the anchor's identity code"
                    : "its first line is a key of the YouTube Data API, or Bearer and an OAuth token")
        }
        if target.nick.isEmpty, platforms[target.dialect] == nil {
            target.nick = target.account.isEmpty ? guest(target.dialect) : target.account
        }
        if target.dialect == .twitch {
            target.nick = target.nick.lowercased()
            if !target.password.isEmpty, !target.password.hasPrefix("oauth:") {
                target.password = "oauth:" + target.password
            }
        }
        guard target.isInRange else {
            throw BroadcastError(
                .usage, "the chat \(address) has a name, a channel or a server that can't be used",
                advice: "names have 1 to \(ChatTarget.longestName) characters")
        }
        return target
    }

    /// The first line of a file; of Bilibili, the first three.
    private static func password(at path: String, of dialect: ChatTarget.Dialect) throws(BroadcastError) -> String {
        let lines = try text(at: path, limit: 4096, "password").split(whereSeparator: \.isNewline)
            .map { $0.trimmingPrefix { $0 == " " } }.filter { !$0.isEmpty }
        guard dialect == .bilibili else { return lines.first.map(String.init) ?? "" }
        guard lines.count >= 3, lines[..<3].allSatisfy({ !$0.contains { $0.isWhitespace } }) else {
            throw BroadcastError(
                .usage, "the file \(path) has no access key, secret and identity code",
                advice: "write each on a line of its own")
        }
        return lines[..<3].joined(separator: " ")
    }

    /// Nobody in particular: Twitch lets such names read.
    private static func guest(_ dialect: ChatTarget.Dialect) -> String {
        (dialect == .twitch ? "justinfan" : "bulkhead") + "\(UInt32.random(in: 10_000...99_999))"
    }

    /// The chat of an address without options.
    private static func plain(_ address: String) throws(BroadcastError) -> ChatTarget {
        if address.hasPrefix("twitch:") {
            let channel = String(address.dropFirst("twitch:".count)).lowercased().drop { $0 == "#" }
            guard (1...25).contains(channel.count),
                channel.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
            else {
                throw BroadcastError(
                    .usage, "--chat \"\(address)\" names no channel of Twitch",
                    advice:
                        "write twitch:CHANNEL with letters, digits and underscores; a server of one's own follows as or=HOST:PORT"
                )
            }
            return ChatTarget("\(channel)", .twitch, servers: [twitch], channel: "\(channel)", nick: "")
        }
        for dialect in [ChatTarget.Dialect.douyu, .bilibili, .youtube] {
            let scheme = dialect.rawValue + ":"
            guard address.hasPrefix(scheme) else { continue }
            return try platform(dialect, address, address.dropFirst(scheme.count))
        }
        for (scheme, isSecure) in [("ircs://", true), ("irc://", false)] where address.hasPrefix(scheme) {
            let rest = address.dropFirst(scheme.count)
            let port = isSecure ? securePort : plainPort
            guard let slash = rest.firstIndex(of: "/"),
                let server = server(String(rest[..<slash]), like: .init(host: "", port: port, isSecure: isSecure))
            else { throw unknown(address) }
            let channel = rest[rest.index(after: slash)...].replacing("%23", with: "#").drop { $0 == "#" }
            guard !channel.isEmpty, !channel.contains(where: { $0 == " " || $0 == "," || $0 == "/" }) else {
                throw unknown(address)
            }
            return ChatTarget("\(channel)", .irc, servers: [server], channel: "\(channel)", nick: "")
        }
        if address.hasPrefix("lines:") {
            let rest = String(address.dropFirst("lines:".count))
            if rest.hasPrefix("unix:"), rest.utf8.count > "unix:".utf8.count {
                let path = FilePaths.absolute(String(rest.dropFirst("unix:".count)))
                let name = path.split(separator: "/").last.map(String.init) ?? "bridge"
                let server = ChatTarget.Server(host: path, port: 0, isSecure: false)
                return ChatTarget(name, .lines, servers: [server], channel: "", nick: "")
            }
            let parts = rest.split(separator: "/", maxSplits: 1).map(String.init)
            if let first = parts.first, let server = server(first, like: .init(host: "", port: 0, isSecure: false)),
                server.port > 0
            {
                return ChatTarget(
                    parts.count > 1 ? parts[1] : server.host, .lines, servers: [server],
                    channel: parts.count > 1 ? parts[1] : "", nick: "")
            }
        }
        throw unknown(address)
    }

    /// `ID`, or `//HOST[:PORT]/ID` where it is not the platform's own server.
    private static func platform(
        _ dialect: ChatTarget.Dialect, _ address: String, _ rest: Substring
    ) throws(BroadcastError) -> ChatTarget {
        var servers = platforms[dialect] ?? []
        var id = rest
        if rest.hasPrefix("//"), let first = servers.first {
            let parts = rest.dropFirst(2).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let own = server(String(parts[0]), like: first) else { throw unknown(address) }
            (servers, id) = ([own], parts[1])
        }
        let isNumber =
            !id.isEmpty && id.utf8.allSatisfy { (0x30...0x39).contains($0) } && Int64(id).map { $0 > 0 } ?? false
        let isWord =
            !id.isEmpty && id.utf8.count <= 512
            && id.utf8.allSatisfy { byte in
                byte == 0x2D || byte == 0x5F || byte == 0x2E || byte == 0x3D || (0x30...0x39).contains(byte)
                    || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            }
        guard dialect == .youtube ? isWord : isNumber else { throw unknown(address) }
        let name = dialect == .youtube && id.utf8.count > 11 ? dialect.rawValue : String(id)
        return ChatTarget(name, dialect, servers: servers, channel: String(id), nick: "")
    }

    private static func server(_ text: String, like other: ChatTarget.Server) -> ChatTarget.Server? {
        var (host, port) = (text[...], other.port)
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            host = text[..<end].dropFirst()
            let rest = text[text.index(after: end)...]
            if rest.hasPrefix(":") {
                guard let number = UInt16(rest.dropFirst()), number > 0 else { return nil }
                port = number
            } else if !rest.isEmpty {
                return nil
            }
        } else if let colon = text.lastIndex(of: ":") {
            guard let number = UInt16(text[text.index(after: colon)...]), number > 0 else { return nil }
            (host, port) = (text[..<colon], number)
        }
        guard !host.isEmpty, !host.contains(where: { " /@?#,[]".contains($0) }) else { return nil }
        return ChatTarget.Server(host: String(host), port: port, isSecure: other.isSecure)
    }

    /// The address, and the options behind it, in their order.
    private static func parted(_ word: String) -> (address: String, options: [(key: String, value: String)]) {
        var (address, options) = (word, [(key: String, value: String)]())
        while let comma = address.lastIndex(of: ",") {
            let option = address[address.index(after: comma)...]
            guard let equals = option.firstIndex(of: "="), optionKeys.contains(String(option[..<equals])) else { break }
            options.insert((String(option[..<equals]), String(option[option.index(after: equals)...])), at: 0)
            address = String(address[..<comma])
        }
        return (address, options)
    }

    private static func text(at path: String, limit: Int, _ what: String) throws(BroadcastError) -> String {
        do throws(Errno) { return try SmallFile.text(at: FilePaths.absolute(path), limit: limit) } catch {
            throw BroadcastError(.usage, "the \(what) of a chat in \(path) can't be read: \(error.phrase)")
        }
    }

    private static func unknown(_ address: String) -> BroadcastError {
        BroadcastError(
            .usage, "--chat \"\(address)\" is no chat",
            advice: "write ircs://HOST/CHANNEL, irc://HOST/CHANNEL, twitch:CHANNEL, douyu:ROOM, bilibili:APPLICATION, "
                + "youtube:VIDEO, lines:HOST:PORT or lines:unix:PATH")
    }

    private static func misfit(_ address: String, _ key: String, _ value: String, _ takes: String) -> BroadcastError {
        BroadcastError(
            .usage, "for the chat \(address), \(key)=\(value) is no such value", advice: "it takes \(takes)")
    }
}
