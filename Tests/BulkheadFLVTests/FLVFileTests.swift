import BulkheadFLV
import BulkheadMedia
import BulkheadTestSupport
import NIOCore
import Testing

/// Whole files by Adobe's Flash Video File Format 10.1, annex E.
@Suite(.timeLimit(.minutes(1))) struct FLVFileTests {
    private static func tags(_ random: inout SeededGenerator, count: Int) -> [FLVTag] {
        (0..<count).map { _ in
            let kinds: [FLVTag.Kind] = [.audio, .video, .script]
            let length = Int.random(in: 0...60, using: &random)
            return FLVTag(
                kind: kinds[Int.random(in: 0..<3, using: &random)],
                timestampMilliseconds: [0, 0xFF_FFFF, 0x100_0000, .max, .random(in: 0 ... .max, using: &random)][
                    Int.random(in: 0..<5, using: &random)],
                payload: ByteBuffer(bytes: (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }))
        }
    }

    private static func file(_ tags: [FLVTag]) throws -> [UInt8] {
        var output = FLVWriter().fileHeader
        for tag in tags { try output.writeTag(tag) }
        return Array(output.readableBytesView)
    }

    private static func read(_ bytes: [UInt8], pieces: (Int) -> Int) throws -> [FLVTag] {
        var decoder = FLVDecoder()
        var tags: [FLVTag] = []
        var position = 0
        while position < bytes.count {
            let end = min(bytes.count, position + pieces(position))
            decoder.append(ByteBuffer(bytes: bytes[position..<end]))
            position = end
            while let tag = try decoder.next() { tags.append(tag) }
        }
        return tags
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func everyFileIsReadBackInAnyPieces(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<10 {
            let tags = Self.tags(&random, count: 30)
            let bytes = try Self.file(tags)
            #expect(try Self.read(bytes) { _ in 1 } == tags)
            #expect(try Self.read(bytes) { _ in bytes.count } == tags)
            #expect(try Self.read(bytes) { _ in Int.random(in: 1...100, using: &random) } == tags)
        }
    }

    /// Annex E.3 and E.4.1, byte by byte: each tag is followed by its own length with the header's 11 bytes.
    @Test func lengthsStandBehindTags() throws {
        var random = SeededGenerator(seed: 9)
        let tags = Self.tags(&random, count: 40)
        let bytes = try Self.file(tags)
        #expect(Array(bytes[..<13]) == [0x46, 0x4C, 0x56, 1, 5, 0, 0, 0, 9, 0, 0, 0, 0])
        var position = 13
        for tag in tags {
            let length = tag.payload.readableBytes
            let size = Int(bytes[position + 1]) << 16 | Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
            #expect(bytes[position] == tag.kind.rawValue && size == length)
            let time =
                UInt32(bytes[position + 7]) << 24 | UInt32(bytes[position + 4]) << 16
                | UInt32(bytes[position + 5]) << 8 | UInt32(bytes[position + 6])
            #expect(time == tag.timestampMilliseconds && bytes[position + 8...position + 10].allSatisfy { $0 == 0 })
            position += 11 + length
            let behind = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
            #expect(behind == 11 + length)
            position += 4
        }
        #expect(position == bytes.count)
    }

    /// A file that is still being written ends in the middle of a tag: what is whole is read.
    @Test func cutFilesGiveTheirWholeTags() throws {
        var random = SeededGenerator(seed: 10)
        let tags = Self.tags(&random, count: 5)
        let bytes = try Self.file(tags)
        for length in bytes.indices {
            let read = try Self.read(Array(bytes[..<length])) { _ in 7 }
            #expect(read.count <= tags.count && Array(tags.prefix(read.count)) == read)
        }
    }

    @Test func changedBytesAreReadOrRefused() throws {
        var random = SeededGenerator(seed: 11)
        let bytes = try Self.file(Self.tags(&random, count: 5))
        var refused = 0
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= UInt8.random(in: 1...255, using: &random)
            do {
                let tags = try Self.read(changed) { _ in 50 }
                #expect(tags.reduce(0) { $0 + 15 + $1.payload.readableBytes } <= bytes.count)
            } catch let error as FLVError {
                refused += 1
                #expect(!error.description.isEmpty)
            }
        }
        #expect(refused > 5)
    }

    /// Annex E.2: the header says its own length; a longer one of a later version is passed over.
    @Test func longerHeaderIsPassedOver() throws {
        let header: [UInt8] = [0x46, 0x4C, 0x56, 1, 5, 0, 0, 0, 12, 1, 2, 3, 0, 0, 0, 0]
        let tag: [UInt8] = [8, 0, 0, 1, 0, 0, 40, 0, 0, 0, 0, 0xAF, 0, 0, 0, 12]
        #expect(
            try Self.read(header + tag) { _ in 3 } == [
                FLVTag(kind: .audio, timestampMilliseconds: 40, payload: ByteBuffer(bytes: [0xAF]))
            ])
        for length in [[0, 0, 0, 8], [0, 0, 4, 1], [0xFF, 0xFF, 0xFF, 0xFF]] as [[UInt8]] {
            #expect(throws: FLVError.notFLV) { try Self.read([0x46, 0x4C, 0x56, 1, 5] + length) { _ in 9 } }
        }
    }

    @Test func longestTagIsWrittenAndALongerOneIsNot() throws {
        var output = ByteBuffer()
        let long = ByteBuffer(repeating: 1, count: 0x100_0000)
        let tag = FLVTag(kind: .video, timestampMilliseconds: 0, payload: long)
        #expect(throws: FLVError.tagTooLong(byteCount: 0x100_0000, limit: 0xFF_FFFF)) { try output.writeTag(tag) }
        #expect(output.readableBytes == 0)
    }

    // MARK: what the writer makes of packets

    private static func configuration() throws -> StreamConfiguration {
        StreamConfiguration(
            canvas: try #require(Canvas("720p")), frameRate: try #require(FrameRate(30)), videoBitsPerSecond: 2_500_000,
            audioBitsPerSecond: 128_000, avcConfiguration: [1, 0x64, 0, 0x1F], audioSpecificConfig: [0x11, 0x90])
    }

    /// The metadata stands at time 0, and both sequence headers at the time of the change.
    @Test func configurationIsThreeTags() throws {
        let writer = FLVWriter(origin: MediaTime(nanoseconds: 1_000_000_000))
        var decoder = FLVDecoder()
        decoder.append(writer.fileHeader)
        decoder.append(
            try writer.bytes(of: Self.configuration(), at: MediaTime(nanoseconds: 3_500_000_000)))
        var tags: [FLVTag] = []
        while let tag = try decoder.next() { tags.append(tag) }
        #expect(tags.map(\.kind) == [.script, .video, .audio])
        #expect(tags.map(\.timestampMilliseconds) == [0, 2500, 2500])
        #expect(VideoPayloadHeader(tags[1].payload)?.isSequenceHeader == true)
        #expect(AudioPayloadHeader(tags[2].payload)?.isSequenceHeader == true)
    }

    /// The time in the file counts from the origin; what lies before it is at 0.
    @Test(
        arguments: [(0, 0), (999_999_999, 0), (1_000_000_000, 0), (1_040_000_000, 40), (1_033_366_667, 33)]
            as [(Int64, UInt32)])
    func timesCountFromTheOrigin(nanoseconds: Int64, milliseconds: UInt32) throws {
        let writer = FLVWriter(origin: MediaTime(nanoseconds: 1_000_000_000))
        let time = MediaTime(nanoseconds: nanoseconds)
        let packet = Packet(kind: .audio, dts: time, pts: time, bytes: [0x21])
        var decoder = FLVDecoder()
        decoder.append(writer.fileHeader)
        decoder.append(try writer.bytes(of: packet))
        let tag = try #require(try decoder.next())
        #expect(tag.timestampMilliseconds == milliseconds && tag.kind == .audio)
    }

    /// A tag's time and its composition time add up to the picture's time in whole milliseconds (annex E.4.3.2).
    @Test(arguments: [1, 2] as [UInt64]) func compositionTimeLeadsToTheTimeOfShowing(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let rate = try #require(FrameRate(60_000, 1001))
        for _ in 0..<2000 {
            let number = Int64.random(in: 0...1_000_000, using: &random)
            let dts = rate.time(of: number)
            let pts = rate.time(of: number + Int64.random(in: -3...8, using: &random))
            let packet = Packet(
                kind: .video(isIDR: false, isDisposable: false), dts: dts, pts: pts, bytes: [0, 0, 0, 1, 1])
            let header = try #require(VideoPayloadHeader(packet.flvPayload))
            #expect(
                header.content == .accessUnit(compositionTimeMilliseconds: Int32(pts.milliseconds - dts.milliseconds)))
            #expect(header.byteCount == packet.flvHeader.readableBytes && header.codec == .avc)
        }
    }

    /// Every first byte, with every length: a header or nil, and never more bytes than its form has.
    @Test func everyHeaderIsReadOrRefused() {
        for first in UInt8.min...UInt8.max {
            for length in 1...10 {
                let bytes = [first] + [UInt8](repeating: 1, count: length - 1)
                let payload = ByteBuffer(bytes: bytes)
                if let video = VideoPayloadHeader(payload) {
                    // Modifiers, of any length, may stand before an enhanced header (Enhanced RTMP v2, ModEx).
                    let isModified = first & 0x8F == 0x87
                    #expect(isModified || [1, 5, 8].contains(video.byteCount), "\(bytes)")
                    #expect(video.byteCount <= length, "\(bytes)")
                    #expect((1...5).contains((first >> 4) & 7))
                    #expect(!video.isIDR || video.frameType == .key)
                }
                if let audio = AudioPayloadHeader(payload) { #expect(audio.soundFormat == first >> 4) }
            }
        }
    }
}
