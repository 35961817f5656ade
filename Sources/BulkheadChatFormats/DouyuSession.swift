package import BulkheadDanmaku

/// A client's side of one connection to Douyu's comment servers, by the protocol for third parties (version 1.6.2): what to
/// send, and what is to be made of what comes. It owns no socket and no clock.
///
/// The servers keep no history: what was said between two connections is a gap.
package struct DouyuSession: PlatformSession {
    /// Where the connection stands in its course.
    package enum State: Hashable, Sendable {
        case entering, joined, ended
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
    /// When the next heartbeat is due: a busy room is never silent, and its server counts them all the same.
    package private(set) var due: Int64?
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

    package mutating func opened(at now: ChatMoment) -> [ChatAction] {
        [Self.send([("type", "loginreq"), ("roomid", room)])]
    }

    package mutating func ping(at now: ChatMoment) -> [ChatAction] { beat(at: now) }

    package mutating func wake(at now: ChatMoment) -> [ChatAction] {
        guard let due, due <= now.steady else { return [] }
        return beat(at: now)
    }

    private mutating func beat(at now: ChatMoment) -> [ChatAction] {
        guard state == .joined else { return [] }
        due = now.steady.addingReportingOverflow(Self.heartbeatInterval).partialValue
        return [Self.send([("type", "mrkl")])]
    }

    /// What is no packet ends the connection: nothing can be read behind it.
    package mutating func take(_ bytes: [UInt8], at now: ChatMoment) -> [ChatAction] {
        guard state != .ended else { return [] }
        var texts: [String] = []
        var problem: ChatFormatError?
        do throws(ChatFormatError) { try packets.take(bytes) { texts.append($0) } } catch { problem = error }
        let actions = texts.flatMap { state == .ended ? [] : handle(STT.read($0), at: now) }
        guard let problem, state != .ended else { return actions }
        (state, due) = (.ended, nil)
        return actions + [.ended("\(problem)")]
    }

    private mutating func handle(_ message: [String: String], at now: ChatMoment) -> [ChatAction] {
        switch message["type"] {
        case "loginres" where state == .entering:
            state = .joined
            due = now.steady.addingReportingOverflow(Self.heartbeatInterval).partialValue
            let join = Self.send([("type", "joingroup"), ("rid", room), ("gid", Self.allComments)])
            guard let last = cursor?.lastMilliseconds, last < now.wall else { return [.chosen, join, .joined] }
            return [.chosen, join, .joined, .gap(from: last, until: now.wall)]
        case "chatmsg": return comment(message, at: now).map { [.comment($0)] } ?? []
        case "dgb": return gift(message, at: now).map { [.comment($0)] } ?? []
        case "error":
            (state, due) = (.ended, nil)
            return [.ended("the server says error \(CommentText.clean(message["code"] ?? "").prefix(20))")]
        default: return []
        }
    }

    /// nil for one of another room: shared rooms send theirs as well.
    private mutating func comment(_ message: [String: String], at now: ChatMoment) -> RoomComment? {
        guard let text = message["txt"], isOfRoom(message) else { return nil }
        let time = message["cst"].flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil }
        let author = CommentText.clean(message["nn"] ?? "")
        let id =
            message["cid"].flatMap { $0.isEmpty ? nil : $0 }
            ?? time.map { SeenIDs.id(ofAuthor: message["uid"] ?? author, text: text, milliseconds: $0) } ?? ownID()
        return RoomComment(
            id: id, source: source, authorID: message["uid"] ?? "", author: author, text: text,
            color: message["col"].flatMap { Self.colors[$0] }, sentMilliseconds: time ?? now.wall)
    }

    /// A gift has no id, and two of one person in one moment are two: it is never taken for one that has come before. What it
    /// cost is not said, so it is no paid comment.
    private mutating func gift(_ message: [String: String], at now: ChatMoment) -> RoomComment? {
        guard isOfRoom(message), message["gfid"] != nil || message["gfn"] != nil else { return nil }
        let name = message["gfn"].flatMap { $0.isEmpty ? nil : $0 } ?? "gift \(message["gfid"] ?? "")"
        let count = message["gfcnt"].flatMap { UInt32($0) }.map { max(1, $0) } ?? 1
        return RoomComment(
            id: ownID(), source: source, authorID: message["uid"] ?? "", author: CommentText.clean(message["nn"] ?? ""),
            text: count == 1 ? name : "\(name) ×\(count)", sentMilliseconds: now.wall)
    }

    private func isOfRoom(_ message: [String: String]) -> Bool {
        message["rid"].map { $0 == room || $0.isEmpty } ?? true
    }

    private mutating func ownID() -> String {
        unnamed += 1
        return "\(connection)-\(unnamed)"
    }

    /// By the numbers of the protocol; its white is the room's own colour.
    private static let colors: [String: UInt32] = [
        "1": 0xFF_0000, "2": 0x00_FF00, "3": 0x1E_90FF, "4": 0xFF_8C00, "5": 0x93_70DB, "6": 0xFF_69B4,
    ]

    private static func send(_ pairs: [(key: String, value: String)]) -> ChatAction {
        .send(DouyuPackets.packet(STT.write(pairs)))
    }
}
