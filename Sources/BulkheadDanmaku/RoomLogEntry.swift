/// A comment as the room's log has it: one JSON object a line.
package struct RoomLogEntry: Codable, Hashable, Sendable {
    /// Counts all comments of a room, from 1.
    package let number: Int64
    /// When it came here, in milliseconds since 1970.
    package let time: Int64
    package let comment: RoomComment
    /// What was paid for it, in millionths of ``currency``; nil for nothing.
    package let amountMicros: Int64?
    package let currency: String?
    /// Until when it stays in sight, in milliseconds since 1970.
    package let until: Int64?
    /// It came while what was missed was being read, in no order; nil for not.
    package let isReplayed: Bool?

    package init(
        _ number: Int64, _ comment: RoomComment, time: Int64, paid: PaidComment? = nil, isReplayed: Bool = false
    ) {
        self.number = number
        self.time = time
        self.comment = comment
        amountMicros = paid?.amountMicros
        currency = paid?.currency
        until = paid?.until
        self.isReplayed = isReplayed ? true : nil
    }
}
