import BulkheadMP4
import BulkheadRecording

extension FuzzSubject {
    /// Media files of recordings, and what a successor of their writer would make of them; and plain films of other programs.
    static let mp4 = FuzzSubject(name: "mp4", maximumByteCount: 16_384) { bytes in
        let plain = Result { () throws(MP4Error) in try PlainMovie(ArraySource(bytes)) }
        switch plain {
        case .success(let movie):
            try rule(movie.tables.upperBound <= bytes.count, "the tables end beyond the file")
            try rule(movie.durationMilliseconds >= 0, "a film lasts less than nothing")
        case .failure(.unreadable): throw BrokenRule(description: "bytes beyond the file were read")
        case .failure: break
        }
        let reading: SegmentReading
        do throws(MP4Error) { reading = try SegmentReading(ArraySource(bytes)) } catch {
            if case .unreadable = error { throw BrokenRule(description: "bytes beyond the file were read") }
            return
        }
        var end = reading.header.byteCount
        for part in reading.fragments {
            let fragment = part.fragment
            try rule(fragment.bytes.lowerBound >= end, "a fragment begins within the one before")
            end = fragment.bytes.upperBound
            for sample in fragment.samples {
                try rule(
                    sample.bytes.lowerBound >= fragment.bytes.lowerBound && sample.bytes.upperBound <= end,
                    "a sample lies outside its fragment")
            }
        }
        try rule(end <= reading.end && reading.end <= bytes.count, "the fragments end beyond the file")

        let index = IndexWriter.bytes(of: reading.index)
        let again = IndexReading(index)
        if again.faults.isEmpty {
            try rule(
                IndexWriter.bytes(of: again.entries.map(\.entry)) == index, "an index is another when it is read")
        }
        try goOn(with: reading)
    }

    /// What was read can be finished, and is then read as before.
    private static func goOn(with reading: SegmentReading) throws {
        guard var writer = try? FragmentWriter(continuing: reading.header) else { return }
        for part in reading.fragments where (try? writer.take(part.fragment)) == nil { return }
        let finish = writer.finish()
        try rule(finish.tailOffset == writer.byteCount, "a file's tail is not behind its fragments")
        try rule(finish.steps.count == 3, "a file is finished in three steps")
    }

    /// The index of a recording.
    static let index = FuzzSubject(name: "index", maximumByteCount: 4096) { bytes in
        let reading = IndexReading(bytes)
        try rule(reading.halfByteCount == bytes.count % IndexWriter.recordByteCount, "half a record is counted wrongly")
        var last: UInt64?
        for located in reading.entries {
            try rule(last.map { $0 < located.offset } ?? true, "entries are in disorder")
            try rule(located.offset % UInt64(IndexWriter.recordByteCount) == 0, "an entry begins within a record")
            last = located.offset
        }
        let entries = reading.entries.map(\.entry).filter { if case .unknown = $0 { false } else { true } }
        let again = IndexReading(IndexWriter.bytes(of: entries))
        // A text that is no UTF-8 is longer when its bytes have been replaced, and may be cut.
        try rule(again.entries.count == entries.count, "entries are lost when they are written and read")
    }
}
