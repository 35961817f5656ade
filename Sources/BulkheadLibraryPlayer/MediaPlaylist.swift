/// What a node's playlist says: ranges of one file. RFC 8216, as far as a node writes it.
struct MediaPlaylist: Hashable, Sendable {
    struct Segment: Hashable, Sendable {
        /// Relative to the playlist.
        let name: String
        /// Bytes of the file; nil for all of it.
        let bytes: ClosedRange<Int64>?
        /// Seconds from the start of the recording.
        let start: Double, end: Double
    }

    /// What decoders have to know first.
    let header: String
    let segments: [Segment]
    /// Whether nothing more comes.
    let isEnded: Bool

    /// The most segments that are looked at: three weeks of 4 seconds.
    private static let most = 500_000

    /// Nil for what is no playlist.
    init?(_ text: String) {
        guard text.hasPrefix("#EXTM3U") else { return nil }
        var header: String?
        var segments: [Segment] = []
        var (duration, seconds) = (0.0, 0.0)
        var bytes: ClosedRange<Int64>?
        var isEnded = false
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("#EXT-X-MAP:") {
                header = line.split(separator: "\"", omittingEmptySubsequences: false).dropFirst().first.map(
                    String.init)
            } else if line.hasPrefix("#EXTINF:") {
                guard let value = Double(line.dropFirst(8).prefix { $0 != "," }), (0...3600).contains(value) else {
                    return nil
                }
                duration = value
            } else if line.hasPrefix("#EXT-X-BYTERANGE:") {
                let words = line.dropFirst(17).split(separator: "@").map { Int64($0) }
                guard words.count == 2, let count = words[0], let first = words[1], count > 0, first >= 0,
                    count <= Int64(MediaFetch.longest), first < Int64.max / 2
                else { return nil }
                bytes = first...first + count - 1
            } else if line == "#EXT-X-ENDLIST" {
                isEnded = true
            } else if !line.hasPrefix("#") {
                guard segments.count < Self.most else { return nil }
                segments.append(Segment(name: String(line), bytes: bytes, start: seconds, end: seconds + duration))
                seconds += duration
                bytes = nil
            }
        }
        guard let header else { return nil }
        self.header = header
        self.segments = segments
        self.isEnded = isEnded
    }

    /// The segment that goes on at `position`, in seconds.
    func segment(at position: Double) -> Segment? {
        // Times are written in milliseconds: sums differ by less than this.
        segments.first { $0.end > position + 0.01 }
    }
}
