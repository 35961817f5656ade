import BulkheadLibraryProtocol
import BulkheadMP4
import BulkheadMedia
import BulkheadRecording
import BulkheadSystem
import Glibc

/// Films of other programs: a plain MP4, which is served as it is, or one in fragments, whose fragments are HLS as well.
extension RecordingProbe {
    /// A recording of Bulkhead, or else a film of another program. May wait for the disk.
    /// - Parameters:
    ///   - index: the one that a recorder has written beside the file.
    ///   - isWhole: whether nobody writes to the file any more: only then it is a film.
    static func any(_ file: OpenFile, index: OpenFile?, isWhole: Bool) throws(Refusal) -> RecordingProbe {
        do { return try RecordingProbe(file, index: index) } catch {
            guard isWhole else { throw error }
            return try RecordingProbe(film: file)
        }
    }

    /// Reads a whole film that another program has written. May wait for the disk.
    init(film file: OpenFile) throws(Refusal) {
        do throws(MP4Error) {
            let source = try DescriptorSource(file.descriptor)
            if let film = try Self.inFragments(source, file) {
                self = film
            } else {
                self = try Self.plain(source, file)
            }
        } catch { throw Refusal(description: "it is no MP4 that can be played: \(error)") }
        guard durationMilliseconds > 0 else {
            throw Refusal(description: "it is no MP4 that can be played: there are neither pictures nor sound in it")
        }
    }

    private static func plain(_ source: DescriptorSource, _ file: OpenFile) throws(MP4Error) -> RecordingProbe {
        let movie = try PlainMovie(source)
        let id = try identity(of: source, movie.tables)
        let codecs = movie.contents.prefix(2).map { $0.track?.codec ?? "\($0.coding)" }
        return RecordingProbe(
            id: id, byteCount: file.byteCount,
            durationMilliseconds: movie.contents.isEmpty ? 0 : movie.durationMilliseconds, width: movie.width,
            height: movie.height, codecs: codecs.joined(separator: ","),
            startedMilliseconds: started(movie.created, file))
    }

    /// Nil for a file that is none in fragments.
    private static func inFragments(_ source: DescriptorSource, _ file: OpenFile) throws(MP4Error) -> RecordingProbe? {
        let reading: SegmentReading
        do throws(MP4Error) {
            reading = try SegmentReading(source, hasChecksums: false, keepsSamples: false)
        } catch {
            if case .unreadable = error { throw error }
            return nil
        }
        let header = reading.header
        guard let track = header.tracks.first(where: \.isVideo) ?? header.tracks.first, !header.isFinished else {
            return nil
        }
        guard case .whole = reading.ending, let last = reading.fragments.last?.fragment.bytes.upperBound else {
            throw .boxCutShort("mdat", offset: reading.end)
        }
        let timescale = Int64(track.timescale)
        let entries = reading.fragments.map(\.entry).filter { $0.frameCount > 0 }
        var (width, height) = (0, 0)
        if case .video(let video) = track.content { (width, height) = (Int(video.width), Int(video.height)) }
        return RecordingProbe(
            id: try identity(of: source, 0..<last), byteCount: file.byteCount,
            durationMilliseconds: entries.last.map {
                milliseconds($0.firstDTS, timescale, plus: Int64($0.duration))
            } ?? 0, width: width, height: height,
            codecs: header.tracks.prefix(2).map(\.codec).joined(separator: ","),
            startedMilliseconds: started(header.created, file), header: 0..<header.byteCount,
            pieces: entries.map {
                HLSPlaylist.Piece(
                    bytes: $0.bytes, startMilliseconds: milliseconds($0.firstDTS, timescale),
                    startsWithIDR: $0.startsWithIDR)
            })
    }

    /// The same for all copies of a film: a hash of its length, and of what stands at both ends of its tables and of the file.
    private static func identity(of source: DescriptorSource, _ tables: Range<UInt64>) throws(MP4Error) -> VideoID {
        let piece: UInt64 = 16 << 10
        var bytes = Array("\(source.byteCount)|\(tables)|".utf8)
        for range in [tables, 0..<source.byteCount] {
            bytes += try source.read(range.lowerBound..<min(range.upperBound, range.lowerBound + piece))
            bytes += try source.read(
                max(range.lowerBound, range.upperBound - min(range.upperBound, piece))..<range.upperBound)
        }
        // A hash has the form of a recording's identity, and is told apart by its first letters.
        let text = "film-" + Hexadecimal.text(Array(SHA256.hash(bytes).prefix(16)))
        guard let id = VideoID(text) else { throw .notMP4 }
        return id
    }

    /// What the file says of its beginning; where it says nothing of sense, when it was last written to.
    private static func started(_ created: WallClock, _ file: OpenFile) -> Int64 {
        let milliseconds = created.nanoseconds / 1_000_000
        let modified = file.modified.seconds.multipliedReportingOverflow(by: 1000).0
        // Programs without a clock write 1904 or 1970.
        return milliseconds > 24 * 3_600_000 && milliseconds <= modified + 86_400_000 ? milliseconds : max(0, modified)
    }
}
