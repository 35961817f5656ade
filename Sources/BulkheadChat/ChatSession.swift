import BulkheadChatFormats
import BulkheadDanmaku
import BulkheadWire

/// One attempt at a chat connection, whatever is spoken there.
struct ChatSession {
    /// What is to be done.
    enum Action: Hashable {
        case connect(ChatTarget.Server)
        case send([UInt8])
        case request(ChatHTTPRequest)
        case comment(RoomComment, ChatPayment?, isReplayed: Bool)
        case takenBack(ChatRemoval)
        case gap(from: Int64, until: Int64)
        case token(String)
        case reached, chosen, joined, leaves
        case ended(String)
        case rejected(String)
        /// The server says why it closes the connection next.
        case parting(String)
    }

    private enum Language {
        case irc(IRCSession)
        case lines(BridgeSession)
        case platform(any PlatformSession)
    }

    private var language: Language
    private var reader = LineReader()
    private var pings = 0
    /// Why the server closes the connection, in its own words; nil where it has said nothing.
    var parting: String?

    /// - Parameters:
    ///   - cursor: how far the connection has come; nil where nothing was missed.
    ///   - word: one that no other attempt has.
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
        case .douyu:
            language = .platform(
                DouyuSession(room: connection.channel, source: "", cursor: cursor, connection: word))
        case .bilibili:
            language = .platform(
                BilibiliSession(
                    BilibiliSession.Settings(application: connection.channel, words: connection.password), source: "",
                    cursor: cursor, connection: word, unpack: { Inflate.bytes($0, limit: $1) }))
        case .youtube:
            language = .platform(
                YouTubeSession(channel: connection.channel, key: connection.password, source: "", cursor: cursor))
        }
    }

    /// When ``wake(at:)`` is to be called next, on the steady clock; nil for never.
    var due: Int64? {
        if case .platform(let session) = language { session.due } else { nil }
    }

    /// The attempt begins.
    mutating func begin(_ server: ChatTarget.Server, at now: ChatMoment) -> [Action] {
        platform { $0.begin(server, at: now) } ?? [.connect(server)]
    }

    /// The socket is open.
    mutating func opened(at now: ChatMoment) -> [Action] {
        switch language {
        case .irc(let session): session.start().flatMap { Self.actions($0) }
        // A bridge has no door but its first line.
        case .lines(let session): [.send(Array(session.greeting.utf8)), .chosen]
        case .platform: platform { $0.opened(at: now) } ?? []
        }
    }

    /// Takes what has come by the socket.
    mutating func take(_ bytes: [UInt8], at now: ChatMoment) -> [Action] {
        platform { $0.take(bytes, at: now) } ?? reader.take(bytes).flatMap { handle($0, now: now.wall) }
    }

    /// The socket is over, or could not be opened.
    mutating func closed(_ reason: String, at now: ChatMoment) -> [Action] {
        platform { $0.closed(reason, at: now) } ?? [.ended(reason)]
    }

    /// A request has been answered, or could not be.
    mutating func answered(_ answer: ChatAnswer, at now: ChatMoment) -> [Action] {
        platform { $0.answered(answer, at: now) } ?? []
    }

    /// A piece of an answer that is a stream has come.
    mutating func streamed(_ bytes: [UInt8], at now: ChatMoment) -> [Action] {
        platform { $0.streamed(bytes, at: now) } ?? []
    }

    mutating func wake(at now: ChatMoment) -> [Action] { platform { $0.wake(at: now) } ?? [] }

    /// The broadcast ends: what there is to be said.
    func farewell(at now: ChatMoment) -> [Action] {
        guard case .platform(let session) = language else { return [] }
        return session.farewell(at: now).map { Self.action($0) }
    }

    /// Nil where it is no session of a platform.
    private mutating func platform(_ body: (inout any PlatformSession) -> [ChatAction]) -> [Action]? {
        guard case .platform(var session) = language else { return nil }
        let actions = body(&session)
        language = .platform(session)
        return actions.map { Self.action($0) }
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
        case .platform: return []
        }
    }

    /// Comments that come now are the latest.
    var isCaughtUp: Bool {
        switch language {
        case .irc(let session): session.isCaughtUp
        case .lines(let session): session.isJoined
        case .platform: true
        }
    }

    /// The connection before is over: what was written since was missed.
    mutating func resume(from cursor: ChatCursor) {
        guard case .irc(var session) = language else { return }
        session.resume(from: cursor)
        language = .irc(session)
    }

    /// What was missed has had time to come.
    mutating func settle(at now: ChatMoment) -> [Action] {
        guard case .irc(var session) = language else { return [] }
        let actions = session.settle(now: now.wall).flatMap { Self.actions($0) }
        language = .irc(session)
        return actions
    }

    /// Asks for a sign of life.
    mutating func ping(at now: ChatMoment) -> [Action] {
        pings += 1
        return switch language {
        case .irc(let session): Self.actions(session.ping("bulkhead-\(pings)"))
        case .lines: [.send(Array(BridgeSession.ping(pings).utf8))]
        case .platform: platform { $0.ping(at: now) } ?? []
        }
    }

    private static func actions(_ action: IRCSession.Action, isReplayed: Bool = false) -> [Action] {
        switch action {
        case .send(let message): [.send(Array(message.line.utf8))]
        case .comment(let comment): [.comment(comment, nil, isReplayed: isReplayed)]
        case .paid(let comment, let amount, let currency):
            [.comment(comment, ChatPayment(amountMicros: amount, currency: currency), isReplayed: isReplayed)]
        case .takenBack(let removal): [.takenBack(self.removal(removal))]
        case .joined: [.joined]
        case .reconnect: [.leaves]
        case .refused(let reason): [.rejected(reason)]
        case .gap(let from, let until): [.gap(from: from, until: until)]
        case .caughtUp(let comment): [.comment(comment, nil, isReplayed: false)]
        case .parting(let reason): [.parting(reason)]
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

    private static func action(_ action: ChatAction) -> Action {
        switch action {
        case .connect(let server): .connect(server)
        case .send(let bytes): .send(bytes)
        case .request(let request): .request(request)
        case .comment(let comment): .comment(comment, nil, isReplayed: false)
        case .paid(let comment, let amount, let currency, let seconds):
            .comment(
                comment, ChatPayment(amountMicros: amount, currency: currency, seconds: seconds), isReplayed: false)
        case .takenBack(let removal): .takenBack(self.removal(removal))
        case .gap(let from, let until): .gap(from: from, until: until)
        case .token(let token): .token(token)
        case .reached: .reached
        case .chosen: .chosen
        case .joined: .joined
        case .ended(let reason): .ended(reason)
        case .refused(let reason): .rejected(reason)
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

extension ChatCourse.Silence {
    /// How long a server of this kind may say nothing.
    init(_ dialect: ChatTarget.Dialect) {
        switch dialect {
        case .irc, .twitch, .lines: self.init()
        // Nobody promises an answer to Douyu's heartbeat: what its other clients wait in all is two minutes.
        case .douyu: self.init(beforePing: .seconds(45), afterPing: .seconds(75))
        // A heartbeat each 30 s is answered.
        case .bilibili: self.init(beforePing: .seconds(40), afterPing: .seconds(20))
        // There is no socket. The longest wait between two questions is ten minutes, and each ends by itself.
        case .youtube: self.init(beforePing: .seconds(660), afterPing: .seconds(60))
        }
    }
}
