import BulkheadFLV
import NIOCore

/// What a stream's metadata say of its room: all that there is where a publisher has no other way to tell it. Foreign text.
struct RoomMetadataReading: Hashable {
    private var entries: [String: String] = [:]

    init() {}

    private static let keys = ["title", "category", "notice", "pinned"]
    /// In characters.
    private static let longest = 500

    /// Reads the payload of `onMetaData`; nil where it says nothing of a room.
    init?(_ payload: ByteBuffer) {
        var (rest, decoder) = (payload, AMF0Decoder())
        guard let values = try? decoder.decodeAll(from: &rest), let properties = values.last else { return nil }
        for key in Self.keys {
            guard let text = properties[key]?.string, !text.isEmpty else { continue }
            entries[key] = String(text.prefix(Self.longest))
        }
        if entries.isEmpty { return nil }
    }

    /// As viewers are told it.
    var json: String {
        func text(_ key: String) -> String { JSONText.string(entries[key] ?? "") }
        let pinned = entries["pinned"].map { JSONText.object([("author", "\"\""), ("text", JSONText.string($0))]) }
        return JSONText.object(
            [
                ("title", text("title")), ("category", text("category")), ("notice", text("notice")), ("paid", "[]"),
                ("mayWrite", "false"), ("hasComments", "false"),
            ] + (pinned.map { [("pinned", $0)] } ?? []))
    }
}
