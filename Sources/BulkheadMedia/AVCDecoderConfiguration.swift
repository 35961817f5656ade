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

    /// The record's bytes, with 4-byte NAL unit lengths. High profiles get the chroma and depth fields of 8-bit 4:2:0,
    /// the only format that Bulkhead encodes.
    package var bytes: [UInt8] {
        let sps = sequenceParameterSets[0]
        var record: [UInt8] = [1, sps[1], sps[2], sps[3], 0xFC | 3, 0xE0 | UInt8(sequenceParameterSets.count)]
        for set in sequenceParameterSets { record += [UInt8(set.count >> 8), UInt8(set.count & 0xFF)] + set }
        record.append(UInt8(pictureParameterSets.count))
        for set in pictureParameterSets { record += [UInt8(set.count >> 8), UInt8(set.count & 0xFF)] + set }
        if [100, 110, 122, 144].contains(sps[1]) { record += [0xFC | 1, 0xF8, 0xF8, 0] }
        return record
    }
}
