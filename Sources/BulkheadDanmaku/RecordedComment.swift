/// A comment as it stands beside a recording: one JSON object a line.
package struct RecordedComment: Codable, Hashable, Sendable {
    /// Among all comments of the room, from 1. A number that comes twice is the same comment.
    package var number: Int64
    /// When it came, counted from where the presentation of its media file begins.
    package var seconds: Double
    /// When it came, in milliseconds since 1970.
    package var time: Int64
    package var comment: RoomComment
    /// What was paid for it, in millionths of ``currency``; nil for nothing.
    package var amountMicros: Int64?
    package var currency: String?
    /// Until when it stays in sight, in milliseconds since 1970.
    package var until: Int64?
    /// It came while what was missed was being read, in no order; nil for not.
    package var isReplayed: Bool?
    /// The room has kept it off the picture; nil for not.
    package var isBlocked: Bool?

    /// A comment of the room's log, `seconds` behind the beginning.
    package init(_ entry: RoomLogEntry, seconds: Double, isBlocked: Bool = false) {
        number = entry.number
        self.seconds = seconds
        time = entry.time
        comment = entry.comment
        amountMicros = entry.amountMicros
        currency = entry.currency
        until = entry.until
        isReplayed = entry.isReplayed
        self.isBlocked = isBlocked ? true : nil
    }

    /// When it was said, in seconds as ``seconds``: what came behind a break was said before it came. The two differ by the
    /// age from which on the room shows a comment no more.
    /// - Parameter settings: the room's at that moment.
    package func saidAt(_ settings: DanmakuSettings) -> Double {
        guard let sent = comment.sentMilliseconds, comment.rank != .paid else { return seconds }
        let (age, overflows) = time.subtractingReportingOverflow(sent)
        return overflows || age <= Int64(settings.scrollSeconds * 1000) ? seconds : seconds - Double(age) / 1000
    }
}

/// How the room shows comments from a moment of the recording on: the first line beside a recording, and one more where that
/// changes.
package struct RecordedRoom: Codable, Hashable, Sendable {
    /// As ``RecordedComment/seconds``.
    package var seconds: Double
    /// The room's name.
    package var room: String
    /// Of the picture, in pixels.
    package var width: Int
    package var height: Int
    /// Without the words and users that are blocked, which are nobody else's business.
    package var settings: DanmakuSettings

    package init(_ room: String, width: Int, height: Int, _ settings: DanmakuSettings, seconds: Double = 0) {
        self.room = room
        self.width = width
        self.height = height
        self.seconds = seconds
        self.settings = settings
        (self.settings.blockedWords, self.settings.blockedUsers) = ([], [])
    }
}
