import BulkheadDanmaku
import FoundationEssentials

/// One answer of `liveChatMessages.list`, the oldest message first.
struct YouTubePage: Sendable {
    private struct Answer: Decodable {
        @Loose var nextPageToken: String?
        @Loose var pollingIntervalMillis: Int64?
        @Loose var offlineAt: String?
        let items: [Loose<Item>]?
    }

    struct Item: Decodable {
        struct Snippet: Decodable {
            @Loose var type: String?
            @Loose var authorChannelId: String?
            @Loose var publishedAt: String?
            @Loose var displayMessage: String?
            @Loose var textMessageDetails: Text?
            @Loose var superChatDetails: Paid?
            @Loose var superStickerDetails: Paid?
            @Loose var memberMilestoneChatDetails: Comment?
            @Loose var messageDeletedDetails: Deleted?
            @Loose var userBannedDetails: Banned?
        }
        struct Text: Decodable { @Loose var messageText: String? }
        struct Comment: Decodable { @Loose var userComment: String? }
        struct Paid: Decodable {
            @Loose var amountMicros: Int64?
            @Loose var currency: String?
            @Loose var userComment: String?
            @Loose var tier: Int?
            @Loose var superStickerMetadata: Sticker?
        }
        struct Sticker: Decodable { @Loose var altText: String? }
        struct Deleted: Decodable { @Loose var deletedMessageId: String? }
        struct Banned: Decodable { @Loose var bannedUserDetails: User? }
        struct User: Decodable { @Loose var channelId: String? }
        struct Author: Decodable {
            @Loose var channelId: String?
            @Loose var displayName: String?
            @Loose var isChatOwner: Bool?
            @Loose var isChatModerator: Bool?
        }
        let id: String
        let snippet: Snippet
        @Loose var authorDetails: Author?

        /// In milliseconds since 1970.
        var publishedMilliseconds: Int64? { snippet.publishedAt.flatMap(ServerTime.milliseconds) }
    }

    private let items: [Item]
    let nextToken: String?
    /// How long to wait until the next question, in milliseconds; nil where it does not say.
    let interval: Int64?
    /// YouTube gets no pictures of the stream.
    let isOffline: Bool

    /// Nil for what is no such answer; messages that can't be read are left out.
    init?(_ body: [UInt8]) {
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(body)) else { return nil }
        items = (answer.items ?? []).compactMap(\.wrappedValue)
        nextToken = answer.nextPageToken
        interval = answer.pollingIntervalMillis
        isOffline = answer.offlineAt != nil
    }

    var ids: Set<String> { Set(items.map(\.id)) }
    var oldestMilliseconds: Int64? { items.compactMap(\.publishedMilliseconds).min() }
    /// The chat is over for good.
    var isOver: Bool { items.contains { $0.snippet.type == "chatEndedEvent" } }

    func actions(source: String) -> [ChatAction] { items.compactMap { Self.action($0, source) } }

    private static func action(_ item: Item, _ source: String) -> ChatAction? {
        let snippet = item.snippet
        func comment(_ text: String?) -> RoomComment? {
            guard let text = text ?? snippet.displayMessage else { return nil }
            let author = item.authorDetails
            let isStaff = author?.isChatOwner == true || author?.isChatModerator == true
            return RoomComment(
                id: item.id, source: source, authorID: author?.channelId ?? snippet.authorChannelId ?? "",
                author: CommentText.clean(author?.displayName ?? ""), text: text,
                rank: isStaff ? .staff : .ordinary, sentMilliseconds: item.publishedMilliseconds)
        }
        func paid(_ details: Item.Paid?, _ text: String?) -> ChatAction? {
            guard let comment = comment(text) else { return nil }
            guard let amount = details?.amountMicros, amount > 0 else { return .comment(comment) }
            let currency = String((details?.currency ?? "").prefix(8))
            let seconds = details?.tier.map(seconds(ofTier:))
            return .paid(comment, amountMicros: amount, currency: currency, seconds: seconds)
        }
        switch snippet.type {
        case "textMessageEvent": return comment(snippet.textMessageDetails?.messageText).map { .comment($0) }
        case "superChatEvent": return paid(snippet.superChatDetails, snippet.superChatDetails?.userComment ?? "")
        case "superStickerEvent":
            let sticker = snippet.superStickerDetails?.superStickerMetadata?.altText
            return paid(snippet.superStickerDetails, sticker ?? "Super Sticker")
        case "memberMilestoneChatEvent":
            return comment(snippet.memberMilestoneChatDetails?.userComment).map { .comment($0) }
        case "messageDeletedEvent":
            return snippet.messageDeletedDetails?.deletedMessageId.map { .takenBack(.id($0)) }
        case "tombstone": return .takenBack(.id(item.id))
        case "userBannedEvent":
            return snippet.userBannedDetails?.bannedUserDetails?.channelId.map { .takenBack(.author($0)) }
        default: return nil
        }
    }

    /// How long what was paid for stays in sight, by its tier. YouTube says the tier and no time: this table is ours.
    static func seconds(ofTier tier: Int) -> UInt32 {
        switch tier {
        case ..<3: 60
        case 3: 120
        case 4: 300
        case 5: 600
        case 6: 1800
        case 7: 3600
        case 8: 7200
        case 9: 10_800
        case 10: 14_400
        default: 18_000
        }
    }
}
