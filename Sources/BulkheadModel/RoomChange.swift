package import BulkheadDanmaku

/// What a person does to the live room of a broadcast.
package enum RoomChange: Hashable, Sendable {
    case set(RoomFields)
    /// Keeps a comment in sight.
    case pin(RoomPin)
    case unpin
    /// Shows a comment of the anchor's own.
    case say(RoomSaying)
    case block(RoomBlock)
    case unblock(RoomBlock)
    /// Takes off what flies; with `isAll` also what was pinned and paid for.
    case clear(isAll: Bool)
}

/// What is pinned: one of the latest comments, by its id, or words of one's own.
package struct RoomPin: Codable, Hashable, Sendable {
    package var comment: String?
    package var text: String?
    package var author: String?
    /// For how long; nil for until it is taken off.
    package var seconds: Double?

    package init(comment: String? = nil, text: String? = nil, author: String? = nil, seconds: Double? = nil) {
        self.comment = comment
        self.text = text
        self.author = author
        self.seconds = seconds
    }

    /// Up to 30 days.
    package static let secondsRange = 1.0...2_592_000.0
}

/// A comment that is shown without having been written in a chat.
package struct RoomSaying: Codable, Hashable, Sendable {
    package var text: String
    package var author: String?
    package var mode: CommentMode?
    /// Where it stands that is positioned.
    package var place: CommentPlace?
    /// 0xRRGGBB.
    package var color: UInt32?
    /// What was paid for it, in millionths of ``currency``; nil for nothing.
    package var amountMicros: Int64?
    package var currency: String?
    /// How long what was paid for stays in sight; nil for a minute.
    package var seconds: Double?

    package init(_ text: String) { self.text = text }

    package static let standardSeconds = 60.0
    /// In whole units of money.
    package static let amountRange = 0.01...1_000_000.0
}

/// What is kept off the picture.
package struct RoomBlock: Codable, Hashable, Sendable {
    package var words: [String]
    package var users: [String]

    package init(words: [String] = [], users: [String] = []) {
        self.words = words
        self.users = users
    }
}
