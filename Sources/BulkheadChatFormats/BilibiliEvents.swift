import BulkheadDanmaku
import FoundationEssentials

/// What Bilibili's open platform tells of a room, as comments.
struct BilibiliEvents: Sendable {
    /// What follows from a message.
    enum Outcome: Hashable {
        case actions([ChatAction])
        /// The platform sends nothing more for this game.
        case over
    }

    private struct End: Decodable {
        struct Content: Decodable { @Loose var gameId: String? }
        @Loose var data: Content?
    }

    private struct Message: Decodable {
        let cmd: String
        @Loose var data: Content?
    }

    /// The members of all messages that are read, each missing where it does not belong.
    private struct Content: Decodable {
        struct User: Decodable {
            @Loose var openId: String?
            @Loose var uname: String?
        }
        @Loose var msgId: String?
        @Loose var openId: String?
        @Loose var uname: String?
        @Loose var msg: String?
        @Loose var timestamp: Int64?
        @Loose var isAdmin: Int?
        @Loose var messageId: Int64?
        @Loose var messageIds: [Int64]?
        @Loose var message: String?
        @Loose var rmb: Double?
        @Loose var startTime: Int64?
        @Loose var endTime: Int64?
        @Loose var giftName: String?
        @Loose var giftNum: Int64?
        @Loose var price: Int64?
        @Loose var rPrice: Int64?
        @Loose var paid: Bool?
        @Loose var guardLevel: Int?
        @Loose var guardNum: Int64?
        @Loose var userInfo: User?
    }

    private static let prefix = "LIVE_OPEN_PLATFORM_"
    private static let currency = "CNY"
    /// In yuan: nothing costs more.
    private static let mostMoney = 1_000_000.0
    private static let guards = [1: "总督", 2: "提督", 3: "舰长"]

    private let source: String
    private let connection: String
    private var unnamed = 0
    /// Whose room it is; empty where that is not known.
    var anchor = ""

    init(source: String, connection: String) {
        self.source = source
        self.connection = connection
    }

    /// Reads the body of a packet. What is no message, and what is no comment, is passed over.
    mutating func read(_ body: [UInt8], game: String) -> Outcome {
        guard let message = try? BilibiliJSON.decoder.decode(Message.self, from: Data(body)),
            let content = message.data,
            message.cmd.hasPrefix(Self.prefix)
        else { return .actions([]) }
        // A name may go on behind a colon. What comes from another room ends in _MIRROR, and is that room's.
        switch message.cmd.prefix(while: { $0 != ":" }).dropFirst(Self.prefix.count) {
        case "DM":
            return .actions(comment(content, content.msg, isStaff: content.isAdmin == 1).map { [.comment($0)] } ?? [])
        case "SUPER_CHAT": return .actions(superChat(content))
        case "SUPER_CHAT_DEL":
            return .actions((content.messageIds ?? []).prefix(1000).map { .takenBack(.id(Self.superChatID($0))) })
        case "SEND_GIFT": return .actions(gift(content))
        case "GUARD": return .actions(member(content))
        case "INTERACTION_END":
            let ended = try? BilibiliJSON.decoder.decode(End.self, from: Data(body)).data?.gameId
            return ended ?? game == game ? .over : .actions([])
        default: return .actions([])
        }
    }

    /// Numbers of super chats and ids of other messages are two kinds.
    private static func superChatID(_ number: Int64) -> String { "sc-\(number)" }

    private mutating func comment(
        _ content: Content, _ text: String?, id: String? = nil, seconds: Int64? = nil, isStaff: Bool = false
    ) -> RoomComment? {
        guard let text else { return nil }
        let identity = content.openId ?? content.userInfo?.openId ?? ""
        let author = CommentText.clean(content.uname ?? content.userInfo?.uname ?? "")
        let time = (seconds ?? content.timestamp).flatMap { seconds -> Int64? in
            let (milliseconds, overflows) = seconds.multipliedReportingOverflow(by: 1000)
            return overflows || seconds <= 0 ? nil : milliseconds
        }
        let own = id ?? content.msgId.flatMap { $0.isEmpty ? nil : $0 }
        // Times are whole seconds: two like words within one may be two comments, and are shown as two.
        let isAnchor = !anchor.isEmpty && identity == anchor
        return RoomComment(
            id: own ?? ownID(), source: source, authorID: identity, author: author, text: text,
            rank: isStaff || isAnchor ? .staff : .ordinary, sentMilliseconds: time)
    }

    private mutating func ownID() -> String {
        unnamed += 1
        return "\(connection)-\(unnamed)"
    }

    private mutating func superChat(_ content: Content) -> [ChatAction] {
        let id = content.messageId.map(Self.superChatID)
        guard let comment = comment(content, content.message, id: id, seconds: content.startTime) else { return [] }
        guard let rmb = content.rmb, rmb > 0, rmb <= Self.mostMoney else { return [.comment(comment)] }
        var seconds: UInt32?
        if let start = content.startTime, let end = content.endTime,
            case let (length, overflows) = end.subtractingReportingOverflow(start), !overflows,
            (1...86_400).contains(length)
        {
            seconds = UInt32(length)
        }
        return [
            .paid(
                comment, amountMicros: Int64((rmb * 1e6).rounded()), currency: Self.currency, seconds: seconds)
        ]
    }

    /// Prices are thousandths of a yuan each; what costs nothing is no comment.
    private mutating func gift(_ content: Content) -> [ChatAction] {
        let count = max(1, content.giftNum ?? 1)
        guard content.paid == true, let price = content.rPrice ?? content.price,
            let amount = Self.micros(price, count)
        else { return [] }
        let name = content.giftName ?? ""
        guard let comment = comment(content, count == 1 ? name : "\(name) ×\(count)") else { return [] }
        return [.paid(comment, amountMicros: amount, currency: Self.currency, seconds: nil)]
    }

    private mutating func member(_ content: Content) -> [ChatAction] {
        let count = max(1, content.guardNum ?? 1)
        let name = content.guardLevel.flatMap { Self.guards[$0] } ?? "大航海"
        guard let comment = comment(content, count == 1 ? name : "\(name) ×\(count)") else { return [] }
        guard let price = content.price, let amount = Self.micros(price, 1) else { return [.comment(comment)] }
        return [.paid(comment, amountMicros: amount, currency: Self.currency, seconds: nil)]
    }

    /// So many at so many thousandths, in millionths; nil for nothing and for what nothing costs.
    private static func micros(_ price: Int64, _ count: Int64) -> Int64? {
        let (sum, overflows) = price.multipliedReportingOverflow(by: count)
        guard !overflows, sum > 0, Double(sum) / 1000 <= mostMoney else { return nil }
        return sum * 1000
    }
}
