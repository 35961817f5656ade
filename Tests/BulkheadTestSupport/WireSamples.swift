import BulkheadDanmaku
package import BulkheadMedia
package import BulkheadWire
import Testing

/// Messages with every field off its default, and with the extremes of what their fields hold.
package enum Messages {
    package static func canvas(_ width: Int, _ height: Int) throws -> Canvas {
        try #require(Canvas(width: width, height: height))
    }

    package static func settings(bframes: UInt8?) throws -> VideoSettings {
        VideoSettings(
            canvas: try canvas(1920, 1080), frameRate: try #require(FrameRate(30_000, 1001)), bitsPerSecond: 4_500_000,
            bufferMilliseconds: 1000, keyframeInterval: 60, bframes: bframes, preset: "veryfast", tune: "zerolatency",
            profile: "high", threads: 3, isConstantRate: true)
    }

    package static func encoderRequests() throws -> [EncoderRequest] {
        [
            .configure(try settings(bframes: nil), audioBitsPerSecond: 128_000),
            .configure(try settings(bframes: 0), audioBitsPerSecond: .max),
            .configure(try settings(bframes: 16), audioBitsPerSecond: 0),
            .pool(PoolShape(id: 7, slotCount: 4096, slotByteCount: 1 << 28)),
            .pool(PoolShape(id: .max, slotCount: 1, slotByteCount: 4096)),
            .dropPool(id: .max), .encode(frame: .max, slot: SlotReference(pool: 1, slot: .max), forceIDR: true),
            .encode(frame: .min, slot: SlotReference(pool: .max, slot: 0), forceIDR: false),
            .encodeAudio(block: -5, samples: (0..<AudioFormat.floatsPerBlock).map { Float($0) / 7 - 100 }),
            .configureSound(bitsPerSecond: 96_000), .reconfigure(bitsPerSecond: 1), .flush, .probe,
        ]
    }

    package static let encoderReplies: [EncoderReply] = [
        .ready(avcConfiguration: [1, 2, 3], audioSpecificConfig: [0x11, 0x90], maximumDelay: 40, reorderDepth: 2),
        .ready(avcConfiguration: [], audioSpecificConfig: [], maximumDelay: .max, reorderDepth: .max),
        .accessUnit(AccessUnit(frame: 120, isIDR: true, isDisposable: false, bytes: [0, 0, 0, 1, 0x65])),
        .accessUnit(AccessUnit(frame: .min, isIDR: false, isDisposable: true, bytes: [])),
        .audioPacket(block: .max, bytes: [UInt8](repeating: 9, count: 8192)), .flushed,
        .refused(Refusal(.settings, "no such preset: Übermäßig")), .refused(Refusal(.other, "")), .alive,
    ]

    package static func sourceRequests() throws -> [SourceRequest] {
        var settings = SourceSettings(
            url: "rtsp://host/ä?b=c", inputFormat: "rtsp", canvas: try canvas(16, 8192),
            frameRate: try #require(FrameRate(60)), loops: true,
            deinterlacing: .on,
            resume: SourceResume(
                pts: .max, position: -1, audioSample: 48_000, entry: 7, round: 2, file: "/b.mp4"))
        (settings.playlist.files, settings.playlist.shuffleSeed) = (["/a.mp4", "/ä.mp4"], 7)
        settings.playlist.avoided = ["/c.mp4"]
        (settings.video, settings.audio) = (.number(2), .language("fra"))
        var fresh = settings
        (fresh.video, fresh.audio) = (.automatic, .none)
        fresh.resume = nil
        fresh.playlist = PlaylistSettings()
        fresh.loops = false
        fresh.url = ""
        fresh.copies = true
        fresh.card = Card(.slate, "Gleich geht’s weiter\nوقفة قصيرة", logoPath: "/srv/ä.png", hasClock: true)
        return [
            .open(settings), .open(fresh), .pool(PoolShape(id: 0, slotCount: 3, slotByteCount: 8192)), .lend(slot: 5),
            .audioCredit(untilSample: .min), .use(pictures: true, sound: false),
            .skip(file: "b.mp4"), .skip(file: ""), .copy(until: .max), .makeThumbnail,
            .play(try canvas(640, 360), try #require(FrameRate(30_000, 1001))),
            .play(try canvas(16, 16), try #require(FrameRate(25)), hasAlpha: true),
        ]
    }

    private static var picture: PictureFormat {
        var format = PictureFormat(codec: "hevc", width: 1920, height: 1080)
        (format.aspectNumerator, format.aspectDenominator) = (64, 45)
        format.orientation = PictureOrientation(isTransposed: true, flipsHorizontally: true, flipsVertically: true)
        (format.rateNumerator, format.rateDenominator) = (30_000, 1001)
        format.hasVariableRate = true
        format.pixelFormat = "yuv420p10le"
        (format.isInterlaced, format.hasAlpha, format.isFullRange) = (true, true, true)
        (format.isStill, format.isDrawn) = (true, true)
        format.transfer = .hlg
        format.matrix = "bt2020nc"
        (format.track, format.trackCount, format.language) = (2, 3, "deu")
        return format
    }

    private static let place = PlaylistPlace(
        number: 3, count: 12, round: 1, file: "/b.mp4", title: "Bee", next: "/c.mp4", length: 5)

    private static var list: SourceDescription {
        var description = SourceDescription(
            hasVideo: true, hasAudio: true, isLive: false, duration: 1, summary: "", picture: picture, sound: sound)
        description.place = place
        description.comesBack = true
        return description
    }

    private static var sound: SoundFormat {
        var format = SoundFormat(codec: "aac", sampleRate: 44_100, channelCount: 6)
        (format.layout, format.track, format.trackCount, format.language) = ("5.1", 2, 3, "fra")
        return format
    }

    package static let sourceReplies: [SourceReply] = [
        .opened(
            SourceDescription(hasVideo: true, hasAudio: false, isLive: true, duration: -1, summary: "h264 1280x720")),
        .opened(SourceDescription(hasVideo: false, hasAudio: true, isLive: false, duration: .max, summary: "")),
        .opened(list), .entered(place, at: .min), .preparing(file: "/c.mp4"), .prepared(next: "/c.mp4"),
        .leftOut(file: "/d.mp4", Refusal(.notMedia, "no film")), .skipping(nil),
        .skipping(Refusal(.notFound, "no such file")),
        .video(slot: 3, pts: -1, position: .max), .audio(start: 0, samples: []),
        .audio(start: .max, samples: (0..<SourceReply.maximumFloatCount).map { Float($0) }), .waiting,
        .thumbnail([0xFF, 0xD8, 0xFF, 0xD9]),
        .notice("the picture has changed its size"), .ended, .failed(Refusal(.notFound, "no such file")),
        .copies(CopiedFormat(avcConfiguration: [1, 100], audioSpecificConfig: [0x11, 0x90])),
        .copies(CopiedFormat(avcConfiguration: [], audioSpecificConfig: [])),
        .copied(copied(.video(isIDR: true, isDisposable: false))), .copied(copied(.audio)),
        .counted(SourceFigures(byteCount: 1 << 50, dropCount: 9, keyframeMilliseconds: 2000)),
        .counted(SourceFigures(srt: srtFigures)),
    ]

    private static func copied(_ kind: Packet.Kind) -> CopiedPacket {
        CopiedPacket(
            kind: kind, dts: MediaTime(nanoseconds: -1), pts: MediaTime(nanoseconds: .max),
            position: MediaTime(nanoseconds: 3), bytes: [0, 0, 0, 1, 0x65])
    }

    package static func pluginRequests() throws -> [PluginRequest] {
        [
            .resultPool(
                PoolShape(id: 3, slotCount: 12, slotByteCount: 4096), try canvas(640, 360), try #require(FrameRate(25))),
            .pool(PoolShape(id: 4, slotCount: 12, slotByteCount: 4096)), .dropPool(id: 4),
            .load(PluginSettings(id: 9, path: "/usr/lib/a.so", parameters: [:])),
            .load(PluginSettings(id: 9, path: "", parameters: ["b": "", "a": "1", "": "empty name"])),
            .load(
                PluginSettings(
                    id: .max, path: "/usr/lib/ladspa/b.so", label: "amp", parameters: ["gain": "2"],
                    deadlineMicroseconds: 15_000, isEnabled: false)),
            .unload(id: 0), .process(frame: 1, pts: -2, input: SlotReference(pool: 3, slot: 4), result: 5),
            .breadcrumb, .confine(readablePaths: ["/usr/lib/a.so", ""], dataFolder: "/var/lib/x"),
            .confine(readablePaths: [], dataFolder: ""), .setParameter(id: 1, name: "width", value: "8"),
            .enable(id: 2, true), .enable(id: 0, false), .move(id: 3, position: .max),
            .processAudio(firstSample: -1, samples: []),
            .processAudio(firstSample: .max, samples: (0..<PluginRequest.maximumFloatCount).map { Float($0) }),
            .event(kind: 1, pts: -5, name: "Ann", bytes: Array("hello".utf8)),
            .event(kind: .max, pts: .max, name: "", bytes: []),
        ]
    }

    package static let pluginReplies: [PluginReply] = [
        .ready, .loaded(id: 1, name: "Invert", version: "1.0", abilities: [.video, .audio]),
        .refused(id: .max, Refusal(.notLibrary, "not a library")),
        .unloaded(id: 2), .processed(frame: .max, changed: true, times: []),
        .processed(
            frame: 0, changed: false,
            times: [
                PluginTime(id: 1, microseconds: 30), PluginTime(id: .max, microseconds: .max, hasFailed: true),
                PluginTime(id: 3, microseconds: 0, isLate: true),
            ]),
        .parameterSet(id: 4, name: "width"), .processedAudio(firstSample: 7, changed: false, samples: [], times: []),
        .processedAudio(
            firstSample: .min, changed: true, samples: [0.5, -1, 0, 1], times: [PluginTime(id: 1, microseconds: 9)]),
        .log(id: 0, .debug, ""), .log(id: 6, .error, "the moon is full"),
    ]

    private static let plugin = PluginDescription(
        identity: "ladspa:amp", kind: .ladspa, path: "/usr/lib/ladspa/amp.so", label: "amp", uniqueID: 1048,
        name: "Amplifier", version: "1", author: "Ann", license: "GPL", summary: "Makes it loud.", role: .source,
        takesVideo: true, takesAudio: false, takesEvents: true, worksInPlace: true,
        parameters: [
            PluginParameter(
                name: "gain", printedName: "Gain (dB)", kind: .number, summary: "How loud.", unit: "dB",
                defaultText: "0.5", minimum: -90, maximum: nil),
            PluginParameter(name: "mode", kind: .choice, defaultText: "a", choices: ["a", "b"]),
        ])

    package static let enumeratorReplies: [EnumeratorReply] = [
        .calling(.open), .plugin(plugin),
        .plugin(PluginDescription(identity: "", kind: .bulkhead, path: "", name: "", version: "")),
        .refused(path: "/x.so", label: "", Refusal(.missingSymbol, "not a plugin")), .finished(path: "/x.so"),
    ]

    package static let decoderRequests: [DecoderRequest] = [
        .configureVideo(codec: 0x6176_6331, configuration: [1, 100, 0, 31]),
        .configureAudio(codec: .max, configuration: []), .picture(unit: .max, bytes: [0, 0, 0, 1, 0x65]),
        .picture(unit: .min, bytes: []), .sound(pts: -1, bytes: [UInt8](repeating: 7, count: 5000)), .flush,
        .look(at: []), .look(at: [PixelRectangle(x: 640, y: 360, width: 320, height: 180)]),
    ]

    private static var lookedAt: DecodedPicture {
        var picture = DecodedPicture(unit: 9, width: 640, height: 360, number: 4, flashLuma: 16)
        picture.partNumbers = [.max, nil, 3]
        return picture
    }

    package static let decoderReplies: [DecoderReply] = [
        .picture(lookedAt),
        .picture(DecodedPicture(unit: 7, width: 1280, height: 720, number: .max, flashLuma: 235)),
        .picture(DecodedPicture(unit: .min, width: 0, height: .max, number: nil, flashLuma: 0)),
        .undecodable(unit: .max), .beep(pts: .min), .refused(Refusal(.unsupportedCodec, "no decoder")), .flushed,
    ]

    package static func mixerRequests() throws -> [MixerRequest] {
        let whole = PixelRectangle(x: 0, y: 0, width: 8192, height: 16)
        let part = PixelRectangle(x: 2, y: 4, width: 640, height: 360)
        var odd = PictureLayer(
            source: part, target: whole, outline: PixelRectangle(x: -1 << 20, y: -3, width: 1 << 20, height: 1001),
            opacity: 1, cornerRadius: 500, borderWidth: 3)
        odd.borderColor = VideoColor(y: 1, cb: 2, cr: 3)
        typealias Pictures = Composition<SlotReference>
        let full = (0..<Pictures.mostLayers).map {
            Pictures.Layer(SlotReference(pool: .max, slot: UInt32($0)), PictureLayer(source: part, target: part))
        }
        let group = Pictures.Group([Pictures.Layer(SlotReference(pool: 1, slot: 2), odd)], opacity: 7, clip: part)
        return [
            .configure(PoolShape(id: 9, slotCount: 2, slotByteCount: 8192), try canvas(640, 360)),
            .pool(PoolShape(id: 3, slotCount: 4096, slotByteCount: 1 << 28), try canvas(8192, 16)), .dropPool(id: 3),
            .pool(PoolShape(id: 4, slotCount: 1, slotByteCount: 4096), try canvas(16, 16), hasAlpha: true),
            .compose(frame: .min, Pictures([]), result: 0),
            .compose(
                frame: .max,
                Pictures([Pictures.Group(full, clip: whole), group, Pictures.Group([], opacity: 0, clip: whole), group]
                ),
                result: .max),
        ]
    }

    package static let mixerReplies: [MixerReply] = [.ready, .composed(frame: .max), .composed(frame: .min)]

    package static let notifierRequests: [NotifierRequest] = [
        .configure(
            [
                NoticeAddress(url: "https://ops.example/hook", secret: [1, 2, 255]),
                NoticeAddress(.command, url: "exit 1", limitMilliseconds: 30_000),
                NoticeAddress(.file, url: "/log", byteCount: 1 << 33, keptFiles: 5),
                NoticeAddress(url: "", secret: []),
            ], origin: "host-1-2"), .configure([], origin: ""),
        .notice(Notice(number: 7, id: "host-1-2-7", body: Array(#"{"type":"link.lost"}"#.utf8)), targets: [0, 15]),
        .notice(Notice(number: .max, id: "", body: []), targets: []), .forget(number: .max), .finish,
    ]

    package static let notifierReplies: [NotifierReply] = [
        .ready, .settled(number: .max, target: 3, .delivered, text: ""),
        .settled(number: 1, target: .max, .refused, text: "it answers HTTP 404"),
        .trouble(target: 2, text: "couldn't connect to server"), .alive,
    ]

    package static let chatRequests: [ChatRequest] = [
        .configure(
            [
                ChatConnection(
                    ChatTarget(
                        "ann", .twitch,
                        servers: [
                            .init(host: "irc.chat.twitch.tv", port: 6697, isSecure: true),
                            .init(host: "/run/bridge.sock", port: 0, isSecure: false),
                        ], channel: "ann", nick: "justinfan1", account: "a", password: "oauth:x", authorities: "PEM"),
                    lastID: "a-1", lastMilliseconds: -5, token: "GL-g5f3twuoC"),
                ChatConnection(
                    ChatTarget("", .lines, servers: [.init(host: "h", port: 1, isSecure: false)], channel: "", nick: "")
                ),
            ]
                + [ChatTarget.Dialect.douyu, .bilibili, .youtube].map { dialect in
                    ChatConnection(
                        ChatTarget(
                            "p", dialect, servers: [.init(host: "h", port: 1, isSecure: true)], channel: "1", nick: ""))
                }), .configure([]),
    ]

    package static let chatReplies: [ChatReply] =
        [
            .ready, .alive,
            .comment(
                connection: 1,
                RoomComment(
                    id: "1", source: "", authorID: "7", author: "ann", text: "你好", mode: .bottom, rank: .staff,
                    color: 0xFFCC00, sentMilliseconds: 1_790_000_000_250),
                ChatPayment(amountMicros: 5_000_000, currency: "EUR", seconds: 60), isReplayed: true),
            .comment(
                connection: 2,
                RoomComment(
                    id: "2", source: "", author: "bo", text: "here", mode: .positioned,
                    place: CommentPlace(x: 0.25, y: 1)), nil, isReplayed: false),
            .comment(
                connection: .max, RoomComment(id: "", source: "", author: "", text: ""), nil, isReplayed: false),
            .takenBack(connection: 0, .comment(id: "1")), .takenBack(connection: 0, .author("ann")),
            .takenBack(connection: 0, .all), .gap(connection: 2, from: .min, until: .max),
            .token(connection: 3, "GL-g5f3twuoC"),
        ] + ChatState.allCases.map { .state(connection: 3, $0, server: "irc.example:6697", text: "it is away") }

    package static func originRequests() throws -> [OriginRequest] {
        let configuration = StreamConfiguration(
            canvas: try #require(Canvas(width: 640, height: 360)), frameRate: try #require(FrameRate(30_000, 1001)),
            videoBitsPerSecond: 1, audioBitsPerSecond: 2, avcConfiguration: [1, 2], audioSpecificConfig: [3])
        let time = MediaTime(nanoseconds: -3)
        return [
            .open(host: "0.0.0.0", port: 8080, timeZero: 1_790_000_000_250), .open(host: "", port: 0, timeZero: .min),
            .configure(configuration),
            .picture(
                Packet(
                    kind: .video(isIDR: true, isDisposable: false), dts: time, pts: MediaTime(nanoseconds: 5),
                    bytes: [1, 2])),
            .picture(Packet(kind: .video(isIDR: false, isDisposable: true), dts: time, pts: time, bytes: [])),
            .sound(Packet(kind: .audio, dts: time, pts: time, bytes: [7])), .finish,
            .room(Array(#"{"title":"Evening"}"#.utf8), isOpen: true), .room([], isOpen: false),
            .comment(number: .max, at: time, Array(#"{"text":"hi"}"#.utf8)),
            .takeBack([1, .max], fromPictureOnly: false), .takeBack([], fromPictureOnly: true),
            .certificate(chain: [1, 2], key: [3]),
        ]
    }

    package static let originReplies: [OriginReply] = [
        .ready(port: .max), .trouble(text: "port 8080 is in use"), .alive(players: .max),
        .said(ViewerComment(id: "a1", viewer: "v00ff17", author: "Ann", text: "晚上好")),
        .certified(problem: nil), .certified(problem: "the key does not belong to it"),
    ]

    package static func srtRequests() throws -> [SRTRequest] {
        let configuration = StreamConfiguration(
            canvas: try #require(Canvas(width: 640, height: 360)), frameRate: try #require(FrameRate(30_000, 1001)),
            videoBitsPerSecond: 1, audioBitsPerSecond: 2, avcConfiguration: [1, 2], audioSpecificConfig: [3])
        let time = MediaTime(nanoseconds: -3)
        return [
            .open(
                SRTTask(
                    listens: true, host: "::1", port: 9000, latencyMilliseconds: 250, passphrase: "0123456789",
                    keyByteCount: 32, streamID: "#!::r=live,m=publish", connectingMilliseconds: 1500, origin: -7)),
            .open(SRTTask(listens: false, host: "", port: .max, latencyMilliseconds: 0)),
            .configure(configuration),
            .picture(
                Packet(
                    kind: .video(isIDR: true, isDisposable: false), dts: time, pts: MediaTime(nanoseconds: 5),
                    bytes: [1, 2])),
            .picture(Packet(kind: .video(isIDR: false, isDisposable: true), dts: time, pts: time, bytes: [])),
            .sound(Packet(kind: .audio, dts: time, pts: time, bytes: [7])), .finish,
        ]
    }

    package static let srtReplies: [SRTReply] = [
        .waiting(port: 9000), .connected(latencyMilliseconds: 120), .failed(.name), .failed(.unreachable("no route")),
        .failed(.timedOut), .failed(.refused(code: 1403)), .failed(.lost("closed")), .failed(.unusable("no sound")),
        .report(SRTReport()),
        .report(
            SRTReport(
                safe: MediaTime(nanoseconds: -9), releasedByteCount: 1 << 40, figures: srtFigures)),
    ]

    private static let srtFigures = SRTFigures(
        latencyMilliseconds: 120, roundTripMicroseconds: 2500, lost: 3, retransmitted: 4, dropped: 5,
        bandwidth: 1 << 33, bufferMilliseconds: 7)

    package static func recorderRequests() throws -> [RecorderRequest] {
        var task = RecorderTask(.mp4, path: "/r/show-%Y.mp4", isPattern: true, persists: true)
        task.recording = .init(high: .max, low: 3)
        (task.segment, task.segmentSeconds, task.segmentByteCount, task.pieceMilliseconds) = (7, 3600, 1 << 40, 400)
        task.timelineStart = 1 << 60
        task.floor = .init(byteCount: 1 << 29, millionths: 10_000)
        task.keep = .init(seconds: 2_592_000, byteCount: 1 << 39)
        var part = RecordedPart(path: "/r/show.mp4", device: 9, inode: .max, byteCount: 1 << 33)
        part.origin = -5
        task.part = part
        let configuration = StreamConfiguration(
            canvas: try canvas(640, 360), frameRate: try #require(FrameRate(30_000, 1001)),
            videoBitsPerSecond: 2_500_000,
            audioBitsPerSecond: 128_000, avcConfiguration: [1, 0x64, 0, 0x1F], audioSpecificConfig: [0x11, 0x90])
        func packet(_ kind: Packet.Kind, _ time: Int64, _ bytes: [UInt8]) -> Packet {
            Packet(
                kind: kind, dts: MediaTime(nanoseconds: time),
                pts: MediaTime(nanoseconds: kind == .audio ? time : time + 7), bytes: bytes)
        }
        var withTracks = configuration
        withTracks.tracks = ["host", "gäst"]
        return [
            .open(task), .open(RecorderTask(.flv, path: "/a.flv", isPattern: false, persists: false)), .device,
            .configure(configuration), .configure(withTracks),
            .track(number: 6, track: 9, packet(.audio, 1 << 40, [4, 5])),
            .note(number: 7, RecorderNote(.takeover, picture: .max, wallClock: 1 << 60, text: "café")),
            .picture(number: .max, picture: 5, packet(.video(isIDR: true, isDisposable: false), -3, [1, 2, 3])),
            .picture(number: 0, picture: .min, packet(.video(isIDR: false, isDisposable: true), 1 << 40, [])),
            .sound(number: 8, packet(.audio, 21, [4])), .loss(number: 9, picture: 44, count: .max),
            .comment(number: 10, RecorderComment(number: .max, time: -4, body: Array("{\"a\":1}".utf8))),
            .room(RecorderComment(number: 0, time: 1 << 50, body: Array("{\"room\":\"é\"}".utf8))),
            .measure(token: .max), .finish,
        ]
    }

    package static let recorderReplies: [RecorderReply] = [
        .ready,
        .opened(
            segment: 3, RecordedPart(path: "/r/a.mp4", device: 1, inode: 2, byteCount: 3), isRegular: true, goesOn: true
        ),
        .saved(
            RecorderProgress(
                segment: 3, writtenNumber: .max, durableNumber: -1, durableByteCount: 1 << 40, origin: .min)),
        .measured(
            RecorderMeasure(
                token: 1, writtenByteCount: .max, durableByteCount: 2, freeByteCount: 3, floorByteCount: 4,
                busyMilliseconds: .max)),
        .measured(
            RecorderMeasure(
                token: 0, writtenByteCount: 0, durableByteCount: 0, freeByteCount: nil, busyMilliseconds: 0)),
        .trouble(RecorderTrouble(.full, of: .index, .retries, errno: 28, path: "/r/a.mp4.index")),
        .trouble(RecorderTrouble(.truncated, of: .media, .stops, errno: 0, path: "/r/a.mp4")),
        .trouble(RecorderTrouble(.removed, of: .comments, .none, errno: 0, path: "/r/a.mp4.comments.jsonl")),
        .cleared(.readOnly, .media), .closed(segment: 2, path: "/r/a.mp4", byteCount: .max),
        .removed(path: "/r/b.mp4", byteCount: 5, .size), .finished,
    ]

    package static let hellos: [Hello] = [
        Hello(role: .encoder, pid: 4711, wireVersion: 7, build: "1.2.3"),
        Hello(role: .pluginHost, pid: .min, wireVersion: .max, build: ""),
    ]

    package static let checkRequests = [
        PluginCheckRequest(
            settings: PluginSettings(id: 3, path: "/usr/lib/a.so", parameters: ["b": "2"]),
            test: PluginCheckTest(.parameters, width: 640, height: 360),
            values: [
                PluginCheckValue(name: "width", text: "8"),
                PluginCheckValue(name: "", text: "", mayBeRefused: true),
            ])
    ]

    package static let checkReplies: [PluginCheckReply] = [
        .calling(.video, with: "64x36"), .found(PluginCheckFinding(.warning, "slow", "it is slow")),
        .measured(PluginCheckTimes(count: 7, median: 0.5, p99: 1.5, longest: 2, interval: 33)),
        .refused(Refusal(.missingSymbol, "no entry")), .finished,
    ]

    /// All of them as frames, each with a function that reads its payload as a message of the right set.
    package static func all() throws -> [(frame: WireFrame, read: (WireFrame) throws(WireError) -> any WireMessage)] {
        func entry<Message: WireMessage>(_ message: Message) -> (
            frame: WireFrame, read: (WireFrame) throws(WireError) -> any WireMessage
        ) {
            (message.frame, { frame throws(WireError) in try Message(frame) })
        }
        return try hellos.map(entry) + encoderRequests().map(entry) + encoderReplies.map(entry)
            + sourceRequests().map(entry) + sourceReplies.map(entry) + pluginRequests().map(entry)
            + pluginReplies.map(entry) + enumeratorReplies.map(entry) + decoderRequests.map(entry)
            + decoderReplies.map(entry) + checkRequests.map(entry) + checkReplies.map(entry)
            + mixerRequests().map(entry) + mixerReplies.map(entry) + recorderRequests().map(entry)
            + recorderReplies.map(entry)
            + notifierRequests.map(entry) + notifierReplies.map(entry)
            + originRequests().map(entry) + originReplies.map(entry)
            + srtRequests().map(entry) + srtReplies.map(entry)
            + chatRequests.map(entry) + chatReplies.map(entry)
            + [Farewell(reason: "the broadcast has ended")].map(entry)
    }
}
