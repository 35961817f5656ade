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
        /// Where its first sample begins that can't be one: a picture that is not made of NAL units, or nothing but
        /// zeros. A power cut leaves such where a fragment was on its way. Nil without, and where checksums are not
        /// asked for.
        package let spoiledSample: UInt64?
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
    /// The file was finished, and the tables are gone that players go by then: none plays it.
    package var lacksTables: Bool { header.isCutShort || header.isFinished && tail == nil }
    /// Where the last fragment ends: what lies behind is none.
    package let end: UInt64
    /// Which segment of which recording it is; nil for a file that was not written by a ``SegmentWriter``.
    package let start: SegmentStart?
    /// How many of ``fragments`` were found by an index alone: behind damage, or in the midst of it.
    package let recoveredCount: Int
    /// What its times are counted in; nil as ``start``.
    package let tracks: SegmentTracks?
    /// The frame behind the last.
    package let nextFrame: FrameNumber

    /// Tracks of a finished file whose tables, which players go by, say other things than its fragments. Empty where checksums
    /// are not asked for, and where fragments are spoiled.
    package let differingTables: [FragmentWriter.DifferingTable]

    /// What goes on behind ``end``; nil where nothing can.
    let writer: FragmentWriter?

    /// Reads all of `source`, fragment by fragment.
    /// - Parameters:
    ///   - hasChecksums: whether the fragments' bytes are read for their checksums, which are 0 otherwise.
    ///   - keepsSamples: whether ``fragments`` have their samples; without, ten hours of them take 20 MB instead of 200.
    ///   - index: says where to look for fragments that can't be reached from those before.
    /// - Throws: ``MP4Error``: no MP4, or bytes that can't be read. Whatever else is wrong ends the reading or is
    ///   kept.
    package init(
        _ source: any ByteSource, hasChecksums: Bool = true, keepsSamples: Bool = true, index: IndexReading? = nil
    ) throws(MP4Error) {
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
        var writer = try? FragmentWriter(continuing: reader.header)
        let part = { (fragment: Fragment) throws(MP4Error) -> Part in
            let info = IndexReading(fragment.info, isPart: true)
            let bytes = hasChecksums ? try source.read(fragment.bytes) : []
            let entry = FragmentEntry(
                of: fragment, bytes: bytes, track: video,
                firstFrame: info.stamp?.firstFrame ?? nextFrame,
                wallClock: info.stamp?.wallClock ?? fragment.wallClock ?? WallClock(nanoseconds: 0))
            let (next, overflows) = entry.firstFrame.addingReportingOverflow(FrameNumber(entry.frameCount))
            nextFrame = info.stamp?.nextFrame ?? (overflows ? entry.firstFrame : next)
            return Part(
                fragment: keepsSamples ? fragment : fragment.withoutSamples, notes: info.entries.map(\.entry),
                entry: entry,
                spoiledSample: hasChecksums ? fragment.spoiledSample(bytes, pictures: video) : nil)
        }
        while let fragment = try reader.next() {
            parts.append(try part(fragment))
            do throws(MP4Error) { try writer?.take(fragment) } catch { writer = nil }
        }
        let reached = parts.count
        var known = Set(parts.map(\.fragment.bytes.lowerBound))
        for case .fragment(let entry) in (index?.entries ?? []).map(\.entry)
        where !known.contains(entry.bytes.lowerBound) {
            do throws(MP4Error) {
                let found = try part(try reader.fragment(in: entry.bytes))
                guard found.entry.crc == entry.crc || !hasChecksums else { continue }
                known.insert(entry.bytes.lowerBound)
                parts.append(found)
            } catch {
                if case .unreadable = error { throw error }
            }
        }
        recoveredCount = parts.count - reached
        if recoveredCount > 0 { parts = Self.inOrder(parts) }
        var differing: [FragmentWriter.DifferingTable] = []
        if hasChecksums, reader.header.isFinished, recoveredCount == 0, reader.spoiled.isEmpty, let tail = reader.tail,
            let writer
        {
            differing = writer.differingTables(in: try source.read(tail), at: tail.lowerBound)
        }
        differingTables = differing
        header = reader.header
        fragments = parts
        ending = reader.ending ?? .whole
        spoiled = reader.spoiled
        tail = reader.tail
        end = reader.end
        self.writer = writer
        self.start = start
        self.tracks = tracks
        self.nextFrame = nextFrame
    }

    /// `parts` in the order of the file, without those that begin in the midst of another.
    private static func inOrder(_ parts: [Part]) -> [Part] {
        var end: UInt64 = 0
        return parts.sorted { $0.fragment.bytes.lowerBound < $1.fragment.bytes.lowerBound }.filter { part in
            guard part.fragment.bytes.lowerBound >= end else { return false }
            end = part.fragment.bytes.upperBound
            return true
        }
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
