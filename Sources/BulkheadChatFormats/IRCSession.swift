package import BulkheadDanmaku
import FoundationEssentials

/// A client's side of one connection to a channel of IRC: what to send, and what is to be made of what comes.
///
/// It reads RFC 1459 with what IRCv3 adds (message-tags, server-time, batch, echo-message,
/// labeled-response, chathistory, SASL PLAIN), and
/// Twitch's dialect. It owns no socket and no clock; whoever does feeds it lines, and carries out its ``Action``s. Comments
/// may come twice, as servers replay what a client has missed: each has an id, by which the room's record tells.
package struct IRCSession: Sendable {
    /// What to connect as, and where.
    package struct Settings: Hashable, Sendable {
        /// Differences that no capability tells of.
        package enum Dialect: String, Codable, Hashable, Sendable {
            case standard, twitch
        }

        package var dialect: Dialect
        /// What comments of this connection are called in the record.
        package var source: String
        package var channel: String
        package var nick: String
        /// For PASS, or with ``account`` for SASL; empty for none.
        package var password: String
        /// The account for SASL PLAIN; empty for none.
        package var account: String

        package init(
            _ dialect: Dialect = .standard, source: String, channel: String, nick: String, password: String = "",
            account: String = ""
        ) {
            self.dialect = dialect
            self.source = source
            self.channel = channel.hasPrefix("#") || channel.hasPrefix("&") ? channel : "#" + channel
            self.nick = nick
            self.password = password
            self.account = account
        }
    }

    /// What is to be done.
    package enum Action: Hashable, Sendable {
        case send(IRCMessage)
        case comment(RoomComment)
        case paid(RoomComment, amountMicros: Int64, currency: String)
        /// Comments were taken back: the one with this id, or all of an author, or all.
        case takenBack(Removal)
        /// The channel is joined: what comes from now on is read.
        case joined
        /// The server leaves: another connection is to be made before this one is closed.
        case reconnect
        /// The server is about to close the connection, for this reason in its own words.
        case parting(String)
        /// The server does not want this client, for this reason in its own words: trying again soon changes nothing.
        case refused(String)
        /// The end of what the server has kept was reached, and the last known comment was not in it.
        case gap(from: Int64, until: Int64)
        /// What was missed is known, and has come as far as it can be had; this comment, which has come already, is the last one.
        case caughtUp(RoomComment)
    }

    /// Which comments were taken back.
    package enum Removal: Hashable, Sendable {
        case id(String)
        case author(String)
        case all
    }

    /// Where the connection stands in its course.
    package enum State: Hashable, Sendable {
        case registering, joining, joined, refused
    }

    private static let noAccounts = "the server has no way to check an account"

    private let settings: Settings
    package private(set) var state = State.registering
    private var offered: Set<String> = []
    private var granted: Set<String> = []
    private var isAuthenticated = false
    private var nick: String
    private var batches = IRCBatches()
    /// What was missed, as long as that is not known; nil where nothing was.
    private var history: IRCHistory?
    /// How many questions were put, of which the last one waits for its answer.
    private var questions = 0
    private var isAsking = false
    /// The lines that had come of the history when ``settle(now:)`` was last called; a slow server has until the second time.
    private var settledLines = -1
    /// The last line of the channel, which a replay puts behind others: how far the connection has come once all is known.
    private var newest: RoomComment?
    private var newestIsLive = false
    /// Comments that came without an id and a time, to give them an id of their own.
    private var unnamed = 0
    private let connection: String

    /// - Parameters:
    ///   - cursor: how far the connection before has got; nil where there was none, or where it is still there.
    ///   - connection: a word that no other connection has.
    package init(_ settings: Settings, cursor: ChatCursor? = nil, connection: String) {
        self.settings = settings
        self.connection = connection
        nick = settings.nick
        history = cursor.map { IRCHistory(channel: settings.channel, since: $0) }
    }

    /// What was missed is known: comments that come now are the latest. Until then they may be out of order, and a connection
    /// that breaks has come no further than the last one.
    package var isCaughtUp: Bool { history == nil }

    /// The connection before is over, and had come so far: what was written until the join was missed after all.
    package mutating func resume(from cursor: ChatCursor) {
        guard state == .registering || state == .joining else { return }
        history = IRCHistory(channel: settings.channel, since: cursor)
    }

    /// What is sent first.
    package func start() -> [Action] {
        var messages = [IRCMessage("CAP", ["LS", "302"])]
        if !settings.password.isEmpty, settings.account.isEmpty {
            messages.append(IRCMessage("PASS", [settings.password]))
        }
        messages.append(IRCMessage("NICK", [nick]))
        messages.append(IRCMessage("USER", [nick, "0", "*", nick]))
        return messages.map { .send($0) }
    }

    /// A sign of life for a server that has been silent.
    package func ping(_ word: String) -> Action { .send(IRCMessage("PING", [word])) }

    /// Takes a line of the server's.
    /// - Parameter now: in milliseconds since 1970, for comments without a time.
    package mutating func handle(_ line: String, now: Int64) -> [Action] {
        guard state != .refused, let message = IRCMessage(line: line[...]) else { return [] }
        let kind = batches.note(message, milliseconds: time(of: message))
        switch message.command {
        case "PING": return [.send(IRCMessage("PONG", [message.parameter(0)]))]
        case "CAP": return capabilities(message)
        case "AUTHENTICATE" where message.parameter(0) == "+": return authenticate()
        case "903":
            isAuthenticated = true
            return [.send(IRCMessage("CAP", ["END"]))]
        case "902", "904", "905", "906": return refuse("the account or its password is wrong: " + last(message))
        case "005": return supported(message)
        // The end of the message of the day, or that there is none: registration is over.
        case "376", "422": return join()
        case "001":
            guard settings.account.isEmpty || isAuthenticated else { return refuse(Self.noAccounts) }
            nick = message.parameter(0).isEmpty ? nick : message.parameter(0)
            return []
        case "433", "436": return otherNick()
        case "366" where isChannel(message.parameter(1)): return joinedChannel(now: now)
        case "403", "405", "437", "471", "473", "474", "475", "476", "477", "489", "520", "432", "464", "465":
            return refuse(last(message))
        case "ERROR": return state == .joined ? [.parting(last(message))] : refuse(last(message))
        case "KICK" where isChannel(message.parameter(0)) && message.parameter(1) == nick:
            return refuse("it was sent away: " + last(message))
        // By somebody else: we never leave without ending the connection.
        case "PART" where isChannel(message.parameter(0)) && message.nick == nick:
            return refuse(
                "it was taken out of the channel" + (message.parameter(1).isEmpty ? "" : ": " + message.parameter(1)))
        case "NOTICE" where settings.dialect == .twitch && state != .joined && isTwitchRefusal(message):
            return refuse(last(message))
        case "BATCH": return batch(message, now: now)
        case "PRIVMSG" where isChannel(message.parameter(0)): return privateMessage(message, in: kind, now: now)
        case "USERNOTICE" where isChannel(message.parameter(0)) && message.parameters.count > 1:
            return [.comment(comment(message, text: message.parameter(1), now: now))]
        case "REDACT" where isChannel(message.parameter(0)): return [.takenBack(.id(message.parameter(1)))]
        case "CLEARMSG": return message.tags["target-msg-id"].map { [.takenBack(.id($0))] } ?? []
        case "CLEARCHAT" where isChannel(message.parameter(0)): return clearChat(message)
        case "FAIL" where message.parameter(0) == "CHATHISTORY": return historyFailed(message.parameter(1), now: now)
        case "421" where message.parameter(1) == "CHATHISTORY": return historyFailed("", now: now)
        case "ACK": return acknowledged(message, now: now)
        case "RECONNECT": return [.reconnect]
        default: return []
        }
    }

    private func last(_ message: IRCMessage) -> String { CommentText.clean(message.parameters.last ?? "") }

    private func isChannel(_ name: String) -> Bool { name.lowercased() == settings.channel.lowercased() }

    private mutating func refuse(_ reason: String) -> [Action] {
        state = .refused
        return [.refused(reason)]
    }

    // MARK: registration

    private mutating func capabilities(_ message: IRCMessage) -> [Action] {
        let words = message.parameter(message.parameters.count - 1).split(separator: " ")
        switch message.parameter(1).uppercased() {
        case "LS":
            for word in words { offered.insert(String(word.prefix { $0 != "=" })) }
            // A star says that the list goes on in another line.
            if message.parameters.count > 3, message.parameter(2) == "*" { return [] }
            let wanted = wantedCapabilities
            guard !wanted.isEmpty else { return [.send(IRCMessage("CAP", ["END"]))] }
            return [.send(IRCMessage("CAP", ["REQ", wanted.joined(separator: " ")]))]
        case "ACK":
            for word in words { granted.insert(String(word)) }
            guard !settings.account.isEmpty else { return [.send(IRCMessage("CAP", ["END"]))] }
            guard granted.contains("sasl") else { return refuse(Self.noAccounts) }
            return [.send(IRCMessage("AUTHENTICATE", ["PLAIN"]))]
        case "NAK": return [.send(IRCMessage("CAP", ["END"]))]
        default: return []
        }
    }

    private var wantedCapabilities: [String] {
        let names =
            settings.dialect == .twitch
            ? ["twitch.tv/tags", "twitch.tv/commands"]
            : [
                "message-tags", "server-time", "batch", "echo-message", "labeled-response", "draft/chathistory",
                "draft/message-redaction",
            ] + (settings.account.isEmpty ? [] : ["sasl"])
        return names.filter { offered.contains($0) }
    }

    /// RFC 4616, in pieces of 400 (IRCv3's sasl 3.1): a last piece of 400 is followed by an empty one.
    private func authenticate() -> [Action] {
        let text = Data("\u{0}\(settings.account)\u{0}\(settings.password)".utf8).base64EncodedString()
        var pieces: [String] = []
        var rest = text[...]
        while !rest.isEmpty {
            pieces.append(String(rest.prefix(400)))
            rest = rest.dropFirst(400)
        }
        if pieces.last.map({ $0.count == 400 }) ?? true { pieces.append("+") }
        return pieces.map { .send(IRCMessage("AUTHENTICATE", [$0])) }
    }

    private mutating func otherNick() -> [Action] {
        // It may be our own ghost, which leaves by itself.
        nick = String(nick.prefix(24)) + "_"
        return [.send(IRCMessage("NICK", [nick]))]
    }

    /// Twitch has no numbers for what it does not want.
    private func isTwitchRefusal(_ message: IRCMessage) -> Bool {
        let words = ["Login authentication failed", "Login unsuccessful", "Improperly formatted auth", "Invalid NICK"]
        let ids: Set = ["msg_banned", "msg_channel_suspended", "msg_channel_blocked", "msg_room_not_found", "tos_ban"]
        return words.contains(message.parameters.last ?? "") || ids.contains(message.tags["msg-id"] ?? "")
    }

    private mutating func supported(_ message: IRCMessage) -> [Action] {
        for word in message.parameters { history?.note(support: word) }
        return []
    }

    private mutating func join() -> [Action] {
        guard state == .registering else { return [] }
        state = .joining
        return [.send(IRCMessage("JOIN", [settings.channel]))]
    }

    /// What was missed is asked for behind the join: nothing falls between.
    private mutating func joinedChannel(now: Int64) -> [Action] {
        guard state == .joining else { return [] }
        state = .joined
        guard history != nil else { return [.joined] }
        if settings.dialect == .twitch { return [.joined] + carryOut(history?.givenUp(now: now)) }
        // A server without the command may replay by itself (``settle(now:)``).
        guard hasHistory else { return [.joined] }
        return [.joined] + carryOut(history?.begin())
    }

    // MARK: history

    private var hasHistory: Bool { granted.contains("draft/chathistory") && granted.contains("batch") }

    /// The server has had time to replay what was missed: call it some seconds after ``Action/joined``, and again until
    /// ``isCaughtUp``. What comes no further is given up.
    package mutating func settle(now: Int64) -> [Action] {
        guard state == .joined, let history else { return [] }
        defer { settledLines = history.lines }
        if isAsking, history.lines > settledLines { return [] }
        return carryOut(history.givenUp(now: now))
    }

    private mutating func carryOut(_ step: IRCHistory.Step?) -> [Action] {
        guard let step else { return [] }
        isAsking = false
        switch step {
        case .ask(let words):
            questions += 1
            isAsking = true
            let tags = granted.contains("labeled-response") ? ["label": "history-\(questions)"] : [:]
            return [.send(IRCMessage("CHATHISTORY", words, tags: tags))]
        case .finished: return caughtUp()
        case .gap(let from, let until): return [.gap(from: from, until: until)] + caughtUp()
        }
    }

    /// What comes from now on is the latest; how far the connection has come is told by the last line once more.
    private mutating func caughtUp() -> [Action] {
        history = nil
        return newest.map { [.caughtUp($0)] } ?? []
    }

    private mutating func batch(_ message: IRCMessage, now: Int64) -> [Action] {
        guard let ended = batches.take(message), ended.kind == "chathistory", history != nil else { return [] }
        // A server may send other histories too: by its label the answer is known.
        if granted.contains("labeled-response"), isAsking, ended.label != "history-\(questions)" { return [] }
        guard hasHistory else { return carryOut(history?.replayed(ended.page, now: now)) }
        return isAsking ? carryOut(history?.take(ended.page, now: now)) : []
    }

    /// FAIL CHATHISTORY, or a server that does not know the command it has offered.
    private mutating func historyFailed(_ code: String, now: Int64) -> [Action] {
        isAsking ? carryOut(history?.failed(code, now: now)) : []
    }

    /// A labeled question is answered by ACK where there is nothing to say.
    private mutating func acknowledged(_ message: IRCMessage, now: Int64) -> [Action] {
        guard isAsking, message.tags["label"] == "history-\(questions)" else { return [] }
        return carryOut(history?.take(IRCHistory.Page(), now: now))
    }

    // MARK: comments

    private mutating func note(_ comment: RoomComment, isReplayed: Bool) {
        if !isReplayed { history?.note(live: comment.id, comment.sentMilliseconds) }
        // Live lines are behind all that is replayed.
        if !isReplayed || !newestIsLive && history?.goesOn ?? false { newest = comment }
        newestIsLive = newestIsLive || !isReplayed
    }

    private mutating func privateMessage(_ message: IRCMessage, in kind: String?, now: Int64) -> [Action] {
        let comment = comment(message, text: message.parameter(1), now: now)
        if history != nil { note(comment, isReplayed: kind == "chathistory") }
        // A hundred bits cost about a dollar of the United States.
        if let bits = message.tags["bits"].flatMap({ Int64($0) }), (1...10_000_000).contains(bits) {
            return [.paid(comment, amountMicros: bits * 10_000, currency: "USD")]
        }
        if let amount = message.tags["pinned-chat-paid-amount"].flatMap({ Int64($0) }),
            let micros = Self.micros(amount, exponent: Int(message.tags["pinned-chat-paid-exponent"] ?? "") ?? 2)
        {
            let currency = String((message.tags["pinned-chat-paid-currency"] ?? "").prefix(8))
            return [.paid(comment, amountMicros: micros, currency: currency)]
        }
        return [.comment(comment)]
    }

    /// `amount` of the smallest unit, of which ten to the power of `exponent` are one, in millionths.
    private static func micros(_ amount: Int64, exponent: Int) -> Int64? {
        guard amount > 0, (0...6).contains(exponent) else { return nil }
        let factor = (0..<(6 - exponent)).reduce(Int64(1)) { product, _ in product * 10 }
        let (micros, overflows) = amount.multipliedReportingOverflow(by: factor)
        return overflows ? nil : micros
    }

    private func time(of message: IRCMessage) -> Int64? {
        message.tags["tmi-sent-ts"].flatMap { Int64($0) } ?? message.tags["time"].flatMap(ServerTime.milliseconds)
    }

    private mutating func comment(_ message: IRCMessage, text: String, now: Int64) -> RoomComment {
        var text = text
        // "/me waves" is sent as CTCP.
        if text.hasPrefix("\u{1}ACTION ") { text = String(text.dropFirst(8).prefix { $0 != "\u{1}" }) }
        let time = time(of: message)
        let author = message.tags["display-name"].flatMap { $0.isEmpty ? nil : $0 } ?? message.nick
        let id = message.tags["msgid"] ?? message.tags["id"] ?? ownID(message, text, time)
        let isStaff =
            message.tags["mod"] == "1" || (message.tags["badges"] ?? "").contains("broadcaster/")
            || message.nick.lowercased() == settings.channel.dropFirst().lowercased()
        return RoomComment(
            id: id, source: settings.source, authorID: message.tags["user-id"] ?? message.tags["account"] ?? "",
            author: CommentText.clean(author), text: text, rank: isStaff ? .staff : .ordinary,
            color: message.tags["color"].flatMap(Self.color), sentMilliseconds: time)
    }

    /// An id for what comes without: the same again for the same comment, where it says when it was sent.
    private mutating func ownID(_ message: IRCMessage, _ text: String, _ time: Int64?) -> String {
        if let time { return SeenIDs.id(ofAuthor: message.nick, text: text, milliseconds: time) }
        unnamed += 1
        return "\(connection)-\(unnamed)"
    }

    /// `#RRGGBB`.
    private static func color(_ text: String) -> UInt32? {
        text.count == 7 && text.hasPrefix("#") ? UInt32(text.dropFirst(), radix: 16) : nil
    }

    private func clearChat(_ message: IRCMessage) -> [Action] {
        guard message.parameters.count > 1 else { return [.takenBack(.all)] }
        return [.takenBack(.author(message.tags["target-user-id"] ?? message.parameter(1)))]
    }
}
