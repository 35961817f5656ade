package import BulkheadDanmaku
import FoundationEssentials

/// A client's side of one connection to a bridge that speaks JSON lines (docs/chat-bridge.md). It owns no socket and no clock.
package struct BridgeSession: Sendable {
    /// What is to be done.
    package enum Action: Hashable, Sendable {
        case comment(RoomComment)
        case paid(RoomComment, amountMicros: Int64, currency: String, seconds: UInt32?)
        case takenBack(IRCSession.Removal)
        case joined
        case refused(String)
        /// In milliseconds since 1970.
        case gap(from: Int64, until: Int64)
    }

    /// What a bridge may say in a line; unknown members, and those of another kind than was meant, are passed over.
    private struct Line: Decodable {
        @Loose var ready: Bool?
        @Loose var resumed: Bool?
        @Loose var refused: String?
        @Loose var gap: Gap?
        @Loose var remove: String?
        @Loose var removeAuthor: String?
        @Loose var removeAll: Bool?
        @Loose var id: String?
        @Loose var author: String?
        @Loose var authorID: String?
        @Loose var text: String?
        @Loose var time: Int64?
        @Loose var mode: CommentMode?
        @Loose var x: Double?
        @Loose var y: Double?
        @Loose var color: String?
        @Loose var staff: Bool?
        @Loose var amount: Double?
        @Loose var currency: String?
        @Loose var seconds: Double?
    }

    private struct Gap: Decodable, Sendable {
        let from: Int64
        let until: Int64
    }

    private struct Greeting: Encodable {
        let version = 1
        let channel: String
        let token: String?
        let since: String?
        let sinceTime: Int64?

        private enum CodingKeys: String, CodingKey {
            case version = "bulkhead-chat"
            case channel, token, since, sinceTime
        }
    }

    /// An amount in whole units of money is no more.
    private static let mostMoney = 1_000_000.0

    private let channel: String
    private let token: String
    private let source: String
    private let cursor: ChatCursor?
    private let connection: String
    private var unnamed = 0
    /// What was missed has come, or will not: comments that come now are the latest.
    package private(set) var isJoined = false

    /// - Parameters:
    ///   - token: what shows the bridge who we are; empty for none.
    ///   - source: what comments of this connection are called.
    ///   - cursor: how far the connection before has got; nil where there was none.
    ///   - connection: a word that no other connection has.
    package init(channel: String, token: String, source: String, cursor: ChatCursor?, connection: String) {
        self.channel = channel
        self.token = token
        self.source = source
        self.cursor = cursor
        self.connection = connection
    }

    /// The line that is sent first, with its end.
    package var greeting: String {
        let since = cursor?.lastID
        return Self.text(
            Greeting(
                channel: channel, token: token.isEmpty ? nil : token, since: since?.isEmpty == false ? since : nil,
                sinceTime: cursor?.lastMilliseconds))
    }

    /// A sign of life for a bridge that has been silent, with its end.
    package static func ping(_ number: Int) -> String { "{\"ping\":\(number)}\n" }

    private static func text(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { return "{}\n" }
        return String(decoding: data, as: UTF8.self) + "\n"
    }

    /// Takes a line of the bridge's; one that is no object of JSON is passed over.
    /// - Parameter now: in milliseconds since 1970.
    package mutating func handle(_ text: String, now: Int64) -> [Action] {
        guard let line = try? JSONDecoder().decode(Line.self, from: Data(text.utf8)) else { return [] }
        if let reason = line.refused { return [.refused(CommentText.clean(reason))] }
        var actions: [Action] = []
        if line.ready == true, !isJoined {
            isJoined = true
            actions.append(.joined)
            if line.resumed != true, let last = cursor?.lastMilliseconds, last < now {
                actions.append(.gap(from: last, until: now))
            }
        }
        if let gap = line.gap, gap.from <= gap.until { actions.append(.gap(from: gap.from, until: gap.until)) }
        if let id = line.remove { actions.append(.takenBack(.id(id))) }
        if let author = line.removeAuthor { actions.append(.takenBack(.author(author))) }
        if line.removeAll == true { actions.append(.takenBack(.all)) }
        guard let words = line.text else { return actions }
        let comment = comment(line, words)
        if let amount = line.amount, amount > 0, amount <= Self.mostMoney {
            let seconds = line.seconds.flatMap { (1...86_400).contains($0) ? UInt32($0) : nil }
            let currency = String((line.currency ?? "").prefix(8))
            actions.append(
                .paid(comment, amountMicros: Int64((amount * 1e6).rounded()), currency: currency, seconds: seconds))
        } else {
            actions.append(.comment(comment))
        }
        return actions
    }

    private mutating func comment(_ line: Line, _ text: String) -> RoomComment {
        let author = CommentText.clean(line.author ?? "")
        let id =
            line.id.flatMap { $0.isEmpty ? nil : $0 }
            ?? line.time.map { SeenIDs.id(ofAuthor: line.authorID ?? author, text: text, milliseconds: $0) }
            ?? ownID()
        let color = line.color.flatMap { text in
            text.count == 7 && text.first == "#" ? UInt32(text.dropFirst(), radix: 16) : nil
        }
        let place = line.x.flatMap { x in line.y.flatMap { CommentPlace(x: x, y: $0) } }
        var mode = line.mode ?? .scroll
        if mode == .positioned, place == nil { mode = .scroll }
        return RoomComment(
            id: id, source: source, authorID: line.authorID ?? "", author: author, text: text,
            mode: mode, place: mode == .positioned ? place : nil, rank: line.staff == true ? .staff : .ordinary,
            color: color,
            sentMilliseconds: line.time)
    }

    private mutating func ownID() -> String {
        unnamed += 1
        return "\(connection)-\(unnamed)"
    }
}
