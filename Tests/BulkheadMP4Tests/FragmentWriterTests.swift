import BulkheadMP4
import Testing

@Suite(.timeLimit(.minutes(1))) struct FragmentWriterTests {
    /// ISO/IEC 14496-12, 4.3, 8.1.2 and 11.1, by hand.
    @Test func fileBeginsWithItsTypeAndRoomForTheHeadOfAnMdat() throws {
        let header = MovieSample.writer().header
        let expected: [UInt8] =
            [0, 0, 0, 32] + Array("ftypiso6".utf8) + [0, 0, 2, 0] + Array("iso6iso5avc1mp41".utf8)
            + [0, 0, 0, 16] + Array("free".utf8) + [0, 0, 0, 0, 0, 0, 0, 0]
            + [0, 0, 0, 27] + Array("uuid".utf8)
        #expect(Array(header[..<expected.count]) == expected)
        #expect(Array(header[(expected.count + 16)..<(expected.count + 19)]) == [1, 2, 3])
        #expect(Array(header[79..<83]) == Array("moov".utf8))
    }

    /// 8.8.4 to 8.8.8 and 8.8.12, by hand: three samples, of which the first is an IDR and the last starts half a
    /// second after the one before.
    @Test func fragmentIsWhatTheStandardSays() throws {
        var writer = FragmentWriter(tracks: [MovieSample.video], created: WallClock(nanoseconds: 0))
        let written = try writer.fragment(of: [
            Sample(track: 1, dts: 1 << 33, compositionOffset: 6000, duration: 3000, bytes: [1, 2]),
            Sample(track: 1, dts: 1 << 33 + 3000, compositionOffset: -3000, duration: 9, isSync: false, bytes: [3]),
            Sample(track: 1, dts: 1 << 33 + 48_000, duration: 3000, isSync: false, bytes: [4, 5, 6]),
        ])
        // Durations, sizes and offsets of their own; flags for the first, and those of the tfhd for all others.
        let trun: [UInt8] =
            [0, 0, 0, 60] + Array("trun".utf8) + [1, 0, 0x0B, 0x05, 0, 0, 0, 3, 0, 0, 0, 144, 2, 0, 0, 0]
            + [0, 0, 0x0B, 0xB8, 0, 0, 0, 2, 0, 0, 0x17, 0x70]
            + [0, 0, 0xAF, 0xC8, 0, 0, 0, 1, 0xFF, 0xFF, 0xF4, 0x48]
            + [0, 0, 0x0B, 0xB8, 0, 0, 0, 3, 0, 0, 0, 0]
        let tfdt: [UInt8] = [0, 0, 0, 20] + Array("tfdt".utf8) + [1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]
        let tfhd: [UInt8] =
            [0, 0, 0, 24] + Array("tfhd".utf8) + [0, 2, 0, 0x28, 0, 0, 0, 1, 0, 0, 0x0B, 0xB8, 1, 1, 0, 0]
        let traf: [UInt8] = [0, 0, 0, 112] + Array("traf".utf8) + tfhd + tfdt + trun
        let mfhd: [UInt8] = [0, 0, 0, 16] + Array("mfhd".utf8) + [0, 0, 0, 0, 0, 0, 0, 1]
        let moof: [UInt8] = [0, 0, 0, 136] + Array("moof".utf8) + mfhd + traf
        #expect(written.bytes == moof + [0, 0, 0, 14] + Array("mdat".utf8) + [1, 2, 3, 4, 5, 6])
    }

    /// 8.16.5: NTP's seconds since 1900 and fractions; version 1, the time at which the picture was taken.
    @Test func producerTimeStandsBeforeTheFragment() throws {
        var writer = MovieSample.writer()
        let half = WallClock(nanoseconds: 1_000_000_000_500_000_000)
        let bytes = try writer.fragment(of: MovieSample.samples(0, shift: 90), wallClock: half).bytes
        let prft: [UInt8] =
            [0, 0, 0, 32] + Array("prft".utf8) + [1, 0, 0, 24, 0, 0, 0, 1]
            + [0xBF, 0x45, 0x48, 0x80, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 90]
        #expect(Array(bytes.prefix(32)) == prft)
    }

    @Test(arguments: [0, 1, 999_999_999, 1_700_000_000_123_456_789, 2_085_978_496_000_000_001] as [Int64])
    func wallClockIsReadBackToTheNanosecond(nanoseconds: Int64) throws {
        var writer = MovieSample.writer()
        let clock = WallClock(nanoseconds: nanoseconds)
        let bytes = writer.header + (try writer.fragment(of: MovieSample.samples(0), wallClock: clock).bytes)
        #expect(try MovieSample.read(bytes).fragments.first?.wallClock == clock)
    }

    @Test func whatCantBeWrittenChangesNothing() throws {
        var writer = MovieSample.writer()
        _ = try writer.fragment(of: MovieSample.samples(3))
        let before = writer.finish()
        let stray = Sample(track: 7, dts: 1 << 40, duration: 1, bytes: [1])
        let early = MovieSample.samples(2)
        let late = Sample(track: 1, dts: 1 << 34, duration: 1, bytes: [1])
        let negative = Sample(track: 2, dts: -1, duration: 1, bytes: [1])
        for (samples, error) in [
            ([], .noSamples), ([stray], .unknownTrack(7)), (early, .timeGoesBack(track: 1, dts: 14_400)),
            ([late], .gapTooLong(track: 1, dts: 1 << 34)), ([negative], .timeGoesBack(track: 2, dts: -1)),
            ([late, Sample(track: 1, dts: .max, duration: 1, bytes: [1])], .gapTooLong(track: 1, dts: 1 << 34)),
        ] as [([Sample], MP4Error)] {
            #expect(throws: error) { try writer.fragment(of: samples) }
            #expect(writer.finish() == before)
        }
        _ = try writer.fragment(of: MovieSample.samples(4))
    }

    /// A writer's successor finishes the file as the writer would have.
    @Test func anotherWriterGoesOnWhereOneDied() throws {
        let (bytes, _, first) = try MovieSample.file(4)
        let (fragments, reader) = try MovieSample.read(bytes)
        var second = try FragmentWriter(continuing: reader.header)
        for fragment in fragments { try second.take(fragment) }
        #expect(second.header == first.header)
        #expect(second.byteCount == UInt64(bytes.count))
        var firstAgain = first
        let (left, right) = (
            try firstAgain.fragment(of: MovieSample.samples(4)), try second.fragment(of: MovieSample.samples(4))
        )
        #expect(left == right)
        #expect(firstAgain.finish() == second.finish())
    }
}
