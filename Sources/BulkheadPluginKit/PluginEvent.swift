import CBulkheadPlugin

/// Something that happened around the broadcast. Kinds that this kit does not know are not shown to a plugin.
public struct PluginEvent: Hashable, Sendable {
    /// What happened, with its data.
    public enum Kind: Hashable, Sendable {
        case chatMessage(author: String, text: String)
        /// What the data is, and JSON.
        case roomData(name: String, json: [UInt8])
        /// "preparing", "live", "paused" or "ending".
        case streamState(String)
        /// A comment of the room: "show" or "remove", and JSON.
        case comment(name: String, json: [UInt8])
    }

    /// What happened.
    public let kind: Kind
    /// When, on the broadcast's timeline.
    public let ptsNanoseconds: Int64

    /// An event, as a test makes one.
    public init(_ kind: Kind, ptsNanoseconds: Int64 = 0) {
        self.kind = kind
        self.ptsNanoseconds = ptsNanoseconds
    }

    init?(_ event: bulkhead_event) {
        let name = event.name.map { String(cString: $0) } ?? ""
        let bytes = UnsafeRawBufferPointer(start: event.bytes, count: event.bytes == nil ? 0 : Int(event.bytes_count))
        switch event.kind {
        case BULKHEAD_EVENT_CHAT_MESSAGE.rawValue:
            kind = .chatMessage(author: name, text: String(decoding: bytes, as: UTF8.self))
        case BULKHEAD_EVENT_ROOM_DATA.rawValue: kind = .roomData(name: name, json: Array(bytes))
        case BULKHEAD_EVENT_STREAM_STATE.rawValue: kind = .streamState(name)
        case BULKHEAD_EVENT_COMMENT.rawValue: kind = .comment(name: name, json: Array(bytes))
        default: return nil
        }
        ptsNanoseconds = event.pts_nanoseconds
    }
}
