import BulkheadMP4
import BulkheadMedia

/// Writes the entries of an index: records of 64 bytes, little-endian, which are appended and never changed.
///
///     kind 1 | 59 bytes by kind | CRC32 of the 60 bytes before 4
///
///     1 start      | version 1 = 1 | 0 2 | "BKIX" 4 | recording 16 | number 4 | record's length 4 = 64
///                  | wall clock 8 | monotonic 8 | origin 8 | configurations' CRC 4
///     2 tracks     | 0 3 | video ticks 4 | sound ticks 4 | width 2 | height 2 | frame rate 4 + 4
///                  | presentation start 8
///     3 fragment   | flags 1 | frames 2 | length 4 | offset 8 | first DTS 8 | first frame 8 | wall clock 8
///                  | duration 4 | last DTS - first 4 | first PTS - DTS 4 | IDR - offset 4 | media's CRC 4
///     4 join       | 0 3 | previous segment 4 | frame 8
///     5 takeover   | text's length 1 | 0 2 | frame 8 | wall clock 8 | text 40
///     6 loss       | text's length 1 | 0 2 | first frame 8 | last frame 8 | wall clock 8 | text 32
///     7 clock jump | 0 3 | frame 8 | before 8 | after 8
///     8 torn       | 0 3 | errno 4 | offset 8 | length 8 | wall clock 8
///     9 mark       | text's length 1 | 0 2 | frame 8 | wall clock 8 | text 40
///     10 end       | 0 3 | offset 8 | length 8 | frame 8
///     11 more text | 0 3 | text 56, of the record before
///     12 stamp     | 0 3 | first frame 8 | next frame 8 | wall clock 8
///     13 scene     | text's length 1 | 0 2 | frame 8 | wall clock 8 | text 40
///
/// Wall clocks are nanoseconds since 1970, UTC. Flags of a fragment: 1 it has an IDR, 2 it begins with one. A text has
/// 255 bytes of UTF-8 at most; what its record has no room for follows in records of kind 11. A stamp stands in the
/// media file only: what a fragment's own bytes do not say.
package enum IndexWriter {
    /// The length of a record.
    package static let recordByteCount = 64
    /// The longest text in bytes of UTF-8; longer ones are cut between characters.
    package static let textByteLimit = 255

    /// `entry` as one record, or several where it has a long text. ``IndexEntry/unknown(kind:)`` has none.
    package static func bytes(of entry: IndexEntry) -> [UInt8] {
        switch entry {
        case .start(let start):
            return record(1) { record in
                record.put(UInt8(1))
                record.put(UInt16(0))
                record.put(magic)
                record.put(start.recording.high)
                record.put(start.recording.low)
                record.put(start.number)
                record.put(UInt32(recordByteCount))
                record.put(start.wallClock.nanoseconds)
                record.put(start.monotonicNanoseconds)
                record.put(start.origin.nanoseconds)
                record.put(start.configurationCRC)
            }
        case .tracks(let tracks):
            return record(2) { record in
                record.skip(3)
                record.put(tracks.videoTimescale)
                record.put(tracks.soundTimescale)
                record.put(tracks.width)
                record.put(tracks.height)
                record.put(tracks.frameRateNumerator)
                record.put(tracks.frameRateDenominator)
                record.put(tracks.presentationStart)
            }
        case .fragment(let entry): return record(3) { $0.put(entry) }
        case .join(let previous, let frame):
            return record(4) { record in
                record.skip(3)
                record.put(previous)
                record.put(frame)
            }
        case .takeover(let frame, let wallClock, let cause):
            return record(5, text: cause) { record in
                record.put(frame)
                record.put(wallClock.nanoseconds)
            }
        case .loss(let first, let last, let wallClock, let cause):
            return record(6, text: cause) { record in
                record.put(first)
                record.put(last)
                record.put(wallClock.nanoseconds)
            }
        case .clockJump(let frame, let before, let after):
            return record(7) { record in
                record.skip(3)
                record.put(frame)
                record.put(before.nanoseconds)
                record.put(after.nanoseconds)
            }
        case .torn(let bytes, let errno, let wallClock):
            return record(8) { record in
                record.skip(3)
                record.put(errno)
                record.put(bytes)
                record.put(wallClock.nanoseconds)
            }
        case .mark(let frame, let wallClock, let text):
            return record(9, text: text) { record in
                record.put(frame)
                record.put(wallClock.nanoseconds)
            }
        case .scene(let frame, let wallClock, let name):
            return record(13, text: name) { record in
                record.put(frame)
                record.put(wallClock.nanoseconds)
            }
        case .end(let tail, let frame):
            return record(10) { record in
                record.skip(3)
                record.put(tail)
                record.put(frame)
            }
        case .unknown: return []
        }
    }

    /// `entries`, one behind the other.
    package static func bytes(of entries: some Sequence<IndexEntry>) -> [UInt8] { entries.flatMap { bytes(of: $0) } }

    /// What a fragment carries of itself.
    static func bytes(of stamp: FragmentStamp) -> [UInt8] {
        record(12) { record in
            record.skip(3)
            record.put(stamp.firstFrame)
            record.put(stamp.nextFrame)
            record.put(stamp.wallClock.nanoseconds)
        }
    }

    static let magic = UInt32(0x5849_4B42)
    /// Where the text of a record begins that continues the text before.
    static let moreTextPlace = 4

    private static func record(_ kind: UInt8, _ fill: (inout Record) -> Void) -> [UInt8] {
        var record = Record(kind: kind)
        fill(&record)
        return record.closed
    }

    private static func record(_ kind: UInt8, text: String, _ fill: (inout Record) -> Void) -> [UInt8] {
        var record = Record(kind: kind)
        let text = text.utf8(atMost: textByteLimit)
        record.put(UInt8(text.count))
        record.skip(2)
        fill(&record)
        var rest = text[...]
        rest = rest.dropFirst(record.put(rest))
        var bytes = record.closed
        while !rest.isEmpty {
            var more = Record(kind: 11)
            more.skip(3)
            rest = rest.dropFirst(more.put(rest))
            bytes += more.closed
        }
        return bytes
    }
}

/// What a fragment's own bytes don't say of it: kept in its `uuid` box.
struct FragmentStamp: Hashable, Sendable {
    let firstFrame: FrameNumber
    /// One more than the highest that the segment has up to here: with pictures that are decoded before they are
    /// shown, the first and how many there are don't tell.
    let nextFrame: FrameNumber
    let wallClock: WallClock
}

/// The 60 bytes of a record before its checksum, filled from the front.
private struct Record {
    private var bytes: [UInt8]

    static let room = IndexWriter.recordByteCount - 4

    init(kind: UInt8) {
        bytes = [kind]
        bytes.reserveCapacity(IndexWriter.recordByteCount)
    }

    mutating func put(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func put(_ range: Range<UInt64>) {
        put(range.lowerBound)
        put(range.upperBound - range.lowerBound)
    }

    /// As many bytes of `text` as there is room for, and how many those are.
    mutating func put(_ text: ArraySlice<UInt8>) -> Int {
        let part = text.prefix(Self.room - bytes.count)
        bytes += part
        return part.count
    }

    mutating func skip(_ count: Int) { bytes.append(contentsOf: repeatElement(0, count: count)) }

    mutating func put(_ entry: FragmentEntry) {
        put(UInt8((entry.idrOffset == nil ? 0 : 1) | (entry.startsWithIDR ? 2 : 0)))
        put(entry.frameCount)
        put(UInt32(clamping: entry.bytes.upperBound - entry.bytes.lowerBound))
        put(entry.bytes.lowerBound)
        put(entry.firstDTS)
        put(entry.firstFrame)
        put(entry.wallClock.nanoseconds)
        put(entry.duration)
        put(UInt32(clamping: entry.lastDTS - entry.firstDTS))
        put(Int32(clamping: entry.firstPTS - entry.firstDTS))
        put(UInt32(clamping: (entry.idrOffset ?? entry.bytes.lowerBound) - entry.bytes.lowerBound))
        put(entry.crc)
    }

    /// The whole record.
    var closed: [UInt8] {
        precondition(bytes.count <= Self.room, "a record has 60 bytes")
        let filled = bytes + repeatElement(0, count: Self.room - bytes.count)
        return filled + withUnsafeBytes(of: CRC32.of(filled).littleEndian) { Array($0) }
    }
}
