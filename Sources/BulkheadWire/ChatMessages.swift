package import BulkheadDanmaku

/// One chat connection, as a chat process is told.
package struct ChatConnection: Hashable, Sendable {
    package var target: ChatTarget
    /// The last comment that is known, and its time in milliseconds since 1970; nil where none is.
    package var lastID: String
    package var lastMilliseconds: Int64?
    /// What its source said it is to be continued by; empty for nothing.
    package var token: String

    package init(_ target: ChatTarget, lastID: String = "", lastMilliseconds: Int64? = nil, token: String = "") {
        self.target = target
        self.lastID = lastID
        self.lastMilliseconds = lastMilliseconds
        self.token = token
    }

    /// Of a token, in bytes.
    package static let longestToken = 4096
}

extension ChatTarget.Dialect {
    fileprivate var code: UInt8 {
        switch self {
        case .irc: 0
        case .twitch: 1
        case .lines: 2
        case .douyu: 3
        case .bilibili: 4
        case .youtube: 5
        }
    }

    fileprivate init?(code: UInt8) {
        guard let dialect = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = dialect
    }
}

/// What the master asks of a chat process.
package enum ChatRequest: WireMessage, Hashable {
    /// The connections, which are counted from 0; they are made at once, and again whenever they break.
    case configure([ChatConnection])

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        switch self {
        case .configure(let connections):
            WireFrame(.chatConfigure) {
                $0.write(UInt8(clamping: connections.count))
                for connection in connections.prefix(Int(UInt8.max)) { $0.write(connection) }
            }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        guard frame.knownType == .chatConfigure else { throw .unknownType(frame.type) }
        var connections: [ChatConnection] = []
        for _ in 0..<(try reader.read(UInt8.self)) { connections.append(try reader.readChatConnection()) }
        self = .configure(connections)
        try reader.finish()
    }
}

extension WireWriter {
    fileprivate mutating func write(_ connection: ChatConnection) {
        let target = connection.target
        write(target.name, atMost: 256)
        write(target.dialect.code)
        write(UInt8(clamping: target.servers.count))
        for server in target.servers.prefix(Int(UInt8.max)) {
            write(server.host, atMost: 1024)
            write(server.port)
            write(server.isSecure)
        }
        for text in [target.channel, target.nick, target.account, target.password] { write(text, atMost: 4096) }
        write(target.authorities, atMost: 1 << 20)
        write(connection.lastID, atMost: 4096)
        write(connection.lastMilliseconds ?? .min)
        write(connection.token, atMost: ChatConnection.longestToken)
    }
}

extension WireReader {
    fileprivate mutating func readChatConnection() throws(WireError) -> ChatConnection {
        let name = try readString(atMost: 256, "name")
        guard let dialect = ChatTarget.Dialect(code: try read()) else { throw outsideRange("dialect") }
        var servers: [ChatTarget.Server] = []
        for _ in 0..<(try read(UInt8.self)) {
            let host = try readString(atMost: 1024, "host")
            let port: UInt16 = try read()
            servers.append(.init(host: host, port: port, isSecure: try readBool("isSecure")))
        }
        guard !servers.isEmpty else { throw outsideRange("servers") }
        var target = ChatTarget(
            name, dialect, servers: servers, channel: try readString(atMost: 4096, "channel"),
            nick: try readString(atMost: 4096, "nick"))
        target.account = try readString(atMost: 4096, "account")
        target.password = try readString(atMost: 4096, "password")
        target.authorities = try readString(atMost: 1 << 20, "authorities")
        var connection = ChatConnection(target)
        connection.lastID = try readString(atMost: 4096, "lastID")
        let milliseconds: Int64 = try read()
        connection.lastMilliseconds = milliseconds == .min ? nil : milliseconds
        connection.token = try readString(atMost: ChatConnection.longestToken, "token")
        return connection
    }
}

/// Where a chat connection stands.
package enum ChatState: UInt8, Hashable, Sendable, CaseIterable {
    /// The connection broke after it had been joined.
    case lost = 1
    /// A server answers.
    case reached = 2
    /// The server has taken us in, and is asked for the channel.
    case chosen = 3
    /// What is written there comes here.
    case joined = 4
    /// The server does not want us.
    case rejected = 5
    /// No server could be reached, or none took us in; it is tried again.
    case failing = 6
    /// Another connection has taken over before this one ended.
    case moved = 7
}

/// Which comments were taken back at their source.
package enum ChatRemoval: Hashable, Sendable {
    case comment(id: String)
    /// By identity or name.
    case author(String)
    case all
}

/// What was paid for a comment.
package struct ChatPayment: Hashable, Sendable {
    /// In millionths of ``currency``.
    package var amountMicros: Int64
    package var currency: String
    /// How long it stays in sight; nil where the source does not say.
    package var seconds: UInt32?

    package init(amountMicros: Int64, currency: String, seconds: UInt32? = nil) {
        self.amountMicros = amountMicros
        self.currency = currency
        self.seconds = seconds
    }
}

/// What a chat process answers. Connections go by their number.
package enum ChatReply: WireMessage, Hashable {
    case ready
    /// A comment, which may have come before; its source is empty, as the master knows it. With `isReplayed` it came while
    /// what was missed is being read: how far the connection has come is not told by it.
    case comment(connection: UInt8, RoomComment, ChatPayment?, isReplayed: Bool)
    case takenBack(connection: UInt8, ChatRemoval)
    /// Comments may have been missed between two times, in milliseconds since 1970.
    case gap(connection: UInt8, from: Int64, until: Int64)
    /// What the next connection of the kind is to go on with, behind all comments that came before.
    case token(connection: UInt8, String)
    /// The process works; comes each second.
    case alive
    /// A connection stands so with this server; `text` says why.
    case state(connection: UInt8, ChatState, server: String, text: String)

    private static let modes: [CommentMode] = [.scroll, .reverse, .top, .bottom, .positioned]
    /// Places go as ten-thousandths.
    private static let whole = 10_000.0
    private static let noColor = UInt32.max

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        switch self {
        case .ready: WireFrame(.chatReady) { _ in }
        case .alive: WireFrame(.chatAlive) { _ in }
        case .comment(let connection, let comment, let payment, let isReplayed):
            WireFrame(.chatComment, reserving: comment.text.utf8.count + 256) {
                $0.write(connection)
                $0.write(comment.id, atMost: 4096)
                $0.write(comment.authorID, atMost: 1024)
                $0.write(comment.author, atMost: 1024)
                $0.write(comment.text, atMost: 16_384)
                $0.write(UInt8(Self.modes.firstIndex(of: comment.mode) ?? 0))
                $0.write(UInt16(((comment.place?.x ?? 0) * Self.whole).rounded()))
                $0.write(UInt16(((comment.place?.y ?? 0) * Self.whole).rounded()))
                $0.write(UInt8(comment.rank.rawValue))
                $0.write(comment.color ?? Self.noColor)
                $0.write(comment.sentMilliseconds ?? .min)
                $0.write(payment?.amountMicros ?? 0)
                $0.write(payment?.currency ?? "", atMost: 64)
                $0.write(payment?.seconds ?? 0)
                $0.write(isReplayed)
            }
        case .takenBack(let connection, let removal):
            WireFrame(.chatTakenBack) {
                $0.write(connection)
                switch removal {
                case .comment(let id):
                    $0.write(UInt8(0))
                    $0.write(id, atMost: 4096)
                case .author(let name):
                    $0.write(UInt8(1))
                    $0.write(name, atMost: 4096)
                case .all:
                    $0.write(UInt8(2))
                    $0.write("")
                }
            }
        case .gap(let connection, let from, let until):
            WireFrame(.chatGap) {
                $0.write(connection)
                $0.write(from)
                $0.write(until)
            }
        case .token(let connection, let token):
            WireFrame(.chatToken) {
                $0.write(connection)
                $0.write(token, atMost: ChatConnection.longestToken)
            }
        case .state(let connection, let state, let server, let text):
            WireFrame(.chatState) {
                $0.write(connection)
                $0.write(state.rawValue)
                $0.write(server, atMost: 1100)
                $0.write(text, atMost: 512)
            }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.knownType {
        case .chatReady?: self = .ready
        case .chatAlive?: self = .alive
        case .chatComment?: self = try Self.comment(&reader)
        case .chatTakenBack?:
            let connection: UInt8 = try reader.read()
            let kind: UInt8 = try reader.read()
            let text = try reader.readString(atMost: 4096, "removed")
            switch kind {
            case 0: self = .takenBack(connection: connection, .comment(id: text))
            case 1: self = .takenBack(connection: connection, .author(text))
            case 2 where text.isEmpty: self = .takenBack(connection: connection, .all)
            default: throw reader.outsideRange("removal")
            }
        case .chatGap?: self = .gap(connection: try reader.read(), from: try reader.read(), until: try reader.read())
        case .chatToken?:
            self = .token(
                connection: try reader.read(), try reader.readString(atMost: ChatConnection.longestToken, "token"))
        case .chatState?:
            let connection: UInt8 = try reader.read()
            guard let state = ChatState(rawValue: try reader.read()) else { throw reader.outsideRange("state") }
            self = .state(
                connection: connection, state, server: try reader.readString(atMost: 1100, "server"),
                text: try reader.readString(atMost: 512, "text"))
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }

    private static func comment(_ reader: inout WireReader) throws(WireError) -> ChatReply {
        let connection: UInt8 = try reader.read()
        var comment = RoomComment(
            id: try reader.readString(atMost: 4096, "id"), source: "",
            authorID: try reader.readString(atMost: 1024, "authorID"),
            author: try reader.readString(atMost: 1024, "author"), text: try reader.readString(atMost: 16_384, "text"))
        let mode = Int(try reader.read(UInt8.self))
        guard modes.indices.contains(mode) else { throw reader.outsideRange("mode") }
        comment.mode = modes[mode]
        let (x, y): (UInt16, UInt16) = (try reader.read(), try reader.read())
        guard let place = CommentPlace(x: Double(x) / whole, y: Double(y) / whole) else {
            throw reader.outsideRange("place")
        }
        if comment.mode == .positioned { comment.place = place }
        guard let rank = RoomComment.Rank(rawValue: Int(try reader.read(UInt8.self))) else {
            throw reader.outsideRange("rank")
        }
        comment.rank = rank
        let color: UInt32 = try reader.read()
        guard color <= 0xFFFFFF || color == noColor else { throw reader.outsideRange("color") }
        comment.color = color == noColor ? nil : color
        let sent: Int64 = try reader.read()
        comment.sentMilliseconds = sent == .min ? nil : sent
        let amount: Int64 = try reader.read()
        let currency = try reader.readString(atMost: 64, "currency")
        let seconds: UInt32 = try reader.read()
        let isReplayed = try reader.readBool("isReplayed")
        guard amount >= 0 else { throw reader.outsideRange("amount") }
        let payment = ChatPayment(amountMicros: amount, currency: currency, seconds: seconds == 0 ? nil : seconds)
        return .comment(connection: connection, comment, amount == 0 ? nil : payment, isReplayed: isReplayed)
    }
}
