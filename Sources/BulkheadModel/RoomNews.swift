package import BulkheadMedia

/// What viewers of the watch page are told of the live room.
package enum RoomNews: Hashable, Sendable {
    /// How the room is, but for its comments: a JSON object in one line.
    /// - Parameter isOpen: viewers may write.
    case board([UInt8], isOpen: Bool)
    /// A comment that is new: its number in the room, where on the timeline it belongs, and all else of it,
    /// as such an object.
    case comment(number: Int64, at: MediaTime, [UInt8])
    /// Comments are no more to be seen; with `fromPictureOnly` they stay in the list.
    case takenBack([Int64], fromPictureOnly: Bool)
}
