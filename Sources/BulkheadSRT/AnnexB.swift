/// NAL units behind start codes (ITU-T H.264, annex B).
enum AnnexB {
    static let startCode: [UInt8] = [0, 0, 0, 1]

    /// Appends an access unit whose NAL units stand behind 4-byte lengths.
    /// - Returns: false where the lengths do not fill it; `output` then has what came before.
    static func append(_ unit: [UInt8], to output: inout [UInt8]) -> Bool {
        var position = 0
        while position < unit.count {
            guard unit.count - position > 4 else { return false }
            let length = unit[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
            position += 4
            guard length > 0, length <= unit.count - position else { return false }
            output += startCode
            output += unit[position..<position + length]
            position += length
        }
        return true
    }
}

/// Parameter sets as a transport stream carries them.
enum ParameterSets {
    /// Those of an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1) behind start codes; nil where it can't be read or
    /// NAL units have another length field than 4 bytes.
    static func annexB(ofRecord record: [UInt8]) -> [UInt8]? {
        guard record.count > 6, record[0] == 1, record[4] & 3 == 3 else { return nil }
        var output: [UInt8] = []
        var position = 5
        for mask in [UInt8(0x1F), 0xFF] {
            guard position < record.count else { return nil }
            let count = record[position] & mask
            guard count > 0 else { return nil }
            position += 1
            for _ in 0..<count {
                guard record.count - position > 2 else { return nil }
                let length = Int(record[position]) << 8 | Int(record[position + 1])
                position += 2
                guard length > 0, length <= record.count - position else { return nil }
                output += AnnexB.startCode
                output += record[position..<position + length]
                position += length
            }
        }
        return output
    }
}
