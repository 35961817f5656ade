import BulkheadLibraryProtocol

/// A record as columns, in the order of ``RecordColumns/names``.
enum RecordColumns {
    /// As statements list them.
    static let names =
        "id, name, path, byte_count, duration_ms, width, height, codecs, state, started_ms, has_poster"

    static func values(_ record: VideoRecord) -> [SQLValue] {
        [
            .text(record.id.description), .text(record.name), .text(record.path.description),
            .integer(record.byteCount), .integer(record.durationMilliseconds), .integer(Int64(record.width)),
            .integer(Int64(record.height)), .text(record.codecs), .text(record.state.rawValue),
            .integer(record.startedMilliseconds), .integer(record.hasPoster ? 1 : 0),
        ]
    }

    static func read(_ fields: inout SQLFields) throws(StoreError) -> VideoRecord {
        let (id, name, path) = (try fields.text(), try fields.text(), try fields.text())
        let (byteCount, duration) = (try fields.integer(), try fields.integer())
        let (width, height) = (try fields.integer(), try fields.integer())
        let (codecs, state) = (try fields.text(), try fields.text())
        let (started, poster) = (try fields.integer(), try fields.integer())
        guard let videoID = VideoID(id), let mediaPath = MediaPath(path),
            let state = VideoRecord.State(rawValue: state),
            let record = VideoRecord(
                id: videoID, name: name, path: mediaPath, byteCount: byteCount, durationMilliseconds: duration,
                width: Int(clamping: width), height: Int(clamping: height), codecs: codecs, state: state,
                startedMilliseconds: started, hasPoster: poster != 0)
        else { throw .senseless("the record \(id.prefix(64)) can't be read") }
        return record
    }
}
