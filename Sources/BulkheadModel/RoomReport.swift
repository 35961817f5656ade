package import BulkheadDanmaku

/// How a live room is at one moment.
package struct RoomReport: Codable, Hashable, Sendable {
    /// The file that keeps it.
    package let path: String
    package let name: String
    package let platform: String
    package let room: String
    package let title: String
    package let category: String
    package let notice: String
    package let pinned: RoomRecord.Pinned?
    package let paid: [PaidComment]
    package let settings: DanmakuSettings
    package let board: BoardStyle?
    /// Viewers may write on the watch page; nil where nobody has said, which is no.
    package let viewers: Bool?
    /// What became of comments so far.
    package let counts: DanmakuStage.Counts
    /// How many are seen, or soon are, and how many wait for a place.
    package let flying: Int
    package let waiting: Int
    /// How many comments the log has.
    package let logged: Int64
    /// How it goes with each chat.
    package let channels: [ChannelStatus]
    /// Spans in which comments may have been missed.
    package let gaps: [ChatGap]
    /// The recordings of the broadcast, which whoever keeps the room is told of with their troubles; nil where nothing is recorded.
    package var recordings: [RecordingStatus]?
    /// Why the record can't be written; nil where it can.
    package let problem: String?

    package init(_ record: RoomRecord, name: String, path: String, channels: [ChannelStatus], problem: String?) {
        self.path = path
        self.name = name
        self.problem = problem
        self.channels = channels
        (platform, room) = (record.platform, record.room)
        (title, category, notice) = (record.title, record.category, record.notice)
        (pinned, paid, gaps) = (record.pinned, record.paid, record.gaps)
        (settings, counts) = (record.stage.settings, record.stage.counts)
        (board, viewers) = (record.board, record.viewers)
        (flying, waiting) = (record.stage.flying.count, record.stage.waitingCount)
        logged = record.logged
    }
}
