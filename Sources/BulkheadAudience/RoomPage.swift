package import BulkheadDanmaku
import BulkheadMedia
package import BulkheadModel

/// What viewers of the watch page are told: how the room is, where that has changed, and each comment that is to be seen. All text is
/// cleaned here, once for all viewers.
package struct RoomPage: Sendable {
    /// What a viewer's page is told of a room, as JSON.
    private struct Board: Encodable, Hashable {
        let room: String
        let title: String
        let category: String
        let notice: String
        let pinned: Line?
        let paid: [Line]
        let look: Look
        let mayWrite: Bool
        /// Comments are in the picture: a plugin draws them.
        let inPicture: Bool
    }

    /// Something that stays in sight.
    private struct Line: Encodable, Hashable {
        let author: String
        let text: String
        /// Such as `5.00 USD`; nil for what nobody paid for.
        let amount: String?
        /// In milliseconds since 1970; nil for until it is taken off.
        let until: Int64?
    }

    /// How comments fly: see ``DanmakuSettings``.
    private struct Look: Encodable, Hashable {
        let shown: Bool
        let size: Double
        let color: UInt32
        let opacity: Double
        let scroll: Double
        let stand: Double
        let area: Double
        let density: Int
        let modes: [CommentMode]
    }

    private struct Comment: Encodable {
        let id: String
        let source: String
        let author: String
        let text: String
        let mode: CommentMode
        let x: Double?
        let y: Double?
        /// `staff` or `paid`; nil for ordinary.
        let rank: String?
        let color: UInt32?
        let amount: String?
        /// It came behind a break, and does not fly; nil for not.
        let isLate: Bool?
    }

    /// How many comments that were paid for are told, the latest first.
    private static let mostPaid = 10

    private let name: String
    private var told: Board?

    /// Nothing was told.
    package init(_ name: String) { self.name = name }

    /// How the room is; nil where that was told already.
    /// - Parameter isInPicture: a plugin draws comments.
    package mutating func update(_ record: RoomRecord, isInPicture: Bool = false) -> RoomNews? {
        let settings = record.stage.settings
        let board = Board(
            room: name, title: Self.lines(record.title), category: Self.lines(record.category),
            notice: Self.lines(record.notice),
            pinned: record.pinned.map { Self.line($0.comment, until: $0.until) },
            paid: record.paid.suffix(Self.mostPaid).reversed().map {
                Self.line($0.comment, amount: Self.amount($0.amountMicros, $0.currency), until: $0.until)
            },
            look: Look(
                shown: settings.isShown, size: settings.size, color: settings.color, opacity: settings.opacity,
                scroll: settings.scrollSeconds, stand: settings.standSeconds, area: settings.area,
                density: settings.density, modes: settings.modes), mayWrite: record.isOpenToViewers,
            inPicture: isInPicture)
        guard board != told else { return nil }
        told = board
        return .board(JSONLine.encode(board).dropLast(), isOpen: board.mayWrite)
    }

    /// A comment of the room's log; nil for one that the room keeps from being seen, or of which nothing is left.
    package static func comment(_ entry: RoomLogEntry, _ settings: DanmakuSettings) -> [UInt8]? {
        let comment = entry.comment
        let text = CommentText.clean(comment.text)
        guard !text.isEmpty, !settings.blocks(comment, text: text) else { return nil }
        let rank: String? =
            switch comment.rank {
            case .ordinary: nil
            case .staff: "staff"
            case .paid: "paid"
            }
        return JSONLine.encode(
            Comment(
                id: comment.id, source: comment.source, author: CommentText.clean(comment.author), text: text,
                mode: comment.mode, x: comment.place?.x, y: comment.place?.y, rank: rank, color: comment.color,
                amount: entry.amountMicros.map { amount($0, entry.currency ?? "") },
                isLate: isLate(entry, settings) ? true : nil)
        ).dropLast()
    }

    private static func isLate(_ entry: RoomLogEntry, _ settings: DanmakuSettings) -> Bool {
        guard entry.isReplayed != true else { return true }
        guard let sent = entry.comment.sentMilliseconds, entry.comment.rank != .paid else { return false }
        let (age, overflows) = entry.time.subtractingReportingOverflow(sent)
        return overflows || age > Int64(settings.scrollSeconds * 1000)
    }

    private static func line(_ comment: RoomComment, amount: String? = nil, until: Int64?) -> Line {
        Line(
            author: CommentText.clean(comment.author), text: CommentText.clean(comment.text), amount: amount,
            until: until)
    }

    /// What a person has set may be longer than a comment, and have several lines.
    private static func lines(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.filter { scalar in
                    scalar == "\n" || ![.control, .format].contains(scalar.properties.generalCategory)
                        || scalar.value == 0x200D
                }))
    }

    private static func amount(_ micros: Int64, _ currency: String) -> String {
        let cents = micros / 10_000
        let rest = abs(cents % 100)
        return "\(cents / 100).\(rest < 10 ? "0" : "")\(rest) \(CommentText.clean(currency))"
    }
}
