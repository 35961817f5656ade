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
    /// Stands where its ``RoomComment/place`` says.
    case positioned
}

/// A place on a picture of any size.
package struct CommentPlace: Codable, Hashable, Sendable {
    /// The shares of the picture's width and height that lie to the left of the comment's upper left corner and above it, 0 to 1.
    /// One that would reach over an edge stands at the edge.
    package let x, y: Double

    /// Nil outside the picture.
    package init?(x: Double, y: Double) {
        guard (0...1).contains(x), (0...1).contains(y) else { return nil }
        self.x = x
        self.y = y
    }

    private enum CodingKeys: String, CodingKey { case x, y }

    /// - Throws: outside the picture.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        guard
            let place = Self(
                x: try values.decode(Double.self, forKey: .x), y: try values.decode(Double.self, forKey: .y))
        else { throw DecodingError.dataCorruptedError(forKey: .x, in: values, debugDescription: "outside the picture") }
        self = place
    }
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
    /// Where it stands that is positioned; nil for all others.
    package var place: CommentPlace?
    package var rank: Rank
    /// 0xRRGGBB; nil for the room's.
    package var color: UInt32?
    /// When the source took it, in milliseconds since 1970; nil where it does not say.
    package var sentMilliseconds: Int64?

    package init(
        id: String, source: String, authorID: String = "", author: String, text: String, mode: CommentMode = .scroll,
        place: CommentPlace? = nil, rank: Rank = .ordinary, color: UInt32? = nil, sentMilliseconds: Int64? = nil
    ) {
        self.id = id
        self.source = source
        self.authorID = authorID
        self.author = author
        self.text = text
        self.mode = mode
        self.place = place
        self.rank = rank
        self.color = color
        self.sentMilliseconds = sentMilliseconds
    }
}
