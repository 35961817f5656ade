import BulkheadMedia
import Testing

/// Configurations of streams that are passed on, and silence for them.
@Suite(.timeLimit(.minutes(1))) struct CopiedMediaTests {
    /// 320x180 at 25 frames a second, baseline, as x264 writes it.
    static let record: [UInt8] = [
        1, 0x42, 0xC0, 0x0C, 0xFF, 0xE1, 0, 0x17, 0x67, 0x42, 0xC0, 0x0C, 0xDA, 5, 6, 0x7E, 0x7C, 4, 0x40,
        0, 0, 3, 0, 0x40, 0, 0, 0x0C, 0x83, 0xC5, 0x0A, 0xA8, 1, 0, 4, 0x68, 0xCE, 0x0F, 0xC8,
    ]

    @Test func aRecordIsReadAndWrittenAgain() throws {
        let configuration = try #require(AVCDecoderConfiguration(record: Self.record))
        #expect(configuration.bytes == Self.record)
        let set = try #require(configuration.firstSet)
        #expect((set.width, set.height, set.profile, set.chromaFormat) == (320, 180, 66, 1))
        #expect(!set.mayBeInterlaced)
        for count in 0..<Self.record.count - 1 {
            #expect(AVCDecoderConfiguration(record: Array(Self.record.prefix(count))) == nil)
        }
    }

    /// ISO/IEC 14496-3, 1.6.2.1 and 1.6.3.3.
    @Test func soundIsWhatItsRecordSays() throws {
        let plain = try #require(AudioSpecificConfig([0x12, 0x08]))
        #expect((plain.objectType, plain.sampleRate, plain.channelCount) == (2, 44_100, 1))
        // HE-AAC: 24 kHz of the core, heard at 48 kHz.
        let replicated = try #require(AudioSpecificConfig([0x2B, 0x11, 0x88, 0x00]))
        #expect((replicated.objectType, replicated.sampleRate) == (2, 24_000))
        #expect(replicated.frameDuration == MediaTime(ticks: 1024, of: Timebase(1, 24_000)))
        #expect(AudioSpecificConfig([0xFF, 0xFF]) == nil && AudioSpecificConfig([]) == nil)
        // Frames of 960 samples.
        #expect(AudioSpecificConfig([0x11, 0x94]) == nil)
        #expect(AudioSpecificConfig(objectType: 2, rateIndex: 3, channelLayout: 2)?.bytes == [0x11, 0x90])
    }

    /// Worked out by hand from ISO/IEC 14496-3, 4.4.2: element, tag, gain, window, nothing, end.
    @Test func silenceIsAHandfulOfBits() {
        #expect(SilentSound.frame(channelLayout: 1) == [0x00, 0x00, 0x00, 0x07])
        #expect(SilentSound.frame(channelLayout: 2) == [0x21, 0x00, 0x00, 0x00, 0x00, 0x1C])
        #expect(SilentSound.frame(channelLayout: 0) == nil)
    }
}
