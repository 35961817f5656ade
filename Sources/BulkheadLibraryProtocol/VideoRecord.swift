/// What is known of a video: what a node writes into its database, and what the centre has from there.
package struct VideoRecord: Hashable, Sendable, Codable {
    /// Whether the file still grows.
    package enum State: String, Codable, Hashable, Sendable, CaseIterable {
        /// It is being recorded.
        case live
        case finished
    }

    /// Which one.
    package let id: VideoID
    /// What people read: at most 255 bytes.
    package let name: String
    /// Below the node's media folder.
    package let path: MediaPath
    /// How long the file is, as far as it is on the disk.
    package let byteCount: Int64
    package let durationMilliseconds: Int64
    /// The pictures' size; 0 where there are none.
    package let width: Int, height: Int
    /// As RFC 6381 has them: `avc1.64001f,mp4a.40.2`.
    package let codecs: String
    package let state: State
    /// When its first picture was taken, in milliseconds since 1970.
    package let startedMilliseconds: Int64
    /// Whether the node has a picture for lists.
    package let hasPoster: Bool

    /// Nil where a number or a text is outside its range.
    package init?(
        id: VideoID, name: String, path: MediaPath, byteCount: Int64, durationMilliseconds: Int64, width: Int = 0,
        height: Int = 0, codecs: String = "", state: State = .finished, startedMilliseconds: Int64 = 0,
        hasPoster: Bool = false
    ) {
        guard byteCount >= 0, durationMilliseconds >= 0, (0...65_535).contains(width), (0...65_535).contains(height),
            Self.fits(name, 255), !name.isEmpty, Self.fits(codecs, 128)
        else { return nil }
        self.id = id
        self.name = name
        self.path = path
        self.byteCount = byteCount
        self.durationMilliseconds = durationMilliseconds
        self.width = width
        self.height = height
        self.codecs = codecs
        self.state = state
        self.startedMilliseconds = startedMilliseconds
        self.hasPoster = hasPoster
    }

    private static func fits(_ text: String, _ most: Int) -> Bool {
        text.utf8.count <= most && !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }

    /// The mean over its length; 0 where that isn't known.
    package var bitsPerSecond: Int64 {
        guard durationMilliseconds > 0 else { return 0 }
        let (bits, overflows) = byteCount.multipliedReportingOverflow(by: 8000)
        return overflows ? byteCount / durationMilliseconds : bits / durationMilliseconds
    }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        guard
            let record = Self(
                id: try fields.decode(VideoID.self, forKey: .id), name: try fields.decode(String.self, forKey: .name),
                path: try fields.decode(MediaPath.self, forKey: .path),
                byteCount: try fields.decode(Int64.self, forKey: .byteCount),
                durationMilliseconds: try fields.decode(Int64.self, forKey: .durationMilliseconds),
                width: try fields.decode(Int.self, forKey: .width),
                height: try fields.decode(Int.self, forKey: .height),
                codecs: try fields.decode(String.self, forKey: .codecs),
                state: try fields.decode(State.self, forKey: .state),
                startedMilliseconds: try fields.decode(Int64.self, forKey: .startedMilliseconds),
                hasPoster: try fields.decode(Bool.self, forKey: .hasPoster))
        else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a field of the record is out of range"))
        }
        self = record
    }
}
