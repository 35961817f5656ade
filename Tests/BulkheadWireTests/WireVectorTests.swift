import BulkheadMedia
import BulkheadWire
import Testing

/// Bytes worked out by hand from docs/wire.md: header (byte count, type, flags), then the payload's fields.
@Suite(.timeLimit(.minutes(1))) struct WireVectorTests {
    /// Bytes as the page writes them, in groups of hexadecimal digits.
    private static func bytes(_ text: String) -> [UInt8] {
        let digits = text.filter { !$0.isWhitespace }.compactMap { $0.hexDigitValue }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    private func expect<Message: WireMessage & Equatable>(_ message: Message, _ text: String) throws {
        let bytes = Self.bytes(text)
        #expect(message.frame.bytes == bytes)
        var decoder = WireDecoder()
        decoder.append(bytes)
        let frame = try #require(try decoder.next())
        #expect(try Message(frame) == message)
        #expect(frame.carriesDescriptor == message.frame.carriesDescriptor)
    }

    @Test func hello() throws {
        try expect(
            Hello(role: .encoder, pid: 0x1234, wireVersion: 1, build: "0.1.0"),
            "14000000 0100 0000  42 4B 48 44  0100  01  34120000  05000000 302E312E30")
    }

    @Test func encoderRequests() throws {
        let settings = VideoSettings(
            canvas: try #require(Canvas(width: 1280, height: 720)), frameRate: try #require(FrameRate(30_000, 1001)),
            bitsPerSecond: 2_500_000, bufferMilliseconds: 1000, keyframeInterval: 60, bframes: nil, preset: "fast",
            tune: "", profile: "high", threads: 2)
        try expect(
            EncoderRequest.configure(settings, audioBitsPerSecond: 128_000),
            """
            33000000 1000 0000  0005 D002  30750000 E9030000  A0252600 E8030000 3C000000  FF
            04000000 66617374  00000000  04000000 68696768  02  00  00F40100
            """)
        try expect(
            EncoderRequest.pool(PoolShape(id: 3, slotCount: 40, slotByteCount: 0x15_6000)),
            "0C000000 1100 0100  03000000 28000000 00601500")
        try expect(EncoderRequest.dropPool(id: 3), "04000000 1200 0000 03000000")
        try expect(
            EncoderRequest.encode(frame: 258, slot: SlotReference(pool: 3, slot: 5), forceIDR: true),
            "11000000 1300 0000  0201000000000000  03000000 05000000  01")
        var samples = [Float](repeating: 0, count: 2048)
        samples[0] = 1
        samples[2047] = -0.5
        try expect(
            EncoderRequest.encodeAudio(block: -1, samples: samples),
            "0C200000 1400 0000  FFFFFFFFFFFFFFFF  00080000  0000803F" + String(repeating: "00000000", count: 2046)
                + "000000BF")
        try expect(EncoderRequest.reconfigure(bitsPerSecond: 1_000_000), "04000000 1500 0000 40420F00")
        try expect(EncoderRequest.flush, "00000000 1600 0000")
    }

    @Test func encoderReplies() throws {
        try expect(
            EncoderReply.ready(
                avcConfiguration: [1, 100], audioSpecificConfig: [0x11, 0x90], maximumDelay: 34, reorderDepth: 2),
            "14000000 2000 0000  02000000 0164  02000000 1190  22000000 02000000")
        try expect(
            EncoderReply.accessUnit(AccessUnit(frame: 7, isIDR: false, isDisposable: true, bytes: [0, 0, 0, 1, 1])),
            "13000000 2100 0000  0700000000000000 00 01  05000000 0000000101")
        try expect(
            EncoderReply.audioPacket(block: 9, bytes: [0x21, 0x10]), "0E000000 2200 0000 0900000000000000 02000000 2110"
        )
        try expect(EncoderReply.flushed, "00000000 2300 0000")
        try expect(EncoderReply.refused(Refusal(.settings, "no")), "08000000 2400 0000 0800 02000000 6E6F")
    }

    @Test func sourceRequests() throws {
        let settings = SourceSettings(
            url: "a.mkv", inputFormat: "", canvas: try #require(Canvas(width: 640, height: 360)),
            frameRate: try #require(FrameRate(25)), loops: true,
            resume: SourceResume(pts: 1, position: 2, audioSample: 3, entry: 9, round: 4, file: "b"))
        var list = settings
        (list.playlist.files, list.playlist.shuffleSeed, list.playlist.avoided) = (["a", "b"], 7, ["c"])
        try expect(
            SourceRequest.open(settings),
            """
            60000000 3000 0000  05000000 612E6D6B76  00000000  8002 6801  19000000 01000000  01 00
            04000000 6175746F  04000000 6175746F  01
            0100000000000000 0200000000000000 0300000000000000 09000000 04000000 01000000 62
            00000000  00 00000000  00000000  00 00
            """)
        try expect(
            SourceRequest.open(list),
            """
            6F000000 3000 0000  05000000 612E6D6B76  00000000  8002 6801  19000000 01000000  01 00
            04000000 6175746F  04000000 6175746F  01
            0100000000000000 0200000000000000 0300000000000000 09000000 04000000 01000000 62
            02000000 01000000 61 01000000 62  01 07000000  01000000 01000000 63  00 00
            """)
        var fresh = settings
        fresh.resume = nil
        try expect(
            SourceRequest.open(fresh),
            """
            5F000000 3000 0000  05000000 612E6D6B76  00000000  8002 6801  19000000 01000000  01 00
            04000000 6175746F  04000000 6175746F  00
            0000000000000000 0000000000000000 0000000000000000 00000000 00000000 00000000
            00000000  00 00000000  00000000  00 00
            """)
        fresh.copies = true
        fresh.card = Card(.name, "é", logoPath: "/a", hasClock: true)
        try expect(
            SourceRequest.open(fresh),
            """
            6D000000 3000 0000  05000000 612E6D6B76  00000000  8002 6801  19000000 01000000  01 00
            04000000 6175746F  04000000 6175746F  00
            0000000000000000 0000000000000000 0000000000000000 00000000 00000000 00000000
            00000000  00 00000000  00000000
            01  01  02000000 C3A9  02000000 2F61  01 01
            """)
        try expect(
            SourceRequest.pool(PoolShape(id: 1, slotCount: 2, slotByteCount: 4096)),
            "0C000000 3100 0100 01000000 02000000 00100000")
        try expect(SourceRequest.lend(slot: 4), "04000000 3200 0000 04000000")
        try expect(SourceRequest.audioCredit(untilSample: 96_000), "08000000 3300 0000 0077010000000000")
        try expect(
            SourceRequest.play(settings.canvas, settings.frameRate),
            "0D000000 3500 0000  8002 6801  19000000 01000000  00")
        try expect(
            SourceRequest.play(settings.canvas, settings.frameRate, hasAlpha: true),
            "0D000000 3500 0000  8002 6801  19000000 01000000  01")
        try expect(SourceRequest.use(pictures: false, sound: true), "02000000 3400 0000 00 01")
        try expect(SourceRequest.skip(file: "b"), "05000000 3600 0000 01000000 62")
        try expect(SourceRequest.copy(until: 5), "08000000 3700 0000 0500000000000000")
        try expect(SourceRequest.makeThumbnail, "00000000 3800 0000")
    }

    @Test func copiedPackets() throws {
        try expect(
            SourceReply.copies(CopiedFormat(avcConfiguration: [1, 100], audioSpecificConfig: [0x11, 0x90])),
            "0C000000 4C00 0000  02000000 0164  02000000 1190")
        try expect(
            SourceReply.copied(
                CopiedPacket(
                    kind: .video(isIDR: true, isDisposable: false), dts: MediaTime(nanoseconds: 1),
                    pts: MediaTime(nanoseconds: 2), position: MediaTime(nanoseconds: 3), bytes: [0, 0, 0, 1, 0x65])),
            """
            24000000 4D00 0000  01 01 00  0100000000000000 0200000000000000 0300000000000000
            05000000 0000000165
            """)
    }

    @Test func sourceReplies() throws {
        try expect(
            SourceReply.opened(
                SourceDescription(hasVideo: true, hasAudio: false, isLive: true, duration: -1, summary: "cam")),
            "16000000 4000 0000  01 00 01  FFFFFFFFFFFFFFFF  03000000 63616D  00 00 00 00")
        var picture = PictureFormat(codec: "h264", width: 720, height: 576)
        (picture.rateNumerator, picture.rateDenominator) = (25, 1)
        (picture.isInterlaced, picture.transfer) = (true, .pq)
        try expect(
            SourceReply.opened(
                SourceDescription(
                    hasVideo: true, hasAudio: true, isLive: false, duration: 0, summary: "", picture: picture,
                    sound: SoundFormat(codec: "mp3", sampleRate: 8000, channelCount: 1))),
            """
            66000000 4000 0000  01 01 00  0000000000000000  00000000
            01  04000000 68323634  D0020000 40020000 00000000 00000000 19000000 01000000
            00 00 00 00 01 00 00 00 00  01  00000000 00000000  0100 0100 00000000
            01  03000000 6D7033  401F0000  0100  00000000  0100 0100 00000000  00 00
            """)
        try expect(
            SourceReply.video(slot: 6, pts: 33_333_333, position: 0),
            "14000000 4100 0000  06000000  55A0FC0100000000  0000000000000000")
        try expect(
            SourceReply.audio(start: 1024, samples: [0.25, -2]),
            "14000000 4200 0000  0004000000000000  02000000 0000803E 000000C0")
        try expect(
            SourceReply.entered(
                PlaylistPlace(number: 2, count: 3, round: 1, file: "a", title: "T", next: "b", length: 5),
                at: 1_000_000_000),
            """
            2B000000 4700 0000  02000000 03000000 01000000  01000000 61  01000000 54  01000000 62
            0500000000000000  00CA9A3B00000000
            """)
        try expect(SourceReply.preparing(file: "b"), "05000000 4800 0000 01000000 62")
        try expect(SourceReply.prepared(next: "b"), "05000000 4B00 0000 01000000 62")
        try expect(
            SourceReply.leftOut(file: "b", Refusal(.notFound, "x")),
            "0C000000 4900 0000 01000000 62 0100 01000000 78")
        try expect(SourceReply.skipping(nil), "01000000 4A00 0000 00")
        try expect(SourceReply.skipping(Refusal(.notFound, "x")), "08000000 4A00 0000 01 0100 01000000 78")
        try expect(SourceReply.waiting, "00000000 4300 0000")
        try expect(SourceReply.thumbnail([0xFF, 0xD8]), "06000000 4F00 0000 02000000 FFD8")
        try expect(SourceReply.notice("hm"), "06000000 4400 0000 02000000 686D")
        try expect(SourceReply.ended, "00000000 4500 0000")
        try expect(SourceReply.failed(Refusal(.notFound, "x")), "07000000 4600 0000 0100 01000000 78")
    }

    @Test func pluginRequests() throws {
        try expect(
            PluginRequest.resultPool(
                PoolShape(id: 2, slotCount: 1, slotByteCount: 4096), try #require(Canvas(width: 16, height: 18)),
                try #require(FrameRate(60))),
            "18000000 5000 0100  02000000 01000000 00100000  1000 1200  3C000000 01000000")
        try expect(
            PluginRequest.pool(PoolShape(id: 2, slotCount: 1, slotByteCount: 4096)),
            "0C000000 5100 0100 02000000 01000000 00100000")
        try expect(PluginRequest.dropPool(id: 2), "04000000 5200 0000 02000000")
        try expect(
            PluginRequest.load(
                PluginSettings(
                    id: 1, path: "/p", label: "l", parameters: ["b": "2", "a": "10"], deadlineMicroseconds: 513)),
            """
            2B000000 5300 0000  01000000  02000000 2F70  01000000 6C  01020000 01  0200
            01000000 61 02000000 3130  01000000 62 01000000 32
            """)
        try expect(PluginRequest.unload(id: 1), "04000000 5400 0000 01000000")
        try expect(
            PluginRequest.process(frame: 8, pts: 266_666_667, input: SlotReference(pool: 1, slot: 2), result: 3),
            "1C000000 5500 0000  0800000000000000  AB02E50F00000000  01000000 02000000  03000000")
        try expect(PluginRequest.breadcrumb, "00000000 5600 0100")
        try expect(
            PluginRequest.confine(readablePaths: ["/p"], dataFolder: "/d"),
            "0E000000 5700 0000  0100 02000000 2F70  02000000 2F64")
        try expect(
            PluginRequest.setParameter(id: 1, name: "a", value: "10"),
            "0F000000 5800 0000  01000000  01000000 61  02000000 3130")
        try expect(PluginRequest.enable(id: 1, true), "05000000 5900 0000 01000000 01")
        try expect(PluginRequest.move(id: 1, position: 2), "08000000 5A00 0000 01000000 02000000")
        try expect(
            PluginRequest.processAudio(firstSample: 1024, samples: [0.25, -2]),
            "14000000 5B00 0000  0004000000000000  02000000 0000803E 000000C0")
        try expect(
            PluginRequest.event(kind: 2, pts: 1, name: "n", bytes: [7]),
            "16000000 5C00 0000  02000000 0100000000000000  01000000 6E  01000000 07")
    }

    @Test func pluginReplies() throws {
        try expect(PluginReply.ready, "00000000 6000 0000")
        try expect(
            PluginReply.loaded(id: 1, name: "Inv", version: "1", abilities: [.video, .events]),
            "14000000 6100 0000 01000000 03000000 496E76 01000000 31 05000000")
        try expect(
            PluginReply.refused(id: 1, Refusal(.notLibrary, "")), "0A000000 6200 0000 01000000 0C00 00000000")
        try expect(PluginReply.unloaded(id: 1), "04000000 6300 0000 01000000")
        try expect(
            PluginReply.processed(
                frame: 2, changed: true, times: [PluginTime(id: 1, microseconds: 515, hasFailed: true)]),
            "15000000 6400 0000  0200000000000000 01  0100 01000000 03020000 01 00")
        try expect(PluginReply.parameterSet(id: 1, name: "a"), "09000000 6500 0000 01000000 01000000 61")
        try expect(
            PluginReply.processedAudio(
                firstSample: 1024, changed: true, samples: [0.25, -2],
                times: [PluginTime(id: 1, microseconds: 2, isLate: true)]),
            """
            21000000 6600 0000  0004000000000000 01  02000000 0000803E 000000C0  0100 01000000 02000000 00 01
            """)
        try expect(PluginReply.log(id: 1, .warning, "hm"), "0B000000 6700 0000 01000000 02 02000000 686D")
    }

    @Test func decoderRequests() throws {
        try expect(
            DecoderRequest.configureVideo(codec: 0x6176_6331, configuration: [1, 0x64]),
            "0A000000 7000 0000  31637661  02000000 0164")
        try expect(
            DecoderRequest.configureAudio(codec: 0x6D70_3461, configuration: [0x11, 0x90]),
            "0A000000 7100 0000  6134706D  02000000 1190")
        try expect(
            DecoderRequest.picture(unit: 258, bytes: [0x65]), "0D000000 7200 0000  0201000000000000  01000000 65")
        try expect(
            DecoderRequest.sound(pts: -1, bytes: [0x21]), "0D000000 7300 0000  FFFFFFFFFFFFFFFF  01000000 21")
        try expect(DecoderRequest.flush, "00000000 7400 0000")
        try expect(
            DecoderRequest.look(at: [PixelRectangle(x: 1, y: 2, width: 640, height: 360)]),
            "09000000 7500 0000  01  0100 0200 8002 6801")
    }

    @Test func decoderReplies() throws {
        try expect(
            DecoderReply.picture(DecodedPicture(unit: 258, width: 1280, height: 720, number: 300, flashLuma: 16)),
            "13000000 8000 0000  0201000000000000  0005 D002  01 2C010000  10  00")
        var looked = DecodedPicture(unit: 1, width: 2, height: 2, number: nil, flashLuma: 16)
        looked.partNumbers = [7, nil]
        try expect(
            DecoderReply.picture(looked),
            "1D000000 8000 0000  0100000000000000  0200 0200  00 00000000  10  02 01 07000000 00 00000000")
        try expect(DecoderReply.undecodable(unit: 1), "08000000 8100 0000 0100000000000000")
        try expect(DecoderReply.beep(pts: 1_000_000_000), "08000000 8200 0000 00CA9A3B00000000")
        try expect(DecoderReply.refused(Refusal(.notMedia, "no")), "08000000 8300 0000  0300  02000000 6E6F")
        try expect(DecoderReply.flushed, "00000000 8400 0000")
    }
}
