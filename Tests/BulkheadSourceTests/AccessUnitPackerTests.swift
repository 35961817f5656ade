import BulkheadMedia
import BulkheadSource
import Testing

/// Access units of inputs, made fit for what goes out.
@Suite(.timeLimit(.minutes(1))) struct AccessUnitPackerTests {
    private static let sps: [UInt8] = [0x67, 0x42, 0xC0, 0x0D, 0xD9, 0x01, 0x41, 0x9F]
    private static let pps: [UInt8] = [0x68, 0xCB, 0x83, 0xCB]
    private static let code: [UInt8] = [0, 0, 0, 1]

    private func pack(_ packer: inout AccessUnitPacker, _ bytes: [UInt8]) throws -> AccessUnitPacker.Unit {
        try bytes.withUnsafeBufferPointer { try packer.pack($0) }
    }

    private func fault(_ packer: AccessUnitPacker, _ bytes: [UInt8]) -> AccessUnitPacker.Fault? {
        var packer = packer
        do {
            _ = try pack(&packer, bytes)
            return nil
        } catch { return error as? AccessUnitPacker.Fault }
    }

    private static func record(lengthSize: UInt8) -> [UInt8] {
        let sets = AVCDecoderConfiguration(sequenceParameterSets: [sps], pictureParameterSets: [pps])
        var record = sets?.bytes ?? []
        record[4] = 0xFC | (lengthSize - 1)
        return record
    }

    @Test func lengthsOfFourStayByteForByte() throws {
        let record = Self.record(lengthSize: 4)
        var packer = AccessUnitPacker(header: record)
        #expect(packer.framing == .lengths(4) && packer.record == record)
        let bytes: [UInt8] = [0, 0, 0, 2, 0x06, 5, 0, 0, 0, 3, 0x65, 1, 2]
        let unit = try pack(&packer, bytes)
        #expect(unit.bytes == bytes && unit.isIDR && !unit.isDisposable)
        #expect(try pack(&packer, [0, 0, 0, 2, 0x01, 9]).isDisposable)
    }

    @Test func startCodesAndShortLengthsBecomeLengths() throws {
        var packer = AccessUnitPacker(header: Self.code + Self.sps + Self.code + Self.pps)
        #expect(packer.record?[1] == 0x42)
        // A delimiter, sets that hold already, a picture, and zeros behind it.
        let sets = Self.code + Self.sps + [0, 0, 1] + Self.pps
        let unit = try pack(&packer, Self.code + [0x09, 0xF0] + sets + [0, 0, 1, 0x65, 7, 0, 0])
        #expect(unit.bytes == [0, 0, 0, 2, 0x65, 7] && unit.isIDR)
        var short = AccessUnitPacker(header: Self.record(lengthSize: 2))
        let packed = try pack(&short, [0, 2, 0x41, 7, 0, 0, 0, 2, 0x41, 8])
        #expect(packed.bytes == [0, 0, 0, 2, 0x41, 7, 0, 0, 0, 2, 0x41, 8])
    }

    @Test func otherSetsHoldFromTheirIDROn() throws {
        var packer = AccessUnitPacker(header: Self.code + Self.sps + Self.code + Self.pps)
        let before = packer.record
        var sps = Self.sps
        sps[3] = 0x1E
        // In the midst of a GOP they stay where they are.
        let inside = try pack(&packer, Self.code + sps + Self.code + [0x41, 1])
        #expect(packer.record == before && inside.bytes.count == 4 + sps.count + 4 + 2)
        _ = try pack(&packer, Self.code + sps + Self.code + [0x65, 1])
        #expect(packer.record != before)
    }

    @Test func damageIsFound() {
        let packer = AccessUnitPacker(header: Self.record(lengthSize: 4))
        #expect(fault(packer, [0, 0, 1, 0, 0x65]) == .damaged)
        #expect(fault(packer, [0, 0, 0]) == .damaged)
        #expect(fault(packer, []) == .damaged)
        #expect(fault(packer, [0, 0, 0, 1, 0x06]) == .noPicture)
        #expect(fault(packer, [0, 0, 0, 1, 0x65, 0, 0, 0, 1, 0x41]) == .damaged)
        // NAL units without a byte are passed over.
        #expect(fault(packer, [0, 0, 0, 0, 0, 0, 0, 1, 0x65]) == nil)
    }

    /// The fields of ISO/IEC 14496-3, 1.A.2.2: AAC-LC, 44.1 kHz, stereo, 7 + 3 bytes.
    @Test func adtsIsTakenOff() throws {
        let bytes: [UInt8] = [0xFF, 0xF1, 0x50, 0x80, 0x01, 0x5F, 0xFC, 1, 2, 3]
        let frame = try #require(bytes.withUnsafeBufferPointer { ADTSFrame($0) })
        #expect(frame.payload == 7..<10 && frame.configuration.bytes == [0x12, 0x10])
        #expect([0xFF, 0xF1].withUnsafeBufferPointer { ADTSFrame($0) } == nil)
        // A length that lies.
        #expect(bytes.prefix(9).withUnsafeBufferPointer { ADTSFrame($0) } == nil)
    }
}
