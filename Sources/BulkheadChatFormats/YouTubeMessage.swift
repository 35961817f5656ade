import BulkheadDanmaku
import FoundationEssentials

/// One message of a live chat, as `list` writes it in JSON and `streamList` in Protocol Buffers.
struct YouTubeMessage: Hashable, Sendable {
    /// What was paid.
    struct Payment: Hashable, Sendable {
        var amountMicros: Int64?
        var currency = ""
        var tier: Int?
    }

    var id = ""
    /// As it is called in JSON.
    var type = ""
    /// In milliseconds since 1970.
    var publishedMilliseconds: Int64?
    var authorID = ""
    var author = ""
    var isStaff = false
    /// What was written, by the kind of message.
    var text: String?
    /// What may be shown where nothing was written.
    var display: String?
    var payment: Payment?
    /// The message or the author that an event is about.
    var target: String?

    func action(source: String) -> ChatAction? {
        switch type {
        case "textMessageEvent": return comment(text ?? display, source).map { .comment($0) }
        case "memberMilestoneChatEvent":
            // Without a comment of the member's, what YouTube shows for it.
            return comment(text.flatMap { $0.isEmpty ? nil : $0 } ?? display, source).map { .comment($0) }
        case "superChatEvent": return paid(text ?? "", source)
        case "superStickerEvent": return paid(text ?? "Super Sticker", source)
        case "messageDeletedEvent", "messageRetractedEvent": return target.map { .takenBack(.id($0)) }
        case "tombstone": return .takenBack(.id(id))
        case "userBannedEvent": return target.map { .takenBack(.author($0)) }
        default: return nil
        }
    }

    private func comment(_ text: String?, _ source: String) -> RoomComment? {
        text.map {
            RoomComment(
                id: id, source: source, authorID: authorID, author: CommentText.clean(author), text: $0,
                rank: isStaff ? .staff : .ordinary, sentMilliseconds: publishedMilliseconds)
        }
    }

    private func paid(_ text: String, _ source: String) -> ChatAction? {
        guard let comment = comment(text, source) else { return nil }
        guard let payment, let amount = payment.amountMicros, amount > 0 else { return .comment(comment) }
        return .paid(
            comment, amountMicros: amount, currency: String(payment.currency.prefix(8)),
            seconds: payment.tier.map(Self.seconds(ofTier:)))
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

// MARK: JSON

extension YouTubeMessage: Decodable {
    private struct Item: Decodable {
        let id: String
        let snippet: Snippet
        @Loose var authorDetails: Author?
    }
    private struct Snippet: Decodable {
        @Loose var type: String?
        @Loose var authorChannelId: String?
        @Loose var publishedAt: String?
        @Loose var displayMessage: String?
        @Loose var textMessageDetails: Details?
        @Loose var superChatDetails: Details?
        @Loose var superStickerDetails: Details?
        @Loose var memberMilestoneChatDetails: Details?
        @Loose var messageDeletedDetails: Details?
        @Loose var messageRetractedDetails: Details?
        @Loose var userBannedDetails: Details?
    }
    /// The members of all kinds, each missing where it does not belong.
    private struct Details: Decodable {
        @Loose var messageText: String?
        @Loose var amountMicros: Int64?
        @Loose var currency: String?
        @Loose var userComment: String?
        @Loose var tier: Int?
        @Loose var superStickerMetadata: Sticker?
        @Loose var deletedMessageId: String?
        @Loose var retractedMessageId: String?
        @Loose var bannedUserDetails: User?
    }
    private struct Sticker: Decodable { @Loose var altText: String? }
    private struct User: Decodable { @Loose var channelId: String? }
    private struct Author: Decodable {
        @Loose var channelId: String?
        @Loose var displayName: String?
        @Loose var isChatOwner: Bool?
        @Loose var isChatModerator: Bool?
    }

    init(from decoder: any Decoder) throws {
        let item = try decoder.singleValueContainer().decode(Item.self)
        let snippet = item.snippet
        id = item.id
        type = snippet.type ?? ""
        publishedMilliseconds = snippet.publishedAt.flatMap(ServerTime.milliseconds)
        authorID = item.authorDetails?.channelId ?? snippet.authorChannelId ?? ""
        author = item.authorDetails?.displayName ?? ""
        isStaff = item.authorDetails?.isChatOwner == true || item.authorDetails?.isChatModerator == true
        text =
            snippet.textMessageDetails?.messageText ?? snippet.superChatDetails?.userComment
            ?? snippet.memberMilestoneChatDetails?.userComment
            ?? snippet.superStickerDetails?.superStickerMetadata?.altText
        display = snippet.displayMessage
        if let paid = snippet.superChatDetails ?? snippet.superStickerDetails {
            payment = Payment(amountMicros: paid.amountMicros, currency: paid.currency ?? "", tier: paid.tier)
        }
        target =
            snippet.messageDeletedDetails?.deletedMessageId ?? snippet.messageRetractedDetails?.retractedMessageId
            ?? snippet.userBannedDetails?.bannedUserDetails?.channelId
    }
}

// MARK: Protocol Buffers

extension YouTubeMessage {
    private static let types: [UInt64: String] = [
        1: "textMessageEvent", 2: "tombstone", 4: "chatEndedEvent", 8: "messageDeletedEvent",
        9: "messageRetractedEvent", 10: "userBannedEvent", 15: "superChatEvent", 16: "superStickerEvent",
        17: "memberMilestoneChatEvent",
    ]

    /// Reads a `LiveChatMessage` of `stream_list.proto` (developers.google.com/youtube/v3/live/streaming-live-chat); nil for what is
    /// none.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard let fields = ProtobufReader.fields(bytes) else { return nil }
        for (number, value) in fields {
            guard case .bytes(let content) = value else { continue }
            switch number {
            case 101: id = Self.text(content)
            case 2: guard readSnippet(content) else { return nil }
            case 3: guard readAuthor(content) else { return nil }
            default: break
            }
        }
        if id.isEmpty { return nil }
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    private mutating func readAuthor(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let fields = ProtobufReader.fields(bytes) else { return false }
        for field in fields {
            switch field {
            case (10101, .bytes(let content)): authorID = Self.text(content)
            case (103, .bytes(let content)): author = Self.text(content)
            case (5, .number(let flag)), (7, .number(let flag)): isStaff = isStaff || flag != 0
            default: break
            }
        }
        return true
    }

    private mutating func readSnippet(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let fields = ProtobufReader.fields(bytes) else { return false }
        for field in fields {
            switch field {
            case (1, .number(let number)): type = Self.types[number] ?? ""
            case (301, .bytes(let content)): if authorID.isEmpty { authorID = Self.text(content) }
            case (4, .bytes(let content)): publishedMilliseconds = ServerTime.milliseconds(Self.text(content))
            case (16, .bytes(let content)): display = Self.text(content)
            case (19, .bytes(let content)): text = Self.text(1, in: content)
            case (20, .bytes(let content)): target = Self.text(101, in: content)
            case (21, .bytes(let content)): target = Self.text(201, in: content)
            case (22, .bytes(let content)): target = Self.message(1, in: content).flatMap { Self.text(101, in: $0) }
            case (27, .bytes(let content)):
                text = Self.text(4, in: content)
                payment = Self.payment(content, tier: 5)
            case (28, .bytes(let content)):
                text = Self.message(5, in: content).flatMap { Self.text(2, in: $0) }
                payment = Self.payment(content, tier: 4)
            case (30, .bytes(let content)): text = Self.text(3, in: content)
            default: break
            }
        }
        return true
    }

    private static func message(_ number: UInt64, in bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        ProtobufReader.fields(bytes)?.lazy.compactMap { field in
            if case (number, .bytes(let content)) = field { content } else { nil }
        }.last
    }

    private static func text(_ number: UInt64, in bytes: ArraySlice<UInt8>) -> String? {
        message(number, in: bytes).map(text)
    }

    private static func payment(_ bytes: ArraySlice<UInt8>, tier: UInt64) -> Payment {
        var payment = Payment()
        for field in ProtobufReader.fields(bytes) ?? [] {
            switch field {
            case (1, .number(let micros)): payment.amountMicros = Int64(exactly: micros)
            case (2, .bytes(let content)): payment.currency = text(content)
            case (tier, .number(let number)): payment.tier = Int(clamping: number)
            default: break
            }
        }
        return payment
    }
}
