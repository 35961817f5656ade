package import BulkheadMP4

/// A media file whose head is spoiled, read as if it had the head that its index says it was begun with. Nothing else of it
/// is other than it is, and all of it lies where it lay.
///
/// The index knows where the head ends and what it says of the recording, but not how pictures are decoded. That stands once
/// more in the `moov` that a finished file ends with, and in other segments of the recording.
package struct HealedSource: ByteSource {
    private let head: [UInt8]
    private let source: any ByteSource

    package var byteCount: UInt64 { source.byteCount }

    /// - Parameter tracks: those of another segment; nil for what the file's own end says.
    /// - Returns: nil where index, file and `tracks` don't tell the head, or tell of different ones.
    /// - Throws: ``MP4Error/unreadable(offset:reason:)``.
    package init?(_ source: any ByteSource, _ index: IndexReading, like tracks: [Track]? = nil) throws(MP4Error) {
        var (start, known, fragment, tail): (SegmentStart?, SegmentTracks?, FragmentEntry?, Range<UInt64>?)
        for located in index.entries {
            switch located.entry {
            case .start(let entry): start = entry
            case .tracks(let entry): known = entry
            case .fragment(let entry): fragment = fragment ?? entry
            case .end(let range, _): tail = range
            default: break
            }
        }
        guard let start, let known, let fragment, fragment.bytes.lowerBound <= source.byteCount else { return nil }
        var found = tracks
        if found == nil { found = try Self.tracks(of: tail, in: source) }
        guard let found, start.configurationCRC == Self.checksum(of: found) else { return nil }
        let writer = FragmentWriter(
            tracks: found, presentationStart: known.presentationStart, created: start.wallClock,
            info: IndexWriter.bytes(of: [.start(start), .tracks(known)]))
        guard UInt64(writer.header.count) == fragment.bytes.lowerBound else { return nil }
        head = writer.header
        self.source = source
    }

    private static func tracks(of tail: Range<UInt64>?, in source: any ByteSource) throws(MP4Error) -> [Track]? {
        guard let tail, tail.upperBound <= source.byteCount, tail.count <= MovieReader.boxByteLimit else { return nil }
        let bytes = try source.read(tail)
        return try? MovieHeader.tracks(in: bytes, at: tail.lowerBound)
    }

    /// As ``SegmentStart/configurationCRC`` counts it.
    private static func checksum(of tracks: [Track]) -> UInt32? {
        var (video, sound): (VideoTrack?, SoundTrack?)
        for track in tracks {
            switch track.content {
            case .video(let content): video = video ?? content
            case .sound(let content): sound = sound ?? content
            }
        }
        guard let video, let sound else { return nil }
        return CRC32.of(video.avcConfiguration + sound.audioSpecificConfig)
    }

    package func read(_ range: Range<UInt64>) throws(MP4Error) -> [UInt8] {
        let border = UInt64(head.count)
        guard range.lowerBound < border else { return try source.read(range) }
        let own = head[Int(range.lowerBound)..<Int(min(range.upperBound, border))]
        guard range.upperBound > border else { return Array(own) }
        return Array(own) + (try source.read(border..<range.upperBound))
    }
}
