package import BulkheadDanmaku

/// A client's side of one connection to Douyu's comment servers, by the protocol for third parties (version 1.6.2): what to
/// send, and what is to be made of what comes. It owns no socket and no clock.
///
/// The servers keep no history: what was said between two connections is a gap.
package struct DouyuSession: Sendable {
    /// What is to be done.
    package enum Action: Hashable, Sendable {
        case send([UInt8])
        case comment(RoomComment)
        /// The room is joined: what comes from now on is read.
        case joined
        /// Nothing is known of what was said then; in milliseconds since 1970.
        case gap(from: Int64, until: Int64)
        /// The server ends the connection, for this reason in its own words.
        case ended(String)
    }

    /// Where the connection stands in its course.
    package enum State: Hashable, Sendable {
        case entering, joined
    }

    /// All comments of a room, and not those of one group of many.
    private static let allComments = "-9999"
    /// Between two heartbeats, in milliseconds: a connection without is closed after 45 s and a little.
    private static let heartbeatInterval: Int64 = 40_000

    private let room: String
    private let source: String
    private let cursor: ChatCursor?
    private let connection: String
    private var packets = DouyuPackets()
    private var unnamed = 0
    private var beatAt: Int64?
    package private(set) var state = State.entering

    /// - Parameters:
    ///   - room: the room's number.
    ///   - source: what comments of this connection are called in the record.
    ///   - cursor: how far the connection before has got; nil where there was none.
    ///   - connection: a word that no other connection has.
    package init(room: String, source: String, cursor: ChatCursor? = nil, connection: String) {
        self.room = room
        self.source = source
        self.cursor = cursor
        self.connection = connection
    }

    /// What is sent first.
    package func start() -> [Action] { [Self.send([("type", "loginreq"), ("roomid", room)])] }

    /// A sign of life.
    /// - Parameter now: in milliseconds since 1970.
    package mutating func heartbeat(now: Int64) -> Action {
        beatAt = now
        return Self.send([("type", "mrkl")])
    }

    /// Takes what has come.
    /// - Parameter now: in milliseconds since 1970.
    /// - Throws: where it is no packet; nothing can be read behind that.
    package mutating func take(_ bytes: some Sequence<UInt8>, now: Int64) throws(ChatFormatError) -> [Action] {
        var actions: [Action] = []
        for text in try packets.take(bytes) { actions += handle(STT.read(text), now: now) }
        // A busy room is never silent, and its server counts the heartbeats all the same.
        if state == .joined, let beatAt, now - beatAt >= Self.heartbeatInterval || now < beatAt {
            actions.append(heartbeat(now: now))
        }
        return actions
    }

    private mutating func handle(_ message: [String: String], now: Int64) -> [Action] {
        switch message["type"] {
        case "loginres" where state == .entering:
            state = .joined
            beatAt = now
            let join = Self.send([("type", "joingroup"), ("rid", room), ("gid", Self.allComments)])
            guard let last = cursor?.lastMilliseconds, last < now else { return [join, .joined] }
            return [join, .joined, .gap(from: last, until: now)]
        case "chatmsg": return comment(message, now: now).map { [.comment($0)] } ?? []
        case "error": return [.ended("the server says error \(CommentText.clean(message["code"] ?? ""))")]
        default: return []
        }
    }

    /// nil for one of another room: shared rooms send theirs as well.
    private mutating func comment(_ message: [String: String], now: Int64) -> RoomComment? {
        guard let text = message["txt"], message["rid"].map({ $0 == room || $0.isEmpty }) ?? true else { return nil }
        let time = message["cst"].flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil }
        let author = CommentText.clean(message["nn"] ?? "")
        let id =
            message["cid"].flatMap { $0.isEmpty ? nil : $0 }
            ?? time.map { SeenIDs.id(ofAuthor: message["uid"] ?? author, text: text, milliseconds: $0) } ?? ownID()
        return RoomComment(
            id: id, source: source, authorID: message["uid"] ?? "", author: author, text: text,
            color: message["col"].flatMap { Self.colors[$0] }, sentMilliseconds: time)
    }

    private mutating func ownID() -> String {
        unnamed += 1
        return "\(connection)-\(unnamed)"
    }

    /// By the numbers of the protocol; its white is the room's own colour.
    private static let colors: [String: UInt32] = [
        "1": 0xFF_0000, "2": 0x00_FF00, "3": 0x1E_90FF, "4": 0xFF_8C00, "5": 0x93_70DB, "6": 0xFF_69B4,
    ]

    private static func send(_ pairs: [(key: String, value: String)]) -> Action {
        .send(DouyuPackets.packet(STT.write(pairs)))
    }
}
