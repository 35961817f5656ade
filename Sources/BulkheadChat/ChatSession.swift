import BulkheadChatFormats
import BulkheadDanmaku
import BulkheadWire

/// What is said on one socket of a chat connection, whatever is spoken there.
struct ChatSession {
    /// What is to be done.
    enum Action: Hashable {
        case send(String)
        case comment(RoomComment, ChatPayment?, isReplayed: Bool)
        case takenBack(ChatRemoval)
        case gap(from: Int64, until: Int64)
        case chosen, joined, leaves
        case rejected(String)
    }

    private enum Language {
        case irc(IRCSession)
        case lines(BridgeSession)
    }

    private var language: Language
    private var reader = LineReader()
    private var pings = 0

    /// - Parameters:
    ///   - cursor: how far the connection has come; nil where nothing was missed.
    ///   - word: one that no other socket has.
    init(_ connection: ChatTarget, cursor: ChatCursor?, word: String) {
        switch connection.dialect {
        case .lines:
            language = .lines(
                BridgeSession(
                    channel: connection.channel, token: connection.password, source: "", cursor: cursor,
                    connection: word))
        case .irc, .twitch:
            language = .irc(
                IRCSession(
                    IRCSession.Settings(
                        connection.dialect == .twitch ? .twitch : .standard, source: "", channel: connection.channel,
                        nick: connection.nick, password: connection.password, account: connection.account),
                    cursor: cursor, connection: word))
        }
    }

    /// What is sent first.
    func start() -> [Action] {
        switch language {
        case .irc(let session): session.start().flatMap { Self.actions($0) }
        // A bridge has no door but its first line.
        case .lines(let session): [.send(session.greeting), .chosen]
        }
    }

    /// Takes what has come.
    mutating func take(_ bytes: some Sequence<UInt8>, now: Int64) -> [Action] {
        reader.take(bytes).flatMap { handle($0, now: now) }
    }

    private mutating func handle(_ line: String, now: Int64) -> [Action] {
        switch language {
        case .irc(var session):
            let (before, isReplayed) = (session.state, !session.isCaughtUp)
            let actions = session.handle(line, now: now).flatMap { Self.actions($0, isReplayed: isReplayed) }
            language = .irc(session)
            return before == .registering && session.state == .joining ? [.chosen] + actions : actions
        case .lines(var session):
            let isReplayed = !session.isJoined
            let actions = session.handle(line, now: now).map { Self.action($0, isReplayed: isReplayed) }
            language = .lines(session)
            return actions
        }
    }

    /// Comments that come now are the latest.
    var isCaughtUp: Bool {
        switch language {
        case .irc(let session): session.isCaughtUp
        case .lines(let session): session.isJoined
        }
    }

    /// What was missed has had time to come.
    mutating func settle(now: Int64) -> [Action] {
        guard case .irc(var session) = language else { return [] }
        let actions = session.settle(now: now).flatMap { Self.actions($0) }
        language = .irc(session)
        return actions
    }

    /// Asks for a sign of life.
    mutating func ping() -> [Action] {
        pings += 1
        return switch language {
        case .irc(let session): Self.actions(session.ping("bulkhead-\(pings)"))
        case .lines: [.send(BridgeSession.ping(pings))]
        }
    }

    private static func actions(_ action: IRCSession.Action, isReplayed: Bool = false) -> [Action] {
        switch action {
        case .send(let message): [.send(message.line)]
        case .comment(let comment): [.comment(comment, nil, isReplayed: isReplayed)]
        case .paid(let comment, let amount, let currency):
            [.comment(comment, ChatPayment(amountMicros: amount, currency: currency), isReplayed: isReplayed)]
        case .takenBack(let removal): [.takenBack(self.removal(removal))]
        case .joined: [.joined]
        case .reconnect: [.leaves]
        case .refused(let reason): [.rejected(reason)]
        case .gap(let from, let until): [.gap(from: from, until: until)]
        }
    }

    private static func action(_ action: BridgeSession.Action, isReplayed: Bool) -> Action {
        switch action {
        case .comment(let comment): .comment(comment, nil, isReplayed: isReplayed)
        case .paid(let comment, let amount, let currency, let seconds):
            .comment(
                comment, ChatPayment(amountMicros: amount, currency: currency, seconds: seconds),
                isReplayed: isReplayed)
        case .takenBack(let removal): .takenBack(self.removal(removal))
        case .joined: .joined
        case .refused(let reason): .rejected(reason)
        case .gap(let from, let until): .gap(from: from, until: until)
        }
    }

    private static func removal(_ removal: IRCSession.Removal) -> ChatRemoval {
        switch removal {
        case .id(let id): .comment(id: id)
        case .author(let name): .author(name)
        case .all: .all
        }
    }
}
