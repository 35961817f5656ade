import BulkheadChildRuntime
import BulkheadFrames
import BulkheadMedia
import BulkheadSystem
import BulkheadTestSupport
import BulkheadWire
import SystemPackage
import Testing

/// What an encoder does with settings that it can't follow and with a master that breaks the rules: it says so in one
/// sentence, and never traps.
@Suite(.timeLimit(.minutes(2))) struct EncoderRefusalTests {
    static let refusals: [(String, @Sendable (inout VideoSettings) -> Void)] = [
        ("preset sideways isn't known: it is one of ultrafast, superfast", { $0.preset = "sideways" }),
        ("tune psy isn't known: it is one of film, animation", { $0.tune = "psy" }),
        ("profile high10 isn't known: it is one of baseline, main, high", { $0.profile = "high10" }),
        ("video bitrate 100 is out of range: 10000 to", { $0.bitsPerSecond = 100 }),
        ("keyframe interval 0 is out of range: 1 to", { $0.keyframeInterval = 0 }),
        ("buffer 4000000000 is out of range: 0 to", { $0.bufferMilliseconds = 4_000_000_000 }),
        ("number of threads 255 is out of range: 0 to 128", { $0.threads = 255 }),
        (
            "profile baseline has no B-frames, but 2 are asked for",
            {
                $0.profile = "baseline"
                $0.bframes = 2
            }
        ),
        (
            "a constant bitrate takes a buffer",
            {
                $0.isConstantRate = true
                $0.bufferMilliseconds = 0
            }
        ),
        ("tune film,grain is too much: only fastdecode and zerolatency", { $0.tune = "film,grain" }),
    ]

    @Test(arguments: 0..<refusals.count)
    func settingsAreRefusedByName(_ index: Int) throws {
        let (phrase, change) = Self.refusals[index]
        var settings = try VideoSettings.small()
        change(&settings)
        let child = try EncoderChild()
        let reply = try child.configure(settings)
        guard case .refused(let refusal) = reply else { throw EncoderChild.Failure.unexpected(reply) }
        #expect(refusal.code == .settings)
        #expect(refusal.description.hasPrefix(phrase), "\(refusal.description)")
        // What was already on its way is passed over.
        try child.send(
            EncoderRequest.encode(frame: 0, slot: SlotReference(pool: 1, slot: 1), forceIDR: false))
        child.hangUp()
        #expect(try child.waitForExit().status == 0)
    }

    @Test func audioBitrateIsRefused() throws {
        let child = try EncoderChild()
        let reply = try child.configure(.small(), audioBitsPerSecond: 1_000_000)
        guard case .refused(let refusal) = reply else { throw EncoderChild.Failure.unexpected(reply) }
        #expect(refusal.description == "audio bitrate 1000000 is out of range: 16000 to 576000 bits per second")
    }

    /// It is no fault of the settings, and the next encoder need not have it: this one ends, and refuses nothing.
    @Test(.enabled(if: ThreadShortage.isPossible)) func theSettingsAreNotBlamedWhereThreadsAreShort() throws {
        let child = try EncoderChild()
        let shortage = try #require(ThreadShortage(of: child.pid))
        var settings = try VideoSettings.small()
        settings.threads = 4
        try child.send(EncoderRequest.configure(settings, audioBitsPerSecond: 128_000))
        let exit = try child.waitForExit()
        withExtendedLifetime(shortage) {}
        #expect(exit.status == 1 && !exit.isSignal)
        #expect(exit.lines.count == 1 && exit.lines.contains { $0.contains("too few threads left") }, "\(exit.lines)")
    }

    @Test func socketThatEndsEndsTheChild() throws {
        let child = try EncoderChild()
        child.hangUp()
        #expect(try child.waitForExit() == ChildExit(status: 0))
    }

    @Test func masterThatNeverSaysHelloIsToldOf() throws {
        let child = try EncoderChild(greeting: false)
        child.hangUp()
        let exit = try child.waitForExit()
        #expect(exit.status == 1 && exit.lines.count == 1)
    }

    @Test func otherVersionIsRefusedWithBothNamed() throws {
        let child = try EncoderChild(greeting: false)
        try child.send(Hello(role: .master, pid: 1, wireVersion: 99, build: "9.9.9"))
        let exit = try child.waitForExit()
        #expect(exit.status == 1)
        #expect(
            exit.lines == [
                "bulkhead-encoder: the master is version 9.9.9 (schema 99), this is version "
                    + "\(BulkheadVersion.build) (schema \(BulkheadVersion.wire))"
            ])
    }

    /// Bytes as they would come from a master gone wrong: header (length, type, flags) and payload, little-endian.
    static let breaches: [[UInt8]] = [
        [0xFF, 0xFF, 0xFF, 0xFF, 0x10, 0, 0, 0],  // 4 GiB announced
        [0, 0, 0, 0, 0x99, 0, 0, 0],  // an unknown type
        [0, 0, 0, 0, 0x16, 0, 0xFF, 0],  // unknown flags
        [0, 0, 0, 0, 0x13, 0, 0, 0],  // an encode without its fields
        [1, 0, 0, 0, 0x16, 0, 0, 0, 7],  // a flush with a rest
        [0, 0, 0, 0, 0x16, 0, 0, 0],  // a flush before the settings
        [4, 0, 0, 0, 0x12, 0, 0, 0, 1, 0, 0, 0],  // an unknown pool dropped
        [12, 0, 0, 0, 0x11, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 16, 0, 0],  // a pool without a descriptor
        [12, 0, 0, 0, 0x11, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 16, 0, 0],  // one announced that does not come
    ]

    @Test(arguments: breaches)
    func brokenMessagesEndTheChildWithOneLine(_ bytes: [UInt8]) throws {
        let child = try EncoderChild()
        try child.sendRaw(bytes)
        let exit = try child.waitForExit()
        #expect(exit.status == 1 && !exit.isSignal)
        #expect(exit.lines.count == 1)
    }

    static let orders: [(String, @Sendable (EncoderChild, SlotReference) throws -> Void)] = [
        ("sent frame 3 after frame 3", { child, slot in try child.encode([3, 3], slot) }),
        ("sent frame 2 after frame 9", { child, slot in try child.encode([9, 2], slot) }),
        ("sent frame 9223372036854775807 after frame", { child, slot in try child.encode([.min, .max], slot) }),
        (
            "slot 9 of pool 5",
            { child, _ in try child.encode([1], SlotReference(pool: 5, slot: 9)) }
        ),
        (
            "can't hold a picture",
            { child, _ in
                let small = try FramePool(id: 6, canvas: #require(Canvas(width: 16, height: 16)), slotCount: 1)
                try child.announce(small)
                try child.encode([1], SlotReference(pool: 6, slot: 0))
            }
        ),
        (
            "audio block 8 instead of 7",
            { child, _ in
                let silence = [Float](repeating: 0, count: AudioFormat.floatsPerBlock)
                try child.send(EncoderRequest.encodeAudio(block: 6, samples: silence))
                try child.send(EncoderRequest.encodeAudio(block: 8, samples: silence))
            }
        ),
        (
            "settings twice",
            { child, _ in try child.send(EncoderRequest.configure(.small(), audioBitsPerSecond: 64_000)) }
        ),
        (
            "work after a flush",
            { child, slot in
                try child.send(EncoderRequest.flush)
                try child.encode([1], slot)
            }
        ),
        (
            "a descriptor with a message that takes none",
            { child, _ in
                let memory = try OwnedDescriptor(memfdNamed: "test", byteCount: 4096)
                let frame = EncoderRequest.flush.frame
                try child.send(
                    Raw(frame: WireFrame(type: frame.type, carriesDescriptor: true, payload: [])), passing: memory)
                memory.close()
            }
        ),
        (
            "pool 8 can't be mapped",
            { child, _ in
                let memory = try OwnedDescriptor(memfdNamed: "test", byteCount: 4096)
                try child.send(
                    EncoderRequest.pool(PoolShape(id: 8, slotCount: 16, slotByteCount: 4096)), passing: memory)
                memory.close()
            }
        ),
    ]

    /// A frame as it is.
    private struct Raw: WireMessage {
        let frame: WireFrame
        init(frame: WireFrame) { self.frame = frame }
        init(_ frame: WireFrame) throws(WireError) { self.frame = frame }
    }

    @Test(arguments: 0..<orders.count)
    func ordersThatMakeNoSenseEndTheChildWithOneLine(_ index: Int) throws {
        let (phrase, act) = Self.orders[index]
        let settings = try VideoSettings.small(tune: "zerolatency")
        let child = try EncoderChild()
        guard case .ready = try child.configure(settings) else {
            Issue.record("the settings were refused")
            return
        }
        let pool = try TestPictures.pool(id: 5, canvas: settings.canvas, count: 1)
        try child.announce(pool)
        try act(child, SlotReference(pool: 5, slot: 0))
        let exit = try child.waitForExit()
        #expect(exit.status == 1 && !exit.isSignal)
        #expect(exit.lines.count == 1)
        #expect(exit.lines.first?.contains(phrase) == true, "\(exit.lines)")
    }
}
