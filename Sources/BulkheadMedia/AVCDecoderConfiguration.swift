/// The AVCDecoderConfigurationRecord of ISO/IEC 14496-15, 5.3.3.1: the parameter sets of an H.264 stream.
package struct AVCDecoderConfiguration: Hashable, Sendable {
    /// NAL units without start code or length.
    package let sequenceParameterSets: [[UInt8]]
    /// The picture parameter sets (PPS), as NAL units without start code or length.
    package let pictureParameterSets: [[UInt8]]

    /// Nil without a sequence parameter set of at least 4 bytes and a picture parameter set, and for sets too many or
    /// too long for the record (31 and 255 of 65,535 bytes).
    package init?(sequenceParameterSets: [[UInt8]], pictureParameterSets: [[UInt8]]) {
        guard let first = sequenceParameterSets.first, first.count >= 4, !pictureParameterSets.isEmpty,
            sequenceParameterSets.count <= 31, pictureParameterSets.count <= 255,
            (sequenceParameterSets + pictureParameterSets).allSatisfy({ $0.count <= 0xFFFF })
        else { return nil }
        self.sequenceParameterSets = sequenceParameterSets
        self.pictureParameterSets = pictureParameterSets
    }

    /// Reads a record's parameter sets, whichever lengths its access units have; what stands behind them is passed over.
    /// Nil for what is no record, and for one without both kinds of sets.
    package init?(record: [UInt8]) {
        guard record.count > 6, record[0] == 1 else { return nil }
        var rest = record[5...]
        guard let sequenceSets = Self.sets(from: &rest, mask: 31), let pictureSets = Self.sets(from: &rest, mask: 255)
        else { return nil }
        self.init(sequenceParameterSets: sequenceSets, pictureParameterSets: pictureSets)
    }

    private static func sets(from rest: inout ArraySlice<UInt8>, mask: UInt8) -> [[UInt8]]? {
        guard let count = rest.popFirst() else { return nil }
        var sets: [[UInt8]] = []
        for _ in 0..<(count & mask) {
            guard let high = rest.popFirst(), let low = rest.popFirst() else { return nil }
            let length = Int(high) << 8 | Int(low)
            guard length > 0, length <= rest.count else { return nil }
            sets.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return sets
    }

    /// What the first of the sequence parameter sets says; nil where it can't be read.
    package var firstSet: SequenceParameterSet? { sequenceParameterSets.first.flatMap { SequenceParameterSet($0) } }

    /// The record's bytes, with 4-byte NAL unit lengths. High profiles get the fields of chroma and depth that their set
    /// says, and those of 8-bit 4:2:0 where it can't be read.
    package var bytes: [UInt8] {
        let sps = sequenceParameterSets[0]
        var record: [UInt8] = [1, sps[1], sps[2], sps[3], 0xFC | 3, 0xE0 | UInt8(sequenceParameterSets.count)]
        for set in sequenceParameterSets { record += [UInt8(set.count >> 8), UInt8(set.count & 0xFF)] + set }
        record.append(UInt8(pictureParameterSets.count))
        for set in pictureParameterSets { record += [UInt8(set.count >> 8), UInt8(set.count & 0xFF)] + set }
        guard [100, 110, 122, 144, 244, 44].contains(sps[1]) else { return record }
        let known = firstSet
        record += [
            0xFC | (known?.chromaFormat ?? 1), 0xF8 | ((known?.lumaDepth ?? 8) - 8),
            0xF8 | ((known?.chromaDepth ?? 8) - 8), 0,
        ]
        return record
    }
}
