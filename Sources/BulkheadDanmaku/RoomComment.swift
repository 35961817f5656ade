/// How a comment moves over the picture.
package enum CommentMode: String, Codable, Hashable, Sendable, CaseIterable {
    /// From right to left.
    case scroll
    /// From left to right.
    case reverse
    /// Stands in the middle, from the top down.
    case top
    /// Stands in the middle, from the bottom up.
    case bottom
}

/// What an audience has written, as a chat connection or a person gives it. Foreign text: ``CommentText`` makes it fit to
/// be shown.
package struct RoomComment: Codable, Hashable, Sendable {
    /// Whose comments are shown first.
    package enum Rank: Int, Codable, Hashable, Sendable, Comparable {
        case ordinary
        /// By the anchor, or by one who helps to keep order.
        case staff
        case paid

        package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// Unique in its source; its own where the source has none.
    package var id: String
    /// The chat connection that it came by.
    package var source: String
    /// The author's identity at the source; empty where it is not known.
    package var authorID: String
    /// As the author is called there.
    package var author: String
    package var text: String
    package var mode: CommentMode
    package var rank: Rank
    /// 0xRRGGBB; nil for the room's.
    package var color: UInt32?
    /// When the source took it, in milliseconds since 1970; nil where it does not say.
    package var sentMilliseconds: Int64?

    package init(
        id: String, source: String, authorID: String = "", author: String, text: String, mode: CommentMode = .scroll,
        rank: Rank = .ordinary, color: UInt32? = nil, sentMilliseconds: Int64? = nil
    ) {
        self.id = id
        self.source = source
        self.authorID = authorID
        self.author = author
        self.text = text
        self.mode = mode
        self.rank = rank
        self.color = color
        self.sentMilliseconds = sentMilliseconds
    }
}
