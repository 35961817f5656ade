/// A chat whose comments come into the room.
package struct ChatTarget: Codable, Hashable, Sendable {
    /// What is spoken there.
    package enum Dialect: String, Codable, Hashable, Sendable, CaseIterable {
        case irc, twitch
        /// JSON lines (docs/chat-bridge.md).
        case lines
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
    /// Without a `#`; of JSON lines, whatever the bridge takes it for.
    package var channel: String
    package var nick: String
    /// For SASL; empty for none.
    package var account: String
    /// Shown nowhere.
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
