package import BulkheadDanmaku
package import BulkheadModel
package import BulkheadSystem

/// What the metadata of a stream say of its room, and when that is told: where it has changed, and at most once a second.
package struct RoomMetadata {
    private static let interval = Duration.seconds(1)

    private var told: [RoomEntry] = []
    private var toldAt: MonotonicTime?

    /// Nothing was told.
    package init() {}

    /// - Returns: what is to be said from now on; nil where that is said already, or something was told just now.
    package mutating func update(_ record: RoomRecord, at now: MonotonicTime) -> [RoomEntry]? {
        let entries = Self.entries(record)
        guard entries != told, toldAt.map({ now.since($0) >= Self.interval.nanoseconds }) ?? true else { return nil }
        (told, toldAt) = (entries, now)
        return entries
    }

    /// What is empty is left out: each metadata stand in the place of those before.
    private static func entries(_ record: RoomRecord) -> [RoomEntry] {
        let pinned = record.pinned.map { CommentText.clean($0.comment.text) } ?? ""
        let entries = [
            ("title", record.title), ("category", record.category), ("notice", record.notice), ("pinned", pinned),
        ]
        return entries.filter { !$0.1.isEmpty }.map { RoomEntry($0.0, $0.1) }
    }
}
