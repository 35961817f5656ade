package import BulkheadDanmaku

/// The live room that a broadcast has: by its name its record is found again.
package struct RoomSettings: Codable, Hashable, Sendable {
    /// What the record's file is called, without its ending.
    package var name: String
    /// What is set from the start.
    package var fields: RoomFields
    /// The metadata of the stream say what the room says of itself.
    package var isInMetadata: Bool

    package init(
        _ name: String = standardName, fields: RoomFields = RoomFields(), isInMetadata: Bool = false
    ) {
        self.name = name
        self.fields = fields
        self.isInMetadata = isInMetadata
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        fields = try container.decode(RoomFields.self, forKey: .fields)
        isInMetadata = try container.decodeIfPresent(Bool.self, forKey: .isInMetadata) ?? false
    }

    /// Of a room that nobody has named.
    package static let standardName = "main"

    /// Whether a file can be called so everywhere.
    package static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.first != "." && text.first != "-"
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || [0x2D, 0x2E, 0x5F].contains(byte)
            }
    }

    /// Whether a record can be made of it: what another process sends is checked.
    package var isInRange: Bool { Self.isName(name) && fields.outside == nil }
}

/// Something that a room says of itself, for the metadata of a stream: text alone.
package struct RoomEntry: Hashable, Sendable {
    /// None that metadata have of pictures and sound.
    package let key: String
    package let text: String

    package init(_ key: String, _ text: String) {
        self.key = key
        self.text = text
    }
}
