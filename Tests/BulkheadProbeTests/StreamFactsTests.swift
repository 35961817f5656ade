import BulkheadEvents
import BulkheadFLV
import BulkheadModel
import BulkheadProbe
import BulkheadTestSupport
import NIOCore
import Synchronization
import Testing

/// What a viewer says of streams that are made by hand: names of codecs, rates, keyframes, faults.
@Suite(.timeLimit(.minutes(1))) struct StreamFactsTests {
    private func watch(_ tags: [FLVTag]) async throws -> (report: StreamReport, observed: [Observation]) {
        let observed = Mutex<[Observation]>([])
        let probe = try Probe(decoder: nil, isFile: true) { observation in observed.withLock { $0.append(observation) }
        }
        for tag in tags { await probe.take(tag.kind, timestamp: tag.timestampMilliseconds, payload: tag.payload) }
        await probe.drain()
        let report = await probe.report()
        await probe.close()
        return (report, observed.withLock { $0 })
    }

    private static func video(_ milliseconds: UInt32, _ bytes: [UInt8]) -> FLVTag {
        FLVTag(kind: .video, timestampMilliseconds: milliseconds, payload: ByteBuffer(bytes: bytes))
    }

    private static func sound(_ milliseconds: UInt32, _ bytes: [UInt8]) -> FLVTag {
        FLVTag(kind: .audio, timestampMilliseconds: milliseconds, payload: ByteBuffer(bytes: bytes))
    }

    /// An AVC access unit of `size` bytes behind its header.
    private static func picture(_ milliseconds: UInt32, isIDR: Bool = false, size: Int = 10) -> FLVTag {
        video(milliseconds, [isIDR ? 0x17 : 0x27, 1, 0, 0, 0] + [UInt8](repeating: 1, count: size))
    }

    // MARK: names

    /// ISO/IEC 14496-15, 5.3.3.1, with the profiles of ITU-T H.264, annex A; FourCCs of Enhanced RTMP.
    static let videoHeaders: [([UInt8], String)] = [
        ([0x17, 0, 0, 0, 0, 1, 100, 0, 31], "H.264 High 3.1"), ([0x17, 0, 0, 0, 0, 1, 77, 0, 40], "H.264 Main 4.0"),
        ([0x17, 0, 0, 0, 0, 1, 66, 0, 30], "H.264 Baseline 3.0"),
        ([0x17, 0, 0, 0, 0, 1, 66, 0xC0, 30], "H.264 Constrained Baseline 3.0"),
        ([0x17, 0, 0, 0, 0, 1, 110, 0, 51], "H.264 High 10 5.1"),
        ([0x17, 0, 0, 0, 0, 1, 122, 0, 62], "H.264 High 4:2:2 6.2"),
        ([0x17, 0, 0, 0, 0, 1, 244, 0, 52], "H.264 High 4:4:4 Predictive 5.2"),
        ([0x17, 0, 0, 0, 0, 1, 99, 0, 10], "H.264 profile 99 1.0"), ([0x17, 0, 0, 0, 0, 1, 100], "H.264"),
        ([0x90, 0x61, 0x76, 0x63, 0x31, 1, 100, 0, 31], "H.264 High 3.1"),
        ([0x90, 0x68, 0x76, 0x63, 0x31, 1], "HEVC"), ([0x90, 0x61, 0x76, 0x30, 0x31, 1], "AV1"),
        ([0x90, 0x76, 0x70, 0x30, 0x39, 1], "VP9"), ([0x90, 0x61, 0x1B, 0x62, 0xFF, 1], "a?b?"),
    ]

    @Test(arguments: videoHeaders) func videoCodecsAreNamed(header: [UInt8], name: String) async throws {
        let (report, observed) = try await watch([
            Self.video(0, header), Self.picture(0, isIDR: true), Self.picture(40),
        ])
        #expect(report.video?.codec == name)
        #expect(observed.first?.happening == .video(codec: name, isChange: false))
    }

    /// ISO/IEC 14496-3, 1.6.2.1: five bits of object type, four of the sampling frequency's index, four of the channel
    /// configuration; table 1.19 says that configuration 7 is eight channels.
    static let audioHeaders: [([UInt8], String)] = [
        ([0xAF, 0, 0x11, 0x90], "AAC-LC 48000 Hz stereo"), ([0xAF, 0, 0x12, 0x08], "AAC-LC 44100 Hz mono"),
        ([0xAF, 0, 0x11, 0xB0], "AAC-LC 48000 Hz 6 channels"), ([0xAF, 0, 0x11, 0xB8], "AAC-LC 48000 Hz 8 channels"),
        ([0xAF, 0, 0x0B, 0x90], "AAC Main 22050 Hz stereo"),
        ([0xAF, 0, 0x2B, 0x10], "HE-AAC 24000 Hz stereo"), ([0xAF, 0, 0xEB, 0x08], "HE-AAC v2 24000 Hz mono"),
        ([0xAF, 0, 0x17, 0x80, 0x5D, 0xC0, 0x10], "AAC-LC 48000 Hz stereo"),
        ([0xAF, 0, 0x11, 0x80], "AAC-LC 48000 Hz"), ([0xAF, 0, 0x11], "AAC"),
        ([0x90, 0x4F, 0x70, 0x75, 0x73, 1], "Opus"), ([0x90, 0x2E, 0x6D, 0x70, 0x33], "MP3"),
        ([0x90, 0x66, 0x4C, 0x61, 0x43, 1], "fLaC"),
    ]

    @Test(arguments: audioHeaders) func audioCodecsAreNamed(header: [UInt8], name: String) async throws {
        let frame: [UInt8] = header[0] == 0xAF ? [0xAF, 1, 1] : [0x91] + header[1...4] + [1]
        let (report, observed) = try await watch([
            Self.picture(0, isIDR: true), Self.sound(0, header), Self.sound(0, frame), Self.sound(21, frame),
        ])
        #expect(report.audio?.codec == name && report.audio?.packets == 2)
        #expect(observed.contains { $0.happening == .audio(codec: name, isChange: false) })
    }

    // MARK: rates and faults

    /// Ten seconds at 25 frames a second, an IDR picture every two: 1,015 bytes each with its header.
    @Test func ratesAndKeyframesAreByTimestamps() async throws {
        let tags = (0...250).map { Self.picture(UInt32($0 * 40), isIDR: $0 % 50 == 0, size: 1010) }
        let (report, observed) = try await watch(tags)
        let video = try #require(report.video)
        #expect(report.seconds == 10 && video.accessUnits == 251 && video.keyframes == 6)
        #expect(video.framesPerSecond == 25)
        #expect(video.bitsPerSecond == 251 * 1015 * 8 / 10)
        #expect(video.shortestKeyframeIntervalSeconds == 2 && video.longestKeyframeIntervalSeconds == 2)
        #expect(report.arrival?.medianGapMilliseconds == 40 || report.arrival?.medianGapMilliseconds == 39)
        #expect(observed.isEmpty && report.audio == nil && report.sync == nil)
    }

    @Test func unevenKeyframesAreBothTold() async throws {
        let tags = (0...100).map { Self.picture(UInt32($0 * 40), isIDR: [0, 25, 100].contains($0)) }
        let video = try await watch(tags).report.video
        #expect(video?.shortestKeyframeIntervalSeconds == 1 && video?.longestKeyframeIntervalSeconds == 3)
    }

    /// 32 bits of milliseconds end after 49.7 days; the stream goes on.
    @Test func timestampsMayWrap() async throws {
        let start = UInt32.max - 1000
        let tags = (0...100).map { Self.picture(start &+ UInt32($0 * 40), isIDR: $0 == 0) }
        let (report, observed) = try await watch(tags)
        #expect(report.seconds == 4 && report.videoTimestamps.backwards == 0 && report.videoTimestamps.jumps == 0)
        #expect(observed.isEmpty)
    }

    @Test func repeatedTimestampsOfSoundAreToldAsSound() async throws {
        let tags =
            [Self.picture(0, isIDR: true), Self.sound(0, [0xAF, 0, 0x11, 0x90])]
            + [0, 21, 42, 42, 64, 43].map { Self.sound($0, [0xAF, 1, 1]) }
        let (report, observed) = try await watch(tags)
        #expect(report.audioTimestamps.repeated == 1 && report.audioTimestamps.backwards == 1)
        #expect(report.videoTimestamps.repeated == 0)
        #expect(observed.contains { $0.happening == .timestampRepeated(track: .audio, unit: nil) })
        #expect(
            observed.contains { $0.happening == .timestampsBackwards(track: .audio, milliseconds: 21, unit: nil) })
    }

    /// A script, a server's command, the end of the sequence and what can't be read are no pictures.
    @Test func whatIsNoPictureIsPassedOver() async throws {
        let tags = [
            FLVTag(kind: .script, timestampMilliseconds: 0, payload: ByteBuffer(bytes: [2, 0, 0])),
            Self.video(0, []), Self.video(0, [0x57, 0]), Self.video(0, [0x17, 2, 0, 0, 0]), Self.video(0, [0x17]),
            Self.sound(0, []), Self.sound(0, [0xAF]), Self.picture(0, isIDR: true), Self.picture(40),
        ]
        let (report, _) = try await watch(tags)
        #expect(report.video?.accessUnits == 2 && report.audio == nil)
    }

    @Test func changesOfTheConfigurationAreCounted() async throws {
        let first: [UInt8] = [0x17, 0, 0, 0, 0, 1, 100, 0, 31]
        let second: [UInt8] = [0x17, 0, 0, 0, 0, 1, 77, 0, 31]
        let tags = [
            Self.video(0, first), Self.picture(0, isIDR: true), Self.video(40, first), Self.picture(40),
            Self.video(80, second), Self.picture(80, isIDR: true), Self.video(120, first),
            Self.picture(120, isIDR: true),
        ]
        let (report, observed) = try await watch(tags)
        #expect(report.video?.configurationChanges == 2)
        #expect(
            observed.map(\.happening) == [
                .video(codec: "H.264 High 3.1", isChange: false), .video(codec: "H.264 Main 3.1", isChange: true),
                .video(codec: "H.264 High 3.1", isChange: true),
            ])
    }
}
