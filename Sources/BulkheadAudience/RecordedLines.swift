package import BulkheadDanmaku
import BulkheadMedia
import BulkheadModel

/// What stands on the lines beside a recording, but for number and time: who writes the file puts them in front.
///
/// - SeeAlso: ``RecordedComment`` and ``RecordedRoom``, as which the lines are read again.
package enum RecordedLines {
    private struct Comment: Encodable {
        let time: Int64
        let comment: RoomComment
        let amountMicros: Int64?
        let currency: String?
        let until: Int64?
        let isReplayed: Bool?
        let isBlocked: Bool?
    }

    private struct Room: Encodable {
        let room: String
        let width: Int
        let height: Int
        let settings: DanmakuSettings
    }

    /// A comment, as a JSON object in one line.
    package static func body(of comment: RecordedComment) -> [UInt8] {
        JSONLine.encode(
            Comment(
                time: comment.time, comment: comment.comment, amountMicros: comment.amountMicros,
                currency: comment.currency, until: comment.until, isReplayed: comment.isReplayed,
                isBlocked: comment.isBlocked)
        ).dropLast()
    }

    /// How a room shows comments, as such an object.
    package static func body(of room: RecordedRoom) -> [UInt8] {
        JSONLine.encode(Room(room: room.room, width: room.width, height: room.height, settings: room.settings))
            .dropLast()
    }
}
