import BulkheadMedia
import Testing

@Suite(.timeLimit(.minutes(1))) struct AVCDecoderConfigurationTests {
    /// ISO/IEC 14496-15, 5.3.3.1.2, filled in by hand: version, profile, compatibility, level, 4-byte lengths, the sets.
    @Test func baselineRecordEndsWithThePictureParameterSets() throws {
        let sps: [UInt8] = [0x67, 66, 0xC0, 31, 0xDA]
        let pps: [UInt8] = [0x68, 0xCE, 0x38]
        let record = try #require(AVCDecoderConfiguration(sequenceParameterSets: [sps], pictureParameterSets: [pps]))
        #expect(record.bytes == [1, 66, 0xC0, 31, 0xFF, 0xE1, 0, 5] + sps + [1, 0, 3] + pps)
    }

    /// High profile adds chroma format 1, bit depths of 8 and no SPS extensions.
    @Test(arguments: [100, 110, 122, 144] as [UInt8])
    func highRecordNamesChromaAndDepth(profile: UInt8) throws {
        let sps: [UInt8] = [0x67, profile, 0, 40]
        let record = try #require(AVCDecoderConfiguration(sequenceParameterSets: [sps], pictureParameterSets: [[0x68]]))
        #expect(record.bytes.suffix(4) == [0xFD, 0xF8, 0xF8, 0])
        #expect(record.bytes.dropLast(4) == [1, profile, 0, 40, 0xFF, 0xE1, 0, 4] + sps + [1, 0, 1, 0x68])
    }

    @Test func mainRecordHasNoSuchFields() throws {
        let sps: [UInt8] = [0x67, 77, 0, 40]
        let record = try #require(AVCDecoderConfiguration(sequenceParameterSets: [sps], pictureParameterSets: [[0x68]]))
        #expect(record.bytes.last == 0x68)
    }

    @Test func lengthsAreBigEndian() throws {
        let long = [0x67, 77, 0, 40] + [UInt8](repeating: 1, count: 0x1234 - 4)
        let record = try #require(
            AVCDecoderConfiguration(sequenceParameterSets: [long], pictureParameterSets: [[0x68]]))
        #expect(record.bytes[6] == 0x12)
        #expect(record.bytes[7] == 0x34)
    }

    @Test func impossibleSetsAreRefused() {
        let sps: [UInt8] = [0x67, 66, 0, 31]
        func make(_ sps: [[UInt8]], _ pps: [[UInt8]]) -> AVCDecoderConfiguration? {
            AVCDecoderConfiguration(sequenceParameterSets: sps, pictureParameterSets: pps)
        }
        #expect(make([], [[0x68]]) == nil)
        #expect(make([sps], []) == nil)
        #expect(make([[0x67, 66, 0]], [[0x68]]) == nil)
        #expect(make([[]], [[0x68]]) == nil)
        #expect(make(Array(repeating: sps, count: 32), [[0x68]]) == nil)
        #expect(make([sps], Array(repeating: [0x68], count: 256)) == nil)
        #expect(make([sps], [[UInt8](repeating: 0, count: 65_536)]) == nil)
        #expect(make(Array(repeating: sps, count: 31), Array(repeating: [0x68], count: 255))?.bytes[5] == 0xFF)
    }
}
