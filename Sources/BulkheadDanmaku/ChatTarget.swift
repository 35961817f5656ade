/// A chat whose comments come into the room.
package struct ChatTarget: Codable, Hashable, Sendable {
    /// What is spoken there.
    package enum Dialect: String, Codable, Hashable, Sendable, CaseIterable {
        case irc, twitch
        /// JSON lines (docs/chat-bridge.md).
        case lines
        /// Its protocol for third parties.
        case douyu
        /// Its open platform.
        case bilibili
        /// Its Live Streaming API.
        case youtube
    }

    /// Where it may be reached.
    package struct Server: Codable, Hashable, Sendable {
        /// A name or an address; of a local socket, its absolute path.
        package var host: String
        /// 0 for a local socket.
        package var port: UInt16
        package var isSecure: Bool

        package init(host: String, port: UInt16, isSecure: Bool) {
            self.host = host
            self.port = port
            self.isSecure = isSecure
        }
    }

    /// What people call it; comments in the log go by it.
    package var name: String
    package var dialect: Dialect
    /// They are tried in turn.
    package var servers: [Server]
    /// Without a `#`; of JSON lines, whatever the bridge takes it for; of Douyu, the room's number; of Bilibili, the
    /// application's; of YouTube, the id of a live chat or of a video.
    package var channel: String
    package var nick: String
    /// For SASL; empty for none.
    package var account: String
    /// Shown nowhere. Of Bilibili: access key, its secret and the anchor's identity code, with blanks between; of YouTube: the
    /// key of its API.
    package var password: String
    /// Certificates (PEM) to trust besides the system's.
    package var authorities: String

    package init(
        _ name: String, _ dialect: Dialect, servers: [Server], channel: String, nick: String, account: String = "",
        password: String = "", authorities: String = ""
    ) {
        self.name = name
        self.dialect = dialect
        self.servers = servers
        self.channel = channel
        self.nick = nick
        self.account = account
        self.password = password
        self.authorities = authorities
    }

    /// What may stand in no text.
    package var secrets: [String] {
        switch dialect {
        case .bilibili: password.split(separator: " ").map(String.init)
        case .youtube: password.split(separator: " ").suffix(1).map(String.init)
        case .irc, .twitch, .lines, .douyu: password.isEmpty ? [] : [password]
        }
    }

    /// How many chats a room may have, and how many servers each.
    package static let (mostTargets, mostServers) = (16, 16)
    package static let longestName = 64

    /// Whether a connection can be made of it: what another process sends is checked.
    package var isInRange: Bool {
        let texts = [name, channel, nick, account, password] + servers.map(\.host)
        return (1...Self.longestName).contains(name.count) && (1...Self.mostServers).contains(servers.count)
            && servers.allSatisfy { !$0.host.isEmpty && ($0.port > 0 || $0.host.hasPrefix("/")) }
            && texts.allSatisfy { text in
                text.utf8.count <= 1024 && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
            } && authorities.utf8.count <= 1 << 20
    }
}
