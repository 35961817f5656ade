import BulkheadMP4
import BulkheadModel
import BulkheadRecording

/// Makes a media file, finished, its index where it is a segment of a recording, and the comments beside it.
struct MediaMaker {
    private let media: NewFile
    private let index: NewFile?
    private let comments: (file: NewFile, bytes: [UInt8])?
    private let force: Bool
    private var copier: SegmentCopier
    private var byteCount: UInt64

    /// - Parameters:
    ///   - path: the file to make.
    ///   - info: what it says of itself as a segment of a recording, with an index; nil where it is none.
    ///   - comments: what stands beside it then.
    ///   - inputs: files that are never replaced.
    init(
        _ path: String, like header: MovieHeader, tracks: [Track]? = nil, presentationStart: Int64? = nil,
        info: [UInt8]?, comments: CommentTrack?, force: Bool, inputs: [String]
    ) throws(BroadcastError) {
        media = try NewFile(path, force: force, inputs: inputs)
        index =
            info != nil
            ? try NewFile(
                RecordingFile.indexPath(of: path), force: force,
                inputs: inputs + inputs.map(RecordingFile.indexPath)) : nil
        self.comments = try comments.map { (track) throws(BroadcastError) in
            let file = try NewFile(
                RecordedPath.comments(of: path), force: force, inputs: inputs + inputs.map(RecordedPath.comments))
            return (file, track.bytes)
        }
        self.force = force
        copier = SegmentCopier(
            like: header, tracks: tracks, presentationStart: presentationStart, info: info)
        byteCount = UInt64(copier.header.count)
        try media.write(copier.header, at: 0)
    }

    /// Copies what `keeps` says of `reading`, which is of `file`.
    /// - Parameter notes: what is to be noted before fragments, by their places.
    mutating func copy(
        _ reading: SegmentReading, of file: RecordingFile, shift: Int64 = 0, notes: [Int: IndexEntry] = [:],
        where keeps: (StoredSample) -> Bool = { _ in true }
    ) throws(BroadcastError) {
        for (number, part) in reading.fragments.enumerated() {
            let bytes: [UInt8]?
            do throws(MP4Error) {
                bytes = try copier.copy(
                    part.fragment, of: file.source, shift: shift, note: notes[number], where: keeps)
            } catch {
                throw RecordingFile.error(file.path, error)
            }
            guard let bytes else { continue }
            try media.write(bytes, at: byteCount)
            byteCount += UInt64(bytes.count)
        }
    }

    /// Finishes the file, and gives it and its index their names.
    func finish(chapters: [Chapter], presentationEnd: Int64? = nil) throws(BroadcastError) {
        // Nobody sees the file before it is complete: the steps need no sync between them.
        for step in copier.finish(chapters: chapters, presentationEnd: presentationEnd).steps {
            try media.write(step.bytes, at: step.offset)
        }
        try media.commit(force: force)
        if let comments {
            try comments.file.write(comments.bytes, at: 0)
            try comments.file.commit(force: force)
        }
        if let index {
            let file = try RecordingFile(media.path)
            try index.write(IndexWriter.bytes(of: try file.reading(hasChecksums: true).index), at: 0)
            try index.commit(force: force)
        }
    }
}
