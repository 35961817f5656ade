import BulkheadMedia
import BulkheadSRT
import Testing

/// Expected bytes are worked out by hand from ISO/IEC 13818-1; `SRTTests` has FFmpeg's demuxer read whole streams.
@Suite(.timeLimit(.minutes(1))) struct TransportStreamMuxerTests {
    private typealias Piece = TransportStreamPiece

    private static let sps: [UInt8] = [0x67, 0x42, 0xC0, 0x1F, 0x95]
    private static let pps: [UInt8] = [0x68, 0xCE, 0x3C]

    private static func configuration(sps: [UInt8] = sps) throws -> StreamConfiguration {
        let record = try #require(
            AVCDecoderConfiguration(sequenceParameterSets: [sps], pictureParameterSets: [pps])?.bytes)
        return StreamConfiguration(
            canvas: try #require(Canvas(width: 320, height: 180)), frameRate: try #require(FrameRate(25, 1)),
            videoBitsPerSecond: 1, audioBitsPerSecond: 1, avcConfiguration: record, audioSpecificConfig: [0x11, 0x90])
    }

    private static func picture(
        at dts: MediaTime, isIDR: Bool = false, shift: Int64 = 0, byteCount: Int = 40
    ) -> Packet {
        let unit: [UInt8] = [isIDR ? 0x65 : 0x41] + [UInt8](repeating: 0xAA, count: byteCount - 1)
        let length = (0..<4).map { UInt8(byteCount >> (24 - 8 * $0) & 0xFF) }
        return Packet(
            kind: .video(isIDR: isIDR, isDisposable: false), dts: dts, pts: dts + MediaTime(milliseconds: shift),
            bytes: length + unit)
    }

    private static func sound(at milliseconds: Int64, byteCount: Int = 20) -> Packet {
        let time = MediaTime(milliseconds: milliseconds)
        return Packet(kind: .audio, dts: time, pts: time, bytes: [UInt8](repeating: 0x55, count: byteCount))
    }

    private static func muxed(_ packets: [Packet], origin: MediaTime = .zero) throws -> [TransportStreamPiece] {
        var muxer = TransportStreamMuxer(origin: origin)
        try muxer.configure(configuration())
        var bytes: [UInt8] = []
        for packet in packets { muxer.write(packet, into: &bytes) }
        return try Piece.pieces(bytes)
    }

    @Test func anIDRHasTablesADelimiterParameterSetsAndTheClock() throws {
        let pieces = try Self.muxed([Self.picture(at: .zero, isIDR: true)])
        #expect(pieces.map(\.pid) == [0, 0x1000, 0x100])
        // Program 1 has its map at 0x1000; the checksum is that of FFmpeg's muxer for the same table.
        #expect(
            pieces[0].payload.prefix(17) == [
                0, 0x00, 0xB0, 0x0D, 0x00, 0x01, 0xC1, 0x00, 0x00, 0x00, 0x01, 0xF0, 0x00, 0x2A, 0xB1, 0x04, 0xB2,
            ])
        let picture = try #require(Piece.packets(pieces, pid: 0x100).first)
        // Stream 0xE0, PTS alone: 90,000 as 33 bits in three parts.
        #expect(picture.prefix(14) == [0, 0, 1, 0xE0, 0, 0, 0x84, 0x80, 5, 0x21, 0x00, 0x05, 0xBF, 0x21])
        let head = [0, 0, 0, 1, 0x09, 0xF0, 0, 0, 0, 1] + Self.sps + [0, 0, 0, 1] + Self.pps + [0, 0, 0, 1, 0x65]
        #expect(Array(picture.dropFirst(14).prefix(head.count)) == head)
        #expect(pieces[2].clock == 72_000 && pieces[2].field[0] == 0x50)
    }

    @Test func aPictureThatIsReorderedHasBothTimes() throws {
        let later = Self.picture(at: MediaTime(milliseconds: 40), shift: 80)
        let pieces = try Self.muxed([Self.picture(at: .zero, isIDR: true), later])
        let picture = try #require(Piece.packets(pieces, pid: 0x100).last)
        // PTS 90,000 + 10,800 = 100,800, DTS 93,600.
        #expect(
            picture.prefix(19) == [
                0, 0, 1, 0xE0, 0, 0, 0x84, 0xC0, 10, 0x31, 0x00, 0x07, 0x13, 0x81, 0x11, 0x00, 0x05, 0xDB, 0x41,
            ])
    }

    @Test func soundIsBehindADTS() throws {
        let pieces = try Self.muxed([Self.picture(at: .zero, isIDR: true), Self.sound(at: 0)])
        let frame = try #require(Piece.packets(pieces, pid: 0x101).first)
        // 20 + 7 + 3 + 5 bytes follow; ADTS of AAC-LC, 48 kHz, stereo, 27 bytes.
        #expect(frame.prefix(9) == [0, 0, 1, 0xC0, 0, 35, 0x84, 0x80, 5])
        #expect(Array(frame[14..<21]) == [0xFF, 0xF1, 0x4C, 0x80, 0x03, 0x7F, 0xFC])
        #expect(frame.count == 14 + 27)
    }

    /// Every length of a picture fills its packets, with all of its bytes and nothing else.
    @Test func lengthsOfAllKindsSurvive() throws {
        for byteCount in Array(1...400) + [10_000, 70_000] {
            let packet = Self.picture(at: .zero, isIDR: byteCount % 2 == 0, byteCount: byteCount)
            let picture = try #require(Piece.packets(try Self.muxed([packet]), pid: 0x100).first)
            #expect(Array(picture.suffix(byteCount)) == Array(packet.bytes.dropFirst(4)), "\(byteCount)")
        }
    }

    @Test func countersGoOnAndTablesAndClockComeInTime() throws {
        var packets: [Packet] = []
        // Two pictures a second: the clock has to come with the sound.
        for index in 0..<400 {
            let time = Int64(index) * 20
            if index % 25 == 0 {
                packets.append(
                    Self.picture(at: MediaTime(milliseconds: time), isIDR: index % 100 == 0, byteCount: 1000))
            }
            packets.append(Self.sound(at: time))
        }
        let pieces = try Self.muxed(packets)
        var counters: [Int: Int] = [:]
        for piece in pieces where !piece.payload.isEmpty {
            if let last = counters[piece.pid] { #expect(piece.counter == (last + 1) % 16) }
            counters[piece.pid] = piece.counter
        }
        let clocks = pieces.compactMap(\.clock)
        #expect(zip(clocks, clocks.dropFirst()).allSatisfy { $1 - $0 <= 9000 && $1 > $0 })
        // 8 seconds, a table each quarter of a second.
        #expect(pieces.count { $0.pid == 0 } >= 30 && pieces.count { $0.pid == 0x1000 } >= 30)
    }

    /// 26.5 hours: 2^33 ticks of 90 kHz.
    @Test func theClockWraps() throws {
        let wrap = MediaTime(ticks: 1 << 33, of: Timebase(1, 90_000)) - MediaTime(milliseconds: 1000)
        let pieces = try Self.muxed([Self.picture(at: wrap, isIDR: true)])
        // The clock starts at 90,000, so that this picture's PTS is 0, and its PCR 0.2 s before.
        let clock = try #require(pieces[2].clock)
        #expect(clock == 8_589_916_592)
        #expect(Array(pieces[2].payload[9..<14]) == [0x21, 0x00, 0x01, 0x00, 0x01])
    }

    @Test func timesCountFromTheOrigin() throws {
        let origin = MediaTime(milliseconds: 5_000_000_000)
        #expect(try Self.muxed([Self.picture(at: origin, isIDR: true)], origin: origin)[2].clock == 72_000)
    }

    @Test func aNewConfigurationHasTheNextVersionOfTheMap() throws {
        var muxer = TransportStreamMuxer()
        var versions: [UInt8] = []
        for number: UInt8 in [0, 0, 1, 2] {
            try muxer.configure(Self.configuration(sps: Self.sps + [number]))
            var bytes: [UInt8] = []
            muxer.write(Self.picture(at: .zero, isIDR: true), into: &bytes)
            let map = try #require(try Piece.pieces(bytes).first { $0.pid == 0x1000 })
            versions.append(map.payload[6] >> 1 & 0x1F)
        }
        #expect(versions == [0, 0, 1, 2])
    }

    @Test func whatCantBeReadIsRefusedAndWhatIsMalformedLeftOut() throws {
        var muxer = TransportStreamMuxer()
        var bytes: [UInt8] = []
        muxer.write(Self.picture(at: .zero, isIDR: true), into: &bytes)
        #expect(bytes.isEmpty)
        let good = try Self.configuration()
        var bad = good
        bad.avcConfiguration = Array(good.avcConfiguration.dropLast())
        #expect(throws: TransportStreamError.unreadableParameterSets) { try muxer.configure(bad) }
        for sound: [UInt8] in [[], [0x11], [0xFF, 0xFF, 0xFF], [0x16, 0x80], [0x11, 0x80]] {
            bad = good
            bad.audioSpecificConfig = sound
            #expect(throws: TransportStreamError.unreadableSoundFormat) { try muxer.configure(bad) }
        }
        try muxer.configure(good)
        for unit: [UInt8] in [[0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 9, 0x65], [0xFF, 0xFF, 0xFF, 0xFF, 1]] {
            muxer.write(
                Packet(kind: .video(isIDR: true, isDisposable: false), dts: .zero, pts: .zero, bytes: unit),
                into: &bytes)
        }
        muxer.write(Self.sound(at: 0, byteCount: 8185), into: &bytes)
        #expect(bytes.isEmpty)
    }
}
