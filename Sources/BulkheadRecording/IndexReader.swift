import BulkheadMP4
import BulkheadMedia

/// What the bytes of an index say, as far as they are whole.
package struct IndexReading: Hashable, Sendable {
    /// An entry and where its record begins.
    package struct Located: Hashable, Sendable {
        package let entry: IndexEntry
        package let offset: UInt64
    }

    /// What is wrong with a record.
    package enum Fault: Hashable, Sendable, CustomStringConvertible {
        /// The index does not begin with the record of kind 1 that says what it is.
        case notAnIndex
        /// It was written by a version that this one doesn't know.
        case unknownVersion(UInt8)
        /// The record at `offset` has another checksum than its bytes.
        case badChecksum(offset: UInt64)
        /// Numbers that can't be, in spite of their checksum.
        case senseless(offset: UInt64)

        package var description: String {
            switch self {
            case .notAnIndex: "the file doesn't begin like the index of a recording"
            case .unknownVersion(let version): "the index has version \(version), which is not known here"
            case .badChecksum(let offset): "the record at byte \(offset) has a wrong checksum"
            case .senseless(let offset): "the record at byte \(offset) says what can't be"
            }
        }
    }

    /// In the order of the file; records at fault are left out.
    package private(set) var entries: [Located] = []
    /// In the order of the file.
    package private(set) var faults: [Fault] = []
    /// The bytes of half a record at the end, which are ignored: its writer was killed.
    package private(set) var halfByteCount = 0
    /// The length of the index, half a record included.
    package let byteCount: UInt64

    /// The segment that the index is of.
    package var start: SegmentStart? {
        for located in entries { if case .start(let start) = located.entry { return start } }
        return nil
    }

    /// Reads all records of `bytes`; in those of a media file's `uuid` box there need not be a start.
    package init(_ bytes: [UInt8]) {
        self.init(bytes, isPart: false)
        if case .start? = entries.first?.entry {
        } else if !faults.contains(where: { $0.isVersion }) {
            faults.insert(.notAnIndex, at: 0)
        }
    }

    /// The stamp among the records, which only media files have.
    private(set) var stamp: FragmentStamp?

    init(_ bytes: [UInt8], isPart: Bool) {
        let length = IndexWriter.recordByteCount
        byteCount = UInt64(bytes.count)
        halfByteCount = bytes.count % length
        // The entry whose text goes on in the next record.
        var open: (text: OpenText, offset: UInt64)?
        for place in stride(from: 0, to: bytes.count - halfByteCount, by: length) {
            let offset = UInt64(place)
            let record = bytes[place..<place + length]
            var fields = RecordFields(record)
            guard fields.isSound else {
                faults.append(.badChecksum(offset: offset))
                close(&open)
                continue
            }
            let kind: UInt8 = fields.read()
            if kind == 11 {
                guard open != nil else {
                    faults.append(.senseless(offset: offset))
                    continue
                }
                fields.skip(3)
                open?.text.append(fields.rest)
                if open?.text.isWhole == true { close(&open) }
                continue
            }
            close(&open)
            if let text = OpenText(kind: kind, &fields) {
                open = (text, offset)
                if text.isWhole { close(&open) }
                continue
            }
            read(kind, &fields, offset: offset)
        }
        close(&open)
    }

    private mutating func close(_ open: inout (text: OpenText, offset: UInt64)?) {
        if let (text, offset) = open {
            if text.isWhole {
                entries.append(Located(entry: text.entry, offset: offset))
            } else {
                faults.append(.senseless(offset: offset))
            }
        }
        open = nil
    }

    private mutating func read(_ kind: UInt8, _ fields: inout RecordFields, offset: UInt64) {
        var entry: IndexEntry?
        switch kind {
        case 1:
            let version: UInt8 = fields.read()
            guard version == 1 else {
                faults.append(.unknownVersion(version))
                return
            }
            fields.skip(2)
            if fields.read() as UInt32 == IndexWriter.magic { entry = .start(fields.readStart()) }
        case 2:
            fields.skip(3)
            entry = .tracks(fields.readTracks())
        case 3: entry = fields.readFragment().map { .fragment($0) }
        case 4:
            fields.skip(3)
            entry = .join(previous: fields.read(), frame: fields.read())
        case 7:
            fields.skip(3)
            entry = .clockJump(frame: fields.read(), before: fields.readClock(), after: fields.readClock())
        case 8:
            fields.skip(3)
            let errno: Int32 = fields.read()
            entry = fields.readRange().map { .torn(bytes: $0, errno: errno, wallClock: fields.readClock()) }
        case 10:
            fields.skip(3)
            entry = fields.readRange().map { .end(tail: $0, frame: fields.read()) }
        case 12:
            fields.skip(3)
            stamp = FragmentStamp(
                firstFrame: fields.read(), nextFrame: fields.read(), wallClock: fields.readClock())
            return
        default: entry = .unknown(kind: kind)
        }
        if let entry {
            entries.append(Located(entry: entry, offset: offset))
        } else {
            faults.append(.senseless(offset: offset))
        }
    }
}

extension IndexReading.Fault {
    fileprivate var isVersion: Bool { if case .unknownVersion = self { true } else { false } }
}

/// An entry whose text is being read.
private struct OpenText {
    private let kind: UInt8
    private let numbers: [Int64]
    private var text: [UInt8] = []
    private let byteCount: Int

    /// Nil for records without a text.
    init?(kind: UInt8, _ fields: inout RecordFields) {
        guard [5, 6, 9, 13].contains(kind) else { return nil }
        self.kind = kind
        let length: UInt8 = fields.read()
        byteCount = Int(length)
        fields.skip(2)
        numbers = (0..<(kind == 6 ? 3 : 2)).map { _ in fields.read() }
        append(fields.rest)
    }

    mutating func append(_ bytes: ArraySlice<UInt8>) { text += bytes.prefix(byteCount - text.count) }

    var isWhole: Bool { text.count == byteCount }

    var entry: IndexEntry {
        let text = String(decoding: text, as: UTF8.self)
        let clock = WallClock(nanoseconds: numbers[numbers.count - 1])
        return switch kind {
        case 5: .takeover(frame: numbers[0], wallClock: clock, cause: text)
        case 6: .loss(first: numbers[0], last: numbers[1], wallClock: clock, cause: text)
        case 13: .scene(frame: numbers[0], wallClock: clock, name: text)
        default: .mark(frame: numbers[0], wallClock: clock, text: text)
        }
    }
}

/// The fields of one record, which has room for all that are read of it.
private struct RecordFields {
    private(set) var rest: ArraySlice<UInt8>
    let isSound: Bool

    init(_ record: ArraySlice<UInt8>) {
        rest = record.dropLast(4)
        let crc = record.suffix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        isSound = CRC32.of(rest) == crc
    }

    mutating func read<Value: FixedWidthInteger>() -> Value {
        let length = MemoryLayout<Value>.size
        var value: Value = 0
        for byte in rest.prefix(length).reversed() {
            value = length == 1 ? Value(truncatingIfNeeded: byte) : value << 8 | Value(truncatingIfNeeded: byte)
        }
        rest = rest.dropFirst(length)
        return value
    }

    mutating func skip(_ count: Int) { rest = rest.dropFirst(count) }

    mutating func readClock() -> WallClock { WallClock(nanoseconds: read()) }

    /// Nil where it would not end below 2^62.
    mutating func readRange() -> Range<UInt64>? {
        let start: UInt64 = read()
        let count: UInt64 = read()
        guard start <= 1 << 61, count <= 1 << 61 else { return nil }
        return start..<start + count
    }

    mutating func readStart() -> SegmentStart {
        let recording = RecordingID(high: read(), low: read())
        let number: UInt32 = read()
        skip(4)
        return SegmentStart(
            recording: recording, number: number, wallClock: readClock(), monotonicNanoseconds: read(),
            origin: MediaTime(nanoseconds: read()), configurationCRC: read())
    }

    mutating func readTracks() -> SegmentTracks {
        SegmentTracks(
            videoTimescale: read(), soundTimescale: read(), width: read(), height: read(), frameRateNumerator: read(),
            frameRateDenominator: read(), presentationStart: read())
    }

    /// Nil for sums beyond 2^62.
    mutating func readFragment() -> FragmentEntry? {
        let flags: UInt8 = read()
        let frameCount: UInt16 = read()
        let byteCount: UInt32 = read()
        let offset: UInt64 = read()
        let dts: Int64 = read()
        let frame: Int64 = read()
        let clock = readClock()
        let duration: UInt32 = read()
        let lastDTS: UInt32 = read()
        let composition: Int32 = read()
        let idr: UInt32 = read()
        let crc: UInt32 = read()
        guard offset <= 1 << 61, dts.magnitude <= 1 << 61 else { return nil }
        return FragmentEntry(
            bytes: offset..<offset + UInt64(byteCount), crc: crc, firstFrame: frame, frameCount: frameCount,
            firstDTS: dts, lastDTS: dts + Int64(lastDTS), firstPTS: dts + Int64(composition), duration: duration,
            idrOffset: flags & 1 == 0 ? nil : offset + UInt64(idr), startsWithIDR: flags & 2 != 0, wallClock: clock)
    }
}
