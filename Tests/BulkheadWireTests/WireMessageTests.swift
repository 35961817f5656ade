import BulkheadMedia
import BulkheadTestSupport
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(1))) struct WireMessageTests {
    private func expectRoundTrip<Message: WireMessage & Equatable>(_ messages: [Message]) throws {
        for message in messages { #expect(try Message(message.frame) == message) }
    }

    @Test func everyMessageIsReadBack() throws {
        try expectRoundTrip(Messages.hellos)
        try expectRoundTrip(Messages.encoderRequests())
        try expectRoundTrip(Messages.encoderReplies)
        try expectRoundTrip(Messages.sourceRequests())
        try expectRoundTrip(Messages.sourceReplies)
        try expectRoundTrip(Messages.pluginRequests())
        try expectRoundTrip(Messages.pluginReplies)
        try expectRoundTrip(Messages.enumeratorReplies)
        try expectRoundTrip(Messages.mixerRequests())
        try expectRoundTrip(Messages.mixerReplies)
        try expectRoundTrip(Messages.notifierRequests)
        try expectRoundTrip(Messages.notifierReplies)
        try expectRoundTrip(Messages.chatRequests)
        try expectRoundTrip(Messages.chatReplies)
        try expectRoundTrip(Messages.originRequests())
        try expectRoundTrip(Messages.originReplies)
        try expectRoundTrip(Messages.srtRequests())
        try expectRoundTrip(Messages.srtReplies)
        try expectRoundTrip(Messages.recorderRequests())
        try expectRoundTrip(Messages.recorderReplies)
    }

    @Test func onlyPoolsCarryADescriptor() throws {
        for (frame, _) in try Messages.all() {
            #expect(frame.carriesDescriptor == [0x11, 0x31, 0x50, 0x51, 0x56, 0xB0, 0xB1, 0xC1].contains(frame.type))
        }
    }

    @Test func floatsKeepTheirBits() throws {
        let bits: [UInt32] = [0x7FC0_0001, 0x7F80_0000, 0xFF80_0000, 0x8000_0000, 1, 0x7F7F_FFFF]
        let message = SourceReply.audio(start: 0, samples: bits.map { Float(bitPattern: $0) })
        guard case .audio(_, let samples) = try SourceReply(message.frame) else {
            Issue.record("another message came out")
            return
        }
        #expect(samples.map(\.bitPattern) == bits)
    }

    /// A payload that is cut off anywhere, or goes on, is refused with a reason that fits.
    @Test func cutAndExtendedPayloadsAreRefused() throws {
        for (frame, read) in try Messages.all() {
            let payload = frame.payload
            let cuts =
                payload.count < 600 ? Array(0..<payload.count) : Array(stride(from: 0, to: payload.count, by: 97))
            for count in cuts {
                let cut = WireFrame(type: frame.type, payload: Array(payload.prefix(count)))
                #expect(throws: WireError.payloadEndsEarly(type: frame.type)) { _ = try read(cut) }
            }
            for extra in [1, 4, 1000] {
                let longer = WireFrame(type: frame.type, payload: payload + [UInt8](repeating: 0, count: extra))
                #expect(throws: WireError.payloadHasRest(type: frame.type, byteCount: extra)) { _ = try read(longer) }
            }
        }
    }

    @Test func typesOfOtherSetsAreRefused() throws {
        for type in (0...0xEF) as ClosedRange<UInt16> {
            let frame = WireFrame(type: type, payload: [])
            func isUnknown<Message: WireMessage>(_: Message.Type) -> Bool {
                do {
                    _ = try Message(frame)
                    return false
                } catch { return error == .unknownType(type) }
            }
            #expect(isUnknown(Hello.self) == (type != 1))
            #expect(isUnknown(EncoderRequest.self) == !(0x10...0x17).contains(type))
            #expect(isUnknown(EncoderReply.self) == !(0x20...0x25).contains(type))
            #expect(isUnknown(SourceRequest.self) == !(0x30...0x38).contains(type))
            #expect(isUnknown(SourceReply.self) == !(0x40...0x4F).contains(type))
            #expect(isUnknown(PluginRequest.self) == !(0x50...0x5C).contains(type))
            #expect(isUnknown(PluginReply.self) == !(0x60...0x67).contains(type))
            #expect(isUnknown(MixerRequest.self) == !(0xB0...0xB3).contains(type))
            #expect(isUnknown(MixerReply.self) == !(0xB8...0xB9).contains(type))
            #expect(isUnknown(RecorderRequest.self) == !(0xC0...0xC7).contains(type))
            #expect(isUnknown(RecorderReply.self) == !(0xC8...0xCF).contains(type))
            #expect(isUnknown(NotifierRequest.self) == !(0xD0...0xD3).contains(type))
            #expect(isUnknown(NotifierReply.self) == !(0xD8...0xDB).contains(type))
            #expect(isUnknown(ChatRequest.self) == (type != 0xE0))
            #expect(isUnknown(ChatReply.self) == !(0xE8...0xEE).contains(type))
        }
    }

    /// Random payloads, and real ones with bytes changed: either a message that can be written again, or an error.
    @Test func randomBytesNeverTrap() throws {
        var random = SeededGenerator(seed: 20_260_101)
        let all = try Messages.all()
        var refused = 0, taken = 0
        for round in 0..<60_000 {
            let (frame, read) = all[round % all.count]
            var payload: [UInt8]
            if round % 3 == 0 {
                payload = (0..<Int.random(in: 0...80, using: &random)).map { _ in .random(in: 0...255, using: &random) }
            } else {
                payload = Array(frame.payload.prefix(256))
                for _ in 0..<Int.random(in: 1...4, using: &random) where !payload.isEmpty {
                    let index = Int.random(in: 0..<payload.count, using: &random)
                    payload[index] =
                        [0, 1, 0x7F, 0x80, 0xFF, .random(in: 0...255, using: &random)]
                        .randomElement(using: &random) ?? 0
                }
            }
            do {
                let message = try read(WireFrame(type: frame.type, payload: payload))
                // What was understood can be said again: texts may have been repaired.
                _ = try read(message.frame)
                taken += 1
            } catch {
                #expect(!error.description.isEmpty)
                refused += 1
            }
        }
        #expect(refused > 10_000)
        #expect(taken > 1000)
    }

    /// Fields outside the ranges that docs/wire.md gives them.
    @Test func valuesOutsideTheirRangeAreRefused() throws {
        func expectRefused<Message: WireMessage>(
            _ message: Message, _ field: String, _ change: (inout [UInt8]) -> Void
        ) {
            var payload = message.frame.payload
            change(&payload)
            let type = message.frame.type
            #expect(throws: WireError.valueOutsideRange(type: type, field: field)) {
                _ = try Message(WireFrame(type: type, payload: payload))
            }
        }
        let configure = EncoderRequest.configure(try Messages.settings(bframes: 3), audioBitsPerSecond: 1)
        expectRefused(configure, "canvas") { $0[0] = 0x81 }
        expectRefused(configure, "canvas") { $0[2...3] = [0, 0] }
        expectRefused(configure, "frame rate") { $0[8...11] = [0, 0, 0, 0] }
        expectRefused(configure, "frame rate") { $0[4...7] = [255, 255, 255, 255] }
        expectRefused(configure, "number of B-frames") { $0[24] = 17 }
        expectRefused(configure, "number of B-frames") { $0[24] = 254 }
        expectRefused(configure, "preset") { $0[25] = 65 }
        expectRefused(
            EncoderRequest.encode(frame: 0, slot: SlotReference(pool: 0, slot: 0), forceIDR: true), "IDR flag"
        ) {
            $0[16] = 2
        }
        // No destination could take it: FLV states lengths in 24 bits.
        let unit = AccessUnit(
            frame: 0, isIDR: true, isDisposable: false,
            bytes: [UInt8](repeating: 0, count: EncoderReply.maximumAccessUnitByteCount + 1))
        expectRefused(EncoderReply.accessUnit(unit), "access unit") { _ in }
        let samples = [Float](repeating: 0, count: AudioFormat.floatsPerBlock)
        expectRefused(EncoderRequest.encodeAudio(block: 0, samples: samples), "block") { $0[8] = 1 }
        expectRefused(EncoderRequest.encodeAudio(block: 0, samples: samples), "block") { payload in
            payload = Array(payload.dropLast(4))
            payload[8...9] = [0xFF, 0x07]
        }
        let pool = SourceRequest.pool(PoolShape(id: 1, slotCount: 1, slotByteCount: 4096))
        expectRefused(pool, "slot count") { $0[4] = 0 }
        expectRefused(pool, "slot count") { $0[4...5] = [1, 0x10] }
        expectRefused(pool, "slot byte count") { $0[8...9] = [0, 0] }
        expectRefused(pool, "slot byte count") { $0[8] = 1 }
        expectRefused(pool, "slot byte count") { $0[11] = 0x11 }
        expectRefused(SourceReply.audio(start: 0, samples: [1, 2]), "samples") { payload in
            payload[8] = 1
            payload = Array(payload.dropLast(4))
        }
        expectRefused(SourceReply.audio(start: 0, samples: [1, 2]), "samples") { $0[10] = 1 }
        expectRefused(SourceReply.notice("x"), "notice") { $0[1] = 0x11 }
        expectRefused(Hello(role: .source, pid: 1), "magic") { $0[0] = 0 }
        expectRefused(Hello(role: .source, pid: 1), "role") { $0[6] = 9 }
        let whole = PixelRectangle(x: 0, y: 0, width: 64, height: 48)
        typealias Slots = Composition<SlotReference>
        let layer = Slots.Layer(
            SlotReference(pool: 1, slot: 1),
            PictureLayer(source: whole, target: whole, cornerRadius: 24, borderWidth: 24))
        let compose = MixerRequest.compose(frame: 0, Slots([Slots.Group([layer], clip: whole)]), result: 0)
        // Behind 12 bytes and the count of groups: an opacity, the clip, the count of layers, a slot, three rectangles.
        expectRefused(compose, "group count") { $0[12] = 5 }
        expectRefused(compose, "clip") { $0[14] = 1 }
        expectRefused(compose, "clip") { $0[17] = 0x80 }
        expectRefused(compose, "layer count") { $0[30] = 65 }
        expectRefused(compose, "source") { $0[48] = 0 }
        expectRefused(compose, "target") { $0[56] = 3 }
        expectRefused(compose, "outline") { $0[75] = 0x7F }
        expectRefused(compose, "corner or border") { $0[89] = 25 }
        expectRefused(compose, "corner or border") { $0[91] = 25 }
        expectRefused(PluginReply.processed(frame: 1, changed: true, times: []), "change flag") { $0[8] = 0xFF }
        expectRefused(PluginReply.log(id: 1, .error, "x"), "level") { $0[4] = 4 }
        expectRefused(PluginReply.log(id: 1, .error, "x"), "line") { $0[6] = 5 }
        expectRefused(PluginRequest.processAudio(firstSample: 0, samples: [1, 2]), "samples") { payload in
            payload[8] = 1
            payload = Array(payload.dropLast(4))
        }
        expectRefused(PluginRequest.processAudio(firstSample: 0, samples: [1, 2]), "samples") { $0[10] = 1 }
        expectRefused(PluginRequest.confine(readablePaths: [], dataFolder: ""), "path count") { $0[1] = 5 }
        expectRefused(PluginRequest.event(kind: 1, pts: 0, name: "", bytes: []), "event") { $0[19] = 1 }
        expectRefused(EncoderReply.audioPacket(block: 1, bytes: [1]), "AAC frame") { $0[9] = 0x21 }
    }

    @Test func refusalWithAnUnknownCodeCountsAsOther() throws {
        var payload = SourceReply.failed(Refusal(.timedOut, "late")).frame.payload
        payload[0...1] = [0xE7, 0x03]
        #expect(try SourceReply(WireFrame(type: 0x46, payload: payload)) == .failed(Refusal(.other, "late")))
    }

    @Test func textThatIsNotUTF8IsRepaired() throws {
        let frame = WireFrame(type: 0x44, payload: [3, 0, 0, 0, 0x61, 0xFF, 0x62])
        #expect(try SourceReply(frame) == .notice("a\u{FFFD}b"))
    }

    /// A phrase that holds a long URL must not make its sender a liar: it is cut where a character ends.
    @Test func longTextsAreCutToWhatTheReaderTakes() throws {
        let long = String(repeating: "é", count: 50_000)
        #expect(
            try SourceReply(SourceReply.notice("x" + long).frame) == .notice("x" + String(repeating: "é", count: 2047)))
        #expect(try SourceReply(SourceReply.notice(long).frame) == .notice(String(repeating: "é", count: 2048)))
        let exact = String(repeating: "a", count: 4096)
        #expect(try SourceReply(SourceReply.notice(exact).frame) == .notice(exact))
        let emoji = String(repeating: "🎥", count: 2000)
        guard case .failed(let refusal) = try SourceReply(SourceReply.failed(Refusal(.other, "ab" + emoji)).frame)
        else {
            Issue.record("another message came out")
            return
        }
        #expect(refusal.description == "ab" + String(repeating: "🎥", count: 1023))
        var settings = try Messages.settings(bframes: nil)
        settings.preset = long
        settings.tune = long
        settings.profile = long
        _ = try EncoderRequest(EncoderRequest.configure(settings, audioBitsPerSecond: 1).frame)
        _ = try PluginRequest(
            PluginRequest.load(PluginSettings(id: 1, path: long, parameters: [long: long, "a": "b"])).frame)
        _ = try PluginReply(PluginReply.loaded(id: 1, name: long, version: long, abilities: []).frame)
        _ = try EncoderReply(EncoderReply.refused(Refusal(.settings, long)).frame)
        _ = try Hello(Hello(role: .source, pid: 1, build: long).frame)
        let description = SourceDescription(hasVideo: true, hasAudio: true, isLive: true, duration: 0, summary: long)
        _ = try SourceReply(SourceReply.opened(description).frame)
        _ = try SourceRequest(
            SourceRequest.open(
                SourceSettings(
                    url: long, inputFormat: long, canvas: settings.canvas, frameRate: settings.frameRate, loops: false)
            ).frame)
    }
}
