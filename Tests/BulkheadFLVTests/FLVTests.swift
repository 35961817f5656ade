import BulkheadFLV
import BulkheadMedia
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(1))) struct FLVTests {
    static let header: [UInt8] = [0x46, 0x4C, 0x56, 1, 5, 0, 0, 0, 9, 0, 0, 0, 0]
    /// A video tag at 0x12345678 ms, worked out by hand from annex E.4.1: the time's high byte stands last.
    static let tag: [UInt8] = [9, 0, 0, 2, 0x34, 0x56, 0x78, 0x12, 0, 0, 0, 0xAA, 0xBB, 0, 0, 0, 13]

    private func tags(in bytes: [UInt8], by count: Int, limit: Int = 1000) throws -> [FLVTag] {
        var decoder = FLVDecoder(tagByteLimit: limit)
        var tags: [FLVTag] = []
        for start in stride(from: 0, to: bytes.count, by: count) {
            decoder.append(ByteBuffer(bytes: bytes[start..<min(bytes.count, start + count)]))
            while let tag = try decoder.next() { tags.append(tag) }
        }
        return tags
    }

    @Test(arguments: [1, 5, 1000]) func tagsAreReadInAnySplit(count: Int) throws {
        let found = try tags(in: Self.header + Self.tag + Self.tag, by: count)
        let expected = FLVTag(
            kind: .video, timestampMilliseconds: 0x1234_5678, payload: ByteBuffer(bytes: [0xAA, 0xBB]))
        #expect(found == [expected, expected])
    }

    @Test func tagIsWritten() throws {
        var output = ByteBuffer()
        try output.writeTag(
            FLVTag(kind: .video, timestampMilliseconds: 0x1234_5678, payload: ByteBuffer(bytes: [0xAA, 0xBB])))
        #expect(Array(output.readableBytesView) == Self.tag)
    }

    @Test func nonsenseIsNamed() {
        #expect(throws: FLVError.notFLV) { try tags(in: Array("RIFF     WAVE".utf8), by: 100) }
        #expect(throws: FLVError.unknownTagType(7)) { try tags(in: Self.header + [7, 0, 0, 0, 0, 0, 0, 0], by: 100) }
        #expect(throws: FLVError.encryptedTag) { try tags(in: Self.header + [0x29, 0, 0, 0, 0, 0, 0, 0], by: 100) }
        #expect(throws: FLVError.tagTooLong(byteCount: 1001, limit: 1000)) {
            try tags(in: Self.header + [9, 0, 3, 0xE9, 0, 0, 0, 0], by: 1)
        }
    }

    // MARK: - Payloads

    private func packet(
        _ kind: Packet.Kind, dts: Int64 = 0, pts: Int64 = 0, bytes: [UInt8] = [0, 0, 0, 1, 0x65]
    ) -> Packet {
        Packet(
            kind: kind, dts: MediaTime(nanoseconds: dts), pts: MediaTime(nanoseconds: pts), bytes: bytes)
    }

    /// Annex E.4.3: frame type and codec 7, packet type 1, composition time.
    @Test func videoPayloadStartsAsAnnexESays() {
        let idr = packet(.video(isIDR: true, isDisposable: false)).flvPayload
        #expect(Array(idr.readableBytesView) == [0x17, 1, 0, 0, 0, 0, 0, 0, 1, 0x65])
        let inter = packet(.video(isIDR: false, isDisposable: false), pts: 80_000_000).flvPayload
        #expect(inter.getBytes(at: 0, length: 5) == [0x27, 1, 0, 0, 80])
        let disposable = packet(.video(isIDR: false, isDisposable: true), dts: 2_000_000).flvPayload
        #expect(disposable.getBytes(at: 0, length: 5) == [0x37, 1, 0xFF, 0xFF, 0xFE])
        #expect(Array(packet(.audio, bytes: [0x21, 0x10]).flvPayload.readableBytesView) == [0xAF, 1, 0x21, 0x10])
    }

    /// 1001/60000 s frames: each time is rounded by itself, 33.367 to 33 and 16.683 to 17 ms, the difference is 16.
    @Test func compositionTimeIsOfRoundedTimes() {
        #expect(packet(.audio, dts: 16_683_333, pts: 33_366_667).compositionTimeMilliseconds == 16)
        #expect(packet(.audio, dts: .min, pts: .max).compositionTimeMilliseconds == 0x7F_FFFF)
        #expect(packet(.audio, dts: .max, pts: .min).compositionTimeMilliseconds == -0x80_0000)
    }

    @Test func sequenceHeadersAndMetadataAreWritten() throws {
        let configuration = StreamConfiguration(
            canvas: try #require(Canvas(width: 1280, height: 720)), frameRate: try #require(FrameRate(30000, 1001)),
            videoBitsPerSecond: 2_500_000, audioBitsPerSecond: 128_000, avcConfiguration: [1, 0x64],
            audioSpecificConfig: [0x11, 0x90])
        #expect(Array(configuration.videoSequenceHeader.readableBytesView) == [0x17, 0, 0, 0, 0, 1, 0x64])
        #expect(Array(configuration.audioSequenceHeader.readableBytesView) == [0xAF, 0, 0x11, 0x90])
        var payload = configuration.metadataPayload
        var decoder = AMF0Decoder()
        let values = try decoder.decodeAll(from: &payload)
        #expect(values.first == "onMetaData")
        #expect(values.last?["width"] == 1280 && values.last?["videodatarate"] == 2500)
        #expect(values.last?["videocodecid"] == 7 && values.last?["audiocodecid"] == 10)
        #expect(values.last?["stereo"] == true)
        // What a room says stands behind all that, and in the place of none of it.
        var extended = configuration.metadataPayload(with: ["title": "晚间", "width": "5"])
        let more = try decoder.decodeAll(from: &extended)
        #expect(more.last?["title"] == "晚间" && more.last?["width"] == 1280 && more.last?["videodatarate"] == 2500)
    }

    static let headers: [([UInt8], VideoPayloadHeader.FrameType, VideoPayloadHeader.Content, Int)] = [
        ([0x17, 0, 0, 0, 0, 1], .key, .sequenceHeader, 5),
        ([0x27, 1, 0xFF, 0xFF, 0xFE], .inter, .accessUnit(compositionTimeMilliseconds: -2), 5),
        ([0x17, 1, 0x7F, 0xFF, 0xFF], .key, .accessUnit(compositionTimeMilliseconds: 0x7F_FFFF), 5),
        ([0x17, 2, 0, 0, 0], .key, .endOfSequence, 5),
        // Enhanced: hvc1 sequence start, coded frames with a composition time and without, av01 coded frames.
        ([0x90, 0x68, 0x76, 0x63, 0x31], .key, .sequenceHeader, 5),
        ([0x91, 0x68, 0x76, 0x63, 0x31, 0, 0, 40], .key, .accessUnit(compositionTimeMilliseconds: 40), 8),
        ([0xA3, 0x68, 0x76, 0x63, 0x31], .inter, .accessUnit(compositionTimeMilliseconds: 0), 5),
        ([0xA1, 0x61, 0x76, 0x30, 0x31], .inter, .accessUnit(compositionTimeMilliseconds: 0), 5),
        // Behind modifiers: one of a byte, and one of 256 bytes and another.
        (
            [0x97, 0, 0xAA, 0x01, 0x68, 0x76, 0x63, 0x31, 0, 0, 40], .key,
            .accessUnit(compositionTimeMilliseconds: 40), 11
        ),
        (
            [0xA7, 0xFF, 0x00, 0xFF] + [UInt8](repeating: 9, count: 256) + [
                0x07, 1, 1, 2, 0x03, 0x61, 0x76, 0x30, 0x31,
            ],
            .inter, .accessUnit(compositionTimeMilliseconds: 0), 269
        ),
        ([0x22], .inter, .accessUnit(compositionTimeMilliseconds: 0), 1),
    ]

    @Test(arguments: headers)
    func videoHeaderIsRead(
        bytes: [UInt8], frameType: VideoPayloadHeader.FrameType, content: VideoPayloadHeader.Content, count: Int
    ) throws {
        let header = try #require(VideoPayloadHeader(ByteBuffer(bytes: bytes)))
        #expect(header.frameType == frameType && header.content == content && header.byteCount == count)
        #expect(VideoPayloadHeader(ByteBuffer(bytes: bytes.prefix(0))) == nil)
    }

    @Test func audioHeaderIsRead() {
        #expect(
            AudioPayloadHeader(ByteBuffer(bytes: [0x97, 0, 1, 0x00, 0x4F, 0x70, 0x75, 0x73]))?.isSequenceHeader == true)
        #expect(AudioPayloadHeader(ByteBuffer(bytes: [0x97, 0, 1])) == nil)
        #expect(AudioPayloadHeader(ByteBuffer(bytes: [0xAF, 0]))?.isSequenceHeader == true)
        #expect(AudioPayloadHeader(ByteBuffer(bytes: [0xAF, 1]))?.isSequenceHeader == false)
        #expect(AudioPayloadHeader(ByteBuffer(bytes: [0x2F]))?.byteCount == 1)
        #expect(AudioPayloadHeader(ByteBuffer(bytes: [0x90]))?.isSequenceHeader == true)
        #expect(AudioPayloadHeader(ByteBuffer(bytes: [0xAF])) == nil)
    }
}
