import BulkheadMedia
import BulkheadTestSupport
import BulkheadWire
import Testing

/// Every message with every field drawn anew: what one process sends is what the other reads.
@Suite(.timeLimit(.minutes(1))) struct WireRoundTripTests {
    static let seeds: [UInt64] = [1, 2, 3, 4]

    /// Values anywhere in their range, often at its ends.
    struct Draw {
        var random: SeededGenerator

        mutating func flag() -> Bool { Bool.random(using: &random) }

        mutating func number<Integer: FixedWidthInteger>(_: Integer.Type = Integer.self) -> Integer {
            switch Int.random(in: 0...3, using: &random) {
            case 0: Integer.min
            case 1: Integer.max
            default: Integer.random(in: .min ... .max, using: &random)
            }
        }

        /// A text of at most `limit` UTF-8 bytes.
        mutating func text(_ limit: Int = 200) -> String {
            let scalars = ["a", "é", "中", "🎥", "\0", "\n", "\u{FFFD}", "\u{301}"]
            var text = ""
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                text += scalars[Int.random(in: scalars.indices, using: &random)]
            }
            return text.utf8.count <= limit ? text : ""
        }

        mutating func bytes(_ limit: Int = 300) -> [UInt8] {
            (0..<Int.random(in: 0...limit, using: &random)).map { _ in number() }
        }

        mutating func floats(_ count: Int) -> [Float] {
            (0..<count).map { _ in Float.random(in: -4...4, using: &random) }
        }

        mutating func stereo() -> [Float] { floats(2 * Int.random(in: 0...100, using: &random)) }

        mutating func canvas() throws -> Canvas {
            try #require(
                Canvas(
                    width: 2 * Int.random(in: 8...4096, using: &random),
                    height: 2 * Int.random(in: 8...4096, using: &random)))
        }

        mutating func rate() throws -> FrameRate {
            let denominator = UInt32.random(in: 1...1001, using: &random)
            return try #require(FrameRate(denominator * UInt32.random(in: 1...240, using: &random), denominator))
        }

        mutating func shape() -> PoolShape {
            PoolShape(
                id: number(), slotCount: UInt32.random(in: 1...4096, using: &random),
                slotByteCount: 4096 * UInt32.random(in: 1...65_536, using: &random))
        }

        mutating func slot() -> SlotReference { SlotReference(pool: number(), slot: number()) }

        mutating func refusal() -> Refusal {
            Refusal(Refusal.Code(rawValue: UInt16.random(in: 0...12, using: &random)) ?? .other, text())
        }

        mutating func times() -> [PluginTime] {
            (0..<Int.random(in: 0...5, using: &random)).map { _ in
                PluginTime(id: number(), microseconds: number(), hasFailed: flag(), isLate: flag())
            }
        }

        mutating func pluginSettings() -> PluginSettings {
            var parameters: [String: String] = [:]
            for _ in 0..<Int.random(in: 0...5, using: &random) { parameters[text()] = text() }
            return PluginSettings(
                id: number(), path: text(), label: text(), parameters: parameters, deadlineMicroseconds: number(),
                isEnabled: flag())
        }

        mutating func call() -> PluginBreadcrumb.Call {
            PluginBreadcrumb.Call(rawValue: UInt32.random(in: 0...7, using: &random)) ?? .none
        }
    }

    /// Each message of `messages` is read back, whole and from pieces, and by no other set.
    private func expectRoundTrip<Message: WireMessage & Equatable>(_ messages: [Message], cut: Int) throws {
        var decoder = WireDecoder()
        for message in messages {
            let frame = message.frame
            #expect(try Message(frame) == message)
            decoder.append(Array(frame.bytes.prefix(cut)))
            if frame.bytes.count > cut { #expect(try decoder.next() == nil) }
            decoder.append(Array(frame.bytes.dropFirst(cut)))
            #expect(try decoder.next() == frame)
        }
        #expect(decoder.pendingByteCount == 0)
    }

    @Test(arguments: seeds) func encoderMessages(seed: UInt64) throws {
        var draw = Draw(random: SeededGenerator(seed: seed))
        for _ in 0..<30 {
            let video = VideoSettings(
                canvas: try draw.canvas(), frameRate: try draw.rate(), bitsPerSecond: draw.number(),
                bufferMilliseconds: draw.number(), keyframeInterval: draw.number(),
                bframes: draw.flag() ? UInt8.random(in: 0...16, using: &draw.random) : nil, preset: draw.text(64),
                tune: draw.text(64), profile: draw.text(64), threads: draw.number())
            try expectRoundTrip(
                [
                    EncoderRequest.configure(video, audioBitsPerSecond: draw.number()), .pool(draw.shape()),
                    .dropPool(id: draw.number()),
                    .encode(frame: draw.number(), slot: draw.slot(), forceIDR: draw.flag()),
                    .encodeAudio(block: draw.number(), samples: draw.floats(AudioFormat.floatsPerBlock)),
                    .reconfigure(bitsPerSecond: draw.number()), .flush, .probe,
                ], cut: Int.random(in: 1...40, using: &draw.random))
            try expectRoundTrip(
                [
                    EncoderReply.ready(
                        avcConfiguration: draw.bytes(), audioSpecificConfig: draw.bytes(20),
                        maximumDelay: draw.number(), reorderDepth: draw.number()),
                    .accessUnit(
                        AccessUnit(
                            frame: draw.number(), isIDR: draw.flag(), isDisposable: draw.flag(), bytes: draw.bytes())),
                    .audioPacket(block: draw.number(), bytes: draw.bytes()), .flushed, .refused(draw.refusal()), .alive,
                ], cut: Int.random(in: 1...40, using: &draw.random))
        }
    }

    @Test(arguments: seeds) func sourceMessages(seed: UInt64) throws {
        var draw = Draw(random: SeededGenerator(seed: seed))
        for _ in 0..<30 {
            let resume = SourceResume(
                pts: draw.number(), position: draw.number(), audioSample: draw.number(),
                entry: draw.number(), round: draw.number(), file: draw.text())
            var settings = SourceSettings(
                url: draw.text(), inputFormat: draw.text(), canvas: try draw.canvas(), frameRate: try draw.rate(),
                loops: draw.flag(), resume: draw.flag() ? resume : nil)
            settings.copies = draw.flag()
            settings.playlist.files = [draw.text(), draw.text()]
            settings.playlist.shuffleSeed = draw.flag() ? draw.number() : nil
            settings.playlist.avoided = draw.flag() ? [draw.text()] : []
            let place = PlaylistPlace(
                number: draw.number(), count: draw.number(), round: draw.number(), file: draw.text(),
                title: draw.text(), next: draw.text(), length: draw.number())
            try expectRoundTrip(
                [
                    SourceRequest.open(settings), .pool(draw.shape()), .lend(slot: draw.number()),
                    .audioCredit(untilSample: draw.number()), .skip(file: draw.text()), .copy(until: draw.number()),
                    .makeThumbnail,
                ], cut: Int.random(in: 1...40, using: &draw.random))
            var description = SourceDescription(
                hasVideo: draw.flag(), hasAudio: draw.flag(), isLive: draw.flag(), duration: draw.number(),
                summary: draw.text())
            description.place = draw.flag() ? place : nil
            try expectRoundTrip(
                [
                    SourceReply.opened(description),
                    .video(slot: draw.number(), pts: draw.number(), position: draw.number()),
                    .audio(start: draw.number(), samples: draw.stereo()), .waiting, .notice(draw.text()), .ended,
                    .thumbnail(draw.bytes()), .entered(place, at: draw.number()), .preparing(file: draw.text()),
                    .prepared(next: draw.text()),
                    .leftOut(file: draw.text(), draw.refusal()), .skipping(draw.flag() ? draw.refusal() : nil),
                    .copies(CopiedFormat(avcConfiguration: draw.bytes(), audioSpecificConfig: draw.bytes(20))),
                    .copied(
                        CopiedPacket(
                            kind: .video(isIDR: draw.flag(), isDisposable: draw.flag()), dts: .zero,
                            pts: MediaTime(nanoseconds: 7), position: MediaTime(nanoseconds: draw.number()),
                            bytes: draw.bytes())),
                    .failed(draw.refusal()),
                ], cut: Int.random(in: 1...40, using: &draw.random))
        }
    }

    @Test(arguments: seeds) func pluginMessages(seed: UInt64) throws {
        var draw = Draw(random: SeededGenerator(seed: seed))
        for _ in 0..<30 {
            try expectRoundTrip(
                [
                    PluginRequest.resultPool(draw.shape(), try draw.canvas(), try draw.rate()), .pool(draw.shape()),
                    .dropPool(id: draw.number()), .load(draw.pluginSettings()), .unload(id: draw.number()),
                    .process(frame: draw.number(), pts: draw.number(), input: draw.slot(), result: draw.number()),
                    .breadcrumb,
                    .confine(
                        readablePaths: (0..<Int.random(in: 0...4, using: &draw.random)).map { _ in draw.text() },
                        dataFolder: draw.text()),
                    .setParameter(id: draw.number(), name: draw.text(), value: draw.text()),
                    .enable(id: draw.number(), draw.flag()), .move(id: draw.number(), position: draw.number()),
                    .processAudio(firstSample: draw.number(), samples: draw.stereo()),
                    .event(kind: draw.number(), pts: draw.number(), name: draw.text(), bytes: draw.bytes()),
                ], cut: Int.random(in: 1...40, using: &draw.random))
            try expectRoundTrip(
                [
                    PluginReply.ready,
                    .loaded(
                        id: draw.number(), name: draw.text(), version: draw.text(),
                        abilities: PluginAbilities(rawValue: draw.number())),
                    .refused(id: draw.number(), draw.refusal()), .unloaded(id: draw.number()),
                    .processed(frame: draw.number(), changed: draw.flag(), times: draw.times()),
                    .parameterSet(id: draw.number(), name: draw.text()),
                    .processedAudio(
                        firstSample: draw.number(), changed: draw.flag(), samples: draw.stereo(), times: draw.times()),
                    .log(
                        id: draw.number(),
                        PluginLogLevel(rawValue: UInt8.random(in: 0...3, using: &draw.random)) ?? .debug,
                        draw.text()),
                ], cut: Int.random(in: 1...40, using: &draw.random))
        }
    }

    @Test(arguments: seeds) func decoderMessages(seed: UInt64) throws {
        var draw = Draw(random: SeededGenerator(seed: seed))
        for _ in 0..<30 {
            try expectRoundTrip(
                [
                    DecoderRequest.configureVideo(codec: draw.number(), configuration: draw.bytes()),
                    .configureAudio(codec: draw.number(), configuration: draw.bytes()),
                    .picture(unit: draw.number(), bytes: draw.bytes()), .sound(pts: draw.number(), bytes: draw.bytes()),
                    .flush,
                ], cut: Int.random(in: 1...40, using: &draw.random))
            let picture = DecodedPicture(
                unit: draw.number(), width: draw.number(), height: draw.number(),
                number: draw.flag() ? draw.number() : nil, flashLuma: draw.number())
            try expectRoundTrip(
                [
                    DecoderReply.picture(picture), .undecodable(unit: draw.number()), .beep(pts: draw.number()),
                    .refused(draw.refusal()), .flushed,
                ], cut: Int.random(in: 1...40, using: &draw.random))
        }
    }

    @Test(arguments: seeds) func notifierMessages(seed: UInt64) throws {
        var draw = Draw(random: SeededGenerator(seed: seed))
        for _ in 0..<30 {
            let addresses = (0..<Int.random(in: 0...16, using: &draw.random)).map { _ in
                NoticeAddress(
                    NoticeAddress.Kind.allCases[Int(draw.number() as UInt8) % 3], url: draw.text(),
                    secret: draw.bytes(), limitMilliseconds: draw.number(), byteCount: draw.number(),
                    keptFiles: draw.number())
            }
            let notice = Notice(number: draw.number(), id: draw.text(), body: draw.bytes())
            try expectRoundTrip(
                [
                    NotifierRequest.configure(addresses, origin: draw.text()),
                    .notice(notice, targets: [draw.number()]),
                    .forget(number: draw.number()), .finish,
                ], cut: Int.random(in: 1...40, using: &draw.random))
            try expectRoundTrip(
                [
                    NotifierReply.ready,
                    .settled(number: draw.number(), target: draw.number(), .refused, text: draw.text()),
                    .trouble(target: draw.number(), text: draw.text()),
                ], cut: Int.random(in: 1...40, using: &draw.random))
        }
    }

    @Test(arguments: seeds) func mixerMessages(seed: UInt64) throws {
        var draw = Draw(random: SeededGenerator(seed: seed))
        typealias Pictures = Composition<SlotReference>
        for _ in 0..<30 {
            func even(_ range: ClosedRange<Int>) -> Int { 2 * Int.random(in: range, using: &draw.random) }
            func part() -> PixelRectangle {
                PixelRectangle(x: even(0...4096), y: even(0...4096), width: even(1...4096), height: even(1...4096))
            }
            let groups = (0..<Int.random(in: 0...Pictures.mostGroups, using: &draw.random)).map { _ in
                let layers = (0..<Int.random(in: 0...5, using: &draw.random)).map { _ in
                    let outline = PixelRectangle(
                        x: Int.random(in: -9999...9999, using: &draw.random),
                        y: Int.random(in: -9999...9999, using: &draw.random),
                        width: Int.random(in: 1000...9999, using: &draw.random),
                        height: Int.random(in: 1000...9999, using: &draw.random))
                    return Pictures.Layer(
                        SlotReference(pool: draw.number(), slot: draw.number()),
                        PictureLayer(
                            source: part(), target: part(), outline: outline, opacity: draw.number(),
                            cornerRadius: Int.random(in: 0...500, using: &draw.random),
                            borderWidth: Int.random(in: 0...500, using: &draw.random),
                            borderColor: VideoColor(y: draw.number(), cb: draw.number(), cr: draw.number())))
                }
                return Pictures.Group(layers, opacity: draw.number(), clip: part())
            }
            try expectRoundTrip(
                [MixerRequest.compose(frame: draw.number(), Pictures(groups), result: draw.number())],
                cut: Int.random(in: 1...40, using: &draw.random))
            try expectRoundTrip([MixerReply.composed(frame: draw.number())], cut: 3)
        }
    }

    @Test(arguments: seeds) func recorderMessages(seed: UInt64) throws {
        var draw = Draw(random: SeededGenerator(seed: seed))
        for _ in 0..<30 {
            func time() -> MediaTime { MediaTime(nanoseconds: draw.number()) }
            func part() -> RecordedPart {
                var part = RecordedPart(
                    path: draw.text(), device: draw.number(), inode: draw.number(),
                    byteCount: UInt64.random(in: 0...UInt64(Int64.max), using: &draw.random))
                part.origin = draw.number()
                return part
            }
            var task = RecorderTask(
                draw.flag() ? .flv : .mp4, path: draw.text(), isPattern: draw.flag(), persists: draw.flag())
            task.recording = .init(high: draw.number(), low: draw.number())
            task.segment = draw.number()
            task.segmentSeconds = draw.number()
            task.segmentByteCount = draw.number()
            task.pieceMilliseconds = UInt32.random(in: 1...10_000, using: &draw.random)
            task.part = draw.flag() ? part() : nil
            let configuration = StreamConfiguration(
                canvas: try draw.canvas(), frameRate: try draw.rate(),
                videoBitsPerSecond: Int.random(in: 0...Int(UInt32.max), using: &draw.random),
                audioBitsPerSecond: Int.random(in: 0...Int(UInt32.max), using: &draw.random),
                avcConfiguration: draw.bytes(), audioSpecificConfig: draw.bytes(60))
            let sounds = time()
            try expectRoundTrip(
                [
                    RecorderRequest.open(task), .configure(configuration),
                    .picture(
                        number: draw.number(), picture: draw.number(),
                        Packet(
                            kind: .video(isIDR: draw.flag(), isDisposable: draw.flag()), dts: time(), pts: time(),
                            bytes: draw.bytes())),
                    .sound(
                        number: draw.number(), Packet(kind: .audio, dts: sounds, pts: sounds, bytes: draw.bytes())),
                    .loss(number: draw.number(), picture: draw.number(), count: draw.number()),
                    .measure(token: draw.number()), .finish,
                ], cut: Int.random(in: 1...40, using: &draw.random))
            let kind = RecorderTrouble.Kind.allCases.randomElement(using: &draw.random) ?? .other
            try expectRoundTrip(
                [
                    RecorderReply.opened(segment: draw.number(), part(), isRegular: draw.flag(), goesOn: draw.flag()),
                    .saved(
                        RecorderProgress(
                            segment: draw.number(), writtenNumber: draw.number(), durableNumber: draw.number(),
                            durableByteCount: draw.number(), origin: draw.number())),
                    .measured(
                        RecorderMeasure(
                            token: draw.number(), writtenByteCount: draw.number(), durableByteCount: draw.number(),
                            freeByteCount: draw.flag() ? draw.number() : nil, busyMilliseconds: draw.number())),
                    .trouble(RecorderTrouble(kind, of: .index, .stops, errno: draw.number(), path: draw.text())),
                    .cleared(kind, .media),
                    .closed(segment: draw.number(), path: draw.text(), byteCount: draw.number()), .finished,
                ], cut: Int.random(in: 1...40, using: &draw.random))
        }
    }

    @Test(arguments: seeds) func catalogMessages(seed: UInt64) throws {
        var draw = Draw(random: SeededGenerator(seed: seed))
        for _ in 0..<30 {
            let parameters = (0..<Int.random(in: 0...6, using: &draw.random)).map { _ in
                PluginParameter(
                    name: draw.text(), printedName: draw.text(),
                    kind: PluginParameter.Kind.allCases.randomElement(using: &draw.random) ?? .number,
                    summary: draw.text(), unit: draw.text(), defaultText: draw.text(),
                    minimum: draw.flag() ? Double.random(in: -1e9...1e9, using: &draw.random) : nil,
                    maximum: draw.flag() ? Double.random(in: -1e9...1e9, using: &draw.random) : nil,
                    choices: (0..<Int.random(in: 0...4, using: &draw.random)).map { _ in draw.text() })
            }
            let plugin = PluginDescription(
                identity: draw.text(),
                kind: PluginDescription.Kind.allCases.randomElement(using: &draw.random) ?? .ladspa,
                path: draw.text(), label: draw.text(), uniqueID: draw.number(), name: draw.text(), version: draw.text(),
                author: draw.text(), license: draw.text(), summary: draw.text(),
                role: PluginDescription.Role.allCases.randomElement(using: &draw.random) ?? .filter,
                takesVideo: draw.flag(), takesAudio: draw.flag(), takesEvents: draw.flag(), worksInPlace: draw.flag(),
                parameters: parameters)
            try expectRoundTrip(
                [
                    EnumeratorReply.calling(draw.call()), .plugin(plugin),
                    .refused(path: draw.text(), label: draw.text(), draw.refusal()), .finished(path: draw.text()),
                ], cut: Int.random(in: 1...40, using: &draw.random))
        }
    }

    @Test(arguments: seeds) func checkMessages(seed: UInt64) throws {
        var draw = Draw(random: SeededGenerator(seed: seed))
        for _ in 0..<30 {
            let kind = PluginCheckTest.Kind.allCases.randomElement(using: &draw.random) ?? .memory
            let request = PluginCheckRequest(
                settings: draw.pluginSettings(),
                test: PluginCheckTest(
                    kind, width: Int(draw.number(UInt32.self)), height: Int(draw.number(UInt32.self))),
                values: (0..<Int.random(in: 0...6, using: &draw.random)).map { _ in
                    PluginCheckValue(name: draw.text(), text: draw.text(), mayBeRefused: draw.flag())
                })
            try expectRoundTrip([request], cut: 9)
            let span = (0..<4).map { _ in Double.random(in: 0...1e9, using: &draw.random) }
            try expectRoundTrip(
                [
                    PluginCheckReply.calling(draw.call(), with: draw.text()),
                    .found(PluginCheckFinding(draw.flag() ? .error : .warning, draw.text(64), draw.text())),
                    .measured(
                        PluginCheckTimes(
                            count: Int(draw.number(UInt32.self)), median: span[0], p99: span[1], longest: span[2],
                            interval: span[3])), .refused(draw.refusal()), .finished,
                ], cut: 5)
            try expectRoundTrip(
                [
                    Hello(
                        role: Role.allCases.randomElement(using: &draw.random) ?? .master, pid: draw.number(),
                        wireVersion: draw.number(), build: draw.text())
                ], cut: 3)
            try expectRoundTrip([Farewell(reason: draw.text())], cut: 8)
        }
    }
}

/// A child that lies is one that crashed (docs/architecture.md): whatever it sends is a message or an error.
@Suite(.timeLimit(.minutes(1))) struct WireChangedByteTests {
    /// Each byte of each message changed, in the header and in the payload.
    @Test func everyChangedByteIsReadOrRefused() throws {
        var refused = 0
        var taken = 0
        for (frame, read) in try Messages.all() where frame.bytes.count < 400 {
            for index in frame.bytes.indices {
                for change in [0x01, 0x80, 0xFF] as [UInt8] {
                    var bytes = frame.bytes
                    bytes[index] ^= change
                    var decoder = WireDecoder()
                    decoder.append(bytes)
                    do {
                        guard let changed = try decoder.next() else { continue }
                        let message = try read(changed)
                        // What was taken can be written again, and reads as the same.
                        let again = message.frame
                        #expect(again.type == changed.type)
                        #expect(try read(again).frame == again)
                        taken += 1
                    } catch { refused += 1 }
                }
            }
        }
        #expect(refused > 1000 && taken > 1000)
    }

    /// An announced number of values that the payload can't hold is refused before room for it is made.
    @Test(arguments: [UInt32(3), 1000, 0x7FFF_FFFF, 0xFFFF_FFFF])
    func countsBeyondThePayloadAreRefused(count: UInt32) {
        let number = (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * UInt32($0))) }
        let eight = [UInt8](repeating: 0, count: 8)
        for frame in [
            WireFrame(type: 0x42, payload: eight + number), WireFrame(type: 0x14, payload: eight + number),
            WireFrame(type: 0x72, payload: eight + number), WireFrame(type: 0x44, payload: number),
        ] {
            #expect(throws: WireError.self) {
                switch frame.type {
                case 0x14: _ = try EncoderRequest(frame)
                case 0x72: _ = try DecoderRequest(frame)
                default: _ = try SourceReply(frame)
                }
            }
        }
    }

    @Test func errorsSayWhatIsWrong() {
        let errors: [WireError] = [
            .payloadTooLong(byteCount: 40_000_000), .unknownType(0x99), .unknownFlags(2), .payloadEndsEarly(type: 0x10),
            .payloadHasRest(type: 0x10, byteCount: 3), .valueOutsideRange(type: 0x10, field: "canvas"),
            .descriptorMissing(type: 0x11), .descriptorUnexpected(type: 0x12),
        ]
        #expect(Set(errors.map(\.description)).count == errors.count)
        for error in errors { #expect(error.description.hasPrefix("a message")) }
    }
}

@Suite(.timeLimit(.minutes(1))) struct HelloTests {
    @Test func helloOfThisVersionFits() {
        for role in Role.allCases { #expect(Hello(role: role, pid: 7).mismatch(expecting: role) == nil) }
    }

    /// docs/versions.md: the child is turned away, and told both versions.
    @Test func anotherVersionIsNamedWithBoth() throws {
        let hello = Hello(role: .encoder, pid: 7, wireVersion: 999, build: "9.8.7")
        let text = try #require(hello.mismatch(expecting: .encoder))
        #expect(text.contains("999") && text.contains("9.8.7"))
        #expect(text.contains("\(BulkheadVersion.wire)") && text.contains(BulkheadVersion.build))
    }

    @Test func anotherRoleIsNamedFirst() throws {
        let text = try #require(Hello(role: .source, pid: 7, wireVersion: 999).mismatch(expecting: .encoder))
        #expect(text.contains("source") && text.contains("encoder") && !text.contains("999"))
    }

    /// README and docs/architecture.md name the programs.
    @Test func programsOfRoles() {
        #expect(
            Role.allCases.map(\.executableName)
                == [
                    "bulkhead", "bulkhead-encoder", "bulkhead-source", "bulkhead-plugin-host", "bulkhead-decoder",
                    "bulkhead-mixer", "bulkhead-recorder", "bulkhead-notifier", "bulkhead-chat", "bulkhead-origin",
                    "bulkhead-srt",
                ])
    }
}
