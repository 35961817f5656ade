/// A recording as HLS: byte ranges of the file that the recorder has written. RFC 8216, version 7.
package enum HLSPlaylist {
    /// One fragment of the file.
    package struct Piece: Hashable, Sendable {
        let bytes: Range<UInt64>
        /// Milliseconds from the start of the file, by the DTS of its first picture.
        let startMilliseconds: Int64
        let startsWithIDR: Bool

        package init(bytes: Range<UInt64>, startMilliseconds: Int64, startsWithIDR: Bool) {
            self.bytes = bytes
            self.startMilliseconds = startMilliseconds
            self.startsWithIDR = startsWithIDR
        }
    }

    /// Segments are no shorter, but for the last.
    static let targetMilliseconds: Int64 = 4000

    /// One segment: fragments that begin with an IDR.
    package struct Segment: Hashable, Sendable {
        let bytes: Range<UInt64>
        let milliseconds: Int64

        package init(bytes: Range<UInt64>, milliseconds: Int64) {
            self.bytes = bytes
            self.milliseconds = milliseconds
        }
    }

    /// - Parameter isEnded: whether nothing more comes; else what may still grow is left out.
    package static func segments(_ pieces: [Piece], end: Int64, isEnded: Bool) -> [Segment] {
        var segments: [Segment] = []
        var start: Piece?
        var bytes: Range<UInt64> = 0..<0
        func close(_ first: Piece, at milliseconds: Int64) {
            segments.append(Segment(bytes: bytes, milliseconds: max(1, milliseconds - first.startMilliseconds)))
        }
        for piece in pieces {
            if let first = start {
                // What lies between two fragments belongs to the second; a jump back is none of ours.
                guard piece.bytes.lowerBound >= bytes.upperBound else { continue }
                if piece.startsWithIDR, piece.startMilliseconds - first.startMilliseconds >= targetMilliseconds {
                    close(first, at: piece.startMilliseconds)
                } else {
                    bytes = bytes.lowerBound..<piece.bytes.upperBound
                    continue
                }
            } else if !piece.startsWithIDR {
                continue
            }
            start = piece
            bytes = piece.bytes
        }
        if let first = start, isEnded { close(first, at: end) }
        return segments
    }

    /// - Parameters:
    ///   - file: what the segments are ranges of.
    ///   - header: what decoders have to know first.
    package static func text(_ segments: [Segment], isEnded: Bool, file: String, header: String) -> String {
        let longest = segments.map(\.milliseconds).max() ?? targetMilliseconds
        var lines = [
            "#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:\((longest + 999) / 1000)",
            "#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-PLAYLIST-TYPE:\(isEnded ? "VOD" : "EVENT")",
            "#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-MAP:URI=\"\(header)\"",
        ]
        for segment in segments {
            let fraction = String(1000 + segment.milliseconds % 1000).dropFirst()
            lines.append("#EXTINF:\(segment.milliseconds / 1000).\(fraction),")
            lines.append("#EXT-X-BYTERANGE:\(segment.bytes.count)@\(segment.bytes.lowerBound)")
            lines.append(file)
        }
        if isEnded { lines.append("#EXT-X-ENDLIST") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// `ftyp` of a file in fragments, 32 bytes: what a finished file says in its place is that of a plain MP4.
    static let fileType: [UInt8] =
        [0, 0, 0, 32] + Array("ftypiso6".utf8) + [0, 0, 2, 0] + Array("iso6cmfcavc1mp41".utf8)
}
