import BulkheadMP4
import BulkheadMedia
import BulkheadRecording
import Testing

@Suite(.timeLimit(.minutes(1))) struct IndexTests {
    private static let clock = WallClock(nanoseconds: 1_700_000_000_123_456_789)

    private static let start = IndexEntry.start(
        SegmentStart(
            recording: RecordingID(high: 1, low: .max), number: 3, wallClock: clock, monotonicNanoseconds: -1,
            origin: MediaTime(nanoseconds: 1 << 40), configurationCRC: 0xDEAD_BEEF))

    private static let entries: [IndexEntry] = [
        start,
        .tracks(
            SegmentTracks(
                videoTimescale: 90_000, soundTimescale: 48_000, width: 1920, height: 1080, frameRateNumerator: 30_000,
                frameRateDenominator: 1001, presentationStart: 66_733_333)),
        .join(previous: 2, frame: 1 << 40),
        .takeover(frame: 9, wallClock: clock, cause: ""),
        .takeover(frame: 9, wallClock: clock, cause: "the encoder on air died: signal 11"),
        .loss(first: 10, last: 20, wallClock: clock, cause: String(repeating: "é", count: 90)),
        .clockJump(frame: 21, before: clock, after: WallClock(nanoseconds: 0)),
        .torn(bytes: 1 << 40..<(1 << 40) + 17, errno: 28, wallClock: clock),
        .mark(frame: 22, wallClock: clock, text: String(repeating: "0123456789", count: 25) + "abcde"),
        .end(tail: 1 << 33..<(1 << 33) + 9000, frame: 23),
    ]

    /// RFC 1952's checksum: the value that zlib, PNG and every other implementation has for these nine digits.
    @Test func checksumIsThatOfZlib() {
        #expect(CRC32.of(Array("123456789".utf8)) == 0xCBF4_3926)
        #expect(CRC32.of([]) == 0)
        var pieces = CRC32()
        for byte in "123456789".utf8 { pieces.update([byte]) }
        #expect(pieces.value == 0xCBF4_3926)
    }

    /// By hand, after the table that documents the format; the checksum by Python's zlib.
    @Test func recordIsWhatTheFormatSays() {
        let bytes = IndexWriter.bytes(of: .join(previous: 0x0102_0304, frame: -2))
        let body: [UInt8] = [4, 0, 0, 0, 4, 3, 2, 1, 0xFE] + [UInt8](repeating: 0xFF, count: 7)
        #expect(Array(bytes[..<60]) == body + [UInt8](repeating: 0, count: 44))
        #expect(Array(bytes[60...]) == [0xDF, 0x86, 0x12, 0xA3])
    }

    @Test func everyEntryIsReadBack() {
        let reading = IndexReading(IndexWriter.bytes(of: Self.entries))
        #expect(reading.entries.map(\.entry) == Self.entries)
        #expect(reading.faults.isEmpty)
        #expect(reading.halfByteCount == 0)
        if case .start(let start) = Self.start { #expect(reading.start == start) }
        #expect(reading.entries.map(\.offset).prefix(4) == [0, 64, 128, 192])
    }

    @Test func textsAreCutBetweenCharacters() {
        let long = IndexEntry.mark(frame: 1, wallClock: Self.clock, text: String(repeating: "é", count: 200))
        let cut = IndexEntry.mark(frame: 1, wallClock: Self.clock, text: String(repeating: "é", count: 127))
        let bytes = IndexWriter.bytes(of: [Self.start, long])
        #expect(IndexReading(bytes).entries.map(\.entry) == [Self.start, cut])
    }

    /// A killed writer leaves half a record.
    @Test func halfARecordAtTheEndIsIgnored() {
        let bytes = IndexWriter.bytes(of: Self.entries)
        for end in 0...bytes.count {
            let reading = IndexReading(Array(bytes[..<end]))
            #expect(reading.halfByteCount == end % 64)
            let read = reading.entries.map(\.entry)
            #expect(read == Array(Self.entries.prefix(read.count)))
            // A text whose other records are missing, and no start.
            #expect(reading.faults.count <= 1)
        }
    }

    @Test func everySpoiledBitIsNoticed() {
        let bytes = IndexWriter.bytes(of: Self.entries.prefix(4))
        for place in bytes.indices {
            var spoiled = bytes
            spoiled[place] ^= 1 << UInt8(place % 8)
            let reading = IndexReading(spoiled)
            #expect(reading.faults.contains(.badChecksum(offset: UInt64(place / 64 * 64))))
            #expect(reading.entries.count == 3)
        }
    }

    @Test func whatIsNoIndexIsNamed() {
        #expect(IndexReading([]).faults == [.notAnIndex])
        let reading = IndexReading([UInt8](repeating: 0, count: 128))
        #expect(reading.faults == [.notAnIndex, .badChecksum(offset: 0), .badChecksum(offset: 64)])
        #expect(IndexReading(IndexWriter.bytes(of: Self.entries.dropFirst())).faults.first == .notAnIndex)
    }
}
