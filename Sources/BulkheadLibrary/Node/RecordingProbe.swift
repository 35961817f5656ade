import BulkheadLibraryProtocol
import BulkheadMP4
import BulkheadMedia
import BulkheadRecording
import Glibc

/// What a recording's file and its index say, as far as the disk has it: what a record is made of, and what is served. A film of
/// another program is read by ``init(film:)``.
struct RecordingProbe: Sendable {
    /// Why a file is no video of a library, as one lowercase phrase.
    struct Refusal: Error, Hashable, CustomStringConvertible {
        let description: String
    }

    let id: VideoID
    /// Up to where the file may be served.
    let byteCount: Int64
    let durationMilliseconds: Int64
    let width: Int, height: Int
    let codecs: String
    /// Whether the recording has been ended, and the file is a plain MP4.
    let isFinished: Bool
    let startedMilliseconds: Int64
    /// The `uuid` and `moov` boxes in front of the fragments.
    let header: Range<UInt64>
    let pieces: [HLSPlaylist.Piece]
    /// Whether it was written by Bulkhead.
    let isOwn: Bool

    /// The longest index that is read: three weeks.
    private static let longestIndex: Int64 = 256 << 20
    /// `ftyp`, and `free` or the head of `mdat`: `FragmentWriter`.
    static let frontByteCount: UInt64 = 48

    /// Reads what there is. May wait for the disk.
    /// - Parameter index: the one beside the file; nil where there is none: then all tables of the file are read.
    init(_ file: OpenFile, index: OpenFile?) throws(Refusal) {
        let facts: Facts
        do throws(MP4Error) {
            let source = try DescriptorSource(file.descriptor)
            facts = try Self.facts(source, index)
        } catch { throw Refusal(description: "\(error)") }
        guard let start = facts.start, let tracks = facts.tracks else {
            throw Refusal(description: "it is no recording of bulkhead")
        }
        let header = facts.header
        guard header.byteCount > Self.frontByteCount, !header.isCutShort else {
            throw Refusal(description: "its end is missing")
        }
        guard let id = VideoID("\(start.recording)-\(start.number)") else {
            throw Refusal(description: "its identity can't be read")
        }
        self.id = id
        let timescale = Int64(max(1, tracks.videoTimescale))
        let fragments = facts.fragments.filter { $0.bytes.upperBound <= UInt64(max(0, file.byteCount)) }
        pieces = fragments.filter { $0.frameCount > 0 }.map { entry in
            HLSPlaylist.Piece(
                bytes: entry.bytes, startMilliseconds: Self.milliseconds(entry.firstDTS, timescale),
                startsWithIDR: entry.startsWithIDR)
        }
        let last = fragments.last { $0.frameCount > 0 }
        durationMilliseconds = last.map { Self.milliseconds($0.firstDTS, timescale, plus: Int64($0.duration)) } ?? 0
        isFinished = header.isFinished
        let durable = fragments.map(\.bytes.upperBound).max() ?? header.byteCount
        byteCount = isFinished ? file.byteCount : min(file.byteCount, Int64(clamping: durable))
        width = Int(tracks.width)
        height = Int(tracks.height)
        codecs = header.tracks.prefix(2).map(\.codec).joined(separator: ",")
        startedMilliseconds = start.wallClock.nanoseconds / 1_000_000
        self.header = Self.frontByteCount..<header.byteCount
        isOwn = true
    }

    /// - Parameter header: the boxes that decoders need before `pieces`.
    init(
        id: VideoID, byteCount: Int64, durationMilliseconds: Int64, width: Int, height: Int, codecs: String,
        startedMilliseconds: Int64, header: Range<UInt64> = 0..<0, pieces: [HLSPlaylist.Piece] = []
    ) {
        self.id = id
        self.byteCount = byteCount
        self.durationMilliseconds = durationMilliseconds
        self.width = width
        self.height = height
        self.codecs = codecs
        self.startedMilliseconds = startedMilliseconds
        self.header = header
        self.pieces = pieces
        isFinished = true
        isOwn = false
    }

    private struct Facts {
        let header: MovieHeader
        let start: SegmentStart?
        let tracks: SegmentTracks?
        let fragments: [FragmentEntry]
    }

    private static func facts(_ source: DescriptorSource, _ index: OpenFile?) throws(MP4Error) -> Facts {
        if let index, index.byteCount <= longestIndex {
            let header = try MovieReader(source).header
            let bytes = (try? index.readBlocking(at: 0, count: Int(index.byteCount))) ?? []
            var (tracks, fragments): (SegmentTracks?, [FragmentEntry]) = (nil, [])
            let reading = IndexReading(bytes)
            for located in reading.entries {
                switch located.entry {
                case .tracks(let value): tracks = value
                case .fragment(let entry): fragments.append(entry)
                default: break
                }
            }
            if let start = reading.start, tracks != nil {
                return Facts(header: header, start: start, tracks: tracks, fragments: fragments)
            }
        }
        let reading = try SegmentReading(source, hasChecksums: false, keepsSamples: false)
        return Facts(
            header: reading.header, start: reading.start, tracks: reading.tracks,
            fragments: reading.fragments.map(\.entry))
    }

    static func milliseconds(_ ticks: Int64, _ timescale: Int64, plus more: Int64 = 0) -> Int64 {
        let (sum, overflows) = ticks.addingReportingOverflow(more)
        guard !overflows, sum >= 0 else { return 0 }
        let (whole, rest) = sum.quotientAndRemainder(dividingBy: timescale)
        let (product, tooMuch) = whole.multipliedReportingOverflow(by: 1000)
        return tooMuch ? Int64.max / 1000 : product + rest * 1000 / timescale
    }
}

extension Track {
    /// As RFC 6381 has it.
    var codec: String {
        switch content {
        case .video(let video):
            guard video.coding == .avc, video.avcConfiguration.count >= 4 else { return "\(video.coding)" }
            return "avc1." + Hexadecimal.text(Array(video.avcConfiguration[1...3]))
        case .sound(let sound): return "mp4a.40.\((sound.audioSpecificConfig.first ?? 0x10) >> 3)"
        }
    }
}
