import BulkheadMedia

/// How large the pictures of an H.264 stream are shown, in pixels.
struct PictureSize: Hashable {
    let width: UInt16
    let height: UInt16

    /// Reads the first sequence parameter set of an AVCDecoderConfigurationRecord; nil where there is none that can be read.
    init?(avcConfiguration record: [UInt8]) {
        guard record.count > 8, record[0] == 1, record[5] & 31 > 0 else { return nil }
        let length = Int(record[6]) << 8 | Int(record[7])
        guard length >= 4, record.count >= 8 + length,
            let set = SequenceParameterSet(Array(record[8..<8 + length]))
        else { return nil }
        (width, height) = (set.width, set.height)
    }
}
