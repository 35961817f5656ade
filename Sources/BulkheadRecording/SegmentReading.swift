package import BulkheadMP4
package import BulkheadMedia

/// What the media file of a segment says, and the index that follows from it.
package struct SegmentReading: Sendable {
    /// A fragment with what an index says of it.
    package struct Part: Hashable, Sendable {
        package let fragment: Fragment
        /// What was noted before it.
        package let notes: [IndexEntry]
        package let entry: FragmentEntry
    }

    /// What stands before the fragments.
    package let header: MovieHeader
    /// The whole fragments, in order.
    package let fragments: [Part]
    /// How they end.
    package let ending: MovieReader.Ending
    /// Fragments that are there and can't be read.
    package let spoiled: [MovieReader.Spoiled]
    /// The `moov` of a plain file behind the fragments.
    package let tail: Range<UInt64>?
    /// Where the last fragment ends: what lies behind is none.
    package let end: UInt64
    /// Which segment of which recording it is; nil for a file that was not written by a ``SegmentWriter``.
    package let start: SegmentStart?
    /// What its times are counted in; nil as ``start``.
    package let tracks: SegmentTracks?
    /// The frame behind the last.
    package let nextFrame: FrameNumber

    /// Reads all of `source`, fragment by fragment.
    /// - Throws: ``MP4Error``: no MP4, or bytes that can't be read. Whatever else is wrong ends the reading or is
    ///   kept.
    package init(_ source: any ByteSource) throws(MP4Error) {
        var reader = try MovieReader(source)
        let info = IndexReading(reader.header.info, isPart: true)
        var start: SegmentStart?
        var tracks: SegmentTracks?
        for located in info.entries {
            if case .start(let value) = located.entry { start = value }
            if case .tracks(let value) = located.entry { tracks = value }
        }
        let video = reader.header.tracks.first(where: \.isVideo)?.id ?? SegmentWriter.videoTrack
        var parts: [Part] = []
        var nextFrame: FrameNumber = 0
        while let fragment = try reader.next() {
            let info = IndexReading(fragment.info, isPart: true)
            let clock = info.stamp?.wallClock ?? fragment.wallClock ?? WallClock(nanoseconds: 0)
            let entry = FragmentEntry(
                of: fragment, bytes: try source.read(fragment.bytes), track: video,
                firstFrame: info.stamp?.firstFrame ?? nextFrame, wallClock: clock)
            let (next, overflows) = entry.firstFrame.addingReportingOverflow(FrameNumber(entry.frameCount))
            nextFrame = info.stamp?.nextFrame ?? (overflows ? entry.firstFrame : next)
            parts.append(Part(fragment: fragment, notes: info.entries.map(\.entry), entry: entry))
        }
        header = reader.header
        fragments = parts
        ending = reader.ending ?? .whole
        spoiled = reader.spoiled
        tail = reader.tail
        end = reader.end
        self.start = start
        self.tracks = tracks
        self.nextFrame = nextFrame
    }

    /// The index that the file has by itself: what its writer wrote, but for what is only known to an index (torn
    /// ranges, and what was noted behind the last fragment).
    package var index: [IndexEntry] {
        var entries: [IndexEntry] = []
        if let start { entries.append(.start(start)) }
        if let tracks { entries.append(.tracks(tracks)) }
        for part in fragments { entries += part.notes + [.fragment(part.entry)] }
        if let tail, header.isFinished { entries.append(.end(tail: tail, frame: nextFrame)) }
        return entries
    }
}
