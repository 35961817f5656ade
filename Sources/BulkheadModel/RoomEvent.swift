package import BulkheadMedia

/// Something of the room that plugins are told.
package struct RoomEvent: Hashable, Sendable {
    /// The kinds of `bulkhead_event` in bulkhead_plugin.h.
    package enum Kind: UInt32, Hashable, Sendable {
        case roomData = 2
        case comment = 4
    }

    package let kind: Kind
    package let time: MediaTime
    package let name: String
    /// JSON.
    package let bytes: [UInt8]

    package init(_ kind: Kind, at time: MediaTime, name: String, _ bytes: [UInt8]) {
        self.kind = kind
        self.time = time
        self.name = name
        self.bytes = bytes
    }
}
