package import BulkheadMP4

/// Gives the bytes of a new media file made of fragments of others, whose samples stay as they were encoded.
///
/// Write ``header``, each ``Copy``, then the steps of ``finish(chapters:presentationEnd:)``.
package struct SegmentCopier: Sendable {
    private var writer: FragmentWriter
    private let isSegment: Bool

    /// - Parameters:
    ///   - header: the first file's.
    ///   - tracks: those of the new file; nil for the first file's.
    ///   - presentationStart: where the presentation of the new file begins; nil as in that file.
    ///   - info: what the header of the new file says of it as the segment of a recording; what the fragments say of
    ///     themselves is taken over then. Nil where it is none.
    package init(
        like header: MovieHeader, tracks: [Track]? = nil, presentationStart: Int64? = nil, info: [UInt8]?
    ) {
        writer = FragmentWriter(
            tracks: tracks ?? header.tracks, presentationStart: presentationStart ?? header.presentationStart,
            created: header.created, info: info ?? [])
        isSegment = info != nil
    }

    /// What the new file begins with.
    package var header: [UInt8] { writer.header }

    /// The next bytes of the new file, with those samples of `fragment` that `keeps` says; nil where those are none.
    /// - Parameters:
    ///   - source: the file that the fragment is of.
    ///   - shift: what is added to the times, in nanoseconds.
    ///   - note: what is to be noted before it, besides its own.
    /// - Throws: ``MP4Error``: bytes that can't be read, or times that go back.
    package mutating func copy(
        _ fragment: Fragment, of source: any ByteSource, shift: Int64 = 0, note: IndexEntry? = nil,
        where keeps: (StoredSample) -> Bool = { _ in true }
    ) throws(MP4Error) -> [UInt8]? {
        let kept = fragment.samples.filter(keeps)
        guard let start = kept.map(\.bytes.lowerBound).min(), let end = kept.map(\.bytes.upperBound).max() else {
            return nil
        }
        let bytes = try source.read(start..<end)
        let ticks = Dictionary(
            writer.tracks.map { ($0.id, $0.ticks(nanoseconds: shift)) }, uniquingKeysWith: { first, _ in first })
        let samples = kept.map { sample in
            let (dts, overflows) = sample.dts.addingReportingOverflow(ticks[sample.track] ?? 0)
            let place = Int(sample.bytes.lowerBound - start)..<Int(sample.bytes.upperBound - start)
            return Sample(
                track: sample.track, dts: overflows ? -1 : dts, compositionOffset: sample.compositionOffset,
                duration: sample.duration, isSync: sample.isSync, isDisposable: sample.isDisposable,
                bytes: Array(bytes[place]))
        }
        let note = note.map { IndexWriter.bytes(of: [$0]) } ?? []
        return try writer.fragment(
            of: samples, info: isSegment ? note + fragment.info : [], wallClock: fragment.wallClock
        ).bytes
    }

    /// What makes a plain MP4 of the new file.
    /// - SeeAlso: ``FragmentWriter/finish(chapters:presentationEnd:)``.
    package func finish(chapters: [Chapter], presentationEnd: Int64? = nil) -> Finish {
        writer.finish(chapters: chapters, presentationEnd: presentationEnd)
    }
}
