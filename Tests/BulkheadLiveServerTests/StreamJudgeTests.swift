import BulkheadLiveServer
import BulkheadRTMP
import BulkheadTestSupport
import NIOCore
import Testing

/// What counts as a stream; bytes by hand from the FLV format, Enhanced RTMP v2 and ISO/IEC 14496-15 and -3.
@Suite(.timeLimit(.minutes(1))) struct StreamJudgeTests {
    private static let avc: [UInt8] = [1, 0x64, 0, 0x1E, 0xFF, 0xE1, 0, 4, 0x67, 0x64, 0, 0x1E, 1, 0, 2, 0x68, 0xEE]
    private static let unit: [UInt8] = [0, 0, 0, 2, 0x65, 0x88]

    private static func judge(_ messages: [(MessageType, [UInt8])]) -> [StreamJudge.Verdict] {
        var judge = StreamJudge()
        return messages.map { type, bytes in
            judge.judge(
                Message(type: type, streamID: 1, timestampMilliseconds: 0, payload: ByteBuffer(bytes: bytes)))
        }
    }

    @Test func streamOfEveryCodingIsOne() {
        let streams: [[(MessageType, [UInt8])]] = [
            [(.video, [0x17, 0, 0, 0, 0] + Self.avc), (.video, [0x17, 1, 0, 0, 0] + Self.unit)],
            // Enhanced: avc1, hvc1 with its record of 23 bytes and more, av01.
            [
                (.video, [0x90] + Array("avc1".utf8) + Self.avc),
                (.video, [0x91] + Array("avc1".utf8) + [0, 0, 0] + Self.unit),
            ],
            [
                (.video, [0x90] + Array("hvc1".utf8) + [1] + [UInt8](repeating: 0, count: 20) + [3, 0]),
                (.video, [0xA3] + Array("hvc1".utf8) + [0, 0, 0, 2, 0x26, 1]),
            ],
            [(.video, [0x90] + Array("av01".utf8) + [0x81]), (.video, [0x91] + Array("av01".utf8) + [0x12, 0])],
            // Sorenson H.263, which has no configuration.
            [(.video, [0x12, 0, 0]), (.video, [0x22, 7, 7])],
            [(.audio, [0xAF, 0, 0x11, 0x90]), (.audio, [0xAF, 1, 0x21, 0x10])],
            [(.audio, [0x2F, 0xFF, 0xFB]), (.audio, [0x2F, 0xFF, 0xFB])],
            [(.audio, [0x90] + Array("Opus".utf8) + [1]), (.audio, [0x91] + Array("Opus".utf8) + [1])],
            [(.data, [2, 0, 1, 0x61]), (.data, [2, 0, 1, 0x61])],
        ]
        for stream in streams { #expect(Self.judge(stream) == [.media, .media], "\(stream)") }
    }

    @Test func whatNoPlayerCouldUseIsNoise() {
        let header: (MessageType, [UInt8]) = (.video, [0x17, 0, 0, 0, 0] + Self.avc)
        let noise: [[(MessageType, [UInt8])]] = [
            // Pictures and sound without the configuration that they need.
            [(.video, [0x17, 1, 0, 0, 0] + Self.unit)], [(.video, [0x27, 1, 0, 0, 0] + Self.unit)],
            [(.audio, [0xAF, 1, 0x21, 0x10])], [(.video, [0x91] + Array("hvc1".utf8) + [0, 0, 0] + Self.unit)],
            // Configurations that are none.
            [(.video, [0x17, 0, 0, 0, 0, 2, 0x64, 0, 0x1E, 0xFF, 0xE1, 0])], [(.video, [0x17, 0, 0, 0, 0])],
            [(.audio, [0xAF, 0, 0x07, 0x90])], [(.audio, [0xAF, 0])],
            // NAL units that don't fit, and another coding than the configuration's.
            [header, (.video, [0x17, 1, 0, 0, 0, 0, 0, 0, 9, 0x65])],
            [header, (.video, [0x17, 1, 0, 0, 0, 0, 0, 0, 1, 0xE5])], [header, (.video, [0x12, 0, 0])],
            [header, (.audio, [0xDF, 1])],
            // MPEG-TS, nothing, an unknown FourCC, data without a name.
            [(.video, [0x47, 0x40, 0x10])], [(.video, [])], [(.audio, [])], [(.data, [])],
            [(.video, [0x90] + Array("abcd".utf8) + [1])], [(.data, [0xFF, 1])], [(.video, [0x22, 7, 7])],
        ]
        for messages in noise { #expect(Self.judge(messages).last == .noise, "\(messages)") }
    }

    /// Nearly nothing of random bytes is taken for media, and so little of it that it keeps no publisher.
    @Test(arguments: [1, 2, 3] as [UInt64]) func randomBytesAreNoise(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let messages: [(MessageType, [UInt8])] = (0..<5000).map { number in
            (.video, (0..<200).map { _ in UInt8.random(in: .min ... .max, using: &random) })
        }
        let verdicts = Self.judge(messages)
        #expect(verdicts.count { $0 == .noise } > 4700)
    }
}
